package query_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
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

func TestAFleetRequestOutOfRange(t *testing.T) {
	r := newReader(t, bucket(t), query.Config{})
	for want, change := range map[string]func(*query.FleetRequest){
		"whole minutes":       func(q *query.FleetRequest) { q.From = q.From.Add(time.Second) },
		"From and To must be": func(q *query.FleetRequest) { q.To = q.From },
		"in one UTC day":      func(q *query.FleetRequest) { q.To = q.To.Add(time.Minute); q.Totals = true },
		"range of Rows": func(q *query.FleetRequest) {
			q.Rows, q.RowsFrom, q.RowsTo = func(*segment.Row) error { return nil }, q.From, q.To.Add(time.Minute)
		},
	} {
		q := wholeDay()
		change(&q)
		_, err := r.Fleet(t.Context(), q)
		require.ErrorContains(t, err, want)
	}
}

func TestAFleetInABucketNotInUse(t *testing.T) {
	q := wholeDay()
	q.Totals = true
	result := fleet(t, newReader(t, memstore.New(), query.Config{}), q)
	require.True(t, result.NoLayout)
	require.True(t, result.NoSegments)
	require.Empty(t, result.Sums.Cells)
	require.Equal(t, &summary.Totals{}, result.Sums.Totals)
	result = fleet(t, newReader(t, bucket(t), query.Config{Shards: 256}), q)
	require.False(t, result.NoLayout)
	require.True(t, result.NoSegments)
	require.True(t, result.Exact)
	require.Equal(t, 16, result.Shards)
}

// Only minutes in the range must count.
func TestAFleetCountsTheMinutesOfItsRange(t *testing.T) {
	store := bucket(t)
	events := life("c", 100)
	putFleet(t, store, runOf(1, 1), events)
	q := wholeDay()
	q.From, q.To = noon.Add(2*time.Minute), noon.Add(7*time.Minute)
	var want []event.Event
	for _, e := range events {
		if !e.Time.Before(q.From) && e.Time.Before(q.To) {
			want = append(want, e)
		}
	}
	result := fleet(t, newReader(t, store, query.Config{}), q)
	require.Equal(t, sumOf(want).Cells, result.Sums.Cells)
	require.Len(t, result.Sums.Vicinities, 5)
	require.True(t, result.Exact)
}

// The rows of a client on several days must give one device. The devices of a shard must be in order.
func TestDevicesOfSeveralDays(t *testing.T) {
	store := bucket(t)
	events := life("c", 100)
	for _, e := range life("c", 60) {
		e.Time, e.ReceivedAt = e.Time.Add(-24*time.Hour), e.ReceivedAt.Add(-24*time.Hour)
		e.Username = "old"
		events = append(events, e)
	}
	putFleet(t, store, runOf(1, 1), events[:900])
	putFleet(t, store, runOf(2, 1), events[500:])
	q := wholeDay()
	q.From = q.From.Add(-24 * time.Hour)
	result, devices := askDevices(t, newReader(t, store, query.Config{}), q)
	require.Equal(t, sumOf(events).Devices, devices)
	require.True(t, result.DevicesExact)
	require.EqualValues(t, 100, result.Searched)

	for want, match := range map[int]query.DeviceMatch{
		11: {Text: "c1", ClientID: true},
		1:  {Text: "user-c17", Username: true},
		0:  {Text: "old", Username: true}, // not their newest user name
		100: {Address: true, Username: true, Matches: func(text string) bool {
			return strings.HasPrefix(text, "10.0")
		}},
	} {
		q.Match = &match
		result, devices := askDevices(t, newReader(t, store, query.Config{}), q)
		require.Len(t, devices, want)
		require.EqualValues(t, 100, result.Searched)
	}
}

// askDevices asks a question and returns its result, with all devices in ascending order. It fails
// the test if the devices of a shard were passed in another order.
func askDevices(t *testing.T, r *query.Reader, q query.FleetRequest) (query.FleetResult, []summary.Device) {
	var devices []summary.Device
	last := map[layout.Shard]string{}
	q.Devices = func(d *summary.Device) error {
		shard := shards.ShardOf(event.ClientID(d.ClientID))
		require.Greater(t, d.ClientID, last[shard])
		last[shard] = d.ClientID
		devices = append(devices, *d)
		return nil
	}
	result := fleet(t, r, q)
	slices.SortFunc(devices, func(a, b summary.Device) int { return strings.Compare(a.ClientID, b.ClientID) })
	return result, devices
}

