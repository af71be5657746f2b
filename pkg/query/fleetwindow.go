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
	open := heads[*windowHead]{before: (*windowHead).before}
	for _, o := range objects {
		if head := (&windowHead{partition: p, object: o}); o.data != nil && head.load() {
			open.list = append(open.list, head)
		}
	}
	heap.Init(&open)
	var last *segment.Row
	for len(open.list) > 0 {
		row := open.list[0].next()
		if len(open.list[0].rows) > 0 || open.list[0].load() {
			heap.Fix(&open, 0)
		} else {
			heap.Pop(&open)
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

func (h *windowHead) before(o *windowHead) bool { return h.rows[0].Compare(&o.rows[0]) < 0 }

// next returns the next row. The head must have one.
func (h *windowHead) next() *segment.Row {
	row := &h.rows[0]
	h.rows = h.rows[1:]
	return row
}

// load decodes the next row group that has rows in the range, and reports whether there is one.
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
