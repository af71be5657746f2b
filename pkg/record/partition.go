package record

import (
	"bytes"
	"context"

	"devicetrace/pkg/layout"
	"devicetrace/pkg/segment"
)

// deleteAt is the number of superseded objects of a run that trigger a bulk delete, which
// is one request. A larger number would lengthen listings.
const deleteAt = 100

// partition is this writer's state for one partition. While a put is in flight, new
// events gather in a batch that shares the next put.
type partition struct {
	writer *Writer
	where  layout.Partition

	// turn holds a token while a caller commits. That caller alone uses run.
	turn chan struct{}
	run  *run
	// gathering is the batch of the next put; nil if none. writer.mu guards it.
	gathering *batch
}

// tryTurn takes the turn if it is free and reports whether it did.
func (p *partition) tryTurn() bool {
	select {
	case p.turn <- struct{}{}:
		return true
	default:
		return false
	}
}

func (p *partition) endTurn() { <-p.turn }

// await returns nil once the batch is durable, or the reason why it may not be. The first
// caller of a batch to get the turn commits the batch for all of them.
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

// take closes b to further rows. It reports false if another caller has already done so
// and committed b.
func (p *partition) take(b *batch) bool {
	p.writer.mu.Lock()
	defer p.writer.mu.Unlock()
	if p.gathering != b {
		return false
	}
	p.gathering = nil
	return true
}

// commit adds a batch to the run and puts the whole run as its next object. The commit
// point is the store's confirmation. A crash before it leaves nothing, or an object whose
// new events were not acknowledged; a crash after it leaves finished work.
func (p *partition) commit(ctx context.Context, b *batch) error {
	r, err := p.openRun(ctx)
	if err != nil {
		return err
	}
	p.hold(nil) // a panic below drops the run, because its state would be unknown
	r.memory += b.size
	r.rows = segment.Union(r.rows, segment.Distinct(b.rows))
	key := r.nextKey()
	body, err := segment.Encode(r.rows)
	if err != nil {
		return err // the run is dropped, because it holds rows that cannot be encoded
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

// openRun returns the open run, or a new one if there is none or it is over.
func (p *partition) openRun(ctx context.Context) (*run, error) {
	now := p.writer.config.Now()
	if p.run != nil && !p.run.over(now, p.writer.config) {
		return p.run, nil
	}
	p.delete(ctx, p.endRun())
	return newRun(p.where, p.writer.config.Random, now)
}

// endRun forgets the open run, if any, and returns the superseded keys to delete.
func (p *partition) endRun() []string {
	if p.run == nil {
		return nil
	}
	keys := p.run.takeSuperseded()
	p.hold(nil)
	return keys
}

// hold makes r the open run; nil leaves none open.
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

// delete deletes superseded objects and logs a failure. It only saves space: compaction
// deletes any object that remains.
func (p *partition) delete(ctx context.Context, keys []string) {
	if err := p.writer.delete(ctx, keys); err != nil {
		p.writer.config.Log.Warn("delete superseded objects", "partition", p.where.String(), "error", err)
	}
}
