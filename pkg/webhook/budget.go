package webhook

import (
	"sync/atomic"

	"devicetrace/pkg/record"
)

// budget bounds the memory of the requests in progress. It counts only the bytes of the
// bodies, although the decoded events take several times as much. A request that does not fit
// into the budget is refused before its body is read, so that a refusal costs next to nothing.
// (Only a signed body has already been read by then, within the unproven budget.) A budget is
// safe for concurrent use.
type budget struct {
	size int64
	used atomic.Int64
}

// acquire takes n bytes of the budget, or returns record.ErrBusy at once. A request larger
// than the budget is admitted if no other request is in progress.
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
	// minWeight is the memory of a request without its body, in bytes.
	minWeight = 8 << 10
	// assumedLength is the assumed length of a body of unknown length, in bytes. Brokers send
	// shorter bodies.
	assumedLength = 1 << 20
	// assumedRatio is the assumed ratio of a body's decompressed length to its compressed
	// length.
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
