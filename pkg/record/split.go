package record

import (
	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/segment"
)

// part is what a call brings to one partition.
type part struct {
	rows []segment.Row
	size int64 // in memory, about, in bytes
}

// split is the parts of all touched partitions.
func split(l layout.Layout, events []event.Event) map[layout.Partition]*part {
	where, counts := make([]layout.Partition, len(events)), map[layout.Partition]int{}
	for i := range events {
		where[i] = l.PartitionOf(events[i].ClientID, events[i].Time)
		counts[where[i]]++
	}
	parts := make(map[layout.Partition]*part, len(counts))
	for i := range events {
		p := parts[where[i]]
		if p == nil {
			p = &part{rows: make([]segment.Row, 0, counts[where[i]])}
			parts[where[i]] = p
		}
		p.rows = append(p.rows, segment.FromEvent(&events[i]))
		p.size += sizeOf(events[i])
	}
	return parts
}

// sizeOf returns the approximate memory of events in bytes.
func sizeOf(events ...event.Event) (size int64) {
	for i := range events {
		size += event.Size(&events[i])
	}
	return size
}
