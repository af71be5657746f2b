package history_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
	"devicetrace/pkg/history"
	"devicetrace/pkg/history/historytest"
)

// restless returns the events of a client that connects again and again, often within seconds. Many
// connections take over the session of the previous connection. No end event has a channel. With
// some seeds, the end events have the connect time, possibly in whole seconds.
func restless(seed uint64) []event.Event {
	random := rand.New(rand.NewPCG(seed, 3))
	between := func(low, high int) time.Duration { return time.Duration(low+random.IntN(high-low)) * time.Millisecond }
	precision := []time.Duration{time.Millisecond, time.Second}[random.IntN(2)]
	reports := [][]historytest.Option{
		{source(broker.VerneMQ), native("on_client_offline")}, {source(broker.Mosquitto)}, {source(broker.NanoMQ), native("client_disconnected")},
	}[random.IntN(3)]
	starts := []time.Duration{0, time.Millisecond, time.Second}[seed%3] // the precision of connect times in end events, or 0
	var events []event.Event
	add := func(e event.Event, at time.Time) {
		e.Time = at.Truncate(precision)
		e.SourceEventID = string(rune('a' + len(events)))
		if random.IntN(12) > 0 { // some events are lost
			events = append(events, e)
		}
	}
	end := func(info event.ActionInfo, start, at time.Time) {
		e := closed("00:00:00", info, reports...)
		if starts > 0 {
			e.ConnectedAt = start.Add(-between(0, 30)).Truncate(starts)
			if at.Before(start) {
				at = start
			}
		}
		add(e, at)
	}
	start := clock("08:00:00")
	for range 2 + random.IntN(10) {
		add(connect("00:00:00", from("192.0.2.1", 1+random.Int32N(3))), start)
		next := start.Add(between(1, []int{1500, 6000, 300_000}[random.IntN(3)]))
		if random.IntN(2) == 0 { // the next connection takes over the session
			info := []event.ActionInfo{event.ClientIDConflict, event.ClosedByClient}[random.IntN(2)]
			end(info, start, next.Add(between(-900, 1900)))
		} else {
			end(event.ClosedByClient, start, start.Add(between(0, 1+int(next.Sub(start).Milliseconds()))))
		}
		start = next
	}
	slices.SortStableFunc(events, func(a, b event.Event) int { return a.Time.Compare(b.Time) })
	return events
}

// If the span was cut, an older connection that is not on record may be open. So the state must be
// unknown unless the events settle it.
func TestACutSpanClaimsNoStateThatIsNotSettled(t *testing.T) {
	span := history.Span{From: clock("08:00:00"), To: clock("12:00:00"), Cut: true}
	end := closed("09:00:00", event.NoHeart, channel("a"))
	earlierEnd := []event.Event{closed("07:00:00", event.NoHeart, channel("b"))}
	for _, c := range []struct {
		name           string
		before, events []event.Event
		state          history.State
		timeline       []string
	}{
		{"an end without a start", nil, []event.Event{end}, history.Unknown, []string{"08:00:00..12:00:00 unknown"}},
		{"an end without a start before the cut", earlierEnd, nil, history.Unknown, []string{"08:00:00..12:00:00 unknown"}},
		{"an end without a start before the cut, then a connect", earlierEnd, []event.Event{connect("09:00:00", channel("a"))},
			history.Online, []string{"08:00:00..09:00:00 unknown", "09:00:00..12:00:00 online"}},
		{"online before the cut", []event.Event{connect("07:00:00", channel("b"))}, []event.Event{end},
			history.Online, []string{"08:00:00..12:00:00 online"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := history.StatusAt(logOf(c.before), span.From.Add(-time.Millisecond))
			got := history.Of(logOf(c.events), span, before)
			require.Equal(t, c.state, got.Status.State)
			require.Equal(t, c.state == history.Unknown, got.Status.Connection == nil)
			require.Equal(t, c.timeline, stretches(got))
		})
	}
}

// If the status is settled without the events before an instant, those events must not change it.
func TestStatusAtACutIsRightIfSettled(t *testing.T) {
	settled, unsettled := 0, 0
	for seed := range uint64(4000) {
		events := restless(seed)
		whole := asJSON(t, history.StatusAt(logOf(events), wholeDay.To))
		for i := range events {
			if i > 0 && events[i-1].Time.Equal(events[i].Time) {
				continue // either all events of a moment are known, or none
			}
			if cut := history.StatusAt(logOf(events[i:]), wholeDay.To); cut.Settled() {
				settled++
				require.Equal(t, whole, asJSON(t, cut), "seed %d, cut before event %d", seed, i)
			} else {
				unsettled++
			}
		}
	}
	require.Greater(t, settled, 2*unsettled)
}
