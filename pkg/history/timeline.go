package history

import (
	"slices"
	"time"
)

// Stretch is a part of a span during which the state stays the same.
type Stretch struct {
	From  Instant `json:"from"`
	To    Instant `json:"to"`
	State State   `json:"state"`
}

// period assigns a state to a range of time. Periods may overlap. The function top decides which of
// their states prevails.
type period struct {
	from, to time.Time
	state    State
}

// timeline divides a span into stretches. The state is online while a connection is open. At other
// times, it is unknown where events are missing, and offline everywhere else.
//
// Events count as missing in two cases:
//
//   - If the state before the span is unknown, events are missing from the start of the span until
//     the first known start or end of a connection.
//   - If the start time of a connection is unknown, events are missing before its end time. The gap
//     begins at the latest known start or end of any connection before that time. If there is none,
//     it begins at the start of the span.
func timeline(drafts []*draft, span Span, before State) []Stretch {
	var periods []period
	marks := marksOf(drafts)
	for _, d := range drafts {
		if !d.Start.IsZero() {
			periods = append(periods, period{d.Start.Time, d.endIn(span), Online})
		}
	}
	if before != Online && before != Offline {
		periods = append(periods, period{span.From, firstOf(marks, span.To), Unknown})
	}
	for _, d := range drafts {
		if d.Start.IsZero() && d.hasEnded() {
			periods = append(periods, period{lastBefore(marks, d.End.Time, span.From), d.End.Time, Unknown})
		}
	}
	return stretches(periods, span)
}

// marksOf returns all known start and end times of the drafts, sorted.
func marksOf(drafts []*draft) []time.Time {
	var marks []time.Time
	for _, d := range drafts {
		for _, t := range []Instant{d.Start, d.End} {
			if !t.IsZero() {
				marks = append(marks, t.Time)
			}
		}
	}
	slices.SortFunc(marks, time.Time.Compare)
	return marks
}

// endIn returns the end time of the connection, or the end of the span if the connection is still
// open.
func (d *draft) endIn(span Span) time.Time {
	if !d.hasEnded() {
		return span.To
	}
	return d.End.Time
}

func firstOf(marks []time.Time, fallback time.Time) time.Time {
	if len(marks) == 0 {
		return fallback
	}
	return marks[0]
}

// lastBefore returns the last of the sorted marks before t, or the given default if there is
// none.
func lastBefore(marks []time.Time, t, fallback time.Time) time.Time {
	at, _ := slices.BinarySearchFunc(marks, t, time.Time.Compare)
	if at == 0 {
		return fallback
	}
	return marks[at-1]
}

// boundary is the instant at which a period begins or ends.
type boundary struct {
	at    time.Time
	state State
	step  int // 1: begins, -1: ends
}

func boundariesOf(periods []period, span Span) []boundary {
	var boundaries []boundary
	for _, p := range periods {
		from, to := later(p.from, span.From), later(p.to, span.From)
		if from.Before(to) {
			boundaries = append(boundaries, boundary{from, p.state, 1}, boundary{to, p.state, -1})
		}
	}
	slices.SortFunc(boundaries, func(a, b boundary) int { return a.at.Compare(b.at) })
	return boundaries
}

// stretches divides a span into stretches. A part of the span that no period covers becomes
// offline.
func stretches(periods []period, span Span) []Stretch {
	found := []Stretch{}
	open := map[State]int{} // the number of open periods of each state
	from := span.From
	for _, b := range boundariesOf(periods, span) {
		found = extend(found, from, b.at, top(open))
		from = b.at
		open[b.state] += b.step
	}
	return extend(found, from, span.To, top(open))
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// top returns the state that prevails among the open periods. Online prevails over unknown. If
// no period is open, the state is offline.
func top(open map[State]int) State {
	switch {
	case open[Online] > 0:
		return Online
	case open[Unknown] > 0:
		return Unknown
	default:
		return Offline
	}
}

// extend appends a stretch, or lengthens the last one if it has the same state.
func extend(stretches []Stretch, from, to time.Time, state State) []Stretch {
	last := len(stretches) - 1
	switch {
	case !from.Before(to):
		return stretches
	case last >= 0 && stretches[last].State == state:
		stretches[last].To = Instant{to}
		return stretches
	default:
		return append(stretches, Stretch{Instant{from}, Instant{to}, state})
	}
}
