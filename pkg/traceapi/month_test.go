package traceapi

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/query"
)

// A device that connected 29 days ago is online. A status reads two days or all of them.
func TestCostOfAStatus(t *testing.T) {
	old := happened("a", event.Connect, 29, "07:00:00")
	for _, c := range []struct {
		name            string
		wholeBytes      int64
		events          []event.Event
		state           string
		requests, lists int
	}{
		{"active today", 0, []event.Event{happened("a", event.Connect, 0, "07:00:00")}, "online", 4, 2},
		{"silent for 29 days", 0, []event.Event{old}, "online", 2*2 + 1 + 28, 3},
		{"silent for 29 days, large objects", 1, []event.Event{old}, "online", 3 + 30*2, 3},
		{"never seen", 0, nil, "unknown", 2*2 + 1 + 28, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			store := objstore.NewCounting(closedMonth(t, c.events...))
			r, err := query.New(store, query.Config{WholeBytes: c.wholeBytes})
			require.NoError(t, err)
			a := newAPI(r, openerOf(r), func() time.Time { return now }, 30*day)
			var got statusOf
			fetch(t, a, "/api/v1/status?instance=i&client=c", &got)
			require.Equal(t, c.state, got.State)
			require.False(t, got.Cut)
			require.Equal(t, c.requests+1, got.Receipt.Requests, "including the layout marker")
			require.LessOrEqual(t, got.Receipt.Requests, 80)
			require.Len(t, store.Of(objstore.OpList), c.lists+1)
		})
	}
}

// A list of days takes one listing and the objects of these days and, for the state at the start of
// the first day, of one older day.
func TestCostOfDays(t *testing.T) {
	var events []event.Event
	for ago := range 30 {
		events = append(events, happened(fmt.Sprint("c", ago), event.Connect, ago, "07:00:00"), happened(fmt.Sprint("c", ago), event.Close, ago, "07:30:00"))
	}
	store := closedMonth(t, events...)
	var got struct {
		Days    []dayRow
		Receipt query.Receipt
	}
	fetch(t, apiOn(t, store), "/api/v1/days?instance=i&client=c", &got)
	require.Len(t, got.Days, 7)
	require.Equal(t, 1+1+7+1, got.Receipt.Requests, "the layout marker, the shard, seven days and the day before")
	for _, row := range got.Days {
		require.Equal(t, 1, row.Drops)
		require.Zero(t, row.UnknownMS)
	}
	fetch(t, apiOn(t, store), "/api/v1/days?instance=i&client=c&from=2026-10-24&to=2026-11-22", &got)
	require.Len(t, got.Days, 30)
	require.Equal(t, 1+1+30, got.Receipt.Requests, "no older day has an object")
}

// Today's row includes an event from a broker whose clock runs fast, like a diagnosis of today does.
func TestDaysIncludeEventsOfFastClocks(t *testing.T) {
	a := apiOn(t, closedMonth(t, happened("a", event.Connect, 0, "07:00:00"), happened("a", event.Close, 0, "08:10:00")))
	for _, from := range []string{"2026-11-22", "2026-11-20", "2026-11-19", "2026-10-23"} {
		var got struct{ Days []dayRow }
		fetch(t, a, "/api/v1/days?instance=i&client=c&from="+from, &got)
		today := got.Days[len(got.Days)-1]
		require.Equal(t, 1, today.Drops, from)
		require.Equal(t, (70 * time.Minute).Milliseconds(), today.OnlineMS, from)
	}
}

// A diagnosis without since=1 reads at most two partitions, however long the device was silent.
func TestCostOfADiagnosis(t *testing.T) {
	store := closedMonth(t, happened("a", event.Connect, 29, "07:00:00"))
	for name, c := range map[string]struct {
		parameters string
		partitions int
		state      string
	}{
		"an hour of a day":       {"", 2, "unknown"},
		"24 hours":               {"&from=2026-11-21T08:00:00Z&to=2026-11-22T08:00:00Z", 2, "unknown"},
		"with since":             {"&since=1", 30, "online"},
		"a past day with since":  {"&since=1&from=2026-11-10T00:00:00Z&to=2026-11-10T23:59:59Z", 18, "online"},
		"the day of the connect": {"&from=2026-10-24T00:00:00Z&to=2026-10-24T23:59:59Z", 1, "online"},
	} {
		t.Run(name, func(t *testing.T) {
			var got struct {
				Status  struct{ State string }
				Receipt query.Receipt
			}
			fetch(t, apiOn(t, store), "/api/v1/diagnosis?instance=i&client=c"+c.parameters, &got)
			require.Equal(t, c.state, got.Status.State)
			require.Len(t, got.Receipt.Partitions, c.partitions)
		})
	}
}

