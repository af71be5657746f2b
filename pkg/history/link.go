package history

import (
	"time"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
)

const (
	// SameMoment is how far apart rows about one moment can lie: sources exist that
	// know whole seconds only, and a takeover shows in two connections.
	SameMoment = 2 * time.Second
	// disorder is how far the rows of one connection can be out of order: where a
	// source sends no time, an event has the time it arrived, and brokers try for some
	// 45 s to deliver one.
	disorder = time.Minute
)

// link is a connection while it is put together from its events.
type link struct {
	Connection
	known bool           // from before the events; its own are not at hand
	begin *event.Event   // nil where its connect is not on record
	ends  []*event.Event // what was reported about its end
	best  *event.Event   // the most telling of them
	told  int            // how much that tells
	next  time.Time      // when the next one began, zero for the newest; see takenOver
	// doubtful: it seems to have ended when it began, or before. With more history the
	// end may turn out to be that of an older connection.
	doubtful bool
}

func newLink(channel string) *link {
	return &link{Connection: Connection{ChannelID: channel}}
}

// knownLink is a connection that was found earlier.
func knownLink(c Connection) *link {
	end := event.Event{Action: c.Action, ActionInfo: c.ActionInfo, NativeEvent: c.NativeEvent, Source: c.Source}
	return &link{Connection: c, known: true, told: telling(&end)}
}

func (l *link) beginWith(e *event.Event) {
	l.begin, l.accepted = e, true
	l.Start = Instant{whole(e.Time)}
	l.take(e)
}

// endWith takes a row about the end. Of several the most telling one counts, the first
// of equals.
func (l *link) endWith(e *event.Event) {
	l.ends = append(l.ends, e)
	l.take(e)
	if tells := telling(e); !l.hasEnded() || tells > l.told {
		l.End, l.best, l.told = Instant{whole(e.Time)}, e, tells
		l.finish(e)
	}
}

func (l *link) endWithAll(rows []*event.Event) {
	for _, e := range rows {
		l.endWith(e)
	}
}

func (l *link) hasBegun() bool { return l.begin != nil || l.known }
func (l *link) hasEnded() bool { return !l.End.IsZero() }

// isNamed: the source gave the connection an identifier. isPlaced: it is told by
// address and port alone, which a client may use again.
func isNamed(e *event.Event) bool  { return e.ChannelID != "" }
func isPlaced(e *event.Event) bool { return e.ChannelID == "" && e.ConnectedAt.IsZero() }

// beganWith reports whether a connect of the same channel is about this connection, and not
// about another one that uses the channel again. An end without a connect may have
// overtaken it.
func (l *link) beganWith(e *event.Event) bool {
	switch {
	case isPlaced(e):
		return false
	case !isNamed(e): // one client connects once at one instant
		return true
	case l.hasBegun():
		return !l.hasEnded() && e.Time.Sub(l.Start.Time) <= disorder
	default:
		return e.Time.Sub(l.End.Time) <= disorder
	}
}

// endedWith reports whether an end of the same channel is about this connection.
func (l *link) endedWith(e *event.Event) bool {
	switch {
	case !l.hasEnded():
		return true
	case isPlaced(e): // EMQX tells it once, and may tell something else then; see isSessionTaken
		return !broker.TraitsOf(e.Source).SessionTakeovers && e.Time.Sub(l.End.Time) <= SameMoment
	case isNamed(e):
		return e.Time.Sub(l.End.Time) <= disorder
	default:
		return true
	}
}

// compatible reports whether an end that names no connection can be of this one:
// nothing that both tell differs.
func (l *link) compatible(e *event.Event) bool {
	return !differentNodes(l.Node, e.Node) && !Differ(l.PeerAddress, e.PeerAddress) && !Differ(l.PeerPort, e.PeerPort) &&
		(e.ConnectedAt.IsZero() || l.beganAt(e.ConnectedAt))
}

// matches reports whether an end that names no connection tells something that only
// this one has.
func (l *link) matches(e *event.Event) bool {
	return e.PeerPort != 0 && l.PeerPort == e.PeerPort && l.PeerAddress == e.PeerAddress ||
		!e.ConnectedAt.IsZero() && l.beganAt(e.ConnectedAt)
}

func (l *link) beganAt(t time.Time) bool {
	if !l.connectedAt.IsZero() {
		return l.connectedAt.Equal(t)
	}
	return !l.Start.IsZero() && l.Start.Sub(t).Abs() <= SameMoment
}

// differentNodes reports whether a and b can only be names of different nodes.
func differentNodes(a, b string) bool { return Differ(a, b) && broker.ComparableNodes(a, b) }

// Differ reports whether both are known and not the same.
func Differ[T comparable](a, b T) bool {
	var unknown T
	return a != b && a != unknown && b != unknown
}

// settle makes the times of a connection consistent: it begins when it was accepted,
// and no later than it ended, whatever clocks say.
func (l *link) settle() {
	if l.Start.IsZero() && !l.connectedAt.IsZero() {
		l.Start = Instant{whole(l.connectedAt)}
	}
	if l.hasEnded() && l.Start.After(l.End.Time) {
		l.Start = l.End
	}
	if !l.hasEnded() {
		l.EndIs, l.Kind = Open, StillOpen
	}
}
