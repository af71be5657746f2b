package query_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"devicetrace/pkg/compact"
	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/memstore"
	"devicetrace/pkg/query"
	"devicetrace/pkg/segment"
	"devicetrace/pkg/summary"
)

// compactAt runs a compactor whose clock shows the given time.
func compactAt(t testing.TB, store compact.Store, now time.Time, fanout int) {
	compactor, err := compact.New(store, compact.Config{
		Fanout: fanout, Quiet: 1, RunAge: 1, Dir: t.TempDir(), Now: func() time.Time { return now },
	})
	require.NoError(t, err)
	report, err := compactor.Run(t.Context(), compact.Share{})
	require.NoError(t, err)
	require.Empty(t, report.Failed)
	require.Empty(t, report.Unreadable)
}

// closeDay merges all objects of each partition into one.
func closeDay(t testing.TB, store *memstore.Store) { compactAt(t, store, noon.AddDate(0, 0, 2), 2) }

// closed returns a bucket with a closed day: one object per shard, with all summaries.
func closed(t testing.TB, events []event.Event) *memstore.Store {
	store := bucket(t)
	store.Now = func() time.Time { return noon }
	putFleet(t, store, runOf(1, 1), events[:len(events)/2])
	putFleet(t, store, runOf(2, 1), events[len(events)/3:])
	closeDay(t, store)
	return store
}

// segments returns the segments of a bucket.
func segments(t testing.TB, store objstore.Store) []layout.Segment {
	objects, err := objstore.All(t.Context(), store, layout.EventsPrefix, "")
	require.NoError(t, err)
	return layout.Segments(objects)
}

// firstSummary returns the offset at which the summaries of a segment begin.
func firstSummary(s layout.Segment) int64 {
	return s.Size - s.Name.FooterLength - s.Name.IndexLength - s.Name.MinutesLength - s.Name.DropsLength - s.Name.DevicesLength
}

// requireNoRows fails the test if one of the reads includes a byte of the rows of a compacted segment.
func requireNoRows(t *testing.T, store objstore.Store, reads []objstore.Call) {
	for _, s := range segments(t, store) {
		for _, read := range reads {
			if read.Key == s.Key && !s.Name.Fresh() {
				require.GreaterOrEqual(t, read.Off, firstSummary(s), s.Key)
			}
		}
	}
}

// A closed day takes one listing and one read per shard, in two round trips. The read must not
// include any rows.
func TestCostOfAClosedDay(t *testing.T) {
	events := life("c", 400)
	store := closed(t, events)
	want := sumOf(events)
	for name, change := range map[string]func(*query.FleetRequest){
		"minutes": func(q *query.FleetRequest) { q.Drops = false },
		"drops":   func(*query.FleetRequest) {},
		"totals":  func(q *query.FleetRequest) { q.Totals = true },
		"devices": func(q *query.FleetRequest) { q.Devices = func(*summary.Device) error { return nil } },
		"finder": func(q *query.FleetRequest) {
			q.Devices = func(*summary.Device) error { return nil }
			q.Match = &query.DeviceMatch{Text: "c1", ClientID: true}
		},
	} {
		t.Run(name, func(t *testing.T) {
			counting := objstore.NewCounting(store)
			g := &gate{Store: store, opened: make(chan struct{})}
			reader := newReader(t, g, query.Config{})
			trace(t, reader, day("x")) // the reader learns the layout
			g.groups = []int{16, 16}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			q := wholeDay()
			change(&q)
			result, err := reader.Fleet(ctx, q)
			require.NoError(t, err)
			require.Empty(t, g.groups)
			require.Equal(t, 32, result.Receipt.Requests)
			require.True(t, result.Exact)
			require.True(t, result.DevicesExact)
			require.Equal(t, want.Cells, result.Sums.Cells)
			if q.Drops {
				require.Equal(t, want.Vicinities, result.Sums.Vicinities)
			}
			if q.Totals {
				require.Equal(t, want.Totals, result.Sums.Totals)
			}
			fleet(t, newReader(t, counting, query.Config{}), q)
			requireNoRows(t, store, counting.Of(objstore.OpRead))
		})
	}
}

