package wire_test

import (
	"context"
	"io"
	"sync"

	"devicetrace/pkg/objstore"
)

// hasty is a store whose calls a test can abandon at any moment with giveUp. In production, the
// functions abandon calls on a timeout, but a test with a timeout would depend on the speed of the
// machine.
type hasty struct {
	objstore.Store

	mu    sync.Mutex
	count int
	calls map[int]context.CancelFunc // the calls in flight
}

func newHasty(store objstore.Store) *hasty {
	return &hasty{Store: store, calls: map[int]context.CancelFunc{}}
}

// giveUp abandons all calls in flight.
func (h *hasty) giveUp() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, cancel := range h.calls {
		cancel()
	}
}

func (h *hasty) begin(ctx context.Context) (_ context.Context, end func()) {
	ctx, cancel := context.WithCancel(ctx)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.count++
	call := h.count
	h.calls[call] = cancel
	return ctx, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.calls, call)
		cancel()
	}
}

func (h *hasty) Put(ctx context.Context, key string, body io.ReaderAt, size int64) error {
	ctx, end := h.begin(ctx)
	defer end()
	return h.Store.Put(ctx, key, body, size)
}

func (h *hasty) Read(ctx context.Context, key string, off, n int64) ([]byte, error) {
	ctx, end := h.begin(ctx)
	defer end()
	return h.Store.Read(ctx, key, off, n)
}

func (h *hasty) List(ctx context.Context, prefix, after string) (objstore.Page, error) {
	ctx, end := h.begin(ctx)
	defer end()
	return h.Store.List(ctx, prefix, after)
}

func (h *hasty) Prefixes(ctx context.Context, prefix, after string) (objstore.PrefixPage, error) {
	ctx, end := h.begin(ctx)
	defer end()
	return h.Store.Prefixes(ctx, prefix, after)
}

func (h *hasty) Delete(ctx context.Context, keys ...string) error {
	ctx, end := h.begin(ctx)
	defer end()
	return h.Store.Delete(ctx, keys...)
}
