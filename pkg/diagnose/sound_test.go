package diagnose_test

import (
	"cmp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/sim"
	"devicetrace/pkg/diagnose"
	"devicetrace/pkg/history"
	"devicetrace/pkg/history/historytest"
)

// sound fails the test unless r, a report in English, has all properties that every report must
// have.
func sound(t require.TestingT, r diagnose.Report, span history.Span) {
	historytest.Check(t, r.History, span)
	require.NotNil(t, r.Verdicts)
	brief(t, r, diagnose.English)
	for _, v := range r.Verdicts {
		require.NotNil(t, v.Evidence)
		require.LessOrEqual(t, len(v.Evidence), 10)
		require.True(t, slices.IsSortedFunc(v.Evidence, func(a, b diagnose.Evidence) int { return cmp.Compare(a.Time, b.Time) }))
		require.NotEmpty(t, v.Title)
	}
}

// A day's report that is given the status before that day must end in the same state as StatusAt
// does after the events of that day and the day before.
func TestBeforeStandsForTheDayBefore(t *testing.T) {
	for _, cause := range sim.Causes {
		for seed := range uint64(20) {
			two := slices.Concat(sim.Device(cause, seed, day.AddDate(0, 0, -1)), sim.Device(cause, seed, day))
			before := history.StatusAt(logOf(two), day.Add(-1))
			r := report(two, wholeDay, before, diagnose.English)
			sound(t, r, wholeDay)
			require.Equal(t, history.StatusAt(logOf(two), wholeDay.To).State, r.Status.State)
			require.Equal(t, history.StatusAt(logOf(two), wholeDay.To).Since, r.Status.Since)
		}
	}
}
