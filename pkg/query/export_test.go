package query

import "testing"

// RequireNoMemory fails the test unless all memory of the reader's budgets is free.
func (r *Reader) RequireNoMemory(t testing.TB) {
	t.Helper()
	for name, b := range map[string]*budget{"reads": r.reads, "rows": r.rows} {
		if b.free != b.size || len(b.waiting) > 0 {
			t.Fatalf("budget %s: %d of %d bytes are free, %d wait", name, b.free, b.size, len(b.waiting))
		}
	}
}

// IsAwaited reports whether someone waits for the memory of decoded rows.
func (r *Reader) IsAwaited() bool {
	r.rows.mu.Lock()
	defer r.rows.mu.Unlock()
	return len(r.rows.waiting) > 0
}
