package history_test

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
	"devicetrace/pkg/history"
	"devicetrace/pkg/history/historytest"
)

// busy returns the events of a client that is restless for 16 hours, without breaks of more than a few
// seconds. Some of its events are a minute late.
func busy(seed uint64, start time.Time) (events []event.Event) {
	random := rand.New(rand.NewPCG(seed, 7))
	for at := start; at.Before(start.Add(16 * time.Hour)); {
		some := restless(random.Uint64())
		if len(some) == 0 || some[len(some)-1].Time.Sub(clock("08:00:00")) > 20*time.Second {
			continue
		}
		events = append(events, moved(some, at.Add(-8*time.Hour))...)
		at = events[len(events)-1].Time.Add(time.Duration(random.IntN(2000)) * time.Millisecond)
	}
	for i := range events {
		events[i].SourceEventID = strconv.Itoa(i)
	}
	return disturbed(events, random)
}

// A day with too many events must have the same counts as its whole history.
func TestCountsOfBusyDays(t *testing.T) {
	events := historytest.Distinct(append(busy(0, day), tenDays(0)...))
	got := daysOf(day.Add(-oneDay), wholeDay.To, events, time.Time{})
	require.Len(t, got, 2)
	want := replayed(sortedLog(events), wholeDay)
	require.Greater(t, want.Events, 45_000)
	require.True(t, got[0].CountsOnly)
	require.False(t, got[1].CountsOnly)
	require.Nil(t, got[0].History)
	requireCounts(t, want, got[0], "")
}

// alternating returns the i-th event of a client that connects and drops in turn. It happens at the
// given time.
func alternating(i int, at time.Time) event.Event {
	id := channel(strconv.Itoa(i / 2))
	e := connect("00:00:00", id)
	if i%2 == 1 {
		e = closed("00:00:00", event.NoHeart, id)
	}
	e.Time = at
	return e
}

// A day with exactly the maximum number of events must have a history. A day with one more event
// must have counts but no history.
func TestDaysOfTheMaximumSize(t *testing.T) {
	for n, countsOnly := range map[int]bool{20_000: false, 20_001: true} {
		rows := []event.Event{}
		for i := range n {
			rows = append(rows, alternating(i, day.Add(time.Duration(i)*time.Second)))
		}
		events := historytest.Distinct(rows)
		got := daysOf(day, wholeDay.To, events, time.Time{})
		require.Len(t, got, 1)
		require.Equal(t, countsOnly, got[0].CountsOnly)
		requireCounts(t, replayed(sortedLog(events), wholeDay), got[0], fmt.Sprint(n))
	}
}

// Events of the same millisecond must stay in one part of a day, however many there are.
func TestPartsKeepAMillisecondTogether(t *testing.T) {
	rows := []event.Event{connect("09:00:00", channel("first"))}
	for i := range 60_000 {
		rows = append(rows, alternating(i, clock("12:00:00")))
	}
	events := historytest.Distinct(rows)
	got := daysOf(day, wholeDay.To, events, time.Time{})
	require.Len(t, got, 1)
	require.True(t, got[0].CountsOnly)
	requireCounts(t, replayed(sortedLog(events), wholeDay), got[0], "")
}

// flood yields n refused logins, evenly spread over the day that begins at start, newest first.
func flood(start time.Time, n int) iter.Seq[event.Event] {
	return func(yield func(event.Event) bool) {
		e := closed("00:00:00", event.NotAuthorized, native("client.connack"), source(broker.EMQX))
		for i := n - 1; i >= 0; i-- {
			e.Time = start.Add(time.Duration(i) * (oneDay / time.Duration(n))).Truncate(time.Millisecond)
			if !yield(e) {
				return
			}
		}
	}
}

// addAll adds events to days and returns the maximum memory that days took.
func addAll(t *testing.T, days *history.Days, events iter.Seq[event.Event]) (maximum int64) {
	for e := range events {
		require.False(t, days.Add(&e))
		maximum = max(maximum, days.Bytes())
	}
	return maximum
}

