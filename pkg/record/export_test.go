package record

import "devicetrace/pkg/layout"

// LeaveNumbers advances the sequence number of each open run so that only n numbers are left.
func (w *Writer) LeaveNumbers(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.partitions {
		p.run.seq = layout.MaxSeq - n
	}
}

// Gathered returns the number of events that are gathered for the next put.
func (w *Writer) Gathered() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, p := range w.partitions {
		if p.gathering != nil {
			n += len(p.gathering.rows)
		}
	}
	return n
}

// Pending returns the number of bytes in unfinished batches.
func (w *Writer) Pending() int64 { return w.pending.Load() }

// Open returns the approximate memory that all open runs use, in bytes.
func (w *Writer) Open() int64 { return w.open.Load() }
