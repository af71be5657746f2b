package history

import (
	"slices"
	"time"

	"devicetrace/pkg/event"
)

// State says whether a client is connected.
type State string

const (
	// Unknown means that no connection is on record. The zero State means the same.
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
	// Connection is the newest known connection, whether open or ended. It is nil if no connection
	// is known.
	Connection *Connection `json:"connection"`
	// LastEventAt is the time of the newest event, which may be a refusal.
	LastEventAt Instant `json:"last_event_at"`

	settled bool
}

// StatusAt returns the status of the client at an instant. It ignores later events.
func StatusAt(events []event.Event, at time.Time) Status {
	rows := unique(events, func(t time.Time) bool { return !t.After(at) })
	return pair(rows, nil).status(rows, Status{})
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
// However, if the recorded end of the newest connection is not later than its start, the status is
// not settled, because that end may belong to an older connection.
//
// Settled overlooks one case: after a clock was set back, the newest connection may have an end
// event that is earlier than all given events.
func (s Status) Settled() bool { return s.settled }

// status returns the client's status after the events in rows. The second argument is the client's
// status before those events. The newest connection is the connection that began last.
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
	s.settled = newest.continued && before.settled || !p.doubtful() && (newest.connect != nil || newest.beganAmong(rows))
	return s
}

// doubtful reports whether older events could change which connection is the newest.
func (p pairs) doubtful() bool {
	newest := p.drafts[len(p.drafts)-1]
	return slices.ContainsFunc(p.drafts, func(d *draft) bool {
		return d.doubtful && !d.connect.Time.Before(newest.Start.Time)
	})
}

// beganAmong reports whether the connection began no earlier than the first event in rows. If it
// did, rows also contains the connect events of all newer connections.
func (d *draft) beganAmong(rows []*event.Event) bool {
	return !d.Start.IsZero() && len(rows) > 0 && !d.Start.Before(millis(rows[0].Time))
}
