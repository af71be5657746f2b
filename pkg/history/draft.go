package history

import (
	"time"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
)

const (
	// SameMoment is the maximum difference between times that count as the same moment. Two events
	// can report the same moment with different times, because some sources send only whole
	// seconds. For example, a session takeover appears in two events: the end event of the old
	// connection and the connect event of the new connection.
	SameMoment = 2 * time.Second
	// maxDisorder is the maximum time by which a connection's events can be out of order. If the
	// source sends no event times, the received time is used instead. The received time may be up
	// to about 45 s late, because a broker may keep retrying a delivery for 45 s.
	maxDisorder = time.Minute
)

// draft is a connection that is still being assembled from its events.
type draft struct {
	Connection
	continued bool           // the caller of pair supplied this connection, possibly without its events
	connect   *event.Event   // nil if no connect event is on record
	ends      []*event.Event // the end events of the connection
	best      *event.Event   // the element of ends with the most detail about the cause
	rank      int            // the detailRank of the recorded end
	next      time.Time      // the start of the client's next connection, or zero; used by losesTakeover
	// doubtful means that the recorded end is not later than the start. The recorded end may then
	// belong to an older connection. In that case, older events could show that this connection has
	// not ended.
	doubtful bool
}

func newDraft(channel string) *draft {
	return &draft{Connection: Connection{ChannelID: channel}}
}

// continuedDraft returns a draft of connection c, the newest connection of an earlier Status.
// Further events may be added to the draft.
func continuedDraft(c Connection) *draft {
	end := event.Event{Action: c.Action, ActionInfo: c.ActionInfo, NativeEvent: c.NativeEvent, Source: c.Source}
	return &draft{Connection: c, continued: true, rank: detailRank(&end)}
}

func (d *draft) addConnect(e *event.Event) {
	d.connect, d.accepted = e, true
	d.Start = Instant{millis(e.Time)}
	d.fillFrom(e)
}

// addEnd adds e, an end event of the connection. If a connection has several end events, the one
// with the highest detailRank determines the time and the cause of the end. Among equal ranks, the
// one that was added first counts.
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

// hasAddressOnly reports whether e identifies its connection only by address and port, which a
// later connection of the client may reuse.
func hasAddressOnly(e *event.Event) bool { return e.ChannelID == "" && e.ConnectedAt.IsZero() }

// ownsConnect reports whether the connect event e belongs to this connection. e must have the same
// channel as this connection. If ownsConnect returns false, e belongs to a later connection with
// the same channel. Because events can be out of order (see maxDisorder), e may belong to this
// connection even if its end is already known.
func (d *draft) ownsConnect(e *event.Event) bool {
	switch {
	case hasAddressOnly(e):
		return false
	case !hasChannelID(e): // the channel is derived from ConnectedAt, so no two connections share it
		return true
	case d.hasBegun():
		return !d.hasEnded() && e.Time.Sub(d.Start.Time) <= maxDisorder
	default:
		return e.Time.Sub(d.End.Time) <= maxDisorder
	}
}

// ownsEnd reports whether the end event e belongs to this connection. e must have the same channel
// as this connection. If ownsEnd returns false, e belongs to a later connection with the same
// channel.
func (d *draft) ownsEnd(e *event.Event) bool {
	switch {
	case !d.hasEnded():
		return true
	case hasAddressOnly(e): // some sources report the end again at a session takeover; see isSessionTakeover
		return !broker.TraitsOf(e.Source).SessionTakeovers && e.Time.Sub(d.End.Time) <= SameMoment
	case hasChannelID(e):
		return e.Time.Sub(d.End.Time) <= maxDisorder
	default:
		return true
	}
}

// mayOwn reports whether the end event e, which has no ChannelID, can belong to this connection. It
// returns false only if a known detail of e contradicts a known detail of the connection.
func (d *draft) mayOwn(e *event.Event) bool {
	return !differentNodes(d.Node, e.Node) && !Differ(d.PeerAddress, e.PeerAddress) && !Differ(d.PeerPort, e.PeerPort) &&
		(e.ConnectedAt.IsZero() || d.beganAt(e.ConnectedAt))
}

// matches reports whether the end event e has the same address and port, or the same start time, as
// this connection. e must have no ChannelID.
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

// differentNodes reports whether a and b are known to name different nodes.
func differentNodes(a, b string) bool { return Differ(a, b) && broker.ComparableNodes(a, b) }

// Differ reports whether a and b are both known but different. The zero value means unknown.
func Differ[T comparable](a, b T) bool {
	var unknown T
	return a != b && a != unknown && b != unknown
}

// fixTimes makes the times of a connection consistent after all events have been assigned:
//
//   - If no connect event is on record, the start is the connect time in the end event, if any.
//   - If the start is later than the end, a clock was wrong. The start is then set to the end.
//   - If no end is on record, the connection is marked as open. inferEnds may later infer an end.
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