// Footers are read only if a partition has several objects, and then from the cache if possible.
func TestFootersOfAFleet(t *testing.T) {
	events := life("c", 400)
	store := closed(t, events)
	putFleet(t, store, runOf(3, 1), events[:100])
	r := newReader(t, store, query.Config{})
	first := fleet(t, r, wholeDay())
	second := fleet(t, r, wholeDay())
	require.Equal(t, first.Sums, second.Sums)
	require.Less(t, second.Receipt.Bytes, first.Receipt.Bytes)
	require.EqualValues(t, 100, first.AtMostTwice)
	var memory int64
	all := segments(t, store)
	for i, s := range all {
		if i > 0 && !s.Name.Fresh() && all[i-1].Name.Fresh() { // only these share their partition with another object
			tail, err := store.Read(t.Context(), s.Key, s.Size-s.Name.FooterLength, s.Name.FooterLength)
			require.NoError(t, err)
			footer, err := segment.ParseFooter(tail, s.Size)
			require.NoError(t, err)
			memory += footer.Memory()
		}
	}
	require.Equal(t, memory, r.FooterMemory(), "a cached footer must not keep the summaries")
	counting := objstore.NewCounting(store)
	fleet(t, newReader(t, counting, query.Config{}), wholeDay())
	requireNoRows(t, store, counting.Of(objstore.OpRead))
}

// If a compactor crashed before it deleted its inputs, the inputs must not count.
func TestHeldObjectsOfAFleet(t *testing.T) {
	events := life("c", 400)
	store := closed(t, events)
	putFleet(t, store, runOf(1, 1), events[:len(events)/2])
	putFleet(t, store, runOf(2, 1), events[len(events)/3:])
	q := wholeDay()
	q.Totals = true
	want := sumOf(events)
	check := func() {
		result := fleet(t, newReader(t, store, query.Config{}), q)
		require.True(t, result.Exact)
		require.True(t, result.DevicesExact)
		require.Equal(t, want.Cells, result.Sums.Cells)
		require.Equal(t, want.Totals, result.Sums.Totals)
	}
	check()
	where := partition("c1")
	putBytes(t, store, where, runOf(1, 1), []byte("no segment"))
	check()

	// A newer object of the run may have more rows.
	putFleet(t, store, runOf(1, 2), events[:len(events)/2])
	result := fleet(t, newReader(t, store, query.Config{}), q)
	require.False(t, result.Exact)
	require.False(t, result.DevicesExact)
	require.EqualValues(t, len(events)/2, result.AtMostTwice)
	require.EqualValues(t, len(events)/2, count(result.Sums)-count(want))
	require.Equal(t, want.Totals.Devices, result.Sums.Totals.Devices)
	require.Equal(t, want.Totals.Offline, result.Sums.Totals.Offline)
}

// The sums must be right, whichever byte of the summaries or the footer is damaged. If the question
// needs a damaged summary, the rows of its object must count.
func TestDamagedSummaries(t *testing.T) {
	events := life("c", 50)
	store := closed(t, events)
	want := sumOf(events)
	all := segments(t, store)
	s := all[slices.IndexFunc(all, func(s layout.Segment) bool { return s.Name.HasSummaries() })]
	data, err := store.Read(t.Context(), s.Key, 0, s.Size)
	require.NoError(t, err)
	where, _, err := layout.ParseKey(s.Key)
	require.NoError(t, err)
	reads := 0
	for at := firstSummary(s); at < s.Size; at += 61 {
		before := reads
		damaged := bytes.Clone(data)
		damaged[at] ^= 1 << (at % 8)
		putBytes(t, store, where, s.Name, damaged)
		q := wholeDay()
		q.Totals = at%2 == 0
		result, devices := askDevices(t, newReader(t, store, query.Config{}), q)
		isRead := isChecked(s, at)
		if isRead {
			reads++
		}
		require.Equal(t, 1+16+len(all)+reads-before, result.Receipt.Requests, "byte %d", at-firstSummary(s))
		require.True(t, result.Exact, "byte %d", at-firstSummary(s))
		require.Equal(t, want.Cells, result.Sums.Cells)
		require.Equal(t, want.Vicinities, result.Sums.Vicinities)
		require.Equal(t, want.Devices, devices)

		r := newReader(t, store, query.Config{}) // the object is now too large to be read whole
		r.SetMaxWhole(s.Size - 1)
		result, _ = askDevices(t, r, q)
		require.Equal(t, !isRead, result.Exact)
		require.Equal(t, !isRead, result.DevicesExact)
		if isRead {
			require.Len(t, result.NotCounted, 1)
			require.Equal(t, s.Key, result.NotCounted[0].Key)
			require.Nil(t, result.Sums.Totals)
		}
	}
	require.Greater(t, reads, 40)
}

