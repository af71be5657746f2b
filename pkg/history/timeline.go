package history

import (
	"cmp"
	"slices"
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
	from, to Instant
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
func timeline(drafts []*draft, from, to Instant, before State) []Stretch {
	var periods []period
	marks := marksOf(drafts)
	for _, d := range drafts {
		if !d.Start.IsZero() {
			periods = append(periods, period{d.Start, d.endBy(to), Online})
		}
	}
	if before != Online && before != Offline {
		periods = append(periods, period{from, firstOf(marks, to), Unknown})
	}
	for _, d := range drafts {
		if d.Start.IsZero() && d.hasEnded() {
			periods = append(periods, period{lastBefore(marks, d.End, from), d.End, Unknown})
		}
	}
	return stretches(periods, from, to)
}

// marksOf returns all known start and end times of the drafts, sorted.
func marksOf(drafts []*draft) []Instant {
	var marks []Instant
	for _, d := range drafts {
		for _, t := range []Instant{d.Start, d.End} {
			if !t.IsZero() {
				marks = append(marks, t)
			}
		}
	}
	slices.Sort(marks)
	return marks
}

// endBy returns the end time of the connection, or the given time if the connection is still open.
func (d *draft) endBy(to Instant) Instant {
	if !d.hasEnded() {
		return to
	}
	return d.End
}

func firstOf(marks []Instant, fallback Instant) Instant {
	if len(marks) == 0 {
		return fallback
	}
	return marks[0]
}

// lastBefore returns the last of the sorted marks before t, or the given default if there is
// none.
func lastBefore(marks []Instant, t, fallback Instant) Instant {
	at, _ := slices.BinarySearch(marks, t)
	if at == 0 {
		return fallback
	}
	return marks[at-1]
}

// boundary is the instant at which a period begins or ends.
type boundary struct {
	at    Instant
	state State
	step  int // 1: begins, -1: ends
}

func boundariesOf(periods []period, start Instant) []boundary {
	var boundaries []boundary
	for _, p := range periods {
		from, to := max(p.from, start), max(p.to, start)
		if from < to {
			boundaries = append(boundaries, boundary{from, p.state, 1}, boundary{to, p.state, -1})
		}
	}
	slices.SortFunc(boundaries, func(a, b boundary) int { return cmp.Compare(a.at, b.at) })
	return boundaries
}

// stretches divides the time between two instants into stretches. A part that no period covers
// becomes offline.
func stretches(periods []period, from, to Instant) []Stretch {
	found := []Stretch{}
	open := map[State]int{} // the number of open periods of each state
	for _, b := range boundariesOf(periods, from) {
		found = extend(found, from, b.at, top(open))
		from = b.at
		open[b.state] += b.step
	}
	return extend(found, from, to, top(open))
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
func extend(stretches []Stretch, from, to Instant, state State) []Stretch {
	last := len(stretches) - 1
	switch {
	case from >= to:
		return stretches
	case last >= 0 && stretches[last].State == state:
		stretches[last].To = to
		return stretches
	default:
		return append(stretches, Stretch{from, to, state})
	}
}
