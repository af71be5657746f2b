// Package history derives the history of one client from its events. A history consists of the
// client's connections, refusals, status, timeline and summary. Days derives the histories of many
// days in one pass over the events. Package diagnose explains a history in words.
//
// Invariants: the functions are pure. It does not matter whether a Log was filled in ascending or
// in descending order. All returned times are in whole milliseconds. For n events, the functions
// take O(n log n) time and O(n) memory, and their results refer to the Log instead of copying it.
//
// Terms:
//
//   - A channel identifies a connection. It is the broker's own identifier or, if the broker sends
//     none, an identifier derived from other details; see event.Event.Channel.
//   - A connect event reports that the broker accepted a CONNECT.
//   - An end event has the action close or disconnect. It usually reports the end of a connection;
//     see pair for the exceptions.
//   - The end of a connection is reported if the broker sent an end event about it.
//   - The end is inferred if the broker sent no end event, but a later connection began.
//   - A drop is a reported end that certainly happened without a DISCONNECT from the client.
//   - A refusal is a CONNECT that the broker refused. It does not count as a connection.
package history

import (
	"time"
)

// Span is a range of time that includes both From and To. To must not be in the future,
// because a connection without an end counts as open until To.
type Span struct {
	From, To time.Time
	// Cut means that older events exist, but were not read because there are too many. From may
	// have been moved to a later time for this reason. Nothing is known about the time before From,
	// except the client's status if it is settled.
	Cut bool
	// Unsearched means that older events may exist that were not read, and that they could change
	// the client's status before the span. If such events could also show that the newest
	// connection is still open, the status at the end of the span is unknown.
	Unsearched bool
	// Later is the zero time or an instant after To. If Later is after To, the events up to Later
	// show how a connection that is open at To ended; see Connection.EndedLater. If there is such a
	// connection, Of pairs the events twice.
	Later time.Time
}

// History describes one client during a span of time.
type History struct {
	// CutBefore is the start of the span if the span was cut, and unknown otherwise. The lists and
	// the summary leave out everything before CutBefore.
	CutBefore Instant `json:"cut_before,omitzero"`
	// Status is the client's status at the end of the span.
	Status Status `json:"status"`
	// Connections lists the connections that were open or ended in the span, sorted by start time.
	// A connection without a known start time is sorted by its end time.
	Connections []*Connection `json:"connections"`
	// Refusals are sorted by time.
	Refusals []Refusal `json:"refusals"`
	// Timeline covers the whole span without gaps.
	Timeline []Stretch `json:"timeline"`
	Summary  Summary   `json:"summary"`

	// Span is the span that was passed to Of, in UTC and whole milliseconds, without Later.
	Span Span `json:"-"`
	// Events is the number of distinct events in the span.
	Events int `json:"-"`
}

// Of returns the history of one client during a span. All events must belong to this client. Of
// ignores events outside the span, except that Span.Later may include events after it. before is the
// client's status just before the span, as StatusAt returns it. If the earlier events are not known,
// before is the zero Status.
func Of(events *Log, span Span, before Status) History {
	from, to := At(span.From), At(span.To)
	if span.Cut || span.Unsearched {
		before = before.IfSettled()
	}
	p := pairUntil(events, from, to, At(span.Later), before.Connection)
	status := p.status(before)
	if !before.settled && (span.Cut || span.Unsearched && p.mayBeOpen()) {
		status = status.IfSettled()
	}
	h := History{
		Status: status, Connections: p.connectionsFrom(from), Refusals: p.refusals,
		Timeline: timeline(p.drafts, status.State, from, to), Events: p.events,
		Span: Span{From: from.Time(), To: to.Time(), Cut: span.Cut, Unsearched: span.Unsearched},
	}
	if span.Cut {
		h.CutBefore = from
	}
	h.Summary = h.summarize()
	return h
}
