package history_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
	"devicetrace/pkg/history"
)

func stretches(h history.History) []string {
	found := []string{}
	for _, s := range h.Timeline {
		found = append(found, short(s.From)+".."+short(s.To)+" "+string(s.State))
	}
	return found
}

func TestTimeline(t *testing.T) {
	span := history.Span{From: clock("08:00:00"), To: clock("12:00:00")}
	online := []event.Event{connect("07:00:00", channel("0"))}
	offline := append(online, disconnect("07:30:00", channel("0")))
	for _, c := range []struct {
		name           string
		before, events []event.Event
		want           []string
	}{
		{"nothing is known", nil, nil, []string{"08:00:00..12:00:00 unknown"}},
		{"online all the time", online, nil, []string{"08:00:00..12:00:00 online"}},
		{"offline all the time", offline, nil, []string{"08:00:00..12:00:00 offline"}},
		{"unknown until the first connection", nil, []event.Event{connect("09:00:00", channel("a")), disconnect("10:00:00", channel("a"))},
			[]string{"08:00:00..09:00:00 unknown", "09:00:00..10:00:00 online", "10:00:00..12:00:00 offline"}},
		{"offline until the first connection, if that is known", offline, []event.Event{connect("09:00:00", channel("a"))},
			[]string{"08:00:00..09:00:00 offline", "09:00:00..12:00:00 online"}},
		{"refusals say nothing about the state", nil, []event.Event{closed("09:00:00", event.NotAuthorized)},
			[]string{"08:00:00..12:00:00 unknown"}},
		{"an end with a start before the span", nil, []event.Event{closed("09:00:00", event.NoHeart, connectedAt("07:00:00"))},
			[]string{"08:00:00..09:00:00 online", "09:00:00..12:00:00 offline"}},
		{"an end without a start", nil, []event.Event{closed("09:00:00", event.NoHeart, channel("a"))},
			[]string{"08:00:00..09:00:00 unknown", "09:00:00..12:00:00 offline"}},
		{"a connect is missing in the middle", offline, []event.Event{
			connect("08:30:00", channel("a")), disconnect("09:00:00", channel("a")), closed("11:00:00", event.NoHeart, channel("b")),
		}, []string{
			"08:00:00..08:30:00 offline", "08:30:00..09:00:00 online", "09:00:00..11:00:00 unknown", "11:00:00..12:00:00 offline",
		}},
		{"overlapping connections make one stretch", online, []event.Event{
			connect("09:00:00", channel("a")), closed("09:00:01", event.ClientIDConflict, channel("0")), disconnect("11:00:00", channel("a")),
		}, []string{"08:00:00..11:00:00 online", "11:00:00..12:00:00 offline"}},
		{"an end that is not reported", offline, []event.Event{
			connect("09:00:00", channel("a")), connect("10:00:00", channel("b")), disconnect("11:00:00", channel("b")),
		}, []string{"08:00:00..09:00:00 offline", "09:00:00..11:00:00 online", "11:00:00..12:00:00 offline"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := history.StatusAt(logOf(c.before), span.From.Add(-time.Millisecond))
			require.Equal(t, c.want, stretches(history.Of(logOf(c.events), span, before)))
		})
	}
}

func TestTimelineOfAnInstantIsEmpty(t *testing.T) {
	at := history.Span{From: clock("08:00:00"), To: clock("08:00:00")}
	got := history.Of(logOf([]event.Event{connect("08:00:00", channel("a"))}), at, history.Status{})
	require.Empty(t, stretches(got))
	require.Nil(t, got.Summary.Uptime)
	require.Equal(t, history.Online, got.Status.State)
	require.Equal(t, 1, got.Summary.Connects)
}

func TestSummary(t *testing.T) {
	span := history.Span{From: clock("08:00:00"), To: clock("12:00:00")}
	before := history.StatusAt(logOf([]event.Event{connect("07:00:00", channel("0"))}), clock("07:30:00"))
	got := history.Of(logOf([]event.Event{
		closed("08:30:00", event.NoHeart, channel("0")),                         // 90 min
		connect("09:00:00", channel("a")), disconnect("09:10:00", channel("a")), // 10 min
		connect("09:30:00", channel("b")),                                                      // no end reported
		connect("10:00:00", channel("c")), closed("10:20:00", event.Unexplained, channel("c")), // 20 min
		closed("10:30:00", event.NotAuthorized, native("client.connack")),
		closed("11:00:00", event.SocketIOException, channel("d")), // start unknown
		disconnect("11:30:00", channel("e")),
	}), span, before).Summary

	minutes := func(n int64) int64 { return n * time.Minute.Milliseconds() }
	uptime, longest, median, offline := 90.0/170, minutes(90), minutes(20), minutes(30)
	require.Equal(t, history.Summary{
		OnlineMS: minutes(90), OfflineMS: minutes(80), UnknownMS: minutes(70), Uptime: &uptime,
		Connects: 3, Drops: 2, Disconnects: 2, Unexplained: 1, Unreported: 1, Refusals: 1,
		LongestMS: &longest, MedianMS: &median, LongestOfflineMS: &offline,
	}, got)
}

func TestSummaryOfNothing(t *testing.T) {
	got := ofDay(nil).Summary
	require.Equal(t, history.Summary{UnknownMS: (24*time.Hour - time.Millisecond).Milliseconds()}, got)
}
