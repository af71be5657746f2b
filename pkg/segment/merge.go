package segment

import (
	"container/heap"
	"context"
	"errors"
	"io"
)

// Merge streams the rows of all cursors in order, without duplicates. If several rows record the
// same event, Merge returns the row that was received first. Merge holds one row group per input in
// memory.
type Merge struct {
	inputs mergeHeap
	last   Row
	begun  bool // whether last is set
}

// NewMerge returns a merge of the rows of all cursors. None of the cursors may have been advanced
// yet. NewMerge reads the first row of each, which takes one request per cursor.
func NewMerge(ctx context.Context, cursors []*Cursor) (*Merge, error) {
	m := &Merge{}
	for _, cursor := range cursors {
		row, err := cursor.Next(ctx)
		if err != nil {
			return nil, err
		}
		m.inputs = append(m.inputs, mergeInput{cursor: cursor, row: row})
	}
	heap.Init(&m.inputs)
	return m, nil
}

// Next returns the next distinct row, which is valid until the following call. After the last row
// it returns io.EOF. Every input has then been read to its end and checked.
func (m *Merge) Next(ctx context.Context) (*Row, error) {
	for len(m.inputs) > 0 {
		row := m.inputs[0].row
		duplicate := m.begun && m.last.SameEvent(row)
		if !duplicate {
			m.last, m.begun = *row, true
		}
		if err := m.advance(ctx); err != nil {
			return nil, err
		}
		if !duplicate {
			return &m.last, nil
		}
	}
	return nil, io.EOF
}

// advance moves the first input of the heap to its next row. If that input has no more rows, it
// removes the input.
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
}

// mergeHeap orders the inputs by their current rows.
type mergeHeap []mergeInput

func (h mergeHeap) Len() int           { return len(h) }
func (h mergeHeap) Less(i, j int) bool { return h[i].row.Compare(h[j].row) < 0 }
func (h mergeHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h mergeHeap) Push(x any)         { panic("push to a heap of inputs, which only shrinks") }

func (h *mergeHeap) Pop() any {
	last := len(*h) - 1
	popped := (*h)[last]
	*h = (*h)[:last]
	return popped
}