// isChecked reports whether the checksums of the summaries cover a byte of a segment. They cover
// all bytes except the magic of each summary, which no reader uses.
func isChecked(s layout.Segment, at int64) bool {
	for _, r := range []layout.Range{s.Name.Minutes(s.Size), s.Name.Drops(s.Size), s.Name.Devices(s.Size)} {
		if at >= r.Offset+4 && at < r.End() {
			return true
		}
	}
	return false
}

// If a damaged summary is not needed, the damage must not matter.
func TestADamagedSummaryThatIsNotNeeded(t *testing.T) {
	events := life("c", 200)
	store := closed(t, events)
	for _, s := range segments(t, store) {
		data, err := store.Read(t.Context(), s.Key, 0, s.Size)
		require.NoError(t, err)
		data[firstSummary(s)+10] ^= 1
		where, _, err := layout.ParseKey(s.Key)
		require.NoError(t, err)
		putBytes(t, store, where, s.Name, data)
	}
	result := fleet(t, newReader(t, store, query.Config{}), wholeDay())
	require.True(t, result.Exact)
	require.Equal(t, 1+32, result.Receipt.Requests)
}

// On an open day, the segments of low levels have no summary of the devices. They are read whole if
// the devices are needed, but only then.
func TestTheDevicesOfAnOpenDay(t *testing.T) {
	events := life("c", 400)
	store := bucket(t)
	store.Now = func() time.Time { return noon }
	for n := range 4 {
		putFleet(t, store, runOf(n, 1), events[n*len(events)/5:(n+1)*len(events)/5])
	}
	compactAt(t, store, noon.Add(time.Hour), 4)
	putFleet(t, store, runOf(9, 1), events[4*len(events)/5:])
	want := sumOf(events)
	lacking := slices.DeleteFunc(segments(t, store), func(s layout.Segment) bool { return s.Name.Fresh() || s.Name.DevicesLength > 0 })
	require.NotEmpty(t, lacking)
	q := wholeDay()
	counting := objstore.NewCounting(store)
	result := fleet(t, newReader(t, counting, query.Config{}), q)
	requireNoRows(t, store, counting.Of(objstore.OpRead))
	require.Equal(t, want.Cells, result.Sums.Cells)

	q.Totals = true
	result, devices := askDevices(t, newReader(t, store, query.Config{}), q)
	require.Equal(t, want.Devices, devices)
	require.Equal(t, want.Totals, result.Sums.Totals)
	require.Equal(t, want.Cells, result.Sums.Cells)

	r := newReader(t, store, query.Config{})
	r.SetMaxWhole(100)
	result = fleet(t, r, q)
	require.Equal(t, want.Cells, result.Sums.Cells)
	require.False(t, result.DevicesExact)
	require.Nil(t, result.Sums.Totals)
	require.Len(t, result.NotCounted, len(lacking))
}

// A trace must take one read for an object that is small without its summaries.
func TestSummariesCostATraceNoRequest(t *testing.T) {
	events := life("c", 400)
	for i := range events {
		events[i].NativeReason = fmt.Sprintf("%x", sha256.Sum256([]byte{byte(i), byte(i >> 8)})) // so that the rows take space
	}
	store := closed(t, events)
	object := segments(t, store)[0]
	where, _, err := layout.ParseKey(object.Key)
	require.NoError(t, err)
	client := string(byPartition(events)[where][0].ClientID)
	size := object.Size - object.Name.SummariesLength()
	require.Less(t, object.Size, 2*size)
	for whole, requests := range map[int64]int{size: 2, size - 1: 3} {
		r := newReader(t, store, query.Config{WholeBytes: whole})
		trace(t, r, day("no such client but learn the layout"))
		require.Equal(t, requests, trace(t, r, day(client)).Receipt.Requests)
	}
}

// If the budget suffices for all shards only without the totals, the result must have no totals rather
// than fewer shards.
func TestABudgetWithoutTotals(t *testing.T) {
	events := life("c", 2000)
	store := closed(t, events)
	putFleet(t, store, runOf(9, 1), events[:2]) // the devices of this partition must be merged
	q := wholeDay()
	cheap := fleet(t, newReader(t, store, query.Config{}), q)
	q.Totals = true
	whole := fleet(t, newReader(t, store, query.Config{}), q)
	require.NotNil(t, whole.Sums.Totals)
	require.Greater(t, whole.Receipt.Bytes, cheap.Receipt.Bytes)

	q.Budget = query.Budget{Requests: 1000, Bytes: whole.Receipt.Bytes - 1}
	result := fleet(t, newReader(t, store, query.Config{}), q)
	require.Nil(t, result.Sums.Totals)
	require.Equal(t, 16, result.Shards)
	require.Equal(t, cheap.Sums, result.Sums)
	require.Equal(t, cheap.Receipt.Bytes, result.Receipt.Bytes)
}

