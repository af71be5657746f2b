package history

import (
	"time"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
)

const (
	// SameMoment is the maximum difference between the times in two rows that report the same
	// moment. The times may differ because some sources report only whole seconds. A takeover is
	// reported both as the end of one connection and as the start of another, and these times may
	// differ too.
	SameMoment = 2 * time.Second
	// maxDisorder is the maximum time by which a connection's rows can be out of order. If the
	// source sends no times, each event gets its time of arrival. A broker may retry a delivery for
	// about 45 s, so this time may be up to about 45 s too late.
	maxDisorder = time.Minute
)

// draft is a connection that is still being assembled from its events.
type draft struct {
	Connection
	continued bool           // whether the caller of pair supplied this connection, possibly without its events
	connect   *event.Event   // nil if no connect event is on record
	ends      []*event.Event // the rows that report the end
	best      *event.Event   // the element of ends with the most detail about the cause
	rank      int            // the detailRank of the recorded end
	next      time.Time      // when the client's next connection began, or zero; used by losesTakeover
	// doubtful means that the recorded end is not later than the start, so it may be the end of an
	// older connection. Older events can show which connection ended.
	doubtful bool
}

func newDraft(channel string) *draft {
	return &draft{Connection: Connection{ChannelID: channel}}
}

// continuedDraft returns a draft that starts with the facts in c, the newest connection of an
// earlier Status.
func continuedDraft(c Connection) *draft {
	end := event.Event{Action: c.Action, ActionInfo: c.ActionInfo, NativeEvent: c.NativeEvent, Source: c.Source}
	return &draft{Connection: c, continued: true, rank: detailRank(&end)}
}

func (d *draft) addConnect(e *event.Event) {
	d.connect, d.accepted = e, true
	d.Start = Instant{millis(e.Time)}
	d.fillFrom(e)
}

// addEnd adds e, a row that reports the end of the connection. If several rows report the end, the
// details come from the row that says most about the cause. Among equally detailed rows, the first
// one counts.
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

// ownsConnect reports whether the connect event e belongs to this connection rather than to a later
// one that reuses the channel. The channel of e must be this connection's channel. Rows can be out
// of order (see maxDisorder), so the connect event of a connection may come after its end event.
func (d *draft) ownsConnect(e *event.Event) bool {
	switch {
	case hasAddressOnly(e):
		return false
	case !hasChannelID(e): // the channel is derived from the start time, which is different for each connection of a client
		return true
	case d.hasBegun():
		return !d.hasEnded() && e.Time.Sub(d.Start.Time) <= maxDisorder
	default:
		return e.Time.Sub(d.End.Time) <= maxDisorder
	}
}

// ownsEnd reports whether the end event e belongs to this connection rather than to a later one
// that reuses the channel. The channel of e must be this connection's channel.
func (d *draft) ownsEnd(e *event.Event) bool {
	switch {
	case !d.hasEnded():
		return true
	case hasAddressOnly(e): // from some sources, e may report a session takeover; see isSessionTakeover
		return !broker.TraitsOf(e.Source).SessionTakeovers && e.Time.Sub(d.End.Time) <= SameMoment
	case hasChannelID(e):
		return e.Time.Sub(d.End.Time) <= maxDisorder
	default:
		return true
	}
}

// mayOwn reports whether the end event e, which has no ChannelID, can belong to this connection. It
// returns false only if known details of e and of the connection contradict each other.
func (d *draft) mayOwn(e *event.Event) bool {
	return !differentNodes(d.Node, e.Node) && !Differ(d.PeerAddress, e.PeerAddress) && !Differ(d.PeerPort, e.PeerPort) &&
		(e.ConnectedAt.IsZero() || d.beganAt(e.ConnectedAt))
}

// matches reports whether the end event e has the same address and port as this connection, or the
// same start. e must have no ChannelID.
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

// fixTimes makes the connection's times consistent. If no connect event is on record, it uses the
// start time from the end event, if the source sent one. If the start is later than the end because
// a clock was wrong, it sets the start to the time of the end. If no end is on record, it marks the
// connection as open.
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
