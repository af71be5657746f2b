package record

import (
	"context"
	"time"
)

// MaxLinger is the maximum of Config.Linger. Together with DefaultPutTimeout, it is shorter than the
// time limit of the recorder's calls on Function Compute.
const MaxLinger = 2 * time.Second

// maxGathered is the number of waiting rows, in all partitions of a writer together, from which
// on new calls do not linger. Most calls of a busy writer bring one event. The webhooks' budget
// allows about 2,800 of such calls at a time, and would refuse more of them.
const maxGathered = 2048

// due returns when a call that adds rows to the batch should stop lingering. If enough rows are
// waiting, due returns the zero Time. Otherwise, the call lingers until the batch is as old as
// Linger, but leaves PutTimeout before its deadline for the put. The caller must hold w.mu.
func (w *Writer) due(ctx context.Context, b *batch) time.Time {
	if w.config.Linger == 0 || w.gathered >= maxGathered {
		return time.Time{}
	}
	due := b.began.Add(w.config.Linger)
	if deadline, limited := ctx.Deadline(); limited && deadline.Add(-w.config.PutTimeout).Before(due) {
		due = deadline.Add(-w.config.PutTimeout)
	}
	return due
}

// linger waits until the share is due, another caller has committed the batch, or Close is called.
// It returns an error only if ctx ends first.
func (b *batch) linger(ctx context.Context, s *share) error {
	wait := time.Until(s.due)
	if wait <= 0 {
		return nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-b.hurry:
	case <-b.done:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// hurryAll makes all calls that linger stop lingering. Later calls linger again.
func (w *Writer) hurryAll() {
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.hurry)
	w.hurry = make(chan struct{})
}
