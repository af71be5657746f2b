// Package history puts the events of one client together: its connections, refused
// CONNECTs, status, timeline and summary. Package diagnose puts it into words.
//
// What always holds: the functions are pure. Neither the order of the events nor repeated
// deliveries change the result. All times that are returned are UTC in whole milliseconds.
// n events take O(n log n) time and O(n) memory.
//
// Words: the end of a connection is reported by the broker, or inferred if the next
// connection began before any end was reported. A reported end that is not a DISCONNECT of
// the client is a drop. A CONNECT that the broker refused is a refusal and not a connection.
package history

import (
	"time"

	"devicetrace/pkg/event"
)

// Span is a range of time with both ends included. To must not be in the future, because a
// connection without an end is taken to be open until then.
type Span struct{ From, To time.Time }

// History is what the events of one client say about a span.
type History struct {
	// Status is the status at the end of the span.
	Status Status `json:"status"`
	// Connections lists the connections that were open at some time in the span or ended in
	// it, in the order in which they began.
	Connections []Connection `json:"connections"`
	// Refusals are in order of time.
	Refusals []Refusal `json:"refusals"`
	// Timeline covers the span without gaps.
	Timeline []Stretch `json:"timeline"`
	Summary  Summary   `json:"summary"`

	// Span is the given span in UTC and whole milliseconds.
	Span Span `json:"-"`
	// Events is the number of different events in the span.
	Events int `json:"-"`
}

// Of returns the history of the client whose events are given. Events outside the span are
// ignored. before is the result of StatusAt for the instant just before the span, or the zero
// Status if that is not known.
func Of(events []event.Event, span Span, before Status) History {
	span = Span{millis(span.From), millis(span.To)}
	rows := unique(events, func(t time.Time) bool { return !t.Before(span.From) && !t.After(span.To) })
	p := pair(rows, before.Connection)
	h := History{
		Status: p.status(rows, before), Connections: p.connectionsIn(span), Refusals: p.refusals,
		Timeline: timeline(p.drafts, span, before.State), Span: span, Events: len(rows),
	}
	h.Summary = h.summarise()
	return h
}
