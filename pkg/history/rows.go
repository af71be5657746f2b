package history

import (
	"slices"
	"time"

	"devicetrace/pkg/event"
)

// unique selects the events whose times the wanted function accepts. It returns pointers to them,
// sorted by time and without repeated deliveries.
func unique(events []event.Event, wanted func(time.Time) bool) []*event.Event {
	rows := make([]*event.Event, 0, len(events))
	for i := range events {
		if wanted(events[i].Time) {
			rows = append(rows, &events[i])
		}
	}
	slices.SortFunc(rows, event.Compare)
	return slices.CompactFunc(rows, func(a, b *event.Event) bool { return event.CompareIdentity(a, b) == 0 })
}
