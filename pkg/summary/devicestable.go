package summary

import (
	"bytes"
	"fmt"
	"io"
	"iter"
	"math"

	"devicetrace/pkg/segment"
)

// storedDevice is a Device in the form in which it is stored. Most times are stored relative to
// other times of the device, because small numbers take less space; see set.
type storedDevice struct {
	client                                    string
	last, begun, begunBefore, ended, endedToo int64
	channel, endChannel, endTooChannel        int64
	start, startToo                           int64
	begunAddress                              string
	port                                      int64
	drop                                      int64
	dropInfo                                  string
	connects, drops, disconnects, refusals    int64
	username, node, address                   string
	usernameAt, nodeAt, addressAt             int64
}

// The columns that a search needs.
const (
	clientColumn       = "client_id"
	usernameColumn     = "username"
	addressColumn      = "last_address"
	begunAddressColumn = "peer_address"
)

// deviceColumns lists the columns of the table of devices.
var deviceColumns = []segment.TableColumn[storedDevice]{
	{Name: clientColumn, Text: func(d *storedDevice) *string { return &d.client }},
	{Name: "last_time", Long: func(d *storedDevice) *int64 { return &d.last }, Delta: true},
	{Name: "begun", Long: func(d *storedDevice) *int64 { return &d.begun }},
	{Name: "begun_before", Long: func(d *storedDevice) *int64 { return &d.begunBefore }},
	{Name: "channel", Long: func(d *storedDevice) *int64 { return &d.channel }},
	{Name: begunAddressColumn, Text: func(d *storedDevice) *string { return &d.begunAddress }},
	{Name: "peer_port", Long: func(d *storedDevice) *int64 { return &d.port }},
	{Name: "ended", Long: func(d *storedDevice) *int64 { return &d.ended }},
	{Name: "ended_channel", Long: func(d *storedDevice) *int64 { return &d.endChannel }},
	{Name: "ended_start", Long: func(d *storedDevice) *int64 { return &d.start }},
	{Name: "ended_before", Long: func(d *storedDevice) *int64 { return &d.endedToo }},
	{Name: "ended_before_channel", Long: func(d *storedDevice) *int64 { return &d.endTooChannel }},
	{Name: "ended_before_start", Long: func(d *storedDevice) *int64 { return &d.startToo }},
	{Name: "last_drop", Long: func(d *storedDevice) *int64 { return &d.drop }},
	{Name: "last_drop_info", Text: func(d *storedDevice) *string { return &d.dropInfo }, Repeats: true},
	{Name: "connects", Long: func(d *storedDevice) *int64 { return &d.connects }, Repeats: true},
	{Name: "drops", Long: func(d *storedDevice) *int64 { return &d.drops }, Repeats: true},
	{Name: "disconnects", Long: func(d *storedDevice) *int64 { return &d.disconnects }, Repeats: true},
	{Name: "refusals", Long: func(d *storedDevice) *int64 { return &d.refusals }, Repeats: true},
	{Name: usernameColumn, Text: func(d *storedDevice) *string { return &d.username }},
	{Name: "username_time", Long: func(d *storedDevice) *int64 { return &d.usernameAt }},
	{Name: "node", Text: func(d *storedDevice) *string { return &d.node }, Repeats: true},
	{Name: "node_time", Long: func(d *storedDevice) *int64 { return &d.nodeAt }},
	{Name: addressColumn, Text: func(d *storedDevice) *string { return &d.address }},
	{Name: "last_address_time", Long: func(d *storedDevice) *int64 { return &d.addressAt }},
}

// DeviceWriter writes a table of devices to an io.Writer.
type DeviceWriter struct {
	table *segment.TableWriter[storedDevice]
	row   storedDevice
}

// NewDeviceWriter returns a writer for a table of devices.
func NewDeviceWriter(out io.Writer) *DeviceWriter {
	return &DeviceWriter{table: segment.NewTableWriter(out, devicesTable, deviceColumns)}
}

// Add appends a device. The devices must be in the order of their client identifiers.
func (w *DeviceWriter) Add(d *Device) error {
	w.row.set(d)
	return w.table.Add(&w.row)
}

// Close completes the table.
func (w *DeviceWriter) Close() error { return w.table.Close() }

// EncodeDevices returns a table of devices, which must be in the order of their client identifiers.
func EncodeDevices(devices []Device) ([]byte, error) {
	var out bytes.Buffer
	w := NewDeviceWriter(&out)
	for i := range devices {
		if err := w.Add(&devices[i]); err != nil {
			return nil, err
		}
	}
	err := w.Close()
	return out.Bytes(), err
}