// BenchmarkFleetOfAClosedDay asks about a day with 52,000 events of 4,000 clients.
func BenchmarkFleetOfAClosedDay(b *testing.B) {
	events := life("c", 4000)
	store := closed(b, events)
	r := newReader(b, store, query.Config{})
	none := func(*summary.Device) error { return nil }
	for name, change := range map[string]func(*query.FleetRequest){
		"minutes": func(q *query.FleetRequest) { q.Drops = false },
		"drops":   func(*query.FleetRequest) {},
		"devices": func(q *query.FleetRequest) { q.Devices = none },
		"rows": func(q *query.FleetRequest) {
			q.Rows, q.RowsFrom, q.RowsTo, q.RowsBytes = func(*segment.Row) error { return nil }, noon, noon.Add(3*time.Minute), 32<<20
		},
		"finder": func(q *query.FleetRequest) {
			q.Devices, q.Match = none, &query.DeviceMatch{Text: "user-c3999", Username: true}
		},
	} {
		b.Run(name, func(b *testing.B) {
			q := wholeDay()
			change(&q)
			b.ReportAllocs()
			var result query.FleetResult
			for b.Loop() {
				result = fleet(b, r, q)
			}
			b.ReportMetric(float64(result.Receipt.Bytes)/1e3, "kB-read/op")
			b.ReportMetric(float64(len(result.Sums.Cells)), "cells")
		})
	}
}

// Even if the rows are read, the summaries must count. If the rows are damaged, RowsRead must be
// false.
func TestTheRowsOfAClosedDay(t *testing.T) {
	events := life("c", 200)
	store := closed(t, events)
	putFleet(t, store, runOf(9, 1), events[:400])
	want := sumOf(events)
	q := wholeDay()
	q.Totals = true
	q.RowsFrom, q.RowsTo, q.RowsBytes = noon.Add(3*time.Minute), noon.Add(5*time.Minute), 1<<20
	ask := func() (query.FleetResult, []segment.Row) {
		var rows []segment.Row
		q.Rows = func(r *segment.Row) error {
			rows = append(rows, *r)
			return nil
		}
		result := fleet(t, newReader(t, store, query.Config{}), q)
		require.EqualValues(t, count(want)+400, count(result.Sums))
		require.EqualValues(t, 400, result.AtMostTwice)
		require.Equal(t, want.Totals.Devices, result.Sums.Totals.Devices)
		require.Empty(t, result.NotCounted)
		return result, rows
	}
	result, rows := ask()
	require.True(t, result.RowsRead)
	require.Equal(t, 1+16+len(segments(t, store)), result.Receipt.Requests)
	distinct := segment.Distinct(rows)
	require.Len(t, rows, len(distinct))
	require.Equal(t, slices.DeleteFunc(segment.FromEvents(events), func(r segment.Row) bool {
		return r.Time < q.RowsFrom.UnixMilli() || r.Time >= q.RowsTo.UnixMilli()
	}), distinct)

	all := segments(t, store)
	s := all[slices.IndexFunc(all, func(s layout.Segment) bool { return s.Name.HasSummaries() })]
	data, err := store.Read(t.Context(), s.Key, 0, s.Size)
	require.NoError(t, err)
	data[100] ^= 1
	require.NoError(t, store.Put(t.Context(), s.Key, bytes.NewReader(data), s.Size))
	result, _ = ask()
	require.False(t, result.RowsRead)
}

// Questions that share little memory must take turns, and must not wait for each other forever.
func TestAFleetWithLittleMemory(t *testing.T) {
	events := life("c", 300)
	store := closed(t, events[:2*len(events)/3])
	putFleet(t, store, runOf(5, 1), events[len(events)/2:])
	want := sumOf(events)
	r := newReader(t, store, query.Config{BudgetBytes: 1 << 10, Retreat: 1})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			q := wholeDay()
			q.Totals = true
			q.Devices = func(*summary.Device) error { return nil }
			result, err := r.Fleet(t.Context(), q)
			assert.NoError(t, err)
			assert.Equal(t, want.Totals.Devices, result.Sums.Totals.Devices)
			_, err = r.Trace(t.Context(), day("c1"))
			assert.NoError(t, err)
		})
	}
	all.Wait()
	r.RequireNoMemory(t)
}
