package history_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
	"devicetrace/pkg/history"
	"devicetrace/pkg/history/historytest"
)

func TestStatusAt(t *testing.T) {
	for _, c := range []struct {
		name    string
		events  []event.Event
		at      string
		want    history.State
		since   string
		settled bool
	}{
		{"nothing is known", nil, "12:00:00", history.Unknown, "?", false},
		{"connected", []event.Event{connect("08:00:00", channel("a"))}, "12:00:00", history.Online, "08:00:00", true},
		{"connected at that instant", []event.Event{connect("08:00:00", channel("a"))}, "08:00:00", history.Online, "08:00:00", true},
		{"connects later", []event.Event{connect("08:00:00.001", channel("a"))}, "08:00:00", history.Unknown, "?", false},
		{"ended", []event.Event{
			connect("08:00:00", channel("a")), closed("09:00:00", event.NoHeart, channel("a")),
		}, "12:00:00", history.Offline, "09:00:00", true},
		{"ends later", []event.Event{
			connect("08:00:00", channel("a")), closed("09:00:00", event.NoHeart, channel("a")),
		}, "08:59:59.999", history.Online, "08:00:00", true},
		{"the end of an older connection comes later", []event.Event{
			connect("08:00:00", channel("a")), connect("09:00:00", channel("b")), closed("10:00:00", event.NoHeart, channel("a")),
		}, "12:00:00", history.Online, "09:00:00", true},
		{"refusals alone settle nothing", []event.Event{
			closed("08:00:00", event.NotAuthorized, native("client.connack")), closed("09:00:00", event.NotAuthorized),
		}, "12:00:00", history.Unknown, "?", false},
		{"an end alone: a newer connection may have begun earlier", []event.Event{
			closed("09:00:00", event.NoHeart, channel("a")),
		}, "12:00:00", history.Offline, "09:00:00", false},
		{"an end with a start before all events", []event.Event{
			closed("09:00:00", event.NoHeart, connectedAt("08:00:00")),
		}, "12:00:00", history.Offline, "09:00:00", false},
		{"an end with a start after the first event", []event.Event{
			closed("07:00:00", event.NotAuthorized, native("client.connack")),
			closed("09:00:00", event.NoHeart, connectedAt("08:00:00")),
		}, "12:00:00", history.Offline, "09:00:00", true},
		{"the end of a connection with an unknown start, and an open connection", []event.Event{
			connect("08:00:00", channel("a")), closed("09:00:00", event.NoHeart, channel("b")),
		}, "12:00:00", history.Online, "08:00:00", true},
		{"an end at the time of the connect may belong to an older connection", []event.Event{
			connect("08:00:00", from("192.0.2.1", 1)), closed("08:00:00", event.ClosedByClient),
		}, "12:00:00", history.Offline, "08:00:00", false},
		{"an end shortly before the connect may belong to an older connection", []event.Event{
			closed("07:59:30", event.NoHeart, channel("a")), connect("08:00:00", channel("a")),
		}, "12:00:00", history.Offline, "07:59:30", false},
		{"an end long before the connect, by a clock that was set back, may belong to an older connection", []event.Event{
			closed("07:30:00", event.NoHeart, channel("a")), connect("08:00:00", channel("a")),
		}, "12:00:00", history.Offline, "07:30:00", false},
		{"an end without a channel may belong to an older connection, whose session was taken over", []event.Event{
			connect("08:00:00", from("192.0.2.1", 1)), vernemqEnd("08:00:02"),
		}, "12:00:00", history.Offline, "08:00:02", false},
		{"an end too late for a takeover", []event.Event{
			connect("08:00:00", from("192.0.2.1", 1)), vernemqEnd("08:00:02.001"),
		}, "12:00:00", history.Offline, "08:00:02.001", true},
		{"a short connection at a source that reports takeovers", []event.Event{
			connect("08:00:00", from("192.0.2.1", 1)), closed("08:00:02", event.ClosedByClient),
		}, "12:00:00", history.Offline, "08:00:02", true},
		{"a takeover whose older connection is not on record", []event.Event{
			connect("08:00:00", from("192.0.2.1", 1)), closed("08:00:02", event.ClientIDConflict),
		}, "12:00:00", history.Online, "08:00:00", true},
		{"an end that the older connection owns", []event.Event{
			connect("07:00:00", from("192.0.2.1", 1)), connect("08:00:00", from("192.0.2.1", 2)), vernemqEnd("08:00:02"),
		}, "12:00:00", history.Online, "08:00:00", true},
		{"an end that the older connection cannot own", []event.Event{
			connect("07:00:00", from("192.0.2.1", 1)), vernemqEnd("07:30:00"), connect("08:00:00", from("192.0.2.1", 2)), vernemqEnd("08:00:02"),
		}, "12:00:00", history.Offline, "08:00:02", true},
		{"it is doubtful whether the older connection can own the end", []event.Event{
			connect("07:59:00", from("192.0.2.1", 1)), vernemqEnd("07:59:01"), connect("08:00:00", from("192.0.2.1", 2)), vernemqEnd("08:00:01"),
		}, "12:00:00", history.Offline, "08:00:01", false},
		{"a second report of an end that an older connection may own", []event.Event{
			connect("08:00:00", channel("a")), closed("08:00:01", event.ClosedByClient, channel("a")), closed("08:00:02", event.NoHeart),
		}, "12:00:00", history.Offline, "08:00:02", false},
		{"a doubtful end does not matter once a newer connection begins", []event.Event{
			connect("08:00:00", from("192.0.2.1", 1)), closed("08:00:00", event.ClosedByClient), connect("09:00:00", from("192.0.2.1", 2)),
		}, "12:00:00", history.Online, "09:00:00", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			bothWays(t, c.events, func(t require.TestingT, events *history.Log) {
				got := history.StatusAt(events, clock(c.at))
				require.Equal(t, c.want, got.State)
				require.Equal(t, c.since, short(got.Since))
				require.Equal(t, c.settled, got.Settled())
				require.Equal(t, c.want == history.Unknown, got.Connection == nil)
			})
		})
	}
}

