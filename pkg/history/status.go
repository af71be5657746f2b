package history

import (
	"slices"
	"time"

	"devicetrace/pkg/event"
)

// State says whether a client had a connection.
type State string

const (
	// Unknown: no connection is on record yet. The zero State means the same.
	Unknown State = "unknown"
	Online  State = "online"
	Offline State = "offline"
)

// Status is what is known of a client at an instant.
type Status struct {
	// State is online while the newest connection has no end on record: a broker that
	// crashed, or an event that got lost, leaves a client online until it connects again.
	State State `json:"state"`
	// Since is when that began, where it is known.
	Since Instant `json:"since"`
	// Connection is the newest one known, open or not; nil if none is.
	Connection *Connection `json:"connection"`
	// LastEventAt is the time of the newest event, refusals included.
	LastEventAt Instant `json:"last_event_at"`

	settled bool
}

// StatusAt is the status at an instant from the events of one client up to then;
// later ones are ignored.
func StatusAt(events []event.Event, at time.Time) Status {
	rows := unique(events, func(t time.Time) bool { return !t.After(at) })
	return pair(rows, nil).status(rows, Status{})
}

// Settled reports whether the events from which StatusAt made s settle it, if they are
// all that there are from some instant on: whatever came before that cannot change it.
//
// They do when the beginning of the newest connection lies within them. An end alone
// does not: an older event may tell of a connection that began later than the one
// that ended. Refusals never do. Neither does a connection that seems to have ended when
// it began, or before: the end may be that of an older one. That a clock which was set
// back put its end before all of the events is not thought of.
func (s Status) Settled() bool { return s.settled }

// status is that after all events. The newest connection is the last one that began.
func (p pairs) status(rows []*event.Event, before Status) Status {
	s := Status{State: Unknown, LastEventAt: before.LastEventAt, settled: before.settled}
	if len(rows) > 0 {
		s.LastEventAt = Instant{whole(rows[len(rows)-1].Time)}
	}
	if len(p.links) == 0 {
		return s
	}
	newest := p.links[len(p.links)-1]
	s.Connection = &newest.Connection
	s.State, s.Since = Online, newest.Start
	if newest.hasEnded() {
		s.State, s.Since = Offline, newest.End
	}
	s.settled = newest.known && before.settled || !p.doubtful() && (newest.begin != nil || newest.beganAfter(rows))
	return s
}

// doubtful reports whether more history could show that another connection is the newest.
func (p pairs) doubtful() bool {
	newest := p.links[len(p.links)-1]
	return slices.ContainsFunc(p.links, func(l *link) bool {
		return l.doubtful && !l.begin.Time.Before(newest.Start.Time)
	})
}

// beganAfter reports whether a connection began later than the first of the events,
// so that a newer one would be among them.
func (l *link) beganAfter(rows []*event.Event) bool {
	return !l.Start.IsZero() && len(rows) > 0 && !l.Start.Before(whole(rows[0].Time))
}
