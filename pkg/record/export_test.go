package record

import (
	"testing"

	"devicetrace/pkg/layout"
	"devicetrace/pkg/segment"
)

const (
	DeleteAt    = deleteAt
	MaxCommit   = maxCommit
	MaxEncoders = maxEncoders
	MaxGathered = maxGathered
)

// SetEncode replaces segment.Encode until the end of the test.
func SetEncode(t *testing.T, encode func([]segment.Row) ([]byte, error)) {
	encodeSegment = encode
	t.Cleanup(func() { encodeSegment = segment.Encode })
}

// LeaveNumbers advances the sequence number of each open run so that only n numbers are left.
func (w *Writer) LeaveNumbers(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.partitions {
		p.run.seq = layout.MaxSeq - n
	}
}

// Gathered returns the number of events that are waiting for a put.
func (w *Writer) Gathered() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, p := range w.partitions {
		if p.gathering != nil {
			for _, s := range p.gathering.shares {
				n += len(s.rows)
			}
		}
	}
	if n != w.gathered {
		panic("the writer has miscounted the rows that are waiting")
	}
	return n
}

// Partitions returns the number of partitions that the writer remembers.
func (w *Writer) Partitions() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.partitions)
}

// Open returns the approximate memory that all open runs use, in bytes.
func (w *Writer) Open() int64 { return w.open.Load() }
