package query

import (
	"context"
	"slices"
	"sync"
)

// memoryBudget is an amount of memory that several goroutines share. It grants memory in the order of
// the requests, so small requests cannot starve a large one. It is safe for concurrent use.
type memoryBudget struct {
	size int64 // bytes

	mu      sync.Mutex
	free    int64     // bytes
	waiting []*waiter // in the order of their requests
}

// waiter represents a goroutine that is waiting for n bytes.
type waiter struct {
	n       int64
	granted chan struct{} // closed once the bytes are granted
}

func newMemoryBudget(size int64) *memoryBudget { return &memoryBudget{size: size, free: size} }

// acquire acquires n bytes, or the whole budget if n exceeds its size. It waits until the bytes are
// free, and returns the number of bytes that the caller must release. If ctx ends first, acquire
// acquires nothing and returns the error of ctx.
func (b *memoryBudget) acquire(ctx context.Context, n int64) (int64, error) {
	w := &waiter{min(n, b.size), make(chan struct{})}
	b.mu.Lock()
	b.waiting = append(b.waiting, w)
	b.grant()
	b.mu.Unlock()
	select {
	case <-w.granted:
		return w.n, nil
	case <-ctx.Done():
		b.abandon(w)
		return 0, ctx.Err()
	}
}

// tryAcquire acquires n bytes if they are free and no goroutine is waiting. It reports whether it
// has acquired them.
func (b *memoryBudget) tryAcquire(n int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.waiting) > 0 || n > b.free {
		return false
	}
	b.free -= n
	return true
}

// release returns n acquired bytes to the budget.
func (b *memoryBudget) release(n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.free += n
	b.grant()
}

// abandon ends a wait. If the bytes were granted in the meantime, abandon releases them.
func (b *memoryBudget) abandon(w *waiter) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if i := slices.Index(b.waiting, w); i >= 0 {
		b.waiting = slices.Delete(b.waiting, i, i+1)
	} else {
		b.free += w.n
	}
	b.grant()
}

// grant grants memory to the waiting goroutines, in order, while enough bytes are free. The caller
// must hold b.mu.
func (b *memoryBudget) grant() {
	for len(b.waiting) > 0 && b.waiting[0].n <= b.free {
		b.free -= b.waiting[0].n
		close(b.waiting[0].granted)
		b.waiting = b.waiting[1:]
	}
}
