package history

import (
	"slices"
	"time"

	"devicetrace/pkg/event"
)

// State says whether a client has a connection.
type State string

const (
	// Unknown: no connection is on record. The zero State means the same.
	Unknown State = "unknown"
	Online  State = "online"
	Offline State = "offline"
)

// Status is what is known about a client at an instant.
type Status struct {
	// State is online while the newest connection has no recorded end. If the broker crashes
	// or an event is lost, the client stays online until it connects again.
	State State `json:"state"`
	// Since is when the state began. It may be unknown.
	Since Instant `json:"since"`
	// Connection is the newest known connection, open or ended, or nil.
	Connection *Connection `json:"connection"`
	// LastEventAt is the time of the newest event, refusals included.
	LastEventAt Instant `json:"last_event_at"`

	settled bool
}

// StatusAt returns the status of the client at an instant. Later events are ignored.
func StatusAt(events []event.Event, at time.Time) Status {
	rows := unique(events, func(t time.Time) bool { return !t.After(at) })
	return pair(rows, nil).status(rows, Status{})
}

// Settled reports whether no older events can change a status. It assumes that StatusAt was
// given all events from some instant on.
//
// A status is settled if the start of the newest connection is among the events. An end alone
// does not settle it: an older event may belong to a connection that began later than the one
// that ended. Refusals never settle it. Neither does a connection that seems to have ended
// when it began, or before, because the end may belong to an older connection. Settled
// ignores one case: a clock that was set back can put the end of the newest connection before
// all of the events.
func (s Status) Settled() bool { return s.settled }

// status returns the status after all events, given the status before them. The newest
// connection is the last one that began.
func (p pairs) status(rows []*event.Event, before Status) Status {
	s := Status{State: Unknown, LastEventAt: before.LastEventAt, settled: before.settled}
	if len(rows) > 0 {
		s.LastEventAt = Instant{millis(rows[len(rows)-1].Time)}
	}
	if len(p.drafts) == 0 {
		return s
	}
	newest := p.drafts[len(p.drafts)-1]
	s.Connection = &newest.Connection
	s.State, s.Since = Online, newest.Start
	if newest.hasEnded() {
		s.State, s.Since = Offline, newest.End
	}
	s.settled = newest.known && before.settled || !p.doubtful() && (newest.connect != nil || newest.beganAmong(rows))
	return s
}

// doubtful reports whether older events could show that another connection is the newest.
func (p pairs) doubtful() bool {
	newest := p.drafts[len(p.drafts)-1]
	return slices.ContainsFunc(p.drafts, func(d *draft) bool {
		return d.doubtful && !d.connect.Time.Before(newest.Start.Time)
	})
}

// beganAmong reports whether the connection began after the first of the events, so that the
// events contain any newer connection.
func (d *draft) beganAmong(rows []*event.Event) bool {
	return !d.Start.IsZero() && len(rows) > 0 && !d.Start.Before(millis(rows[0].Time))
}
