package segment

import (
	"container/heap"
	"context"
	"errors"
	"io"
)

// Merge streams the rows of all cursors in order, without duplicates: of each
// event the row that was received first. It holds one row group of each input.
type Merge struct {
	inputs mergeHeap
	last   Row
	any    bool
}

// NewMerge reads the first row of each cursor: a request each.
func NewMerge(ctx context.Context, cursors []*Cursor) (*Merge, error) {
	m := &Merge{}
	for i, cursor := range cursors {
		row, err := cursor.Next(ctx)
		if errors.Is(err, io.EOF) {
			continue
		}
		if err != nil {
			return nil, err
		}
		m.inputs = append(m.inputs, mergeInput{cursor: cursor, row: row, order: i})
	}
	heap.Init(&m.inputs)
	return m, nil
}

// Next is the next distinct row, valid until the following call, or io.EOF once every
// input was read to its end and checked.
func (m *Merge) Next(ctx context.Context) (*Row, error) {
	for len(m.inputs) > 0 {
		row := m.inputs[0].row
		again := m.any && m.last.SameEvent(row)
		if !again {
			m.last, m.any = *row, true
		}
		if err := m.advance(ctx); err != nil {
			return nil, err
		}
		if !again {
			return &m.last, nil
		}
	}
	return nil, io.EOF
}

func (m *Merge) advance(ctx context.Context) error {
	row, err := m.inputs[0].cursor.Next(ctx)
	if errors.Is(err, io.EOF) {
		heap.Pop(&m.inputs)
		return nil
	}
	if err != nil {
		return err
	}
	m.inputs[0].row = row
	heap.Fix(&m.inputs, 0)
	return nil
}

type mergeInput struct {
	cursor *Cursor
	row    *Row
	order  int
}

type mergeHeap []mergeInput

func (h mergeHeap) Len() int      { return len(h) }
func (h mergeHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h mergeHeap) Push(x any)    { panic("inputs are only ever removed") }

func (h mergeHeap) Less(i, j int) bool {
	if c := h[i].row.Compare(h[j].row); c != 0 {
		return c < 0
	}
	return h[i].order < h[j].order
}

func (h *mergeHeap) Pop() any {
	last := len(*h) - 1
	popped := (*h)[last]
	*h = (*h)[:last]
	return popped
}