// A flood of refusals must take little memory, even if no other event shows the client's status for
// a month.
func TestDaysOfRefusals(t *testing.T) {
	var got []history.DayHistory
	from := day.AddDate(0, 0, -30)
	days := history.NewDays(from, wholeDay.To, func(d history.DayHistory) { got = append(got, d) })
	maximum := addAll(t, days, flood(day, 864_000))
	for i := 1; i < 30; i++ {
		maximum = max(maximum, addAll(t, days, flood(day.AddDate(0, 0, -i), 19_999)))
	}
	require.Empty(t, got)
	require.Less(t, maximum, int64(32<<20))

	connected := connect("12:00:00")
	connected.Time = from.Add(oneDay / 2)
	require.False(t, days.Add(&connected))
	require.False(t, days.Settled(connected.Time))
	require.Len(t, got, 30)
	online := (oneDay - time.Millisecond).Milliseconds()
	for i, d := range got {
		want := 19_999
		if i == 0 {
			want = 864_000
		}
		require.Equal(t, want, d.Summary.Refusals)
		require.Equal(t, online, d.Summary.OnlineMS)
		require.Equal(t, 1, d.Connections)
		require.Equal(t, i < 28, d.CountsOnly, "only the logs of two days fit")
	}
	days.Finish(time.Time{})
	require.Len(t, got, 31)
}

// On a day with too many events, Days counts the refusals but does not keep them. The counts must
// still equal the counts in a history of all events.
func TestRefusalsBetweenConnections(t *testing.T) {
	rows := []event.Event{}
	for i := range 90_000 {
		e := closed("00:00:00", event.NotAuthorized, native("client.connack"))
		switch id := channel(fmt.Sprint(i / 20)); i % 20 {
		case 0:
			e = connect("00:00:00", id)
		case 10:
			e = closed("00:00:00", event.NoHeart, id)
		}
		e.Time = day.Add(time.Duration(i) * 960 * time.Millisecond)
		rows = append(rows, e)
	}
	events := historytest.Distinct(rows)
	got := daysOf(day, wholeDay.To, events, time.Time{})
	require.True(t, got[0].CountsOnly)
	requireCounts(t, replayed(sortedLog(events), wholeDay), got[0], "")
}

// If only a part of a day with too many events was read, the day must have the counts of that part.
func TestABusyDayThatIsNotAllRead(t *testing.T) {
	events := historytest.Distinct(busy(1, day))
	readTo := clock("08:00:00")
	got := daysOf(day.Add(-oneDay), wholeDay.To, events, readTo)
	require.Len(t, got, 2)
	want := history.Of(sortedLog(events), history.Span{From: readTo, To: wholeDay.To, Cut: true}, history.Status{})
	require.True(t, got[0].CountsOnly && got[0].Cut && !got[0].NotRead)
	requireCounts(t, want, got[0], "")
	require.Equal(t, history.DayHistory{Day: day.Add(-oneDay), NotRead: true}, got[1])
}

// Days must release the memory of a day as soon as the status at its start is settled.
func TestDaysReleaseMemory(t *testing.T) {
	finished := 0
	days := history.NewDays(day.AddDate(0, 0, -30), wholeDay.To, func(d history.DayHistory) { finished++ })
	for i := range 10 {
		for n := 9_999; n >= 0; n-- {
			e := alternating(n, day.AddDate(0, 0, -i).Add(time.Duration(n)*8*time.Second))
			require.False(t, days.Add(&e))
			require.Less(t, days.Bytes(), int64(16<<20))
		}
		require.Equal(t, i, finished)
	}
}

// While the status before a day is not settled, Days must seldom check it; see
// TestSearchSeldomChecks.
func TestDaysSeldomCheck(t *testing.T) {
	allocations := func(n int) float64 {
		return testing.AllocsPerRun(1, func() {
			days := history.NewDays(day.AddDate(0, 0, -30), wholeDay.To, func(history.DayHistory) { t.Error("settled") })
			for i := range n {
				e := unsettling(i)
				require.False(t, days.Add(&e))
			}
		})
	}
	require.Less(t, allocations(16_000), 5*allocations(4_000))
}

// BenchmarkDays measures ten days of an ordinary device, a day that is divided into parts, and a
// day of refused logins.
func BenchmarkDays(b *testing.B) {
	for name, events := range map[string][]event.Event{"usual": tenDays(1), "busy": busy(0, day), "refused": slices.Collect(flood(day, 100_000))} {
		b.Run(name, func(b *testing.B) {
			sorted := historytest.Distinct(events)
			b.ReportAllocs()
			for b.Loop() {
				daysOf(day.AddDate(0, 0, -10), wholeDay.To, sorted, time.Time{})
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(sorted)), "ns/event")
		})
	}
}
