package summary

import (
	"cmp"
	"strings"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
	"devicetrace/pkg/segment"
)

// Device adds up the rows of one client.
type Device struct {
	ClientID string
	// Begun is the beginning of the newest connection. Its Time is 0 if no beginning is known.
	Begun Beginning
	// BegunBefore is when the connection before the newest one began, in Unix ms, or 0 if that is
	// unknown or irrelevant.
	BegunBefore int64
	// Ends holds the two newest ends of connections, newest first. Ends that can no longer decide
	// the state are left out; see settle.
	Ends [2]End
	// LastDrop is the time of the newest drop, in Unix ms, or 0 if there is none. DropInfo is the
	// action info of that drop.
	LastDrop int64
	DropInfo string
	// Last is the time of the newest event, in Unix ms.
	Last int64
	// Connects, Drops, Disconnects and Refusals count the client's rows of each kind.
	Connects, Drops, Disconnects, Refusals int64
	// Username, Node and Address are the newest known values.
	Username, Node, Address Dated
}

// Beginning says when, and from where, a connection began.
type Beginning struct {
	Time    int64 // Unix ms
	Channel Channel
	Address string // the peer address, or empty if it is unknown
	Port    int32  // 0 if it is unknown
}

// End says when, and on which channel, a connection ended.
type End struct {
	Time    int64 // Unix ms
	Channel Channel
	// Start is when the connection began according to the end event, in Unix ms, or 0 if the event
	// does not say.
	Start int64
}

// Dated is a text, and the time of the event that contains it, in Unix ms.
type Dated struct {
	Text string
	Time int64
}

// add counts a row of the client.
func (d *Device) add(r *segment.Row, kind Kind) {
	d.Last = max(d.Last, r.Time)
	d.Username.add(Dated{r.Username, r.Time})
	d.Node.add(Dated{r.Node, r.Time})
	d.Address.add(Dated{r.PeerAddress, r.Time})
	switch kind {
	case Connect:
		d.Connects++
		d.addBeginning(Beginning{r.Time, channelOf(r), r.PeerAddress, int32(r.PeerPort)})
	case Refusal:
		d.Refusals++
		if isSurelyEnd(r) {
			d.addEnd(End{r.Time, channelOf(r), r.ConnectedAt})
		}
	case Disconnect:
		d.Disconnects++
		d.addEnd(End{r.Time, channelOf(r), r.ConnectedAt})
	case Drop:
		d.Drops++
		d.addDrop(r.Time, r.ActionInfo)
		d.addEnd(End{r.Time, channelOf(r), r.ConnectedAt})
	}
}

// isSurelyEnd reports whether a row that counts as a refusal certainly ended a connection. For
// example, AWS IoT Core has another native event for refused logins. So if it sends an end with the
// action info "not authorized", an accepted connection has ended.
func isSurelyEnd(r *segment.Row) bool {
	return r.Action == string(event.Close) && broker.IsEnd(&event.Event{
		Action: event.Close, NativeEvent: r.NativeEvent, NativeReason: r.NativeReason, Source: r.Source,
	})
}

// Merge adds o, which adds up other rows of the same client. Devices can be merged in any order,
// and the result is the same as if all rows had been counted together. If d and o have rows in
// common, only the four counts are affected: they are then too high.
func (d *Device) Merge(o *Device) {
	d.Connects += o.Connects
	d.Drops += o.Drops
	d.Disconnects += o.Disconnects
	d.Refusals += o.Refusals
	d.Last = max(d.Last, o.Last)
	d.Username.add(o.Username)
	d.Node.add(o.Node)
	d.Address.add(o.Address)
	d.addDrop(o.LastDrop, o.DropInfo)
	d.addBeginning(Beginning{Time: o.BegunBefore})
	d.addBeginning(o.Begun)
	d.addEnd(o.Ends[0])
	d.addEnd(o.Ends[1])
	d.settle()
}

func (d *Device) addDrop(time int64, info string) {
	if time > d.LastDrop || time == d.LastDrop && info > d.DropInfo {
		d.LastDrop, d.DropInfo = time, info
	}
}

// add replaces the text by a newer one. Of two texts with the same time, the greater one counts.
func (d *Dated) add(o Dated) {
	if o.Text != "" && (d.Text == "" || o.Time > d.Time || o.Time == d.Time && o.Text > d.Text) {
		*d = o
	}
}

// addBeginning keeps b if it is one of the two newest beginnings. Of two beginnings with the same
// time, only the greater one counts.
func (d *Device) addBeginning(b Beginning) {
	switch {
	case b.Time > d.Begun.Time:
		d.BegunBefore, d.Begun = d.Begun.Time, b
	case b.Time < d.Begun.Time:
		d.BegunBefore = max(d.BegunBefore, b.Time)
	case b.compare(d.Begun) > 0:
		d.Begun = b
	}
}

// addEnd keeps e if it is one of the two newest ends. Of two ends with the same time, only the
// greater one counts.
func (d *Device) addEnd(e End) {
	newest, older := &d.Ends[0], &d.Ends[1]
	switch {
	case e.Time > newest.Time:
		*newest, *older = e, *newest
	case e.Time == newest.Time:
		*newest = newest.greater(e)
	case e.Time > older.Time:
		*older = e
	case e.Time == older.Time:
		*older = older.greater(e)
	}
}

func (b Beginning) compare(o Beginning) int {
	return cmp.Or(cmp.Compare(b.Channel, o.Channel), cmp.Compare(b.Address, o.Address), cmp.Compare(b.Port, o.Port))
}

// greater returns the greater of two ends that have the same time. It compares their channels, then
// their starts.
func (e End) greater(o End) End {
	if cmp.Or(cmp.Compare(e.Channel, o.Channel), cmp.Compare(e.Start, o.Start)) < 0 {
		return o
	}
	return e
}

// Clone returns a copy that shares no memory with d.
func (d *Device) Clone() Device {
	c := *d
	for _, text := range []*string{&c.ClientID, &c.Begun.Address, &c.DropInfo, &c.Username.Text, &c.Node.Text, &c.Address.Text} {
		*text = strings.Clone(*text)
	}
	return c
}
