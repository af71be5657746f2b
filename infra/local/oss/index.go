package oss

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// entry is what a listing tells of an object.
type entry struct {
	key      string
	size     int64
	modified time.Time
	sums     *sums
}

// index holds all entries, sorted by the bytes of their keys. It is safe for
// concurrent use.
type index struct {
	mu      sync.RWMutex
	keys    []string
	entries map[string]entry
	bytes   int64
}

func newIndex(entries []entry) *index {
	x := &index{entries: make(map[string]entry, len(entries))}
	for _, e := range entries {
		x.keys = append(x.keys, e.key)
		x.entries[e.key] = e
		x.bytes += e.size
	}
	slices.Sort(x.keys)
	return x
}

func (x *index) get(key string) (entry, bool) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	e, known := x.entries[key]
	return e, known
}

func (x *index) set(e entry) {
	x.mu.Lock()
	defer x.mu.Unlock()
	old, known := x.entries[e.key]
	if !known {
		i, _ := slices.BinarySearch(x.keys, e.key)
		x.keys = slices.Insert(x.keys, i, e.key)
	}
	x.entries[e.key] = e
	x.bytes += e.size - old.size
}

func (x *index) remove(key string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	i, known := slices.BinarySearch(x.keys, key)
	if !known {
		return
	}
	x.bytes -= x.entries[key].size
	x.keys = slices.Delete(x.keys, i, i+1)
	delete(x.entries, key)
}

// total is the bytes of all objects but the one under key.
func (x *index) total(key string) int64 {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.bytes - x.entries[key].size
}

// scan calls visit for the entries below prefix from the key from on, in order,
// until it returns false. Nothing changes meanwhile.
func (x *index) scan(prefix, from string, visit func(entry) bool) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	i, _ := slices.BinarySearch(x.keys, max(prefix, from))
	for _, key := range x.keys[i:] {
		if !strings.HasPrefix(key, prefix) || !visit(x.entries[key]) {
			return
		}
	}
}
