package history_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/sim"
	"devicetrace/pkg/event"
	"devicetrace/pkg/history"
	"devicetrace/pkg/history/historytest"
)

const oneDay = 24 * time.Hour

// tenDays returns the events of a client during the ten days before day. On some days, the client
// is a simulated device or is restless. On other days, its logins are refused, or it is silent.
// Some events are lost, some are late, and some were delivered twice. The events are in random
// order.
func tenDays(seed uint64) []event.Event {
	random := rand.New(rand.NewPCG(seed, 5))
	var events []event.Event
	silent := random.IntN(6) // the higher, the more silent days
	for i := range 10 {
		start := day.AddDate(0, 0, -1-i)
		switch random.IntN(6 + silent) {
		case 0:
			events = append(events, lossy(sim.Device(sim.Causes[random.IntN(len(sim.Causes))], random.Uint64N(20), start), seed)...)
		case 1:
			events = append(events, moved(restless(random.Uint64()), start)...)
		case 2: // an hour of restlessness around midnight
			events = append(events, moved(restless(random.Uint64()), start.Add(16*time.Hour-time.Duration(random.IntN(int(time.Hour)))))...)
		case 3:
			events = append(events, moved(refused(random.IntN(4), random), start)...)
		}
	}
	return disturbed(events, random)
}

// moved shifts all times of the events by the duration from day to start, and returns the events.
func moved(events []event.Event, start time.Time) []event.Event {
	for i, e := range events {
		events[i].Time, events[i].ReceivedAt = start.Add(e.Time.Sub(day)), start.Add(e.ReceivedAt.Sub(day))
		if !e.ConnectedAt.IsZero() {
			events[i].ConnectedAt = start.Add(e.ConnectedAt.Sub(day))
		}
	}
	return events
}

// refused returns n refused logins. For some of these logins, the source also reports the end of
// the refused connection.
func refused(n int, random *rand.Rand) (events []event.Event) {
	for range n {
		at := "0" + fmt.Sprint(random.IntN(10)) + ":00:00"
		switch random.IntN(3) {
		case 0:
			events = append(events, closed(at, event.NotAuthorized, native("client.connack")))
		case 1:
			events = append(events, closed(at, event.NotAuthorized, channel(at)))
		case 2:
			events = append(events, nanomqRefused(at), nanomqEnd(at))
		}
	}
	return events
}

// disturbed returns the events of one client in random order. Some events are up to a minute late,
// and some occur twice.
func disturbed(events []event.Event, random *rand.Rand) []event.Event {
	for i := range events {
		events[i].InstanceID, events[i].ClientID = "i", "c"
		if random.IntN(50) == 0 {
			events[i].Time = events[i].Time.Add(time.Duration(random.Int64N(int64(time.Minute)))).Truncate(time.Millisecond)
		}
		if random.IntN(20) == 0 {
			again := events[i]
			again.ReceivedAt = again.ReceivedAt.Add(time.Second)
			events = append(events, again)
		}
	}
	random.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
	return events
}

// daysOf derives the histories of all days from the events, which must be sorted. It adds no events
// before readTo. Like a reader of partitions, it calls Settled at the start of each day. If readTo
// is zero, daysOf adds all events that are needed.
func daysOf(from, to time.Time, events []*event.Event, readTo time.Time) (found []history.DayHistory) {
	days := history.NewDays(from, to, func(d history.DayHistory) { found = append(found, d) })
	read := to.Truncate(oneDay)
	for _, e := range slices.Backward(events) {
		if e.Time.Before(readTo) {
			break
		}
		for ; e.Time.Before(read); read = read.Add(-oneDay) {
			if days.Settled(read) {
				return found
			}
		}
		if days.Add(e) {
			return found
		}
	}
	days.Finish(readTo)
	return found
}

// sortedLog returns a log of events that are distinct and sorted.
func sortedLog(events []*event.Event) *history.Log {
	var log history.Log
	for _, e := range events {
		log.Add(e)
	}
	return &log
}

// replayed returns the history that a diagnosis of the given span finds if it reads all events.
func replayed(all *history.Log, span history.Span) history.History {
	return history.Of(all, span, history.StatusAt(all, span.From.Add(-time.Millisecond)))
}

// spans returns the span of each day from the day of from to the instant to, newest first.
func spans(from, to time.Time) (found []history.Span) {
	for start := to.Truncate(oneDay); !start.Before(from); start = start.Add(-oneDay) {
		end := start.Add(oneDay - time.Millisecond)
		if end.After(to) {
			end = to
		}
		found = append(found, history.Span{From: start, To: end})
	}
	return found
}

