package summary

import (
	"cmp"
	"slices"
)

// maxMinutes is the maximum number of minutes that a fold distinguishes. It is enough for the rows
// of two days and the neighbors of their minutes. The rows of all further minutes are counted in
// the minute 0, which is in 1970.
const maxMinutes = 3000

// noMinute is the number of the minute 0.
const noMinute = 0

// minute counts the distinct clients in the vicinity of a minute.
type minute struct {
	Minute
	number uint16 // index in minutes.list
	// counts holds the number of distinct clients for each kind. counted holds the client that was
	// counted last for each kind.
	counts, counted [Disconnect]int64
	sampled         int64 // the last client that was considered for the sample
	sample          sample
	// before and after are the neighbors. They are nil until they are needed.
	before, after *minute
}

// minutes assigns numbers to minutes.
type minutes struct {
	index map[Minute]*minute
	list  []*minute
	last  *minute // the result of the last call to of
	bytes int     // total length of the client identifiers in the samples
}

func newMinutes() minutes {
	m := minutes{index: map[Minute]*minute{}}
	m.last = m.of(0)
	return m
}

// of returns a minute. If there are too many minutes, it returns the minute 0 instead.
func (m *minutes) of(n Minute) *minute {
	if m.last != nil && m.last.Minute == n {
		return m.last
	}
	found := m.index[n]
	switch {
	case found != nil:
	case len(m.list) < maxMinutes:
		found = &minute{Minute: n, number: uint16(len(m.list))}
		m.list = append(m.list, found)
		m.index[n] = found
	default:
		found = m.list[noMinute]
	}
	m.last = found
	return found
}

// count counts a client with an event of the given kind in the minute and in its two neighbors.
func (m *minutes) count(at *minute, kind Kind, client int64) {
	if kind == Disconnect {
		return
	}
	if at.after == nil {
		at.before, at.after = m.of(at.Minute-1), m.of(at.Minute+1)
		m.last = at
	}
	for _, n := range []*minute{at.before, at, at.after} {
		if n.counted[kind] != client {
			n.counted[kind] = client
			n.counts[kind]++
		}
	}
}

// vicinities returns the vicinities of all minutes, sorted.
func (m *minutes) vicinities() []Vicinity {
	var found []Vicinity
	for _, n := range m.list {
		v := Vicinity{n.Minute, n.counts[Connect], n.counts[Drop], n.counts[Refusal], n.sample.witnesses()}
		if v.Connected+v.Dropped+v.Refused > 0 {
			found = append(found, v)
		}
	}
	slices.SortFunc(found, func(a, b Vicinity) int { return cmp.Compare(a.Minute, b.Minute) })
	return found
}
