package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestTimesOfDay checks the helpers of the tests that depend on the time of day, for every minute of days
// with and without a change of the clocks.
func TestTimesOfDay(t *testing.T) {
	for _, date := range []string{"2026-03-29", "2026-10-25", "2026-12-01"} {
		start, err := time.Parse(time.DateOnly, date)
		require.NoError(t, err)
		for minute := range 24 * 60 {
			now := start.Add(time.Duration(minute)*time.Minute + time.Millisecond)
			requireHourInOneDay(t, now, time.UTC)
			requireHourInOneDay(t, now, berlin(t))
			const length = 5 * time.Minute
			later := now.Add(untilOneDay(now, length))
			require.Equal(t, startOfDay(later), startOfDay(later.Add(length-time.Millisecond)), now)
			require.Less(t, later.Sub(now), length, now)
		}
	}
}

func requireHourInOneDay(t *testing.T, now time.Time, zone *time.Location) {
	t.Helper()
	end := hourInOneDay(now, zone)
	require.Equal(t, end.In(zone).Format(time.DateOnly), end.Add(-time.Hour).In(zone).Format(time.DateOnly), now)
	require.False(t, end.After(now))
	require.LessOrEqual(t, now.Sub(end), time.Hour+time.Millisecond)
}