// Each day must have the history that a replay of all events finds.
func TestDaysAreReplayedExactly(t *testing.T) {
	states := map[history.State]int{}
	for seed := range uint64(1000) {
		random := rand.New(rand.NewPCG(seed, 6))
		events := historytest.Distinct(tenDays(seed))
		all := sortedLog(events)
		from := day.AddDate(0, 0, -1-random.IntN(10))
		to := day.Add(-time.Duration(1+random.Int64N(int64(oneDay.Milliseconds()))) * time.Millisecond)
		got := daysOf(from, to, events, time.Time{})
		want := spans(from, to)
		require.Len(t, got, len(want), "seed %d", seed)
		for i, span := range want {
			h := replayed(all, span)
			states[h.Timeline[0].State]++
			requireDay(t, h, got[i], fmt.Sprintf("seed %d, %s", seed, span.From))
		}
	}
	for _, s := range []history.State{history.Online, history.Offline, history.Unknown} {
		require.Greater(t, states[s], 300, "days that begin in state %s", s)
	}
}

func requireDay(t *testing.T, want history.History, got history.DayHistory, about string) {
	t.Helper()
	require.Equal(t, want.Span.From.Truncate(oneDay), got.Day, about)
	require.False(t, got.CountsOnly || got.NotRead, about)
	require.Equal(t, asJSON(t, want), asJSON(t, got.History), about)
	require.Equal(t, want.Span, got.History.Span, about)
	require.Equal(t, want.Events, got.History.Events, about)
	requireCounts(t, want, got, about)
}

func requireCounts(t *testing.T, want history.History, got history.DayHistory, about string) {
	t.Helper()
	if got.CountsOnly {
		want.Summary.LongestMS, want.Summary.MedianMS, want.Summary.LongestOfflineMS = nil, nil, nil
	}
	require.Equal(t, want.Summary, got.Summary, about)
	require.Equal(t, len(want.Connections), got.Connections, about)
	require.Equal(t, asJSON(t, history.LastDrop(want.Connections)), asJSON(t, got.LastDrop), about)
}

// If reading stops early, a day must have the history of a span that was cut where reading stopped,
// unless the events that were read settle the status at the start of the day.
func TestDaysThatAreNotAllRead(t *testing.T) {
	whole, cut, notRead := 0, 0, 0
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 8))
		events := historytest.Distinct(tenDays(seed))
		from, to := day.AddDate(0, 0, -7), day.Add(-time.Millisecond)
		readTo := to.Add(-time.Duration(random.Int64N(int64(8*oneDay))) / time.Millisecond * time.Millisecond)
		if random.IntN(3) == 0 {
			readTo = readTo.Truncate(oneDay)
		}
		got := daysOf(from, to, events, readTo)
		for i, span := range spans(from, to) {
			about := fmt.Sprintf("seed %d, %s, read to %s", seed, span.From, readTo)
			want, isRead := readDay(events, span, readTo)
			require.Equal(t, !isRead, got[i].NotRead, about)
			if !isRead {
				require.Equal(t, history.DayHistory{Day: span.From, NotRead: true}, got[i], about)
				notRead++
				continue
			}
			requireDay(t, want, got[i], about)
			require.Equal(t, want.Span.Cut, got[i].Cut, about)
			if want.Span.Cut {
				cut++
			} else {
				whole++
			}
		}
	}
	for _, n := range []int{whole, cut, notRead} {
		require.Greater(t, n, 200)
	}
}

// readDay returns the history that a day must have if no event before readTo was read. isRead is
// false if nothing is known about the day.
func readDay(events []*event.Event, span history.Span, readTo time.Time) (h history.History, isRead bool) {
	var before history.Search
	log := history.Log{NewestFirst: true}
	n := 0
	for _, e := range slices.Backward(events) {
		switch {
		case e.Time.Before(readTo):
		case e.Time.Before(span.From):
			before.Add(e)
		case !e.Time.After(span.To):
			log.Add(e)
			n++
		}
	}
	if readTo.After(span.From) {
		span.From, span.Cut = readTo, true
		return history.Of(&log, span, history.Status{}), n > 0
	}
	span.Cut = !before.Settled(readTo)
	return history.Of(&log, span, before.Status()), true
}
