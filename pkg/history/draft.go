package history

import (
	"time"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
)

const (
	// SameMoment is the maximum difference between the times of two rows that report the same
	// moment. The times may differ because some sources report only whole seconds. They may
	// also differ because a takeover is reported twice: as the end of one connection and as the
	// start of another.
	SameMoment = 2 * time.Second
	// maxDisorder is the maximum time by which the rows of one connection can be out of order.
	// If a source sends no time, each event gets the time at which it arrived, and brokers may
	// retry a delivery for some 45 s.
	maxDisorder = time.Minute
)

// draft is a connection that is being assembled from its events.
type draft struct {
	Connection
	continued bool           // whether pair was given this connection; its own events may be missing
	connect   *event.Event   // nil if no connect is on record
	ends      []*event.Event // the rows that report the end
	best      *event.Event   // the row in ends that says most about the cause
	rank      int            // the rank of the end on record; see detailRank
	next      time.Time      // when the next connection began, or zero; see losesTakeover
	// doubtful means that the end on record is not later than the start. Older events may show
	// that this end belongs to an older connection.
	doubtful bool
}

func newDraft(channel string) *draft {
	return &draft{Connection: Connection{ChannelID: channel}}
}

// continuedDraft returns a draft that continues c, the newest connection of an earlier Status.
func continuedDraft(c Connection) *draft {
	end := event.Event{Action: c.Action, ActionInfo: c.ActionInfo, NativeEvent: c.NativeEvent, Source: c.Source}
	return &draft{Connection: c, continued: true, rank: detailRank(&end)}
}

func (d *draft) addConnect(e *event.Event) {
	d.connect, d.accepted = e, true
	d.Start = Instant{millis(e.Time)}
	d.fillFrom(e)
}

// addEnd adds e, a row that reports the end. The details of the end come from the most detailed
// of these rows. If several are equally detailed, the first one of them counts.
func (d *draft) addEnd(e *event.Event) {
	d.ends = append(d.ends, e)
	d.fillFrom(e)
	if rank := detailRank(e); !d.hasEnded() || rank > d.rank {
		d.End, d.best, d.rank = Instant{millis(e.Time)}, e, rank
		d.finish(e)
	}
}

func (d *draft) addEnds(rows []*event.Event) {
	for _, e := range rows {
		d.addEnd(e)
	}
}

func (d *draft) hasBegun() bool { return d.connect != nil || d.continued }
func (d *draft) hasEnded() bool { return !d.End.IsZero() }

// hasChannelID reports whether the source sent its own identifier for the connection.
func hasChannelID(e *event.Event) bool { return e.ChannelID != "" }

// hasAddressOnly reports whether e identifies its connection by no more than an address and a
// port. A later connection of the client may use the same address and port.
func hasAddressOnly(e *event.Event) bool { return e.ChannelID == "" && e.ConnectedAt.IsZero() }

// ownsConnect reports whether e, a connect on this connection's channel, belongs to this
// connection rather than to a later one that reuses the channel. The end may already be on
// record, because its time can be earlier than the time of the connect (see maxDisorder).
func (d *draft) ownsConnect(e *event.Event) bool {
	switch {
	case hasAddressOnly(e):
		return false
	case !hasChannelID(e): // the channel is derived from the start, and a client cannot start two connections at the same instant
		return true
	case d.hasBegun():
		return !d.hasEnded() && e.Time.Sub(d.Start.Time) <= maxDisorder
	default:
		return e.Time.Sub(d.End.Time) <= maxDisorder
	}
}

// ownsEnd reports whether e, an end on this connection's channel, reports the end of this
// connection.
func (d *draft) ownsEnd(e *event.Event) bool {
	switch {
	case !d.hasEnded():
		return true
	case hasAddressOnly(e): // the row may report a session takeover; see isSessionTakeover
		return !broker.TraitsOf(e.Source).SessionTakeovers && e.Time.Sub(d.End.Time) <= SameMoment
	case hasChannelID(e):
		return e.Time.Sub(d.End.Time) <= maxDisorder
	default:
		return true
	}
}

// mayOwn reports whether e, an end without a ChannelID, can belong to this connection. It can
// unless the known details of the two contradict each other.
func (d *draft) mayOwn(e *event.Event) bool {
	return !differentNodes(d.Node, e.Node) && !Differ(d.PeerAddress, e.PeerAddress) && !Differ(d.PeerPort, e.PeerPort) &&
		(e.ConnectedAt.IsZero() || d.beganAt(e.ConnectedAt))
}

// matches reports whether e, an end without a ChannelID, has the same address and port, or the
// same start, as this connection.
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

// differentNodes reports whether a and b certainly name different nodes.
func differentNodes(a, b string) bool { return Differ(a, b) && broker.ComparableNodes(a, b) }

// Differ reports whether a and b are different and both known. The zero value means unknown.
func Differ[T comparable](a, b T) bool {
	var unknown T
	return a != b && a != unknown && b != unknown
}

// fixTimes makes the connection's times consistent. If the start is unknown, it takes the start
// that the source reported with the end. If the start is later than the end because a clock was
// wrong, it moves the start to the end. If there is no end, it marks the connection as open.
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
