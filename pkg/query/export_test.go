package query

import "testing"

// RequireNoMemory fails the test if memory from the reader's budgets is in use, or if a goroutine
// is waiting for memory.
func (r *Reader) RequireNoMemory(t testing.TB) {
	t.Helper()
	for name, b := range map[string]*memoryBudget{"reads": r.reads, "guesses": r.guesses, "rows": r.rows, "pools": r.pools} {
		if b.free != b.size || len(b.waiting) > 0 {
			t.Fatalf("budget %s: %d of %d bytes are free, %d goroutines wait", name, b.free, b.size, len(b.waiting))
		}
	}
}

// IsAwaited reports whether a goroutine is waiting for memory.
func (r *Reader) IsAwaited() bool {
	return r.rows.isAwaited() || r.reads.isAwaited() || r.pools.isAwaited()
}

func (b *memoryBudget) isAwaited() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.waiting) > 0
}

// Hold acquires memory from the budgets, in bytes. free releases the memory.
func (r *Reader) Hold(reads, rows, pools int64) (free func()) {
	if !r.reads.tryAcquire(reads) || !r.rows.tryAcquire(rows) || !r.pools.tryAcquire(pools) {
		panic("too little memory is free")
	}
	return func() {
		r.reads.release(reads)
		r.rows.release(rows)
		r.pools.release(pools)
	}
}

// SetMaxWhole sets the maximum size, in bytes, of an object that Fleet reads whole because the object
// has no sound summary.
func (r *Reader) SetMaxWhole(bytes int64) { r.maxWhole = bytes }

// FooterMemory returns the memory that the cached footers take, in bytes.
func (r *Reader) FooterMemory() (bytes int64) {
	for prefix := range r.footers.partitions {
		for _, o := range r.footers.remembered(prefix) {
			if o.footer != nil {
				bytes += o.footer.Memory()
			}
		}
	}
	return bytes
}
