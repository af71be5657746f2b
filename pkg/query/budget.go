package query

import (
	"context"
	"slices"
	"sync"
)

// budget is an amount of memory that several goroutines share. It grants memory in the order in
// which the goroutines asked for it, so that none of them waits forever. A budget is safe for
// concurrent use.
type budget struct {
	size int64 // bytes

	mu      sync.Mutex
	free    int64     // bytes
	waiting []*waiter // in the order in which they began to wait
}

// waiter is a goroutine that waits for n bytes.
type waiter struct {
	n       int64
	granted chan struct{} // closed once the bytes are granted
}

func newBudget(size int64) *budget { return &budget{size: size, free: size} }

// acquire takes n bytes from the budget, or the whole budget if n is larger. It waits until enough
// bytes are free, and returns the number of bytes that the caller has to release. If ctx ends
// first, acquire takes nothing and returns the error of ctx.
func (b *budget) acquire(ctx context.Context, n int64) (int64, error) {
	n = min(n, b.size)
	if b.tryAcquire(n) {
		return n, nil
	}
	w := &waiter{n, make(chan struct{})}
	b.mu.Lock()
	b.waiting = append(b.waiting, w)
	b.grant()
	b.mu.Unlock()
	select {
	case <-w.granted:
		return n, nil
	case <-ctx.Done():
		b.abandon(w)
		return 0, ctx.Err()
	}
}

// tryAcquire takes n bytes from the budget if they are free and no one waits for memory. It reports
// whether it took them.
func (b *budget) tryAcquire(n int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.waiting) > 0 || n > b.free {
		return false
	}
	b.free -= n
	return true
}

// release gives n acquired bytes back.
func (b *budget) release(n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.free += n
	b.grant()
}

// abandon ends a wait. If the bytes were granted in the meantime, abandon gives them back.
func (b *budget) abandon(w *waiter) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if i := slices.Index(b.waiting, w); i >= 0 {
		b.waiting = slices.Delete(b.waiting, i, i+1)
	} else {
		b.free += w.n
	}
	b.grant()
}

// grant ends waits, in order, while enough bytes are free. The caller must hold b.mu.
func (b *budget) grant() {
	for len(b.waiting) > 0 && b.waiting[0].n <= b.free {
		b.free -= b.waiting[0].n
		close(b.waiting[0].granted)
		b.waiting = b.waiting[1:]
	}
}
