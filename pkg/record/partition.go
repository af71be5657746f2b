package record

import (
	"bytes"
	"context"

	"devicetrace/pkg/layout"
)

// deleteAt is the number of superseded objects that an open run accumulates before the writer
// deletes them with one request. With this number, even 60 writers with open runs in the same
// partition leave no more objects than fit on one listing page. A smaller number would cost more
// requests.
const deleteAt = 12

// partition is a writer's state for one partition. While a put is in flight, new events gather in a
// batch, which the next put stores.
type partition struct {
	writer *Writer
	where  layout.Partition

	// turn is a lock that guards the run field. A caller acquires it by sending a token to the
	// channel, and releases it by receiving the token. Unlike sync.Mutex, it allows a caller to
	// stop waiting.
	turn chan struct{}
	run  *run
	// gathering is the batch for the next put, or nil if no events are waiting for a put. writer.mu
	// guards it. Callers do not hold turn while they linger.
	gathering *batch
}

// tryTurn acquires p.turn, the exclusive right to work on the partition, unless another caller
// holds it. It reports whether it acquired p.turn.
func (p *partition) tryTurn() bool {
	select {
	case p.turn <- struct{}{}:
		return true
	default:
		return false
	}
}

func (p *partition) endTurn() { <-p.turn }

// await waits until the batch is committed. If await returns nil, the batch is durable. Every
// caller that has events in the batch lingers, and then tries to acquire p.turn. The first one that
// succeeds commits the batch for all of them.
func (p *partition) await(ctx context.Context, b *batch, s *share) error {
	if err := b.linger(ctx, s); err != nil {
		p.leave(b, s)
		return err
	}
	select {
	case <-b.done:
		return b.err
	case <-ctx.Done():
		p.leave(b, s)
		return ctx.Err()
	case p.turn <- struct{}{}:
	}
	defer p.endTurn()
	if p.take(b) {
		b.finish(func() error { return p.commit(ctx, b) })
	}
	return b.err
}

// take closes b, so that no more rows can be added to b. It returns false if another caller has
// already closed and committed b.
func (p *partition) take(b *batch) bool {
	p.writer.mu.Lock()
	defer p.writer.mu.Unlock()
	if p.gathering != b {
		return false
	}
	p.gathering = nil
	for _, s := range b.shares {
		p.writer.gathered -= len(s.rows)
	}
	return true
}

// commit makes a batch durable. It puts one chunk of the batch after another, and stops at the
// first put that fails.
func (p *partition) commit(ctx context.Context, b *batch) error {
	for _, c := range chunks(b.takeRows()) {
		if err := p.add(ctx, b, c); err != nil {
			return err
		}
	}
	return nil
}

// add adds a chunk to the open run and puts all rows of the run. The commit point is the store's
// confirmation of the put. A crash after this point loses nothing. A crash before it may leave an
// object, but the new events in that object were not acknowledged.
func (p *partition) add(ctx context.Context, b *batch, c chunk) error {
	r, err := p.openRun()
	if err != nil {
		return err
	}
	p.hold(nil) // if the code below panics, no run in an unknown state stays open
	r.memory += c.size
	key := r.nextKey()
	body, err := p.writer.encode(r, c.rows)
	if err != nil {
		return err // the run is dropped, because it holds rows that cannot be encoded
	}
	r.size = len(body)
	if err = p.put(ctx, b, key, body); err != nil {
		r.unconfirmed = append(r.unconfirmed, key)
	} else {
		r.confirm(key)
	}
	p.hold(r)
	switch {
	case r.over(p.writer.config.Now(), p.writer.config):
		p.endRun() // frees its rows
	case len(r.superseded) > deleteAt:
		p.writer.garbage.add(r.takeSuperseded())
	}
	return err
}

// openRun returns the open run. If no run is open, or if the open run cannot take more rows,
// openRun returns a new run.
func (p *partition) openRun() (*run, error) {
	now := p.writer.config.Now()
	if p.run != nil && !p.run.over(now, p.writer.config) {
		return p.run, nil
	}
	p.endRun()
	return newRun(p.where, p.writer.config.Random, now)
}

// endRun forgets the open run, if any. The run's superseded objects may now be deleted, except the
// last one.
func (p *partition) endRun() {
	if p.run != nil {
		p.writer.garbage.add(p.run.takeSuperseded())
		p.hold(nil)
	}
}

// hold makes r the open run, or leaves no run open if r is nil. It also updates Writer.open.
func (p *partition) hold(r *run) {
	if p.run != nil {
		p.writer.open.Add(-p.run.memory)
	}
	if p.run = r; r != nil {
		p.writer.open.Add(r.memory)
	}
}

// put stores an object. It continues even if ctx is canceled, because other callers may be waiting
// for the same put. It gives up after PutTimeout. If every caller of the batch has a deadline, put
// also gives up once the last of these deadlines has passed.
func (p *partition) put(ctx context.Context, b *batch, key string, body []byte) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.writer.config.PutTimeout)
	defer cancel()
	if !b.unlimited {
		ctx, cancel = context.WithDeadline(ctx, b.until)
		defer cancel()
	}
	return p.writer.store.Put(ctx, key, bytes.NewReader(body), int64(len(body)))
}
