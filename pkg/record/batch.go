package record

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"devicetrace/pkg/segment"
)

// batch collects rows of one partition until one commit makes all of them durable.
type batch struct {
	shares []*share // one for each caller that waits for the commit
	// until is the latest of the callers' deadlines. unlimited is true if any caller has no
	// deadline.
	until     time.Time
	unlimited bool

	began time.Time     // when the batch got its first rows
	hurry chan struct{} // closed once callers should no longer linger

	done chan struct{} // closed once err is final
	err  error
}

// errNotCommitted is the initial err of a batch, so that callers never mistake an unfinished commit
// for a success. It remains if the commit neither returns nor panics (runtime.Goexit).
var errNotCommitted = errors.New("the events were not committed")

// newBatch returns an empty batch. Its callers stop lingering once hurry is closed.
func newBatch(hurry chan struct{}) *batch {
	return &batch{began: time.Now(), hurry: hurry, done: make(chan struct{}), err: errNotCommitted}
}

// add adds a call's rows to the batch and notes the deadline of ctx, if there is one.
func (b *batch) add(ctx context.Context, s *share) {
	b.shares = append(b.shares, s)
	until, limited := ctx.Deadline()
	b.unlimited = b.unlimited || !limited
	if until.After(b.until) {
		b.until = until
	}
}

// takeRows removes and returns all rows of the batch, sorted and without duplicates.
func (b *batch) takeRows() []segment.Row {
	lists := make([][]segment.Row, len(b.shares))
	for i, s := range b.shares {
		lists[i], s.rows = s.rows, nil
	}
	return segment.Distinct(lists...)
}

// leave removes the rows of a caller that has stopped waiting, unless the commit of the batch has
// begun. The rows must not stay in memory, because the caller no longer counts them in any budget.
func (p *partition) leave(b *batch, s *share) {
	p.writer.mu.Lock()
	defer p.writer.mu.Unlock()
	if p.gathering != b {
		return
	}
	b.shares = slices.DeleteFunc(b.shares, func(other *share) bool { return other == s })
	p.writer.gathered -= len(s.rows)
	if len(b.shares) == 0 {
		p.gathering = nil
	}
}

// finish commits the batch and releases its callers. If commit panics, all callers get the panic as
// an error.
func (b *batch) finish(commit func() error) {
	defer close(b.done)
	defer func() {
		if p := recover(); p != nil {
			b.err = fmt.Errorf("commit batch: panic: %v\n%s", p, debug.Stack())
		}
	}()
	b.err = commit()
}
