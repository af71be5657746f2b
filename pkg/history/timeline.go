package history

import (
	"slices"
	"time"
)

// Stretch is a part of a span in which the state was the same.
type Stretch struct {
	From  Instant `json:"from"`
	To    Instant `json:"to"`
	State State   `json:"state"`
}

// layer is the time of a span in which something holds.
type layer struct {
	from, to time.Time
	state    State
}

// timeline cuts a span into stretches: online where a connection was open, else
// unknown where something is missing, else offline.
//
// What is missing is the time up to the first beginning or end known, unless the
// state at the beginning of the span is, and the time before the end of a connection
// of which no beginning is on record, back to the beginning or end known before.
func timeline(links []*link, span Span, before State) []Stretch {
	var layers []layer
	var marks []time.Time // all beginnings and ends known
	for _, l := range links {
		for _, t := range []Instant{l.Start, l.End} {
			if !t.IsZero() {
				marks = append(marks, t.Time)
			}
		}
		if end := l.endIn(span); !l.Start.IsZero() {
			layers = append(layers, layer{l.Start.Time, end, Online})
		}
	}
	slices.SortFunc(marks, time.Time.Compare)
	if before != Online && before != Offline {
		layers = append(layers, layer{span.From, firstOf(marks, span.To), Unknown})
	}
	for _, l := range links {
		if l.Start.IsZero() && l.hasEnded() {
			layers = append(layers, layer{lastBefore(marks, l.End.Time, span.From), l.End.Time, Unknown})
		}
	}
	return paint(layers, span)
}

// endIn is when a connection ended, the end of the span if it did not.
func (l *link) endIn(span Span) time.Time {
	if !l.hasEnded() {
		return span.To
	}
	return l.End.Time
}

func firstOf(marks []time.Time, otherwise time.Time) time.Time {
	if len(marks) == 0 {
		return otherwise
	}
	return marks[0]
}

// lastBefore is the last mark before t.
func lastBefore(marks []time.Time, t, otherwise time.Time) time.Time {
	at, _ := slices.BinarySearchFunc(marks, t, time.Time.Compare)
	if at == 0 {
		return otherwise
	}
	return marks[at-1]
}

// edge is where a layer begins or ends.
type edge struct {
	at    time.Time
	state State
	step  int // 1: begins, -1: ends
}

// paint is the stretches that layers over an offline span leave.
func paint(layers []layer, span Span) []Stretch {
	var edges []edge
	for _, l := range layers {
		from, to := later(l.from, span.From), later(l.to, span.From)
		if from.Before(to) {
			edges = append(edges, edge{from, l.state, 1}, edge{to, l.state, -1})
		}
	}
	slices.SortFunc(edges, func(a, b edge) int { return a.at.Compare(b.at) })
	stretches := []Stretch{}
	depth := map[State]int{}
	from := span.From
	for _, e := range edges {
		stretches = extend(stretches, from, e.at, top(depth))
		from = e.at
		depth[e.state] += e.step
	}
	return extend(stretches, from, span.To, top(depth))
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// top is the state that shows.
func top(depth map[State]int) State {
	switch {
	case depth[Online] > 0:
		return Online
	case depth[Unknown] > 0:
		return Unknown
	default:
		return Offline
	}
}

// extend appends a stretch, to the last one if the state is the same.
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
