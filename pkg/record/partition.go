package record

import (
	"bytes"
	"context"

	"devicetrace/pkg/layout"
	"devicetrace/pkg/segment"
)

// deleteAt is how many superseded objects of a run are deleted at once. A bulk
// delete is one request, and waiting for more would lengthen listings.
const deleteAt = 100

// partition is where this writer's events of one partition meet: while one put is
// in flight, what arrives gathers in a batch that shares the next.
type partition struct {
	writer *Writer
	where  layout.Partition

	// turn is held by whoever commits. run belongs to its holder.
	turn chan struct{}
	run  *run
	// gathering belongs to the holder of writer.mu.
	gathering *batch
}

func (p *partition) tryTurn() bool {
	select {
	case p.turn <- struct{}{}:
		return true
	default:
		return false
	}
}

func (p *partition) endTurn() { <-p.turn }

// await returns once the batch is durable, or may not be. Whoever of a batch gets
// the turn first commits it for all.
func (p *partition) await(ctx context.Context, b *batch) error {
	select {
	case <-b.done:
		return b.err
	case <-ctx.Done():
		p.leave(b)
		return ctx.Err()
	case p.turn <- struct{}{}:
	}
	defer p.endTurn()
	if p.take(b) {
		p.writer.finish(b, func() error { return p.commit(ctx, b) })
	}
	return b.err
}

// take ends the gathering of b, and reports whether it still has to be committed.
func (p *partition) take(b *batch) bool {
	p.writer.mu.Lock()
	defer p.writer.mu.Unlock()
	if p.gathering != b {
		return false
	}
	p.gathering = nil
	return true
}

// commit puts the run with a batch added, as its next object. The commit point is the
// store's confirmation. A crash before it leaves nothing, or an object whose events
// were not acknowledged; a crash after it leaves finished work.
func (p *partition) commit(ctx context.Context, b *batch) error {
	r, err := p.openRun(ctx)
	if err != nil {
		return err
	}
	p.hold(nil) // a panic below drops the run: its state would be unknown
	r.memory += b.size
	r.rows = segment.Union(r.rows, segment.Distinct(b.rows))
	key := r.nextKey()
	body, err := segment.Encode(r.rows)
	if err != nil {
		return err // the run is dropped: it holds rows that cannot be encoded
	}
	r.size = len(body)
	err = p.put(ctx, b, key, body)
	if err != nil {
		r.unconfirmed = append(r.unconfirmed, key)
	} else {
		r.confirm(key)
	}
	p.hold(r)
	if len(r.superseded) >= deleteAt {
		p.delete(ctx, r.takeSuperseded())
	}
	return err
}

// openRun is the open run, or a new one where it is over.
func (p *partition) openRun(ctx context.Context) (*run, error) {
	now := p.writer.config.Now()
	if p.run != nil && !p.run.over(now, p.writer.config) {
		return p.run, nil
	}
	p.delete(ctx, p.endRun())
	return newRun(p.where, p.writer.config.Random, now)
}

// endRun forgets the run and returns what it superseded.
func (p *partition) endRun() []string {
	if p.run == nil {
		return nil
	}
	keys := p.run.takeSuperseded()
	p.hold(nil)
	return keys
}

// hold makes a run the open one; nil is none.
func (p *partition) hold(r *run) {
	if p.run != nil {
		p.writer.open.Add(-p.run.memory)
	}
	if p.run = r; r != nil {
		p.writer.open.Add(r.memory)
	}
}

// put stores an object. It ends after PutTimeout, or once the last caller of the batch has
// given up. It outlives the caller that runs it, because others may wait for the same put.
func (p *partition) put(ctx context.Context, b *batch, key string, body []byte) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.writer.config.PutTimeout)
	defer cancel()
	if !b.unlimited {
		ctx, cancel = context.WithDeadline(ctx, b.until)
		defer cancel()
	}
	return p.writer.store.Put(ctx, key, bytes.NewReader(body), int64(len(body)))
}

// delete is for space alone: what it leaves is left to compaction.
func (p *partition) delete(ctx context.Context, keys []string) {
	if err := p.writer.delete(ctx, keys); err != nil {
		p.writer.config.Log.Warn("delete superseded objects", "partition", p.where.String(), "error", err)
	}
}
