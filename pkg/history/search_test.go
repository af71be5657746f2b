package history_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/sim"
	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
	"devicetrace/pkg/history"
)

// search adds events to a search, newest first, until the status is settled. The events must be
// sorted by time. read is the number of events that search passed to Add.
func search(events []event.Event) (found *history.Search, read int) {
	found = &history.Search{}
	for i := len(events) - 1; i >= 0; i-- {
		if read++; found.Add(&events[i]) {
			break
		}
	}
	return found, read
}

// A search must find the same status as if it had read all events.
func TestSearchFindsTheStatus(t *testing.T) {
	read, all := 0, 0
	check := func(events []event.Event, about string) {
		slices.SortFunc(events, func(a, b event.Event) int { return event.Compare(&a, &b) })
		found, n := search(events)
		require.Equal(t, asJSON(t, history.StatusAt(logOf(events), wholeDay.To)), asJSON(t, found.Status()), about)
		read, all = read+n, all+len(events)
	}
	for _, cause := range sim.Causes {
		for seed := range uint64(20) {
			check(lossy(sim.Device(cause, seed, day), seed), string(cause)+strconv.Itoa(int(seed)))
		}
	}
	require.Less(t, read, all/3, "a search usually stops early")
	for seed := range uint64(2000) {
		check(restless(seed), strconv.Itoa(int(seed)))
	}
}

// A search must continue if the newest connection may have taken over the session of an older one.
func TestSearchReadsTheWholeTakeover(t *testing.T) {
	var s history.Search
	require.False(t, s.Settled(day), "nothing is known")
	add := func(events ...event.Event) {
		for i := range events {
			require.False(t, s.Add(&events[i]))
		}
	}
	add(vernemqEnd("08:00:01"), connect("08:00:00", from("192.0.2.1", 2)))
	require.False(t, s.Settled(clock("08:00:00")))
	require.Equal(t, history.Offline, s.Status().State)
	add(connect("07:00:00", from("192.0.2.1", 1)))
	require.True(t, s.Settled(clock("07:00:00")))
	require.Equal(t, history.Online, s.Status().State)
	require.Equal(t, "08:00:01", short(s.Status().LastEventAt))
}

// The start of a connection may be known only from its end event.
func TestSearchIsSettledByTheStartInAnEndEvent(t *testing.T) {
	var s history.Search
	end := closed("09:00:00", event.NoHeart, connectedAt("08:00:00"))
	require.False(t, s.Add(&end))
	require.False(t, s.Status().Settled(), "there may be more events of that time")
	require.False(t, s.Settled(clock("08:00:00.001")), "a connection may have begun in between")
	require.False(t, s.Settled(clock("07:59:58.001")), "the connect event may have a slightly earlier time")
	require.True(t, s.Settled(clock("07:59:58")))
	require.True(t, s.Status().Settled())
}

// A connection's events can be up to a minute out of order, so a search must not stop until it has
// read the last minute before the newest connection's start.
func TestSearchStopsAMinuteBeforeTheConnect(t *testing.T) {
	var s history.Search
	for _, e := range []event.Event{
		connect("08:00:00", channel("a")), closed("07:59:30", event.NotAuthorized, native("client.connack")),
		closed("07:59:00", event.NoHeart, channel("a")),
	} {
		require.False(t, s.Add(&e))
	}
	require.Equal(t, history.Offline, s.Status().State, "the end overtook the connect")

	s = history.Search{}
	e := connect("08:00:00", channel("a"))
	require.False(t, s.Add(&e))
	e = closed("07:58:59.999", event.NoHeart, channel("a"))
	require.True(t, s.Add(&e))
	require.Equal(t, history.Online, s.Status().State)
}

// Many short connections must not keep a search from being settled, even if the connect times in
// their end events differ a little from the times of their connect events.
func TestSearchThroughManyShortConnections(t *testing.T) {
	var events []event.Event
	for i := range 1000 {
		begun, ended := connect("08:00:00"), closed("08:00:00", event.NoHeart)
		begun.Time = begun.Time.Add(time.Duration(i) * time.Second)
		ended.Time, ended.ConnectedAt = begun.Time.Add(800*time.Millisecond), begun.Time.Add(-300*time.Millisecond)
		events = append(events, begun, ended)
	}
	s, read := search(events)
	require.True(t, s.Status().Settled())
	require.Equal(t, history.Offline, s.Status().State)
	require.Less(t, read, 200)
}

// Anyone can send logins that are refused, so refusals must not use up memory. A source may report
// the end of a refused CONNECT. Such an end must not be mistaken for the end of a connection.
func TestSearchPassesOverRefusals(t *testing.T) {
	var s history.Search
	refused := closed("12:00:00", event.NotAuthorized, native("client.connack"), source(broker.EMQX))
	for i := range 10_000 {
		refused.Time, refused.Username = refused.Time.Add(-time.Second), strconv.Itoa(i)
		require.False(t, s.Add(&refused))
	}
	require.Less(t, s.Bytes(), int64(1000))
	require.Equal(t, "11:59:59", short(s.Status().LastEventAt))
	require.Equal(t, history.Unknown, s.Status().State)

	for _, e := range []event.Event{nanomqEnd("09:00:00.001"), nanomqRefused("09:00:00")} {
		require.False(t, s.Add(&e))
	}
	require.Equal(t, history.Unknown, s.Status().State)
}

// unsettling returns the i-th event, newest first, of a client whose status is never settled: each
// minute, a connection begins. A second later, this connection or the previous one ends.
func unsettling(i int) event.Event {
	e := nanomqEnd("00:00:01")
	if i%2 == 1 {
		e = nanomqConnect("00:00:00")
	}
	e.Time = e.Time.Add(-time.Duration(i/2) * time.Minute)
	return e
}

// A search that stays unsettled must seldom check the status, because each check allocates memory
// for all events so far. If the checks came at regular intervals, four times as many events would
// cost 16 times as many allocations.
func TestSearchSeldomChecks(t *testing.T) {
	allocations := func(n int) float64 {
		return testing.AllocsPerRun(1, func() {
			var s history.Search
			for i := range n {
				e := unsettling(i)
				require.False(t, s.Add(&e))
			}
		})
	}
	require.Less(t, allocations(8_000), 5*allocations(2_000))
}
