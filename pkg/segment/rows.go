package segment

import (
	"slices"

	"devicetrace/pkg/event"
)

// FromEvents is the rows of events, sorted and without duplicates.
func FromEvents(events []event.Event) []Row {
	rows := make([]Row, len(events))
	for i := range events {
		rows[i] = FromEvent(&events[i])
	}
	return Distinct(rows)
}

// Distinct is the rows of all lists in order, without all but the first received of each
// event. It leaves the lists as they are: rows are large, so what it sorts are pointers.
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

// Union is two sorted lists as one, without duplicates. It uses up a, where it has
// room for both, and leaves b as it is.
func Union(a, b []Row) []Row {
	from := len(a)
	a = append(a, b...)
	for to := len(a); len(b) > 0; { // from the end, so that no row is in the way
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
