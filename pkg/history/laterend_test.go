package history_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/sim"
	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
	"devicetrace/pkg/history"
)

func TestEndedLater(t *testing.T) {
	online := []event.Event{connect("07:00:00", channel("0"))}
	for _, c := range []struct {
		name           string
		before, events []event.Event
		want           string
	}{
		{"no end is known", nil, []event.Event{connect("09:00:00", channel("a"))}, "null"},
		{"reported", nil, []event.Event{
			connect("09:00:00", channel("a")), closed("12:00:00.001", event.NoHeart, channel("a"), reason("keepalive_timeout")),
		}, `{"time":"2026-11-22T12:00:00.001Z","end_is":"reported","kind":"no-heart","action":"close","action_info":"no heart","native_reason":"keepalive_timeout"}`},
		{"inferred", nil, []event.Event{connect("09:00:00", channel("a")), connect("13:00:00", channel("b"))},
			`{"time":"2026-11-22T13:00:00.000Z","end_is":"inferred","kind":"unknown","action":"","action_info":"","native_reason":""}`},
		{"it began before the span", online, []event.Event{disconnect("14:00:00", channel("0"))},
			`{"time":"2026-11-22T14:00:00.000Z","end_is":"reported","kind":"disconnected","action":"disconnect","action_info":"disconnected by client","native_reason":""}`},
		{"it ends after the last instant to look at", nil, []event.Event{
			connect("09:00:00", channel("a")), closed("18:00:00.001", event.NoHeart, channel("a")),
		}, "null"},
		{"it ended within the span, and a later event only gives the reason", nil, []event.Event{
			connect("09:00:00", channel("a")), closed("12:00:00", event.Unexplained, channel("a")), disconnect("12:00:00.010", channel("a")),
		}, "null"},
		{"only the connection that it took over ends", nil, []event.Event{
			connect("09:00:00", from("192.0.2.1", 1), source(broker.VerneMQ)),
			connect("11:59:59.900", from("192.0.2.1", 2), source(broker.VerneMQ)),
			closed("12:00:00.100", event.ClientIDConflict, source(broker.VerneMQ)),
		}, "null"},
		{"the next connection of the same channel ends", nil, []event.Event{
			connect("09:00:00", from("192.0.2.1", 1)), connect("13:00:00", from("192.0.2.1", 1)), closed("14:00:00", event.NoHeart, from("192.0.2.1", 1)),
		}, `{"time":"2026-11-22T13:00:00.000Z","end_is":"inferred","kind":"unknown","action":"","action_info":"","native_reason":""}`},
		{"offline", online, []event.Event{
			closed("08:30:00", event.NoHeart, channel("0")), connect("13:00:00", channel("a")), closed("14:00:00", event.NoHeart, channel("a")),
		}, "null"},
	} {
		t.Run(c.name, func(t *testing.T) {
			span := history.Span{From: clock("08:00:00"), To: clock("12:00:00"), Later: clock("18:00:00")}
			before := history.StatusAt(logOf(c.before), span.From.Add(-time.Millisecond))
			bothWays(t, c.events, func(t require.TestingT, events *history.Log) {
				require.JSONEq(t, c.want, asJSON(t, endedLater(history.Of(events, span, before))))
				span.Later = time.Time{}
				require.Nil(t, endedLater(history.Of(events, span, before)))
				span.Later = clock("18:00:00")
			})
		})
	}
}

// endedLater returns EndedLater of the connection that has it set, or nil if there is none.
func endedLater(h history.History) *history.LaterEnd {
	for _, c := range h.Connections {
		if c.EndedLater != nil {
			return c.EndedLater
		}
	}
	return nil
}

// Later events must change only EndedLater of the open connection. EndedLater must be the end of
// that connection in the history of the longer span.
func TestLaterEventsChangeOnlyTheLaterEnd(t *testing.T) {
	known := 0
	check := func(events []event.Event, to time.Time, about string) {
		log := logOf(events)
		span := history.Span{From: day, To: to}
		without := history.Of(log, span, history.Status{})
		span.Later = wholeDay.To
		with := history.Of(log, span, history.Status{})
		if later := endedLater(with); later != nil {
			open := with.Status.Connection
			require.Equal(t, history.Open, open.EndIs, about)
			require.Equal(t, later, open.EndedLater, about)
			require.Contains(t, ends(ofDayLog(log)), [3]any{open.ChannelID, open.Start, *later}, about)
			known++
			clearLaterEnds(with)
		}
		require.Equal(t, asJSON(t, without), asJSON(t, with), about)
	}
	for _, cause := range sim.Causes {
		for seed := range uint64(10) {
			check(lossy(sim.Device(cause, seed, day), seed), day.Add(time.Duration(8+seed)*time.Hour), string(cause)+strconv.Itoa(int(seed)))
		}
	}
	for seed := range uint64(1000) {
		check(restless(seed), clock("08:00:00").Add(time.Duration(seed%40)*time.Second), strconv.Itoa(int(seed)))
	}
	require.Greater(t, known, 200)
}

// ends returns the channel, the start and the end of each connection.
func ends(h history.History) (found [][3]any) {
	for _, c := range h.Connections {
		found = append(found, [3]any{c.ChannelID, c.Start, history.LaterEnd{
			Time: c.End, EndIs: c.EndIs, Kind: c.Kind, Action: c.Action, ActionInfo: c.ActionInfo, NativeReason: c.NativeReason,
		}})
	}
	return found
}

func clearLaterEnds(h history.History) {
	h.Status.Connection.EndedLater = nil
	for _, c := range h.Connections {
		c.EndedLater = nil
	}
}
