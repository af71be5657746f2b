package diagnose_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/sim"
	"devicetrace/pkg/event"
)

// lossy returns a copy of the events without about one in ten of them.
func lossy(events []event.Event, seed uint64) []event.Event {
	random := rand.New(rand.NewPCG(seed, 1))
	return slices.DeleteFunc(slices.Clone(events), func(event.Event) bool { return random.IntN(10) == 0 })
}

func TestLossy(t *testing.T) {
	events := sim.Device(sim.FlakyRadio, 1, day)
	lossy := lossy(events, 1)
	require.InDelta(t, 0.9, float64(len(lossy))/float64(len(events)), 0.1)
	require.Subset(t, events, lossy)
}
