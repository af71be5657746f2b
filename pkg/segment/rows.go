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

// Distinct sorts rows in place and drops all but the first received of each event.
func Distinct(rows []Row) []Row {
	slices.SortFunc(rows, func(a, b Row) int { return a.Compare(&b) })
	return slices.CompactFunc(rows, func(a, b Row) bool { return a.SameEvent(&b) })
}

// Union is the rows of two sorted lists as one, without duplicates. It leaves both as they are.
func Union(a, b []Row) []Row {
	union := make([]Row, 0, len(a)+len(b))
	for len(a) > 0 || len(b) > 0 {
		from := &a
		if len(a) == 0 || len(b) > 0 && b[0].Compare(&a[0]) < 0 {
			from = &b
		}
		row := (*from)[0]
		*from = (*from)[1:]
		if n := len(union); n == 0 || !union[n-1].SameEvent(&row) {
			union = append(union, row)
		}
	}
	return union
}
