package main

import (
	"context"
	"sync"
	"time"

	"devicetrace/pkg/objstore"
	"devicetrace/pkg/query"
)

// gateWait is how long the gate waits for another request before it opens.
const gateWait = 8 * time.Millisecond

// gate is a store that counts waves of requests. It holds requests until no new one has arrived for
// gateWait. Then it lets all of them pass and counts one wave. Requests made at the same time
// therefore count as a single wave. A request made after a response counts toward the next wave,
// even if the store responds at once.
//
// If a reader has no limit on parallel requests, its waves are its round trips, because each wave
// depends on a response to the one before.
type gate struct {
	store query.Store
	// armed makes the gate hold and count requests. Until it is set, requests pass at once. It must
	// not be changed while requests are in progress.
	armed bool

	mu    sync.Mutex
	timer *time.Timer
	open  chan struct{} // closed when the waiting requests may pass
	waves int
}

func (g *gate) Read(ctx context.Context, key string, off, n int64) ([]byte, error) {
	g.pass()
	return g.store.Read(ctx, key, off, n)
}

func (g *gate) List(ctx context.Context, prefix, after string) (objstore.Page, error) {
	g.pass()
	return g.store.List(ctx, prefix, after)
}

func (g *gate) Prefixes(ctx context.Context, prefix, after string) (objstore.PrefixPage, error) {
	g.pass()
	return g.store.Prefixes(ctx, prefix, after)
}

func (g *gate) pass() {
	if !g.armed {
		return
	}
	g.mu.Lock()
	open := g.open
	if g.timer == nil || !g.timer.Reset(gateWait) {
		g.timer = time.AfterFunc(gateWait, func() { g.release(open) })
	}
	g.mu.Unlock()
	<-open
}

// release closes the given channel to let the waiting requests pass, and counts one wave. Further
// calls with the same channel have no effect.
func (g *gate) release(open chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if open != g.open {
		return
	}
	close(open)
	g.open, g.timer = make(chan struct{}), nil
	g.waves++
}

// countWaves returns the number of waves that a question takes. prepare receives the store that the
// question must use, makes any requests that do not count, and returns the question. On a busy
// machine, a gate may count a single wave as two. countWaves therefore repeats the question, up to
// five times, until it has seen the lowest number twice.
func countWaves(store query.Store, prepare func(query.Store) (question func() error, err error)) (lowest int, err error) {
	counted := map[int]int{}
	for attempt := 0; attempt < 5 && counted[lowest] < 2; attempt++ {
		g := &gate{store: store, open: make(chan struct{})}
		question, err := prepare(g)
		if err != nil {
			return 0, err
		}
		g.armed = true
		if err := question(); err != nil {
			return 0, err
		}
		counted[g.waves]++
		if attempt == 0 || g.waves < lowest {
			lowest = g.waves
		}
	}
	return lowest, nil
}
