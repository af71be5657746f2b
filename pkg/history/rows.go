package history

import (
	"slices"
	"time"

	"devicetrace/pkg/event"
)

// unique returns pointers to the events for whose times wanted returns true. The events are sorted
// by time and contain no repeated deliveries.
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
