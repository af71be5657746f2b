package record

import "devicetrace/pkg/layout"

// LeaveNumbers leaves so many sequence numbers to the open runs.
func (w *Writer) LeaveNumbers(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.partitions {
		p.run.seq = layout.MaxSeq - n
	}
}

// Gathered is how many events wait for a put that is in flight.
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

// Pending is how many bytes wait.
func (w *Writer) Pending() int64 { return w.pending.Load() }

// Open is how many bytes the open runs take.
func (w *Writer) Open() int64 { return w.open.Load() }
