package sim_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/sim"
	"devicetrace/pkg/event"
)

// The tests simulate 14 days. Trouble begins on the tenth day.
const (
	onsetDays = 14
	begins    = 9
)

// requireOrder checks that all events have the same client and instance, lie within the days, and
// are in the order in which the source sent them. Reported times can be out of order by up to the
// resolution of the source's clock.
func requireOrder(t *testing.T, events []event.Event) {
	t.Helper()
	require.NotEmpty(t, events)
	for i := range events {
		require.Equal(t, events[0].ClientID, events[i].ClientID)
		require.Equal(t, events[0].InstanceID, events[i].InstanceID)
		require.False(t, events[i].Time.Before(day))
		require.True(t, events[i].Time.Before(day.AddDate(0, 0, onsetDays)))
		require.Equal(t, events[i].Time, events[i].Time.Truncate(time.Millisecond))
		require.False(t, events[i].ReceivedAt.Before(events[i].Time))
	}
	require.True(t, slices.IsSortedFunc(events, func(a, b event.Event) int {
		return a.Time.Truncate(time.Minute).Compare(b.Time.Truncate(time.Minute))
	}))
}

// TestOnset checks Onset for every cause. Before the onset, the events must not depend on the
// cause's script, and every simulation must be repeatable.
func TestOnset(t *testing.T) {
	for _, cause := range sim.Causes {
		for seed := range uint64(5) {
			events := sim.Onset(cause, seed, day.Add(15*time.Hour), onsetDays, begins)
			requireOrder(t, events)
			require.Equal(t, events, sim.Onset(cause, seed, day, onsetDays, begins))
			healthy := sim.Onset(cause, seed, day, onsetDays, onsetDays)
			requireOrder(t, healthy)
			onset := slices.IndexFunc(events, func(e event.Event) bool { return !e.Time.Before(day.AddDate(0, 0, begins)) })
			require.Equal(t, healthy[:onset], events[:onset], "%s %d", cause, seed)
		}
	}
}

// TestOnsetChangesTheDays checks that a device loses at most a few connections on each day before
// its trouble begins, and many on each whole day afterwards.
func TestOnsetChangesTheDays(t *testing.T) {
	for seed := range uint64(20) {
		drops := dropsOfDays(sim.Onset(sim.FlakyRadio, seed, day, onsetDays, begins))
		for index, n := range drops {
			switch {
			case index < begins:
				require.LessOrEqual(t, n, 8, "%d: %v", seed, drops)
			case index > begins:
				require.Greater(t, n, 30, "%d: %v", seed, drops)
			}
		}
	}
}

// dropsOfDays returns, for each day, the number of connections that ended without a DISCONNECT.
func dropsOfDays(events []event.Event) (drops [onsetDays]int) {
	for i := range events {
		if events[i].Action == event.Close {
			drops[int(events[i].Time.Sub(day).Hours()/24)]++
		}
	}
	return drops
}

// TestOnsetStaysConnectedOverMidnight checks that a healthy device is online at most midnights. It
// is online at midnight if its last event before midnight is a connect, and its next event reports
// the end of that connection.
func TestOnsetStaysConnectedOverMidnight(t *testing.T) {
	online, midnights := 0, 0
	for seed := range uint64(20) {
		events := sim.Onset(sim.NATTimeout, seed, day, onsetDays, onsetDays)
		for i := range events[1:] {
			before, after := &events[i], &events[i+1]
			if after.Time.Truncate(24 * time.Hour).Equal(before.Time.Truncate(24 * time.Hour)) {
				continue
			}
			midnights++
			if before.Action == event.Connect && after.Action != event.Connect {
				online++
			}
		}
	}
	require.Greater(t, midnights, 100)
	require.Greater(t, online, midnights*9/10)
}
