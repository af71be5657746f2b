package diagnose_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/sim"
	"devicetrace/pkg/event"
)

// disorder is a set of things that can go wrong while events are delivered.
type disorder uint

const (
	// lossy drops about one event in ten.
	lossy disorder = 1 << iota
	// duplicated delivers about one event in five a second time, up to 45 s later.
	duplicated
	// shuffled delivers the events in random order.
	shuffled
)

// perturb returns a copy of the events as they would arrive with the given disorder.
func perturb(events []event.Event, seed uint64, what disorder) []event.Event {
	random := rand.New(rand.NewPCG(seed, uint64(what)))
	events = slices.Clone(events)
	if what&lossy != 0 {
		events = slices.DeleteFunc(events, func(event.Event) bool { return random.IntN(10) == 0 })
	}
	if what&duplicated != 0 {
		for _, e := range events {
			if random.IntN(5) == 0 {
				e.ReceivedAt = e.ReceivedAt.Add(time.Duration(1+random.IntN(45_000)) * time.Millisecond)
				events = append(events, e)
			}
		}
	}
	if what&shuffled != 0 {
		random.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
	}
	return events
}

func TestPerturbed(t *testing.T) {
	events := sim.Device(sim.FlakyRadio, 1, day)
	was := slices.Clone(events)

	lossy := perturb(events, 1, lossy)
	require.InDelta(t, 0.9, float64(len(lossy))/float64(len(events)), 0.1)
	require.Subset(t, events, lossy)

	twice := perturb(events, 1, duplicated)
	require.InDelta(t, 1.2, float64(len(twice))/float64(len(events)), 0.1)
	require.Equal(t, events, twice[:len(events)])
	for _, again := range twice[len(events):] {
		again.ReceivedAt = time.Time{}
		require.True(t, slices.ContainsFunc(events, func(e event.Event) bool { e.ReceivedAt = time.Time{}; return e == again }))
	}

	shuffled := perturb(events, 1, shuffled)
	require.NotEqual(t, events, shuffled)
	require.ElementsMatch(t, events, shuffled)

	require.Equal(t, was, events, "perturb must not change its argument")
	require.Equal(t, twice, perturb(events, 1, duplicated), "the same seed must give the same result")
}
