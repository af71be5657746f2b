package query

import (
	"context"

	"devicetrace/pkg/layout"
)

// guess is a read that begins at the same time as the listing of its partition. It reads what the
// trace will need if the object is still listed. Once the listing is complete, a source of the object
// uses the bytes. If the object is not listed any more, or has another size, nothing uses them.
//
// A guess cannot make a result wrong. The listing alone decides which objects are read, and the
// bytes under a key do not depend on when they are read.
type guess struct {
	object         layout.Segment
	offset, length int64
	ended          chan struct{} // closed when the read has ended
	data           []byte        // nil if the read has failed; set before ended is closed
}

// guess starts the reads that open will make first if the partition still has the compacted objects
// of its last listing. It does not wait for them. It makes at most Config.Parallel guesses. It makes
// none for an object if too little memory is free, or if the object's footer is needed but not cached.
//
// Requests with a budget do not guess, because guesses that turn out to be useless would take a part
// of it.
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

// read reads the range. A panic of the store counts as a failed read, because a panic in a background
// goroutine would end the process. If the trace needs the range, it reads it again.
func (g *guess) read(ctx context.Context, store Store) {
	defer close(g.ended)
	defer func() { _ = recover() }()
	if data, err := store.Read(ctx, g.object.Key, g.offset, g.length); err == nil {
		g.data = data
	}
}

// endGuesses cancels the guesses of the given partitions that are still being read, waits until they
// have ended, and releases their memory. After that, the reading's requests are complete, and its
// receipt includes all guesses.
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

// guessed returns the given range of the source's object if it is in the range of a guess. If the
// guess is still being read, guessed waits for it. It returns nil if there is no such guess or its
// read has failed.
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

// read reads a range of the object, unless a guess has read it already.
func (s *source) read(ctx context.Context, offset, length int64) ([]byte, error) {
	if data := s.guessed(ctx, offset, length); data != nil {
		return data, nil
	}
	return s.reading.store.Read(ctx, s.object.Key, offset, length)
}
