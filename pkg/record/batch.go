package record

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"devicetrace/pkg/segment"
)

// batch is rows of one partition that will be committed together.
type batch struct {
	rows    []segment.Row // in no order
	size    int64         // bytes of Writer.pending
	callers int           // who wait for it
	// until is when the last of its callers gives up; unlimited says that one never does.
	until     time.Time
	unlimited bool

	done chan struct{} // closed once err is final
	err  error
}

func (b *batch) add(ctx context.Context, p *part) {
	b.callers++
	if b.size += p.size; b.rows == nil {
		b.rows = p.rows
	} else {
		b.rows = append(b.rows, p.rows...)
	}
	until, limited := ctx.Deadline()
	b.unlimited = b.unlimited || !limited
	if until.After(b.until) {
		b.until = until
	}
}

// leave takes a caller's word back: a batch that nobody waits for any more is
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

// finish settles the batch, with an error too where commit panics: the events of a
// batch are acknowledged by a confirmed put or not at all.
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
