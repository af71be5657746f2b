package query

import (
	"context"
	"slices"

	"devicetrace/pkg/segment"
	"devicetrace/pkg/summary"
)

// verifySummaries checks the summaries of an object that were read, without decoding them. It sets
// o.decoded.
func (o *fleetObject) verifySummaries() error {
	o.decoded = 0
	for _, s := range []struct {
		data   []byte
		verify func([]byte) (int64, error)
	}{{o.minutes, summary.VerifyMinutes}, {o.drops, summary.VerifyDrops}, {o.devices, summary.VerifyDevices}} {
		if s.data == nil {
			continue
		}
		memory, err := s.verify(s.data)
		if err != nil {
			return &segment.ObjectError{Key: o.segment.Key, Err: err}
		}
		o.decoded += memory
	}
	return nil
}

// decodeSums decodes the wanted minutes and, if they were read, the drops of an object.
func (o *fleetObject) decodeSums(isWanted func(summary.Minute) bool) (*summary.Sums, error) {
	sums, err := summary.DecodeSomeMinutes(o.minutes, isWanted)
	if err == nil && o.drops != nil {
		sums.Vicinities, err = summary.DecodeDrops(o.drops)
	}
	return sums, err
}

// tableStream yields the devices of a summary. It decodes a few thousand devices at a time.
type tableStream struct {
	damaged func(error) // called if the table turns out to be damaged
	table   *summary.DeviceTable
	// match selects the columns to decode; nil means all of them.
	match *DeviceMatch
	// only limits the stream to groups that may contain one of these client identifiers, which are
	// in ascending order; nil means no limit.
	only  []string
	group int // the next group to decode
	list  []summary.Device
}

// openDevices returns a stream of the devices. If the table is damaged although its checksums are
// right, it returns an empty stream, and the object counts as left out.
func (s *summaryPart) openDevices(match *DeviceMatch, only []string) deviceStream {
	table, err := summary.OpenDevices(s.object.devices)
	if err != nil {
		s.damaged(err)
		return &tableStream{}
	}
	return &tableStream{damaged: s.damaged, table: table, match: match, only: only}
}

// damaged notes that the object turned out to be damaged while it was decoded.
func (s *summaryPart) damaged(err error) {
	key := s.object.segment.Key
	s.partition.leaveOut(key, &segment.ObjectError{Key: key, Err: err})
}

func (t *tableStream) next(ctx context.Context) (*summary.Device, error) {
	for len(t.list) == 0 {
		if t.table == nil || t.group == t.table.Groups() {
			return nil, nil
		}
		err := ctx.Err()
		if err != nil {
			return nil, err
		}
		if t.list, err = t.decode(t.group); err != nil {
			t.damaged(err)
			t.table = nil
		}
		t.group++
	}
	d := &t.list[0]
	t.list = t.list[1:]
	return d, nil
}

// decode decodes the devices of a group. It returns none if none of them is needed.
func (t *tableStream) decode(group int) ([]summary.Device, error) {
	columns := summary.TextColumns{ClientID: true}
	if t.match != nil {
		columns.Username, columns.Address = t.match.Username, t.match.Address
	} else if t.only == nil {
		return t.table.Group(group)
	}
	texts, err := t.table.Texts(group, columns)
	if err != nil {
		return nil, err
	}
	if t.match == nil {
		if !containsOne(texts, t.only) {
			return nil, nil
		}
		return t.table.Group(group)
	}
	devices := make([]summary.Device, len(texts))
	for i := range texts {
		d := &devices[i]
		d.ClientID, d.Username.Text, d.Address.Text = texts[i].ClientID, texts[i].Username, texts[i].Address
	}
	return devices, nil
}

// containsOne reports whether one of the clients in a group may be one of the given ones. Both lists
// are in ascending order.
func containsOne(group []summary.Texts, clients []string) bool {
	at, _ := slices.BinarySearch(clients, group[0].ClientID)
	return at < len(clients) && clients[at] <= group[len(group)-1].ClientID
}
