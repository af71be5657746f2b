package query

import (
	"cmp"
	"container/heap"
	"context"

	"devicetrace/pkg/segment"
)

// merge yields the rows of all sources in order, without duplicates. If an event has several rows,
// merge yields the row that was received first.
type merge struct {
	sources    sourceHeap
	descending bool
	// last is the latest row that next returned or, in descending order, the latest row taken from
	// a source, which next has not returned yet.
	last *segment.Row
}

// start makes m merge the given sources. It may be called again in the middle of a merge, with
// other sources, but the next row of a source must not come before m.last.
func (m *merge) start(sources []*source) {
	m.sources = sourceHeap{descending: m.descending}
	for _, s := range sources {
		if !s.ended() {
			m.sources.list = append(m.sources.list, s)
		}
	}
	heap.Init(&m.sources)
}

// next returns the next distinct row, or nil after the last one. If it cannot load the rows of a
// source, it returns this source and the error. The caller may then call next again.
//
// Copies of an event are adjacent. In ascending order, the copy that was received first comes
// first, so next returns it and drops the others. In descending order, that copy comes last, so
// next returns it only after it has seen a row of the next event or the end of all sources.
func (m *merge) next(ctx context.Context) (*segment.Row, *source, error) {
	for len(m.sources.list) > 0 {
		s := m.sources.list[0]
		row := s.row()
		if row == nil {
			if err := s.load(ctx); err != nil {
				return nil, s, err
			}
			m.fix(s)
			continue
		}
		s.next()
		m.fix(s)
		if found := m.take(row); found != nil {
			return found, nil, nil
		}
	}
	last := m.last
	if m.last = nil; m.descending {
		return last, nil, nil
	}
	return nil, nil, nil
}

// take processes one row, in merge order. It returns the row to yield, or nil if more rows must be
// taken first.
func (m *merge) take(row *segment.Row) *segment.Row {
	last := m.last
	duplicate := last != nil && last.SameEvent(row)
	if duplicate && !m.descending {
		return nil
	}
	m.last = row
	switch {
	case duplicate:
		return nil
	case m.descending:
		return last
	default:
		return row
	}
}

// fix restores the order of the heap after its first source has moved to another row. It removes
// the source if the source has ended.
func (m *merge) fix(first *source) {
	if first.ended() {
		heap.Pop(&m.sources)
	} else {
		heap.Fix(&m.sources, 0)
	}
}

// sourceHeap orders sources by their next rows. A source without decoded rows is ordered by
// source.time. At equal times, such a source comes first, so that its rows are loaded before any
// other source yields a row of that time.
type sourceHeap struct {
	list       []*source
	descending bool
}

func (h *sourceHeap) Len() int      { return len(h.list) }
func (h *sourceHeap) Swap(i, j int) { h.list[i], h.list[j] = h.list[j], h.list[i] }
func (h *sourceHeap) Push(x any)    { panic("push to a heap of sources, which only shrinks") }

func (h *sourceHeap) Pop() any {
	last := len(h.list) - 1
	popped := h.list[last]
	h.list[last] = nil
	h.list = h.list[:last]
	return popped
}

func (h *sourceHeap) Less(i, j int) bool {
	a, b := h.list[i], h.list[j]
	c := cmp.Compare(a.time(), b.time())
	if c == 0 {
		rowA, rowB := a.row(), b.row()
		if rowA == nil || rowB == nil {
			return rowA == nil
		}
		c = rowA.Compare(rowB)
	}
	if h.descending {
		c = -c
	}
	return c < 0
}