// flood returns n refused logins, a minute apart. The first is at the start of the day d days ago.
func flood(d, n int) (events []event.Event) {
	for i := range n {
		e := refused(d, "00:00:00")
		e.Time = e.Time.Add(time.Duration(i) * time.Minute)
		events = append(events, e)
	}
	return events
}

// A flood of refused logins, or a device that connects all the time, must not keep a request busy
// without end. The response says how far it went back.
func TestTooManyEventsEndASearch(t *testing.T) {
	events := []event.Event{happened("a", event.Connect, 20, "07:00:00")}
	for ago := 9; ago >= 0; ago-- {
		events = append(events, flood(ago, 100)...)
	}
	a := apiOn(t, closedMonth(t, events...))
	var status statusOf
	fetch(t, a, "/api/v1/status?instance=i&client=c", &status)
	require.Equal(t, "online", status.State)
	require.False(t, status.Cut)

	a.maxEvents = 550
	status = statusOf{}
	fetch(t, a, "/api/v1/status?instance=i&client=c", &status)
	require.True(t, status.Cut)
	require.Equal(t, "unknown", status.State)
	require.Empty(t, status.Since)
	require.Equal(t, "2026-11-17T00:50:00.001Z", status.LookedBackTo)
	_, err := alibaba{a}.Online(t.Context(), "i", []event.ClientID{"c"})
	require.ErrorIs(t, err, errUnsettled)

	var list struct {
		Days         []dayRow
		Cut          bool
		LookedBackTo string `json:"looked_back_to"`
	}
	fetch(t, a, "/api/v1/days?instance=i&client=c&from=2026-11-14", &list)
	require.True(t, list.Cut)
	require.Equal(t, status.LookedBackTo, list.LookedBackTo)
	for i, refusals := range []int{0, 0, 0, 49, 100, 100, 100, 100, 100} {
		require.Equal(t, refusals, list.Days[i].Refusals, list.Days[i].Day)
		require.Equal(t, i < 3, list.Days[i].NotRead, list.Days[i].Day)
	}
	require.Contains(t, ask(a, "/api/v1/diagnosis?instance=i&client=c&from=2026-11-22T00:00:00Z&since=1").Body.String(), `"at_least":true`)
}

// The events between the range of a diagnosis and the end of its day can also be too many. The range
// then has no part that was read, but cut_before must still be in the range.
func TestTooManyEventsAfterTheRange(t *testing.T) {
	a := apiOn(t, closedMonth(t, flood(1, 1000)...))
	a.maxEvents = 50
	const span = "&from=2026-11-21T01:00:00Z&to=2026-11-21T02:00:00Z"
	require.Empty(t, diagnosed(t, a, span).CutBefore)
	cut := diagnosed(t, a, span+"&since=1")
	require.Equal(t, cut.To, cut.CutBefore)
	require.Equal(t, "unknown", cut.Status.State)
}

// A month without compaction has many objects. A status must stay within its budget, and must say
// how far it went back.
func TestAStatusOfAMonthWithoutCompaction(t *testing.T) {
	store := emptyBucket(t)
	for ago := range 30 {
		for n := range 100 {
			e := happened(fmt.Sprint("o", n), event.Connect, ago, "06:00:00")
			e.ClientID = neighbor("a")
			if ago == 25 && n == 0 {
				e.ClientID = "c"
			}
			putObject(t, store, n+1, e)
		}
	}
	var got statusOf
	fetch(t, apiOn(t, store), "/api/v1/status?instance=i&client=c", &got)
	require.True(t, got.Cut)
	require.Equal(t, "unknown", got.State)
	require.Equal(t, "2026-11-04T00:00:00.000Z", got.LookedBackTo, "19 days of 100 objects")
	require.LessOrEqual(t, got.Receipt.Requests, 2000)
	require.Greater(t, got.Receipt.Requests, 1900)
}
