package diagnose_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/sim"
	"devicetrace/pkg/diagnose"
	"devicetrace/pkg/event"
)

// sound checks what holds of every report.
func sound(t require.TestingT, r diagnose.Report, span diagnose.Span) {
	soundTimeline(t, r, span)
	soundSummary(t, r)
	require.NotNil(t, r.Connections)
	require.NotNil(t, r.Refusals)
	require.NotNil(t, r.Verdicts)
	for i, c := range r.Connections {
		soundConnection(t, c, span)
		if i > 0 {
			require.False(t, when(c).Before(when(r.Connections[i-1])), "connections are in order")
		}
	}
	require.True(t, slices.IsSortedFunc(r.Refusals, func(a, b diagnose.Refusal) int { return a.Time.Compare(b.Time.Time) }))
	for _, v := range r.Verdicts {
		require.NotNil(t, v.Evidence)
		require.LessOrEqual(t, len(v.Evidence), 10)
		require.True(t, slices.IsSortedFunc(v.Evidence, func(a, b diagnose.Evidence) int { return a.Time.Compare(b.Time.Time) }))
		require.NotEmpty(t, v.Title)
	}
}

func soundTimeline(t require.TestingT, r diagnose.Report, span diagnose.Span) {
	from := span.From
	for i, s := range r.Timeline {
		require.True(t, s.From.Equal(from), "no holes")
		require.True(t, s.From.Before(s.To.Time))
		require.True(t, i == 0 || s.State != r.Timeline[i-1].State, "neighbours differ")
		from = s.To.Time
	}
	require.True(t, from.Equal(span.To) || !span.From.Before(span.To), "to the end")
	require.NotNil(t, r.Timeline)
}

func soundSummary(t require.TestingT, r diagnose.Report) {
	s := r.Summary
	var all int64
	for _, stretch := range r.Timeline {
		all += stretch.To.Sub(stretch.From.Time).Milliseconds()
	}
	require.Equal(t, all, s.OnlineMS+s.OfflineMS+s.UnknownMS)
	if s.Uptime != nil {
		require.GreaterOrEqual(t, *s.Uptime, 0.0)
		require.LessOrEqual(t, *s.Uptime, 1.0)
	}
	require.Equal(t, len(r.Refusals), s.Refusals)
	ended := 0
	for _, c := range r.Connections {
		if c.EndIs != diagnose.Open {
			ended++
		}
	}
	require.Equal(t, ended, s.Drops+s.Disconnects+s.Unexplained+s.Unreported)
}

func soundConnection(t require.TestingT, c diagnose.Connection, span diagnose.Span) {
	switch c.EndIs {
	case diagnose.Open:
		require.True(t, c.End.IsZero())
		require.Equal(t, diagnose.StillOpen, c.Kind)
	case diagnose.Inferred:
		require.Equal(t, diagnose.Unexplained, c.Kind)
		require.Empty(t, c.Action)
		fallthrough
	case diagnose.Reported:
		require.False(t, c.End.Before(c.Start.Time))
		require.False(t, c.End.Before(span.From))
		require.False(t, c.End.After(span.To))
	default:
		require.Fail(t, "no such end", c.EndIs)
	}
}

func when(c diagnose.Connection) time.Time {
	if c.Start.IsZero() {
		return c.End.Time
	}
	return c.Start.Time
}

// At most one connection is open, the one that the status shows.
func TestOnlyTheNewestConnectionIsOpen(t *testing.T) {
	for _, cause := range sim.Causes {
		for seed := range uint64(20) {
			r := diagnosed(sim.Perturb(sim.Device(cause, seed, day), seed, sim.Lossy))
			var open []diagnose.Connection
			for _, c := range r.Connections {
				if c.EndIs == diagnose.Open {
					open = append(open, c)
				}
			}
			if r.Status.State == diagnose.Online {
				require.Equal(t, []diagnose.Connection{*r.Status.Connection}, open)
			} else {
				require.Empty(t, open)
			}
		}
	}
}

// What is settled by the events since some instant is the same with all events before.
func TestSettledStatusStays(t *testing.T) {
	settled := 0
	for _, cause := range sim.Causes {
		for seed := range uint64(12) {
			random := rand.New(rand.NewPCG(seed, 1))
			all := sim.Perturb(sim.Device(cause, seed, day), seed, sim.Lossy)
			at := day.Add(time.Duration(random.Int64N(int64(24 * time.Hour))))
			for range 20 {
				since := day.Add(time.Duration(random.Int64N(int64(24 * time.Hour))))
				recent := diagnose.StatusAt(after(all, since), at)
				if !recent.Settled() {
					continue
				}
				settled++
				whole := diagnose.StatusAt(all, at)
				require.Equal(t, asJSON(t, whole), asJSON(t, recent), "%s %d", cause, seed)
			}
		}
	}
	require.Greater(t, settled, 500)
}

// A day is diagnosed alike with the day before read as events or as a status.
func TestBeforeStandsForTheDayBefore(t *testing.T) {
	for _, cause := range sim.Causes {
		for seed := range uint64(20) {
			two := slices.Concat(sim.Device(cause, seed, day.AddDate(0, 0, -1)), sim.Device(cause, seed, day))
			before := diagnose.StatusAt(two, day.Add(-1))
			r := diagnose.Diagnose(diagnose.Of(two, wholeDay, before), diagnose.English)
			sound(t, r, wholeDay)
			require.Equal(t, diagnose.StatusAt(two, wholeDay.To).State, r.Status.State)
			require.Equal(t, diagnose.StatusAt(two, wholeDay.To).Since, r.Status.Since)
		}
	}
}

func after(events []event.Event, since time.Time) []event.Event {
	return slices.DeleteFunc(slices.Clone(events), func(e event.Event) bool { return e.Time.Before(since) })
}

func TestEventsAreNotChanged(t *testing.T) {
	events := sim.Perturb(sim.Device(sim.FlakyRadio, 1, day), 1, sim.Shuffled|sim.Duplicated)
	was := slices.Clone(events)
	diagnosed(events)
	require.Equal(t, was, events)
}
