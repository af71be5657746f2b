package webhook

import (
	"sync/atomic"

	"devicetrace/pkg/record"
)

// budget bounds the memory of the requests in progress. It counts the bytes of their bodies;
// the decoded events take several times as much. A request that exceeds the budget is refused
// before its body is read, so that a refusal costs next to nothing. A budget is safe for
// concurrent use.
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
	// less.
	assumedLength = 1 << 20
	// assumedRatio is how many times longer a body is assumed to be when unpacked.
	assumedRatio = 10
)

// weight returns the bytes of budget that a delivery needs.
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
