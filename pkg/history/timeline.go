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

// timeline divides a span into stretches. last is the state at the end of the span. The state is
// online while a connection is open. At any other time, the state is unknown if events are missing,
// and offline otherwise. Events are missing in three cases:
//
//   - If last is unknown, events are missing throughout the span, because a connection that is not
//     on record may have been open all the time.
//   - If no connection is known to have started or ended before the span, events are missing from
//     the start of the span until the first known start or end.
//   - If the start of a connection is unknown, events are missing before its end, back to the
//     latest known start or end of another connection, or to the start of the span.
func timeline(drafts []*draft, last State, from, to Instant) []Stretch {
	periods := make(boundaries, 0, 2*len(drafts)+4)
	marks := marksOf(drafts)
	periods.add(Unknown, from, firstOf(marks, to))
	if last == Unknown {
		periods.add(Unknown, from, to)
	}
	for _, d := range drafts {
		switch {
		case !d.Start.IsZero():
			periods.add(Online, max(d.Start, from), max(d.endBy(to), from))
		case d.hasEnded():
			periods.add(Unknown, max(lastBefore(marks, d.End), from), max(d.End, from))
		}
	}
	return periods.stretches(from, to)
}

// marksOf returns all known start and end times of the drafts, sorted.
func marksOf(drafts []*draft) []Instant {
	marks := make([]Instant, 0, 2*len(drafts))
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

// lastBefore returns the last of the sorted marks before t, or 0 if there is none.
func lastBefore(marks []Instant, t Instant) Instant {
	at, _ := slices.BinarySearch(marks, t)
	if at == 0 {
		return 0
	}
	return marks[at-1]
}

// boundary is the instant at which a period begins or ends.
type boundary struct {
	at     Instant
	online bool // the state during the period: online or unknown
	step   int8 // 1: begins, -1: ends
}

// boundaries holds periods of time, each with a state. If periods overlap, top decides which of
// their states prevails.
type boundaries []boundary

func (b *boundaries) add(state State, from, to Instant) {
	if from < to {
		*b = append(*b, boundary{from, state == Online, 1}, boundary{to, state == Online, -1})
	}
}

// stretches divides the time between two instants into stretches. A part that no period covers
// becomes offline.
func (b boundaries) stretches(from, to Instant) []Stretch {
	slices.SortFunc(b, func(a, b boundary) int { return cmp.Compare(a.at, b.at) })
	found := make([]Stretch, 0, len(b)+1)
	var online, unknown int // the numbers of open periods
	for _, next := range b {
		found = extend(found, from, next.at, top(online, unknown))
		from = next.at
		if next.online {
			online += int(next.step)
		} else {
			unknown += int(next.step)
		}
	}
	return extend(found, from, to, top(online, unknown))
}

// top returns the state that prevails among the open periods. Online prevails over unknown. If
// no period is open, the state is offline.
func top(online, unknown int) State {
	switch {
	case online > 0:
		return Online
	case unknown > 0:
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
