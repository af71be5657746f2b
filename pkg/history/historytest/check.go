package historytest

import (
	"cmp"
	"slices"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/history"
)

// Check checks that h has the properties that every history of the given span must have.
func Check(t require.TestingT, h history.History, span history.Span) {
	checkTimeline(t, h, span)
	checkSummary(t, h)
	require.NotNil(t, h.Connections)
	require.NotNil(t, h.Refusals)
	for i, c := range h.Connections {
		checkConnection(t, c, span)
		if i > 0 {
			require.False(t, when(c) < when(h.Connections[i-1]), "connections are in order")
		}
	}
	require.True(t, slices.IsSortedFunc(h.Refusals, func(a, b history.Refusal) int { return cmp.Compare(a.Time, b.Time) }))
}

func checkTimeline(t require.TestingT, h history.History, span history.Span) {
	from := history.At(span.From)
	for i, s := range h.Timeline {
		require.True(t, s.From == from, "no gaps")
		require.True(t, s.From < s.To)
		require.True(t, i == 0 || s.State != h.Timeline[i-1].State, "neighbors have different states")
		from = s.To
	}
	require.True(t, from == history.At(span.To) || !span.From.Before(span.To), "reaches the end of the span")
	require.NotNil(t, h.Timeline)
}

func checkSummary(t require.TestingT, h history.History) {
	s := h.Summary
	var all, offline, longest int64
	for _, stretch := range h.Timeline {
		ms := int64(stretch.To - stretch.From)
		all += ms
		if stretch.State == history.Offline {
			offline, longest = offline+ms, max(longest, ms)
			checkOffline(t, stretch, h.Connections)
		}
	}
	require.Equal(t, all, s.OnlineMS+s.OfflineMS+s.UnknownMS)
	require.Equal(t, offline, s.OfflineMS)
	require.Equal(t, offline > 0, s.LongestOfflineMS != nil)
	if s.LongestOfflineMS != nil {
		require.Equal(t, longest, *s.LongestOfflineMS)
	}
	if s.Uptime != nil {
		require.GreaterOrEqual(t, *s.Uptime, 0.0)
		require.LessOrEqual(t, *s.Uptime, 1.0)
	}
	require.Equal(t, len(h.Refusals), s.Refusals)
	ended := 0
	for _, c := range h.Connections {
		if c.EndIs != history.Open {
			ended++
		}
	}
	require.Equal(t, ended, s.Drops+s.Disconnects+s.Unexplained+s.Unreported)
}

// checkOffline checks that no connection with a known start was open during an offline stretch.
func checkOffline(t require.TestingT, s history.Stretch, connections []*history.Connection) {
	for _, c := range connections {
		end := c.End
		if end.IsZero() {
			end = s.To
		}
		isOverlap := !c.Start.IsZero() && max(c.Start, s.From) < min(end, s.To)
		require.False(t, isOverlap, "a connection is open while the state is offline")
	}
}

func checkConnection(t require.TestingT, c *history.Connection, span history.Span) {
	switch c.EndIs {
	case history.Open:
		require.True(t, c.End.IsZero())
		require.Equal(t, history.StillOpen, c.Kind)
	case history.Inferred:
		require.Equal(t, history.Unexplained, c.Kind)
		require.Empty(t, c.Action)
		fallthrough
	case history.Reported:
		require.False(t, c.End < c.Start)
		require.False(t, c.End < history.At(span.From))
		require.False(t, c.End > history.At(span.To))
	default:
		require.Fail(t, "unknown kind of end", c.EndIs)
	}
}

func when(c *history.Connection) history.Instant { return cmp.Or(c.Start, c.End) }