// An error of the caller's functions must end the question, and must release all memory.
func TestAFleetEndsWithItsCallersError(t *testing.T) {
	store := bucket(t)
	putFleet(t, store, runOf(1, 1), life("c", 100))
	r := newReader(t, store, query.Config{})
	enough := errors.New("enough")
	q := wholeDay()
	q.Devices = func(*summary.Device) error { return enough }
	_, err := r.Fleet(t.Context(), q)
	require.ErrorIs(t, err, enough)
	r.RequireNoMemory(t)
	q = wholeDay()
	q.Rows, q.RowsFrom, q.RowsTo, q.RowsBytes = func(*segment.Row) error { return enough }, q.From, q.To, 1<<20
	_, err = r.Fleet(t.Context(), q)
	require.ErrorIs(t, err, enough)
	r.RequireNoMemory(t)
}

// Rows must receive each distinct row of its range, but none if the objects are too large.
func TestTheRowsOfAFleet(t *testing.T) {
	store := bucket(t)
	events := life("c", 100)
	putFleet(t, store, runOf(1, 1), events[:700])
	putFleet(t, store, runOf(2, 1), events[300:])
	q := wholeDay()
	q.RowsFrom, q.RowsTo = noon.Add(2*time.Minute), noon.Add(4*time.Minute)
	var want []segment.Row
	for _, row := range segment.FromEvents(events) {
		if row.Time >= q.RowsFrom.UnixMilli() && row.Time < q.RowsTo.UnixMilli() {
			want = append(want, row)
		}
	}
	for _, limit := range []int64{1 << 20, 1000} {
		var rows []segment.Row
		q.RowsBytes = limit
		q.Rows = func(r *segment.Row) error {
			rows = append(rows, *r)
			return nil
		}
		result := fleet(t, newReader(t, store, query.Config{}), q)
		require.Equal(t, limit > 1000, result.RowsRead)
		require.True(t, result.Exact)
		if !result.RowsRead {
			require.Empty(t, rows)
			continue
		}
		require.Equal(t, want, segment.Distinct(rows))
		require.Len(t, rows, len(want))
	}
}

// The result must name a damaged object, unless a valid object has its rows. The older object of
// its run must count instead.
func TestDamagedObjectsOfAFleet(t *testing.T) {
	store := bucket(t)
	events := life("c", 100)
	putFleet(t, store, runOf(1, 1), events[:300])
	putFleet(t, store, runOf(1, 2), events)
	putFleet(t, store, runOf(1, 3), events)
	key := putBytes(t, store, partition("c1"), runOf(1, 3), []byte("no segment"))
	result := fleet(t, newReader(t, store, query.Config{}), wholeDay())
	require.False(t, result.Exact)
	require.Len(t, result.NotCounted, 1)
	require.Equal(t, key, result.NotCounted[0].Key)
	require.Equal(t, sumOf(events).Cells, result.Sums.Cells)

	of := byPartition(events)[partition("c1")]
	data, holder := encodeHolder(t, 1, of, runOf(1, 3).String())
	putBytes(t, store, partition("c1"), holder, data)
	result = fleet(t, newReader(t, store, query.Config{}), wholeDay())
	require.True(t, result.Exact)
	require.Empty(t, result.NotCounted)
	require.Equal(t, sumOf(events).Cells, result.Sums.Cells)

	damaged := slices.Clone(data)
	damaged[100] ^= 1 // the damaged segment must no longer hold other objects
	putBytes(t, store, partition("c1"), holder, damaged)
	result = fleet(t, newReader(t, store, query.Config{}), wholeDay())
	require.False(t, result.Exact)
	require.Len(t, result.NotCounted, 2)
	require.Equal(t, sumOf(events).Cells, result.Sums.Cells)
}

// A question about an instance must only access the prefix of this instance.
func TestAFleetIsThatOfOneInstance(t *testing.T) {
	counting := objstore.NewCounting(bucket(t))
	events := life("c", 100)
	putFleet(t, counting, runOf(1, 1), events)
	for where, of := range byPartition(events) {
		for _, other := range []event.InstanceID{"i-2", "i.2", "I", "h", "j"} {
			where.Instance = other
			put(t, counting, where, runOf(1, 1), of[:1])
		}
	}
	r := newReader(t, counting, query.Config{})
	fleet(t, r, wholeDay())
	counting.Reset()
	result := fleet(t, r, wholeDay())
	require.Equal(t, sumOf(events).Cells, result.Sums.Cells)
	for _, call := range counting.Calls() {
		require.True(t, strings.HasPrefix(call.Key, layout.InstancePrefix("i")), call.Key)
	}
	require.Equal(t, counting.Requests(), result.Receipt.Requests)
	require.Len(t, result.Receipt.Partitions, 16)
}

