package webhook

import (
	"sync/atomic"

	"devicetrace/pkg/record"
)

// budget limits the memory of the requests in progress. It counts the length of each body plus
// minWeight, but not the decoded events, although these take several times as much memory. A
// request that exceeds the budget is refused before its body is read, so that the refusal costs
// next to nothing. A signed body must be read before its signature can be checked. Until then the
// sender is unknown, so the body counts against a separate budget, Handler.unproven. A budget is
// safe for concurrent use.
type budget struct {
	size int64
	used atomic.Int64
}

// acquire takes n bytes from the budget. If fewer than n bytes are available, it returns
// record.ErrBusy without waiting. If no other request is in progress, it admits even a request that
// is larger than the whole budget.
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
	// minWeight is the memory, in bytes, that a request uses in addition to its body.
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
