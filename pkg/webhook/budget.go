package webhook

import (
	"sync/atomic"

	"devicetrace/pkg/record"
)

// budget limits the memory used by requests in progress. Each request counts as the length of its
// body plus minWeight. The decoded events do not count, although they take several times as much
// memory as the body. If the budget has too few bytes left for a request, the request is refused
// before its body is read, so the refusal costs next to nothing. A budget is safe for concurrent
// use.
//
// A Handler has two budgets, because a signature can be checked only after the body has been read.
// While the body of a signed request is read, the sender is still unproven, so the request counts
// against Handler.unproven. Authorized requests count against Handler.budget.
type budget struct {
	size int64
	used atomic.Int64
}

// acquire takes n bytes from the budget. If fewer than n bytes are left, it returns record.ErrBusy
// without waiting. But if no other request is in progress, acquire always succeeds, even if n
// exceeds the size of the budget.
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
	// assumedLength is the assumed length, in bytes, of a body without a Content-Length. In
	// practice, brokers send shorter bodies.
	assumedLength = 1 << 20
	// assumedRatio is the assumed compression ratio: a body's decompressed length divided by its
	// compressed length.
	assumedRatio = 10
)

// weight returns the number of bytes that a delivery takes from a budget.
func (d *delivery) weight() int64 {
	length := d.sentLength()
	if d.encoding != "" && d.encoding != "identity" {
		length = min(length*assumedRatio, maxBody)
	}
	return minWeight + length
}

// signedWeight returns the number of bytes that a delivery takes from Handler.unproven while its
// signature is checked. The body is not decompressed by then.
func (d *delivery) signedWeight() int64 { return minWeight + (1+signatureCopies)*d.sentLength() }

// sentLength returns the length of the body as sent, in bytes, or an assumption if it is unknown.
func (d *delivery) sentLength() int64 {
	if d.length < 0 {
		return assumedLength
	}
	return min(d.length, maxBody)
}
