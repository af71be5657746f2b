package history

import (
	"time"

	"devicetrace/pkg/event"
)

// Span is the time to diagnose, both ends included. To must not be in the future,
// since a connection without an end is taken to be open until then.
type Span struct{ From, To time.Time }

// History is what the events of one client say about a span.
type History struct {
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

	// Span is the span in UTC and whole milliseconds.
	Span Span `json:"-"`
	// Events is the number of different events in the span.
	Events int `json:"-"`
}

// Of returns the history of one client; events outside the span are ignored.
// before is what StatusAt tells of the instant just before the span, or the zero Status
// where nobody looked.
func Of(events []event.Event, span Span, before Status) History {
	span = Span{whole(span.From), whole(span.To)}
	rows := unique(events, func(t time.Time) bool { return !t.Before(span.From) && !t.After(span.To) })
	p := pair(rows, before.Connection)
	h := History{
		Status: p.status(rows, before), Connections: p.connectionsIn(span), Refusals: p.refusals,
		Timeline: timeline(p.links, span, before.State), Span: span, Events: len(rows),
	}
	h.Summary = h.summarise()
	return h
}
