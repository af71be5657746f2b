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

// gate is a store that counts the round trips of its readers. It holds requests until no new
// request has arrived for gateWait. Then it lets all of them pass and counts one round trip.
// Requests made at the same time therefore count as a single round trip. A request made after a
// response counts toward the next round trip, even if the store responds at once.
type gate struct {
	store query.Store

	mu     sync.Mutex
	timer  *time.Timer
	open   chan struct{} // closed when the waiting requests may pass
	rounds int
}

func newGate(store query.Store) *gate { return &gate{store: store, open: make(chan struct{})} }

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
	g.mu.Lock()
	open := g.open
	if g.timer == nil || !g.timer.Reset(gateWait) {
		g.timer = time.AfterFunc(gateWait, func() { g.release(open) })
	}
	g.mu.Unlock()
	<-open
}

// release closes the given channel to let the waiting requests pass, and counts one round trip.
// Further calls with the same channel have no effect.
func (g *gate) release(open chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if open != g.open {
		return
	}
	close(open)
	g.open, g.timer = make(chan struct{}), nil
	g.rounds++
}

// take returns the number of round trips since the previous call to take.
func (g *gate) take() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := g.rounds
	g.rounds = 0
	return n
}
