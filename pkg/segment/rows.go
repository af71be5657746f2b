package segment

import (
	"slices"

	"devicetrace/pkg/event"
)

// FromEvents returns the rows of events, sorted and without duplicates.
func FromEvents(events []event.Event) []Row {
	rows := make([]Row, len(events))
	for i := range events {
		rows[i] = FromEvent(&events[i])
	}
	return Distinct(rows)
}

// Distinct returns the rows of all lists, sorted and without duplicates. If several rows record the
// same event, Distinct keeps the row that was received first. It does not change the lists. It
// sorts pointers to the rows, because rows are large.
func Distinct(lists ...[]Row) []Row {
	var order []*Row
	for _, rows := range lists {
		for i := range rows {
			order = append(order, &rows[i])
		}
	}
	slices.SortFunc(order, (*Row).Compare)
	distinct := make([]Row, 0, len(order))
	for _, row := range order {
		if n := len(distinct); n == 0 || !distinct[n-1].SameEvent(row) {
			distinct = append(distinct, *row)
		}
	}
	return distinct
}

// Union merges two sorted lists into one without duplicates. It overwrites list a if cap(a) is
// large enough for the rows of both lists. It never changes list b.
func Union(a, b []Row) []Row {
	from := len(a)
	a = append(a, b...)
	for to := len(a); len(b) > 0; { // merge backwards, so that no row is overwritten before it is moved
		to--
		if last := len(b) - 1; from == 0 || a[from-1].Compare(&b[last]) <= 0 {
			a[to], b = b[last], b[:last]
		} else {
			from--
			a[to] = a[from]
		}
	}
	return slices.CompactFunc(a, func(x, y Row) bool { return x.SameEvent(&y) })
}
