package history

import (
	"time"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
)

const (
	// SameMoment is how far apart two rows about one moment can be: some sources know only
	// whole seconds, and a takeover shows up in two connections.
	SameMoment = 2 * time.Second
	// maxDisorder is how far the rows of one connection can be out of order. If a source
	// sends no time, an event has the time at which it arrived, and brokers try for some 45 s
	// to deliver an event.
	maxDisorder = time.Minute
)

// draft is a connection that is being put together from its events.
type draft struct {
	Connection
	known   bool           // the connection is from before the events, and its own events are not at hand
	connect *event.Event   // nil if no connect is on record
	ends    []*event.Event // the rows about the end
	best    *event.Event   // the most detailed of ends
	detail  int            // how detailed best is
	next    time.Time      // when the next connection began, zero for the newest; see losesTakeover
	// doubtful: the connection seems to have ended when it began, or before. Older events may
	// show that the end belongs to an older connection.
	doubtful bool
}

func newDraft(channel string) *draft {
	return &draft{Connection: Connection{ChannelID: channel}}
}

// knownDraft continues a connection that was found earlier.
func knownDraft(c Connection) *draft {
	end := event.Event{Action: c.Action, ActionInfo: c.ActionInfo, NativeEvent: c.NativeEvent, Source: c.Source}
	return &draft{Connection: c, known: true, detail: detail(&end)}
}

func (d *draft) addConnect(e *event.Event) {
	d.connect, d.accepted = e, true
	d.Start = Instant{millis(e.Time)}
	d.fillFrom(e)
}

// addEnd adds a row about the end. The most detailed row counts, and the first of equals.
func (d *draft) addEnd(e *event.Event) {
	d.ends = append(d.ends, e)
	d.fillFrom(e)
	if detail := detail(e); !d.hasEnded() || detail > d.detail {
		d.End, d.best, d.detail = Instant{millis(e.Time)}, e, detail
		d.finish(e)
	}
}

func (d *draft) addEnds(rows []*event.Event) {
	for _, e := range rows {
		d.addEnd(e)
	}
}

func (d *draft) hasBegun() bool { return d.connect != nil || d.known }
func (d *draft) hasEnded() bool { return !d.End.IsZero() }

// hasChannelID reports whether the source gave the connection an identifier.
func hasChannelID(e *event.Event) bool { return e.ChannelID != "" }

// hasAddressOnly reports whether only address and port identify the connection. A client may
// use both again.
func hasAddressOnly(e *event.Event) bool { return e.ChannelID == "" && e.ConnectedAt.IsZero() }

// ownsConnect reports whether a connect of the same channel is about this connection, and not
// about another connection that uses the channel again. An end that is on record may have
// overtaken the connect.
func (d *draft) ownsConnect(e *event.Event) bool {
	switch {
	case hasAddressOnly(e):
		return false
	case !hasChannelID(e): // a client connects only once at one instant
		return true
	case d.hasBegun():
		return !d.hasEnded() && e.Time.Sub(d.Start.Time) <= maxDisorder
	default:
		return e.Time.Sub(d.End.Time) <= maxDisorder
	}
}

// ownsEnd reports whether an end of the same channel is about this connection.
func (d *draft) ownsEnd(e *event.Event) bool {
	switch {
	case !d.hasEnded():
		return true
	case hasAddressOnly(e): // a second report may be about the session; see isSessionTakeover
		return !broker.TraitsOf(e.Source).SessionTakeovers && e.Time.Sub(d.End.Time) <= SameMoment
	case hasChannelID(e):
		return e.Time.Sub(d.End.Time) <= maxDisorder
	default:
		return true
	}
}

// mayOwn reports whether an end that names no connection can belong to this one: what is
// known about the connection does not contradict it.
func (d *draft) mayOwn(e *event.Event) bool {
	return !differentNodes(d.Node, e.Node) && !Differ(d.PeerAddress, e.PeerAddress) && !Differ(d.PeerPort, e.PeerPort) &&
		(e.ConnectedAt.IsZero() || d.beganAt(e.ConnectedAt))
}

// matches reports whether an end that names no connection has something that only this
// connection has.
func (d *draft) matches(e *event.Event) bool {
	return e.PeerPort != 0 && d.PeerPort == e.PeerPort && d.PeerAddress == e.PeerAddress ||
		!e.ConnectedAt.IsZero() && d.beganAt(e.ConnectedAt)
}

func (d *draft) beganAt(t time.Time) bool {
	if !d.connectedAt.IsZero() {
		return d.connectedAt.Equal(t)
	}
	return !d.Start.IsZero() && d.Start.Sub(t).Abs() <= SameMoment
}

// differentNodes reports whether a and b can only be names of different nodes.
func differentNodes(a, b string) bool { return Differ(a, b) && broker.ComparableNodes(a, b) }

// Differ reports whether a and b are both known and not equal.
func Differ[T comparable](a, b T) bool {
	var unknown T
	return a != b && a != unknown && b != unknown
}

// fixTimes makes the times consistent: a connection begins when it was accepted, and no later
// than it ended, whatever the clocks say.
func (d *draft) fixTimes() {
	if d.Start.IsZero() && !d.connectedAt.IsZero() {
		d.Start = Instant{millis(d.connectedAt)}
	}
	if d.hasEnded() && d.Start.After(d.End.Time) {
		d.Start = d.End
	}
	if !d.hasEnded() {
		d.EndIs, d.Kind = Open, StillOpen
	}
}