// DeviceTable is a table of devices in memory. It decodes a few thousand devices at a time. It is
// safe for concurrent use.
type DeviceTable struct{ table *segment.Table[storedDevice] }

// OpenDevices opens a table of devices. data holds the bytes of the whole table. If they are not a
// table of devices, the error wraps segment.ErrCorrupt.
func OpenDevices(data []byte) (*DeviceTable, error) {
	table, err := segment.OpenTable(devicesTable, deviceColumns, data)
	if err != nil {
		return nil, err
	}
	return &DeviceTable{table}, nil
}

// Devices returns the number of devices.
func (t *DeviceTable) Devices() int64 { return t.table.Rows() }

// Groups returns the number of groups into which the devices are divided.
func (t *DeviceTable) Groups() int { return t.table.Groups() }

// Group decodes the devices of group i, which are in the order of their client identifiers. If they
// are corrupt, the error wraps segment.ErrCorrupt.
func (t *DeviceTable) Group(i int) ([]Device, error) {
	rows, err := t.table.Read(i)
	if err != nil {
		return nil, err
	}
	devices := make([]Device, len(rows))
	for j := range rows {
		devices[j] = rows[j].device()
		if j > 0 && devices[j-1].ClientID >= devices[j].ClientID {
			return nil, fmt.Errorf("%w: devices out of order", segment.ErrCorrupt)
		}
	}
	return devices, nil
}

// Texts holds the texts of a device that can be searched.
type Texts struct{ ClientID, Username, Address string }

// TextColumns says which texts to decode.
type TextColumns struct{ ClientID, Username, Address bool }

// Texts decodes only the given texts of the devices of group i, in the same order as Group. All
// other texts are empty.
func (t *DeviceTable) Texts(i int, columns TextColumns) ([]Texts, error) {
	var names []string
	if columns.ClientID {
		names = append(names, clientColumn)
	}
	if columns.Username {
		names = append(names, usernameColumn)
	}
	if columns.Address {
		names = append(names, addressColumn, begunAddressColumn, "last_address_time")
	}
	if len(names) == 0 {
		return nil, nil
	}
	rows, err := t.table.Read(i, names...)
	if err != nil {
		return nil, err
	}
	texts := make([]Texts, len(rows))
	for j := range rows {
		texts[j] = Texts{rows[j].client, rows[j].username, rows[j].newestAddress()}
	}
	return texts, nil
}

