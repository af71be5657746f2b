package record

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"devicetrace/pkg/segment"
)

// batch collects the rows of one partition that one commit will make durable.
type batch struct {
	rows    []segment.Row // unsorted
	size    int64         // the number of bytes that this batch adds to Writer.pending
	callers int           // the number of callers waiting for the commit
	// until is the latest of the callers' deadlines. unlimited is true if any caller has no
	// deadline.
	until     time.Time
	unlimited bool

	done chan struct{} // closed once err is final
	err  error
}

// add adds a call's rows to the batch. It also counts the caller as waiting for the commit and
// notes the deadline of ctx, if there is one.
func (b *batch) add(ctx context.Context, s *share) {
	b.callers++
	if b.size += s.size; b.rows == nil {
		b.rows = s.rows
	} else {
		b.rows = append(b.rows, s.rows...)
	}
	until, limited := ctx.Deadline()
	b.unlimited = b.unlimited || !limited
	if until.After(b.until) {
		b.until = until
	}
}

// leave removes a caller from the batch. Once the last caller has left, the batch is
// dropped, unless its commit has begun.
func (p *partition) leave(b *batch) {
	w := p.writer
	w.mu.Lock()
	defer w.mu.Unlock()
	b.callers--
	if b.callers == 0 && p.gathering == b {
		p.gathering = nil
		w.pending.Add(-b.size)
	}
}

// finish commits the batch and releases its callers. If commit panics, finish turns the panic into
// the batch's error. Otherwise, the callers would acknowledge events that no put has confirmed.
func (w *Writer) finish(b *batch, commit func() error) {
	defer close(b.done)
	defer w.pending.Add(-b.size)
	defer func() {
		if p := recover(); p != nil {
			b.err = fmt.Errorf("commit batch: panic: %v\n%s", p, debug.Stack())
		}
	}()
	b.err = commit()
}
