package record

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"devicetrace/pkg/segment"
)

// batch holds the rows of one partition that share the next commit.
type batch struct {
	rows    []segment.Row // in no order
	size    int64         // its bytes in Writer.pending
	callers int           // the number of callers waiting for it
	// until is the latest deadline of its callers. unlimited reports whether any caller
	// has no deadline.
	until     time.Time
	unlimited bool

	done chan struct{} // closed once err is final
	err  error
}

// add adds a call's rows and registers the call as a waiting caller.
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

// finish commits the batch and releases its callers. A panic in commit becomes the
// batch's error, because only a confirmed put may acknowledge events.
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
