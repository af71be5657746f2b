package record

import (
	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/segment"
)

// share holds the rows from one call that belong to one partition.
type share struct {
	rows []segment.Row
	size int64 // approximate memory that the rows take, in bytes
}

// split converts the events of one call to rows and groups the rows by partition.
func split(l layout.Layout, events []event.Event) map[layout.Partition]*share {
	where, counts := make([]layout.Partition, len(events)), map[layout.Partition]int{}
	for i := range events {
		where[i] = l.PartitionOf(events[i].InstanceID, events[i].ClientID, events[i].Time)
		counts[where[i]]++
	}
	shares := make(map[layout.Partition]*share, len(counts))
	for i := range events {
		s := shares[where[i]]
		if s == nil {
			s = &share{rows: make([]segment.Row, 0, counts[where[i]])}
			shares[where[i]] = s
		}
		s.rows = append(s.rows, segment.FromEvent(&events[i]))
		s.size += event.Size(&events[i])
	}
	return shares
}

// sizeOf returns the approximate memory that the events take, in bytes.
func sizeOf(events []event.Event) (size int64) {
	for i := range events {
		size += event.Size(&events[i])
	}
	return size
}
