// Package diagnose answers why a device dropped, and what to check: it turns the
// events of one client into connections, a status, a timeline and verdicts.
//
// What always holds: the functions are pure; the order of the events does not
// matter, and neither does an event that was delivered twice; a cause is named only
// where the events tell it, and is unknown otherwise.
//
// Words: a connection has ended as reported, or as inferred where the next one began
// before any end was reported; an end that was no DISCONNECT of the client is a drop;
// a CONNECT that the broker refused is a refusal and no connection at all.
//
// All times that come out are UTC in whole milliseconds. n events take
// O(n log n) time and O(n) memory.
package diagnose

import (
	"time"

	"devicetrace/pkg/event"
)

// Span is the time to diagnose, both ends included. To must not be in the future,
// since a connection without an end is taken to be open until then.
type Span struct{ From, To time.Time }

// Report is everything there is to say about a client in a span.
type Report struct {
	// Status is that at the end of the span.
	Status Status `json:"status"`
	// Connections are those that were open at some time in the span, or ended in it,
	// in the order in which they began.
	Connections []Connection `json:"connections"`
	// Refusals are in order of time.
	Refusals []Refusal `json:"refusals"`
	// Timeline covers the span without holes.
	Timeline []Stretch `json:"timeline"`
	Summary  Summary   `json:"summary"`
	// Verdicts begin with the most useful one.
	Verdicts []Verdict `json:"verdicts"`
}

// Diagnose reports on the events of one client; those outside the span are ignored.
// before is what StatusAt tells of the instant just before the span, or the zero Status
// where nobody looked. The verdicts are in the given language.
func Diagnose(events []event.Event, span Span, before Status, lang Lang) Report {
	span = Span{whole(span.From), whole(span.To)}
	rows := unique(events, func(t time.Time) bool { return !t.Before(span.From) && !t.After(span.To) })
	history := pair(rows, before.Connection)
	r := newRecord(history, rows, span, before)
	stretches := timeline(history.links, span, before.State)
	return Report{
		Status: r.status, Connections: r.connections, Refusals: r.refusals,
		Timeline: stretches, Summary: summarise(r, stretches), Verdicts: r.verdicts(lang),
	}
}
