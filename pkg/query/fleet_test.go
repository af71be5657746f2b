package query_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/memstore"
	"devicetrace/pkg/query"
	"devicetrace/pkg/segment"
	"devicetrace/pkg/summary"
)

var midnight = noon.Add(-12 * time.Hour)

// wholeDay returns a request about the fleet on the day of noon.
func wholeDay() query.FleetRequest {
	return query.FleetRequest{InstanceID: "i", From: midnight, To: midnight.Add(24 * time.Hour), Drops: true}
}

func fleet(t testing.TB, r *query.Reader, q query.FleetRequest) query.FleetResult {
	result, err := r.Fleet(t.Context(), q)
	require.NoError(t, err)
	r.RequireNoMemory(t)
	return result
}

// life returns the events of n clients. Each of them connects and drops several times.
func life(name string, n int) (events []event.Event) {
	for i := range n {
		client := fmt.Sprint(name, i)
		for j := range 1 + i%12 {
			e := at(client, noon.Add(time.Duration(i*7+j*61)*time.Second))
			e.Node, e.Username, e.PeerAddress = fmt.Sprint("node", i%3), "user-"+client, fmt.Sprint("10.0.0.", i%250)
			events = append(events, e)
			e.Time = e.Time.Add(40 * time.Second)
			e.ReceivedAt, e.Action, e.ActionInfo, e.NativeEvent = e.Time, event.Close, event.NoHeart, "close"
			events = append(events, e)
		}
	}
	return events
}

// byPartition groups events by partition.
func byPartition(events []event.Event) map[layout.Partition][]event.Event {
	split := map[layout.Partition][]event.Event{}
	for _, e := range events {
		where := shards.PartitionOf("i", e.ClientID, e.Time)
		split[where] = append(split[where], e)
	}
	return split
}

// putFleet puts the events of each partition as a segment with the given name.
func putFleet(t testing.TB, store objstore.Store, name layout.Name, events []event.Event) {
	for where, of := range byPartition(events) {
		put(t, store, where, name, of)
	}
}

// sumOf returns the sums over the distinct events, computed from the rows.
func sumOf(events []event.Event) *summary.Sums {
	fold := summary.NewFold(true)
	for _, row := range segment.FromEvents(events) {
		fold.Add(&row)
	}
	return fold.Sums()
}

// count returns the number of events in the cells.
func count(sums *summary.Sums) (n int64) {
	for _, c := range sums.Cells {
		n += c.Events
	}
	return n
}

// Duplicates among the fresh objects of a shard must not count. Only the newest object of each run
// must be read.
func TestAFleetOfFreshObjects(t *testing.T) {
	store := bucket(t)
	events := life("c", 100)
	putFleet(t, store, runOf(1, 1), events[:50])
	putFleet(t, store, runOf(1, 2), events[:700])
	putFleet(t, store, runOf(2, 1), events[300:])
	want := sumOf(events)
	result := fleet(t, newReader(t, store, query.Config{}), wholeDay())
	require.True(t, result.Exact)
	require.Zero(t, result.AtMostTwice)
	require.Equal(t, want.Cells, result.Sums.Cells)
	require.Equal(t, want.Vicinities, result.Sums.Vicinities)
	require.Equal(t, 16, result.Shards)
	require.Equal(t, 16, result.OfShards)
	require.Empty(t, result.NotCounted)
}

// An event in a fresh object and in a compacted object may count twice. The result must say so.
func TestOverlappingObjectsAreNotExact(t *testing.T) {
	store := bucket(t)
	events := life("c", 100)
	putFleet(t, store, runOf(1, 1), events)
	putSummed(t, store, events[:400])
	want := sumOf(events)
	result := fleet(t, newReader(t, store, query.Config{}), wholeDay())
	require.False(t, result.Exact)
	require.EqualValues(t, 400, count(result.Sums)-count(want))
	require.EqualValues(t, 400, result.AtMostTwice)
}

// putSummed puts the events of each partition as a compacted segment with summaries.
func putSummed(t testing.TB, store *memstore.Store, events []event.Event) {
	other := bucket(t)
	other.Now = func() time.Time { return noon }
	putFleet(t, other, runOf(7, 1), events)
	putFleet(t, other, runOf(8, 1), events)
	closeDay(t, other)
	for _, s := range segments(t, other) {
		data, err := other.Read(t.Context(), s.Key, 0, s.Size)
		require.NoError(t, err)
		require.NoError(t, store.Put(t.Context(), s.Key, bytes.NewReader(data), s.Size))
	}
}
