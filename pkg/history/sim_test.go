package history_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/sim"
	"devicetrace/pkg/event"
	"devicetrace/pkg/history"
)

// If the client is online, its newest connection must be the only open one. Otherwise, no
// connection may be open.
func TestOnlyTheNewestConnectionIsOpen(t *testing.T) {
	for _, cause := range sim.Causes {
		for seed := range uint64(20) {
			r := ofDay(lossy(sim.Device(cause, seed, day), seed))
			open := []*history.Connection{}
			for _, c := range r.Connections {
				if c.EndIs == history.Open {
					open = append(open, c)
				}
			}
			if r.Status.State == history.Online {
				require.Equal(t, []*history.Connection{r.Status.Connection}, open)
			} else {
				require.Empty(t, open)
			}
		}
	}
}

// A settled status (see Status.Settled) must stay the same when older events are also taken into
// account.
func TestSettledStatusStays(t *testing.T) {
	settled := 0
	for _, cause := range sim.Causes {
		for seed := range uint64(12) {
			random := rand.New(rand.NewPCG(seed, 1))
			all := lossy(sim.Device(cause, seed, day), seed)
			at := day.Add(time.Duration(random.Int64N(int64(24 * time.Hour))))
			for range 20 {
				since := day.Add(time.Duration(random.Int64N(int64(24 * time.Hour))))
				recent := history.StatusAt(logOf(after(all, since)), at)
				if !recent.Settled() {
					continue
				}
				settled++
				whole := history.StatusAt(logOf(all), at)
				require.Equal(t, asJSON(t, whole), asJSON(t, recent), "%s %d", cause, seed)
			}
		}
	}
	require.Greater(t, settled, 500)
}

func after(events []event.Event, since time.Time) []event.Event {
	return slices.DeleteFunc(slices.Clone(events), func(e event.Event) bool { return e.Time.Before(since) })
}

func TestLossy(t *testing.T) {
	events := sim.Device(sim.FlakyRadio, 1, day)
	lossy := lossy(events, 1)
	require.InDelta(t, 0.9, float64(len(lossy))/float64(len(events)), 0.1)
	require.Subset(t, events, lossy)
}
