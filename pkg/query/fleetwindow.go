package query

import (
	"container/heap"

	"devicetrace/pkg/segment"
)

// passRows calls FleetRequest.Rows with the distinct rows of the objects that are in its range, if the
// question wants the partition's rows. The objects must have been read whole. If an event has several
// rows, passRows passes the row that was received first. If it cannot decode rows of an object, it
// leaves them out and sets p.lacksRows.
func (p *fleetPartition) passRows(objects []*fleetObject) error {
	if !p.readsRows {
		return nil
	}
	var heads windowHeap
	for _, o := range objects {
		if head := (&windowHead{partition: p, object: o}); o.data != nil && head.load() {
			heads = append(heads, head)
		}
	}
	heap.Init(&heads)
	var last *segment.Row
	for len(heads) > 0 {
		row := heads[0].next()
		if len(heads[0].rows) > 0 || heads[0].load() {
			heap.Fix(&heads, 0)
		} else {
			heap.Pop(&heads)
		}
		if last != nil && last.SameEvent(row) {
			continue
		}
		last = row
		if err := p.fleet.callRows(row); err != nil {
			return err
		}
	}
	return nil
}

// callRows calls FleetRequest.Rows.
func (f *fleet) callRows(r *segment.Row) error {
	f.calls.Lock()
	defer f.calls.Unlock()
	return f.request.Rows(r)
}

// hasAllRows reports whether FleetRequest.Rows got each row of the partition.
func (p *fleetPartition) hasAllRows() bool {
	return p.readsRows && !p.incomplete && !p.lacksRows.Load()
}

// windowHead is a position in the rows of an object that are in the range of FleetRequest.Rows.
type windowHead struct {
	partition *fleetPartition
	object    *fleetObject
	group     int           // the next row group to decode
	rows      []segment.Row // the decoded rows that next has not returned yet
}

// next returns the next row. The head must have one.
func (h *windowHead) next() *segment.Row {
	row := &h.rows[0]
	h.rows = h.rows[1:]
	return row
}

// load decodes the rows of the next row group that has some, and reports whether there is one.
func (h *windowHead) load() bool {
	q := h.partition.fleet.request
	for h.group < len(h.object.footer.Groups()) {
		rows, err := h.object.footer.RowsBetween(h.group, h.object.data, q.RowsFrom.UnixMilli(), q.RowsTo.UnixMilli())
		if err != nil {
			h.partition.lacksRows.Store(true)
			return false
		}
		h.rows, h.group = rows, h.group+1
		if len(rows) > 0 {
			return true
		}
	}
	return false
}

// windowHeap orders heads by their next rows.
type windowHeap []*windowHead

func (h windowHeap) Len() int           { return len(h) }
func (h windowHeap) Less(i, j int) bool { return h[i].rows[0].Compare(&h[j].rows[0]) < 0 }
func (h windowHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h windowHeap) Push(any)           { panic("push to a heap of heads, which only shrinks") }

func (h *windowHeap) Pop() any {
	last := len(*h) - 1
	popped := (*h)[last]
	*h = (*h)[:last]
	return popped
}
