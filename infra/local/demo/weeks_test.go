package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
)

var instants = []time.Time{
	time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC),
	time.Date(2026, 11, 30, 14, 45, 0, 0, time.UTC),
	time.Date(2026, 11, 30, 23, 59, 59, 0, time.UTC),
}

// TestTroubled checks that the device drops at most a few times a day until five days ago, and many
// times a day since.
func TestTroubled(t *testing.T) {
	for _, now := range instants {
		device := troubled(now)
		first, drops := startOfDay(now).AddDate(0, 0, -13), [14]int{}
		for _, e := range device.events {
			require.False(t, e.Time.After(now))
			require.Equal(t, device.events[0].ClientID, e.ClientID)
			if e.Action == event.Close {
				drops[int(e.Time.Sub(first).Hours()/24)]++
			}
		}
		for daysAgo := 1; daysAgo < 14; daysAgo++ {
			n := drops[13-daysAgo]
			require.Equal(t, daysAgo <= 5, n > 10, "%d drops %d days ago", n, daysAgo)
		}
		require.Equal(t, 24*time.Hour, device.to.Sub(device.from))
		require.Equal(t, now, device.to)
	}
}

func TestSilent(t *testing.T) {
	for _, now := range instants {
		device := silent(now)
		require.Len(t, device.events, 1)
		require.Equal(t, event.Connect, device.events[0].Action)
		require.Equal(t, startOfDay(now).AddDate(0, 0, -20), startOfDay(device.events[0].Time))
	}
}

// TestDatedDevices checks that the demo records different devices on different days.
func TestDatedDevices(t *testing.T) {
	now := instants[0]
	require.Equal(t, troubled(now).events[0].ClientID, troubled(now.Add(time.Hour)).events[0].ClientID)
	require.NotEqual(t, troubled(now).events[0].ClientID, troubled(now.AddDate(0, 0, 1)).events[0].ClientID)
	require.NotEqual(t, troubled(now).events[0].ClientID, silent(now).events[0].ClientID)
}
