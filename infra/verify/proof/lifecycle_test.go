package proof_test

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/layout"
)

// expire deletes all objects of the first day, in random order, as a bucket's lifecycle rule does.
// From the first delete on, results may lack the events of all these objects.
func (s *guessSchedule) expire(a *actor) {
	a.pause(60 + a.random.IntN(100))
	s.ledger.expire(noon.Add(-12 * time.Hour))
	for _, key := range s.store.expiring(layout.DayOf(noon), a.random) {
		a.pause(1 + a.random.IntN(4))
		s.store.expire(s.t, key)
	}
}

// expiring returns the keys of all objects before the given day, in random order. After this call,
// the historian allows deletes of such objects.
func (h *historian) expiring(day layout.Day, random *rand.Rand) (keys []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.firstDay = day
	for _, key := range slices.Sorted(maps.Keys(h.there)) {
		if where, _, err := layout.ParseKey(key); err == nil && where.Day < day {
			keys = append(keys, key)
		}
	}
	random.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	return keys
}

// expire deletes an object, whether or not another one holds its events.
func (h *historian) expire(t testing.TB, key string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	require.NoError(t, h.Store.Delete(t.Context(), key))
	delete(h.there, key)
}

// isExpired reports whether the lifecycle rule covers an object.
func (h *historian) isExpired(key string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	where, _, err := layout.ParseKey(key)
	return err == nil && where.Day < h.firstDay
}