func vernemqEnd(at string) event.Event {
	return closed(at, event.Unexplained, source(broker.VerneMQ), native("on_client_offline"))
}

func TestStatusShowsTheNewestConnectionAndEvent(t *testing.T) {
	got := history.StatusAt(logOf([]event.Event{
		connect("08:00:00", channel("a")), disconnect("09:00:00", channel("a")),
		closed("10:00:00", event.NotAuthorized, native("client.connack")),
		connect("11:00:00", channel("b")),
	}), clock("10:30:00"))
	require.Equal(t, "a", got.Connection.ChannelID)
	require.Equal(t, history.Disconnected, got.Connection.Kind)
	require.Equal(t, "10:00:00", short(got.LastEventAt))
}

// The status of a span without events must be the same as the status before the span.
func TestStatusContinuesFromBefore(t *testing.T) {
	before := history.StatusAt(logOf([]event.Event{connect("08:00:00", channel("a"))}), clock("08:30:00"))
	span := history.Span{From: clock("09:00:00"), To: clock("10:00:00")}
	got := history.Of(logOf(nil), span, before).Status
	require.Equal(t, history.Online, got.State)
	require.Equal(t, "08:00:00", short(got.Since))
	require.Equal(t, "08:00:00", short(got.LastEventAt))
	require.True(t, got.Settled())

	unsettled := history.StatusAt(logOf([]event.Event{closed("08:00:00", event.NoHeart, connectedAt("07:00:00"))}), clock("08:30:00"))
	require.False(t, history.Of(logOf(nil), span, unsettled).Status.Settled())
}

// A device may use the same port for all its connections. An end event with another connect time is
// about another connection, even if the connect event of that connection was not recorded.
func TestAnEndFromTheSamePortIsNoSecondReport(t *testing.T) {
	emqx := func(more ...historytest.Option) []historytest.Option {
		return append(more, source(broker.EMQX), from("192.0.2.1", 1024))
	}
	events := []event.Event{
		connect("08:00:00", emqx(connectedAt("08:00:00"))...),
		closed("09:00:00", event.NoHeart, emqx(connectedAt("08:00:00"))...),
		closed("11:00:00", event.ClientIDConflict, emqx(connectedAt("10:00:00"))...),
	}
	got := history.StatusAt(logOf(events), clock("12:00:00"))
	require.Equal(t, history.At(clock("11:00:00")), got.Since)
	require.Equal(t, history.At(clock("10:00:00")), got.Connection.Start)
}
