package record

import (
	"context"
	"time"
)

// MaxLinger is the maximum of Config.Linger. MaxLinger plus DefaultPutTimeout is less than the time
// limit of the recorder's calls on Function Compute, 15 seconds.
const MaxLinger = 2 * time.Second

// maxGathered is the number of rows that may wait for their puts, in all partitions of a writer
// together, before further calls stop lingering. It keeps webhooks from being refused: if each has
// one event, the memory budget of package webhook suffices for about 2,800 of them at a time.
const maxGathered = 2048

// due returns the time at which a call that adds rows to the batch should stop lingering: when the
// batch is as old as Linger, or PutTimeout before the call's deadline, whichever is earlier. If the
// call should not linger, due returns the zero Time. The caller must hold w.mu.
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

// hurryAll ends the linger of all calls in progress. Later calls start new batches and linger again,
// unless they join a batch that has not been committed yet.
func (w *Writer) hurryAll() {
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.hurry)
	w.hurry = make(chan struct{})
}
