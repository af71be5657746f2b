package history

import (
	"time"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
)

const (
	// SameMoment is how far apart the times of two rows about the same moment can be. Some
	// sources report only whole seconds. A takeover is reported twice: as the end of one
	// connection and as the start of another.
	SameMoment = 2 * time.Second
	// maxDisorder is how far the rows of one connection can be out of order. If a source
	// sends no time, an event has the time at which it arrived, and brokers may retry the
	// delivery of an event for some 45 s.
	maxDisorder = time.Minute
)

// draft is a connection while it is put together from its events.
type draft struct {
	Connection
	known   bool           // the connection was passed to pair; its own events may be missing
	connect *event.Event   // nil if no connect is on record
	ends    []*event.Event // the rows that report the end
	best    *event.Event   // the most detailed row in ends
	detail  int            // the result of func detail for best
	next    time.Time      // when the next connection began, or zero; see losesTakeover
	// doubtful: the end on record is not later than the start. Older events may show that
	// this end belongs to an older connection.
	doubtful bool
}

func newDraft(channel string) *draft {
	return &draft{Connection: Connection{ChannelID: channel}}
}

// knownDraft returns a draft that continues a connection from an earlier result.
func knownDraft(c Connection) *draft {
	end := event.Event{Action: c.Action, ActionInfo: c.ActionInfo, NativeEvent: c.NativeEvent, Source: c.Source}
	return &draft{Connection: c, known: true, detail: detail(&end)}
}

func (d *draft) addConnect(e *event.Event) {
	d.connect, d.accepted = e, true
	d.Start = Instant{millis(e.Time)}
	d.fillFrom(e)
}

// addEnd adds a row that reports the end. Of all these rows, the most detailed one counts.
// Among equally detailed rows, the first one counts.
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

// hasChannelID reports whether the source sent its own identifier for the connection.
func hasChannelID(e *event.Event) bool { return e.ChannelID != "" }

// hasAddressOnly reports whether at most address and port identify the connection. Both may
// be the same in a later connection of the client.
func hasAddressOnly(e *event.Event) bool { return e.ChannelID == "" && e.ConnectedAt.IsZero() }

// ownsConnect reports whether a connect on the same channel belongs to this connection, and
// not to a later connection that uses the channel again. If an end is already on record, it
// may have arrived before its connect.
func (d *draft) ownsConnect(e *event.Event) bool {
	switch {
	case hasAddressOnly(e):
		return false
	case !hasChannelID(e): // the channel includes the start, and a client connects only once at one instant
		return true
	case d.hasBegun():
		return !d.hasEnded() && e.Time.Sub(d.Start.Time) <= maxDisorder
	default:
		return e.Time.Sub(d.End.Time) <= maxDisorder
	}
}

// ownsEnd reports whether an end on the same channel belongs to this connection.
func (d *draft) ownsEnd(e *event.Event) bool {
	switch {
	case !d.hasEnded():
		return true
	case hasAddressOnly(e): // a second end may be a session takeover; see isSessionTakeover
		return !broker.TraitsOf(e.Source).SessionTakeovers && e.Time.Sub(d.End.Time) <= SameMoment
	case hasChannelID(e):
		return e.Time.Sub(d.End.Time) <= maxDisorder
	default:
		return true
	}
}

// mayOwn reports whether an end without a ChannelID can belong to this connection. It can,
// unless the known details of the connection contradict those of the end.
func (d *draft) mayOwn(e *event.Event) bool {
	return !differentNodes(d.Node, e.Node) && !Differ(d.PeerAddress, e.PeerAddress) && !Differ(d.PeerPort, e.PeerPort) &&
		(e.ConnectedAt.IsZero() || d.beganAt(e.ConnectedAt))
}

// matches reports whether an end without a ChannelID has the same address and port as this
// connection, or the same start.
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

// differentNodes reports whether a and b are certainly names of different nodes.
func differentNodes(a, b string) bool { return Differ(a, b) && broker.ComparableNodes(a, b) }

// Differ reports whether a and b are both known and not equal.
func Differ[T comparable](a, b T) bool {
	var unknown T
	return a != b && a != unknown && b != unknown
}

// fixTimes makes the times consistent. If no connect is on record, the start is the one that
// the source reported with the end. A start later than the end, which comes from wrong
// clocks, becomes equal to the end. A connection without an end is open.
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
