package proof_test

import (
	"bytes"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/layout"
)

// harm records which objects the vandal damaged, and when each was repaired. The unit of time is
// one act of the vandal.
type harm struct {
	mu    sync.Mutex
	acts  int
	until map[string]int // by key; 0 while the object is damaged
}

func (h *harm) set(key string, repaired bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.acts++
	h.until[key] = 0
	if repaired {
		h.until[key] = h.acts
	}
}

func (h *harm) now() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.acts
}

// since reports whether the object was damaged at any time from begun on.
func (h *harm) since(key string, begun int) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	until, harmed := h.until[key]
	return harmed && (until == 0 || until > begun)
}

// vandalize damages compacted objects and puts objects of other sizes in their place. It repairs
// each of them later.
func (s *guessSchedule) vandalize(a *actor) {
	for range 30 {
		a.pause(a.random.IntN(8))
		key := s.store.drawCompacted(a.random)
		if key == "" {
			continue
		}
		s.harm.set(key, false)
		s.store.replace(s.t, key, func(data []byte) []byte { return harmed(a.random, data) })
		a.pause(1 + a.random.IntN(12))
		s.store.replace(s.t, key, func(data []byte) []byte { return data })
		s.harm.set(key, true)
	}
}

// harmed returns a damaged copy of an object. Two thirds of the copies have another size.
func harmed(random *rand.Rand, data []byte) []byte {
	switch random.IntN(6) {
	case 0, 1:
		data = bytes.Clone(data)
		data[random.IntN(len(data))] ^= 1 << random.IntN(8)
		return data
	case 2:
		return nil
	case 3:
		return data[:random.IntN(len(data))]
	default:
		return append(bytes.Clone(data), make([]byte, 1+random.IntN(100))...)
	}
}

// drawCompacted draws the key of a compacted object, or returns "" if there is none.
func (h *historian) drawCompacted(random *rand.Rand) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	keys := slices.DeleteFunc(slices.Sorted(maps.Keys(h.there)), func(key string) bool {
		_, name, err := layout.ParseKey(key)
		return err != nil || name.Fresh()
	})
	if len(keys) == 0 {
		return ""
	}
	return keys[random.IntN(len(keys))]
}

// replace stores other bytes under a key, unless the object was deleted meanwhile. The
// historian still expects the original bytes.
func (h *historian) replace(t testing.TB, key string, change func(original []byte) []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.there[key] {
		data := change(h.contents[key])
		require.NoError(t, h.Store.Put(t.Context(), key, bytes.NewReader(data), int64(len(data))))
	}
}
