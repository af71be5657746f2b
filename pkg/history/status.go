package history

import (
	"math"
	"slices"
	"time"
)

// State says whether a client is connected.
type State string

const (
	// Unknown means that no connection is on record, or that the events that decide the state were
	// not read; see Span.Cut. The zero State means the same.
	Unknown State = "unknown"
	Online  State = "online"
	Offline State = "offline"
)

// Status is a client's state at an instant, together with the client's newest connection.
type Status struct {
	// State is online while the newest connection has no recorded end. The client may still be
	// offline, because the broker may have crashed or the end event may have been lost.
	State State `json:"state"`
	// Since is when the state began, if that is known.
	Since Instant `json:"since"`
	// Connection is the newest known connection, whether open or ended. It is nil if the state is
	// unknown.
	Connection *Connection `json:"connection"`
	// LastEventAt is the time of the newest event, which may be a refusal.
	LastEventAt Instant `json:"last_event_at"`

	settled bool
}

// StatusAt returns the status of the client at an instant. It ignores later events.
func StatusAt(events *Log, at time.Time) Status {
	return pair(events, math.MinInt64, At(at), nil).status(Status{})
}

// Settled reports whether the status is final, so that no older event could change it. It assumes
// that StatusAt was given all events from some instant on.
//
// A status is settled if the newest connection began no earlier than the oldest given event,
// because any newer connection would then also appear in the given events. For example, the status
// is not settled if the only event is an end event without a connect time. The start of that
// connection is unknown, and an older event may show a connection that began later. Refusals never
// settle the status, because they say nothing about connections.
//
// The status is also not settled if the recorded end may belong to an older connection. For
// example, the source may send no channel, and the end may be at most SameMoment after the start.
// The newest connection may then have taken over the session of the older one, and still be open.
//
// Settled overlooks one case: after a clock was set back, the newest connection may have an end
// event that is earlier than all given events.
func (s Status) Settled() bool { return s.settled }

// IfSettled returns s if it is settled. Otherwise, it returns a Status with an unknown state. Call
// it if older events exist but were not read, because s is then only a guess.
func (s Status) IfSettled() Status {
	if !s.settled {
		return Status{State: Unknown, LastEventAt: s.LastEventAt}
	}
	return s
}

// status returns the client's status after the events. before is the client's status before them.
// The newest connection is the connection that began last.
func (p pairs) status(before Status) Status {
	s := Status{State: Unknown, LastEventAt: before.LastEventAt, settled: before.settled}
	if p.events > 0 {
		s.LastEventAt = p.last
	}
	if len(p.drafts) == 0 {
		return s
	}
	newest := p.drafts[len(p.drafts)-1]
	connection := newest.Connection // a copy, so that the status does not keep all drafts in memory
	s.Connection = &connection
	s.State, s.Since = Online, newest.Start
	if newest.hasEnded() {
		s.State, s.Since = Offline, newest.End
	}
	s.settled = newest.isContinued && before.settled || !p.isDoubtful() && (!newest.acceptedAt.IsZero() || p.include(newest.Start))
	return s
}

// isDoubtful reports whether older events could change which connection is the newest.
func (p pairs) isDoubtful() bool {
	newest := p.drafts[len(p.drafts)-1]
	return slices.ContainsFunc(p.drafts, func(d *draft) bool { return d.isDoubtful && (d == newest || d.acceptedAt >= newest.Start) })
}

// mayBeOpen reports whether older events could show that the recorded end of the newest connection
// belongs to an older connection. The newest connection would then still be open.
func (p pairs) mayBeOpen() bool {
	if len(p.drafts) == 0 {
		return false
	}
	newest := p.drafts[len(p.drafts)-1]
	return newest.isDoubtful && newest.hasEnded() && !newest.acceptedAt.IsZero()
}

// include reports whether a connection with the given start began no earlier than the first event.
// In that case, the events also include the connect events of all newer connections.
func (p pairs) include(start Instant) bool {
	return p.events > 0 && start >= p.first
}
