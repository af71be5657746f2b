package record

import (
	"time"

	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/segment"
)

// share holds the rows from one call that belong to one partition.
type share struct {
	rows []segment.Row
	// due is when the caller stops waiting for other calls to add rows to the same batch. The zero
	// Time means that it does not wait.
	due time.Time
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
	}
	return shares
}

// maxCommit is the maximum size of the rows that one put adds to a run, in bytes as event.Size
// counts them. It bounds the memory for encoding a segment, and the memory for merging it later.
const maxCommit = 4 << 20

// chunk is a part of a batch that one put adds to a run.
type chunk struct {
	rows []segment.Row
	size int64 // see event.Size
}

// chunks cuts rows into chunks of at most maxCommit bytes. A row that is longer than maxCommit
// becomes a chunk of its own.
func chunks(rows []segment.Row) (all []chunk) {
	var c chunk
	from := 0
	for i := range rows {
		e := rows[i].Event("")
		size := event.Size(&e)
		if i > from && c.size+size > maxCommit {
			all = append(all, c)
			c, from = chunk{}, i
		}
		c.rows, c.size = rows[from:i+1:i+1], c.size+size
	}
	return append(all, c)
}
