package record

import (
	"context"
	"fmt"
	"sync"

	"devicetrace/pkg/objstore"
)

// garbage holds the keys of superseded objects that may be deleted, and deletes the objects while
// puts are in flight. At most one delete request is in flight. No caller waits for the request,
// because nothing depends on its success: compaction deletes the objects that remain. For the same
// reason, it does no harm if the platform freezes the process before the response arrives. garbage
// is safe for concurrent use.
type garbage struct {
	writer *Writer

	// turn is a lock that is held while a request is in flight; see partition.turn.
	turn chan struct{}

	mu   sync.Mutex
	keys []string
}

// add adds keys of superseded objects. Call it only after the put that supersedes them has been
// confirmed.
func (g *garbage) add(keys []string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.keys = append(g.keys, keys...)
}

// start starts a delete request, unless another one is in flight or there is nothing to delete.
// start does not wait for the request. A failure is only logged.
func (g *garbage) start(ctx context.Context) {
	select {
	case g.turn <- struct{}{}:
	default:
		return
	}
	keys := g.take()
	if len(keys) == 0 {
		<-g.turn
		return
	}
	c := g.writer.config
	c.Background(func() {
		defer func() { <-g.turn }()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.PutTimeout)
		defer cancel()
		if err := g.delete(ctx, keys); err != nil {
			c.Log.Warn("delete superseded objects", "error", err)
		}
	})
}

// take removes and returns up to objstore.MaxPage keys, the maximum for one delete request.
func (g *garbage) take() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := min(len(g.keys), objstore.MaxPage)
	keys := g.keys[:n:n]
	g.keys = g.keys[n:]
	return keys
}

// delete deletes the objects with one request. It turns a panic of the store into an error, because
// a panic in a background goroutine would end the process.
func (g *garbage) delete(ctx context.Context, keys []string) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return g.writer.store.Delete(ctx, keys...)
}

// empty waits for the request in flight, if any, and then deletes all remaining objects. It stops
// at the first request that fails.
func (g *garbage) empty(ctx context.Context) error {
	select {
	case g.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-g.turn }()
	for keys := g.take(); len(keys) > 0; keys = g.take() {
		if err := g.delete(ctx, keys); err != nil {
			return err
		}
	}
	return nil
}