// If the budget does not suffice for all shards, the first ones in the order of a hash must count,
// and nothing must be extrapolated. The same question must count the same shards again.
func TestABudgetForSomeShards(t *testing.T) {
	store := bucket(t)
	events := life("c", 200)
	for n := range 4 {
		putFleet(t, store, runOf(n, 1), events[n*300:])
	}
	all := byPartition(events)
	counted := map[string]int{}
	for requests := 40; requests <= 90; requests += 10 {
		var last query.FleetResult
		for range 2 {
			q := wholeDay()
			q.Budget = query.Budget{Requests: requests, Bytes: 1 << 30}
			result := fleet(t, newReader(t, store, query.Config{}), q)
			require.LessOrEqual(t, result.Receipt.Requests, requests)
			require.Equal(t, 16, result.OfShards)
			require.Equal(t, result.Shards, len(result.Receipt.Partitions))
			require.Equal(t, result.Shards == 16, result.Exact)
			var of []event.Event
			for where, events := range all {
				if slices.Contains(result.Receipt.Partitions, where.String()) {
					counted[where.String()]++
					of = append(of, events...)
				}
			}
			require.Equal(t, sumOf(of).Cells, append([]summary.Cell{}, result.Sums.Cells...))
			if last.OfShards != 0 {
				require.Equal(t, last.Receipt.Partitions, result.Receipt.Partitions)
			}
			last = result
		}
	}
	require.Greater(t, len(counted), 5)
	q := wholeDay()
	q.Budget = query.Budget{Requests: 1000, Bytes: 1000}
	result := fleet(t, newReader(t, store, query.Config{}), q)
	require.Zero(t, result.Shards)
	require.False(t, result.Exact)
	require.False(t, result.NoSegments)
}

// vanishing is a store in which a partition changes while it is read. Each of the first reads finds
// its object missing, because the same rows are now in another object, as after a compaction.
type vanishing struct {
	*memstore.Store
	t     *testing.T
	moves int // how many times each partition may change
	moved map[string]int
}

func (v *vanishing) Read(ctx context.Context, key string, off, n int64) ([]byte, error) {
	where, name, err := layout.ParseKey(key)
	require.NoError(v.t, err)
	if v.moved[where.String()]++; v.moved[where.String()] > v.moves {
		return v.Store.Read(ctx, key, off, n)
	}
	objects, err := objstore.All(ctx, v.Store, where.Prefix(), "")
	require.NoError(v.t, err)
	data, err := v.Store.Read(ctx, key, 0, objects[0].Size)
	require.NoError(v.t, err)
	name.Run = strings.Repeat("f", 30) + name.Run[:2]
	name.Run = name.Run[1:] + string("0123456789abcdef"[v.moved[where.String()]])
	putBytes(v.t, v.Store, where, name, data)
	require.NoError(v.t, v.Store.Delete(ctx, key))
	return nil, fs.ErrNotExist
}

func TestAFleetListsAgainIfAnObjectIsMissing(t *testing.T) {
	events := life("c", 100)
	for _, moves := range []int{1, 5, 6} {
		v := &vanishing{Store: bucket(t), t: t, moves: moves, moved: map[string]int{}}
		putFleet(t, v.Store, runOf(1, 1), events)
		r := newReader(t, v, query.Config{Parallel: 1, Retreat: 1})
		_, err := r.Trace(t.Context(), query.Request{InstanceID: "no", ClientID: "c", From: noon, To: noon})
		require.NoError(t, err)
		result, err := r.Fleet(t.Context(), wholeDay())
		if moves == 6 {
			require.ErrorIs(t, err, query.ErrUnsettled)
			continue
		}
		require.NoError(t, err)
		require.True(t, result.Exact)
		require.Equal(t, sumOf(events).Cells, result.Sums.Cells)
		require.Equal(t, 16*(2+2*moves), result.Receipt.Requests)
	}
}

// A question must end soon after its context, even while it decodes the devices or the rows of one
// shard.
func TestAFleetEndsWithItsContext(t *testing.T) {
	events := inOneShard(9000) // more than one row group of a summary has
	fresh := bucket(t)
	putFleet(t, fresh, runOf(1, 1), events)
	for name, store := range map[string]*memstore.Store{"rows": fresh, "summaries": closed(t, events)} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			q, calls := wholeDay(), 0
			q.Devices = func(*summary.Device) error {
				calls++
				cancel()
				return nil
			}
			_, err := newReader(t, store, query.Config{}).Fleet(ctx, q)
			require.ErrorIs(t, err, context.Canceled)
			require.Less(t, calls, len(events), "the next row groups must not be decoded")
		})
	}
}

// inOneShard returns one event for each of n clients that are in the same shard, sorted by client.
func inOneShard(n int) (events []event.Event) {
	for i := 0; len(events) < n; i++ {
		e := life("c", 1)[0]
		e.ClientID = event.ClientID(fmt.Sprintf("c%06d", i))
		if shards.ShardOf(e.ClientID) == shards.AllShards()[0] {
			events = append(events, e)
		}
	}
	return events
}
