package webhook

import (
	"sync/atomic"

	"devicetrace/pkg/record"
)

// budget limits the memory of the requests in progress. It counts only the bytes of the bodies,
// although the decoded events take several times as much. A request that exceeds the budget is
// refused before its body is read, so that refusing it costs next to nothing. A signed body must be
// read before its sender is known, so until its signature has been checked it counts against a
// separate budget, Handler.unproven. A budget is safe for concurrent use.
type budget struct {
	size int64
	used atomic.Int64
}

// acquire takes n bytes from the budget. If they are not available, it returns record.ErrBusy
// without waiting. Even a request larger than the whole budget is admitted if no other request is
// in progress.
func (b *budget) acquire(n int64) error {
	if b.used.Add(n) > max(b.size, n) {
		b.used.Add(-n)
		return record.ErrBusy
	}
	return nil
}

// release gives n acquired bytes back to the budget.
func (b *budget) release(n int64) { b.used.Add(-n) }

const (
	// minWeight is the memory that a request takes apart from its body, in bytes.
	minWeight = 8 << 10
	// assumedLength is the length in bytes that is assumed for a body of unknown length. Brokers
	// send shorter bodies.
	assumedLength = 1 << 20
	// assumedRatio is the assumed compression ratio: a body's decompressed length divided by its
	// compressed length.
	assumedRatio = 10
)

// weight returns the number of bytes that a delivery takes from a budget.
func (d *delivery) weight() int64 {
	length := min(d.length, maxBody)
	if length < 0 {
		length = assumedLength
	}
	if d.encoding != "" && d.encoding != "identity" {
		length = min(length*assumedRatio, maxBody)
	}
	return minWeight + length
}
