package query

import (
	"context"

	"devicetrace/pkg/layout"
)

// guess is a read that begins at the same time as the listing of its partition. It reads the bytes
// that the trace will need if the object still exists. Once the listing is complete, the object's
// source uses these bytes. If the object is no longer listed, or has another size, the bytes are
// discarded.
//
// A guess cannot make a result wrong. The listing alone decides which objects a result is made
// from, and the bytes under a key never change.
type guess struct {
	object         layout.Segment
	offset, length int64
	ended          chan struct{} // closed when the read has ended
	data           []byte        // nil if the read has failed; set before ended is closed
}

// guess starts a guess for each compacted object in the last listing of the partition, up to
// Config.Parallel of them, and does not wait for them. Each guess makes the read that source.open
// would make first. guess skips an object if too little memory is free, or if the object's footer
// is needed but not cached.
//
// If the request has a budget, guess starts none, because useless guesses would use up part of the
// budget.
func (p *partition) guess(ctx context.Context) {
	r := p.reading.reader
	if r.config.ListFirst || r.config.Parallel == 1 || p.reading.request.Budget != (Budget{}) {
		return
	}
	p.guesses = map[string]*guess{}
	for _, o := range r.footers.remembered(p.where.Prefix()) {
		if len(p.guesses) == r.config.Parallel {
			return
		}
		s := &source{reading: p.reading, partition: p, object: o.segment}
		offset, length := s.firstExtent(o.footer)
		if length == 0 || !r.guesses.tryAcquire(length) {
			continue
		}
		g := &guess{object: o.segment, offset: offset, length: length, ended: make(chan struct{})}
		p.guesses[o.segment.Key] = g
		p.reading.guessing.Go(func() { g.read(ctx, p.reading.store) })
	}
}

// read reads the range of the guess. It recovers if the store panics, because a panic in a
// background goroutine would end the process. If the read fails or panics, data stays nil, and the
// source reads the range itself.
func (g *guess) read(ctx context.Context, store Store) {
	defer close(g.ended)
	defer func() { _ = recover() }()
	if data, err := store.Read(ctx, g.object.Key, g.offset, g.length); err == nil {
		g.data = data
	}
}

// endGuesses cancels all unfinished guesses of the reading and waits until they have ended. It
// releases the memory of the given partitions' guesses. Afterwards, the receipt of the reading
// includes all guesses.
func (n *reading) endGuesses(cancel context.CancelFunc, partitions []*partition) {
	cancel()
	n.guessing.Wait()
	for _, p := range partitions {
		for _, g := range p.guesses {
			n.reader.guesses.release(g.length)
		}
		p.guesses = nil
	}
}

// guessed returns the given range of the source's object if a guess covers that range. If the guess
// is unfinished, guessed waits for it. It returns nil if no guess covers the range, if the guess
// has failed, or if ctx ends first.
func (s *source) guessed(ctx context.Context, offset, length int64) []byte {
	g := s.partition.guesses[s.object.Key]
	if g == nil || g.object.Size != s.object.Size || offset < g.offset || offset+length > g.offset+g.length {
		return nil
	}
	select {
	case <-g.ended:
	case <-ctx.Done():
		return nil
	}
	if g.data == nil {
		return nil
	}
	return g.data[offset-g.offset:][:length]
}

// read returns a range of the object. It makes a request only if no guess has read the range.
func (s *source) read(ctx context.Context, offset, length int64) ([]byte, error) {
	if data := s.guessed(ctx, offset, length); data != nil {
		return data, nil
	}
	return s.reading.store.Read(ctx, s.object.Key, offset, length)
}