// All returns an iterator over the devices, in the order of the client identifiers. It ends after
// the first error, which it yields without a device.
func (t *DeviceTable) All() iter.Seq2[*Device, error] {
	return func(yield func(*Device, error) bool) {
		last := ""
		for i := range t.Groups() {
			devices, err := t.Group(i)
			if err == nil && i > 0 && last >= devices[0].ClientID {
				err = fmt.Errorf("%w: devices out of order", segment.ErrCorrupt)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			for j := range devices {
				if !yield(&devices[j], nil) {
					return
				}
			}
			last = devices[len(devices)-1].ClientID
		}
	}
}

// set stores d in the row. A stored time of 0 means that the time is unknown. Other times are stored
// as follows:
//
//   - begun: last minus the time, plus 1.
//   - begunBefore: the newest beginning minus the time, plus 1.
//   - ended, endedToo: last minus the time, plus 1. If the time is before the newest beginning, it is
//     the time minus that beginning, which is negative.
//   - start, startToo: the time relative to the newest beginning; see relative.
//   - drop: -1 if the drop is the end in ended, -2 if it is the end in endedToo. Otherwise, last minus
//     the time, plus 1.
//   - usernameAt, nodeAt, addressAt: 1 if the text has the time of the newest beginning. Otherwise,
//     last minus the time, plus 2.
//
// A channel that the source did not send is not stored, because it follows from the address and the
// port. The channel of an end is 1 if it equals the channel of the newest beginning. The address is
// empty if it equals begunAddress.
func (s *storedDevice) set(d *Device) {
	*s = storedDevice{
		client: d.ClientID, last: d.Last,
		begunAddress: d.Begun.Address, port: int64(d.Begun.Port), dropInfo: d.DropInfo,
		connects: d.Connects, drops: d.Drops, disconnects: d.Disconnects, refusals: d.Refusals,
		username: d.Username.Text, node: d.Node.Text, address: d.Address.Text,
	}
	if d.Begun.Time != 0 {
		s.begun = d.Last - d.Begun.Time + 1
	}
	if d.BegunBefore != 0 {
		s.begunBefore = d.Begun.Time - d.BegunBefore + 1
	}
	if d.Begun.Channel.isNamed() {
		s.channel = int64(d.Begun.Channel)
	}
	s.ended, s.endChannel, s.start = d.storedEnd(d.Ends[0])
	s.endedToo, s.endTooChannel, s.startToo = d.storedEnd(d.Ends[1])
	switch d.LastDrop {
	case 0:
	case d.Ends[0].Time:
		s.drop = -1
	case d.Ends[1].Time:
		s.drop = -2
	default:
		s.drop = d.Last - d.LastDrop + 1
	}
	s.usernameAt, s.nodeAt, s.addressAt = d.storedAge(d.Username), d.storedAge(d.Node), d.storedAge(d.Address)
	if s.address == s.begunAddress {
		s.address = ""
	}
}

func (d *Device) storedEnd(e End) (ended, channel, start int64) {
	if e.Time == 0 {
		return 0, 0, 0
	}
	ended = d.Last - e.Time + 1
	if e.Time < d.Begun.Time {
		ended = e.Time - d.Begun.Time
	}
	channel = int64(e.Channel)
	if e.Channel != 0 && e.Channel == d.Begun.Channel {
		channel = 1
	}
	if e.Start != 0 {
		start = relative(e.Start, d.Begun.Time)
	}
	return ended, channel, start
}

// relative returns a time minus a base, plus 1 unless the difference is negative. So the result is
// never 0, which stands for an unknown time.
func relative(time, base int64) int64 {
	if time >= base {
		return time - base + 1
	}
	return time - base
}

// absolute reverses relative.
func absolute(stored, base int64) int64 {
	switch {
	case stored > 0:
		return base + stored - 1
	case stored < 0:
		return base + stored
	default:
		return 0
	}
}

func (d *Device) storedAge(t Dated) int64 {
	switch {
	case t.Text == "":
		return 0
	case t.Time == d.Begun.Time:
		return 1
	default:
		return d.Last - t.Time + 2
	}
}

// device reverses set.
func (s *storedDevice) device() Device {
	d := Device{
		ClientID: s.client, Last: s.last, DropInfo: s.dropInfo,
		Connects: s.connects, Drops: s.drops, Disconnects: s.disconnects, Refusals: s.refusals,
		Begun: Beginning{Channel: Channel(s.channel), Address: s.begunAddress, Port: int32(min(s.port, math.MaxInt32))},
	}
	if s.begun != 0 {
		d.Begun.Time = s.last - s.begun + 1
	}
	if s.begunBefore != 0 {
		d.BegunBefore = d.Begun.Time - s.begunBefore + 1
	}
	if s.channel == 0 && s.begunAddress != "" && s.port != 0 {
		d.Begun.Channel = addressChannel(s.begunAddress, d.Begun.Port)
	}
	d.Ends[0] = d.end(s.ended, s.endChannel, s.start)
	d.Ends[1] = d.end(s.endedToo, s.endTooChannel, s.startToo)
	switch {
	case s.drop == -1:
		d.LastDrop = d.Ends[0].Time
	case s.drop == -2:
		d.LastDrop = d.Ends[1].Time
	case s.drop != 0:
		d.LastDrop = s.last - s.drop + 1
	}
	d.Username = d.dated(s.username, s.usernameAt)
	d.Node = d.dated(s.node, s.nodeAt)
	d.Address = d.dated(s.newestAddress(), s.addressAt)
	return d
}

func (s *storedDevice) newestAddress() string {
	if s.address == "" && s.addressAt != 0 {
		return s.begunAddress
	}
	return s.address
}

func (d *Device) end(ended, channel, start int64) End {
	if ended == 0 {
		return End{}
	}
	e := End{Time: d.Last - ended + 1, Channel: Channel(channel)}
	if ended < 0 {
		e.Time = d.Begun.Time + ended
	}
	if channel == 1 {
		e.Channel = d.Begun.Channel
	}
	if start != 0 {
		e.Start = absolute(start, d.Begun.Time)
	}
	return e
}

func (d *Device) dated(text string, age int64) Dated {
	switch age {
	case 0:
		return Dated{}
	case 1:
		return Dated{text, d.Begun.Time}
	default:
		return Dated{text, d.Last - age + 2}
	}
}
