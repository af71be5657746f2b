package record

import (
	"context"
	"time"
)

// MaxLinger is the maximum of Config.Linger. MaxLinger plus DefaultPutTimeout is less than the time
// limit of the recorder's calls on Function Compute, 15 seconds.
const MaxLinger = 2 * time.Second

// maxGathered is the number of waiting rows, in all partitions of a writer together, at which
// further calls no longer linger. Without this limit, lingering webhooks could exhaust the memory
// budget of package webhook, which suffices for about 2,800 webhooks with one event each.
const maxGathered = 2048

// due returns the time at which a call that adds rows to the batch should stop lingering. This is
// Linger after the batch began, or PutTimeout before the call's deadline, whichever is earlier. If
// the call should not linger, due returns the zero Time. The caller must hold w.mu.
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

// hurryAll ends the linger of all calls in progress. Calls that still join the current batches do
// not linger either. Later batches linger again.
func (w *Writer) hurryAll() {
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.hurry)
	w.hurry = make(chan struct{})
}
