package query_test

import (
	"bytes"
	"fmt"
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
)

var (
	noon   = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	shards = layout.Layout{Shards: 16}
)

func at(client string, t time.Time) event.Event {
	return event.Event{
		InstanceID: "i", ClientID: event.ClientID(client), Action: event.Connect, ActionInfo: event.Accepted,
		Time: t, ReceivedAt: t, TimeOrigin: event.FromBroker, NativeEvent: "connect", Source: "events",
	}
}

func span(client string, from time.Time, n int) []event.Event {
	var events []event.Event
	for i := range n {
		events = append(events, at(client, from.Add(time.Duration(i)*time.Second)))
	}
	return events
}

// bucket returns a store that contains only the layout marker, which says that the bucket has 16
// shards.
func bucket(t testing.TB) *memstore.Store {
	store := memstore.New()
	require.NoError(t, store.Put(t.Context(), shards.Marker(), bytes.NewReader(nil), 0))
	return store
}

// put stores the events in a partition as a segment with the given name, and returns its key.
func put(t testing.TB, store objstore.Store, where layout.Partition, name layout.Name, events []event.Event) string {
	return putGroups(t, store, where, name, events, 64)
}

// putGroups is like put, but makes row groups of groupRows rows.
func putGroups(t testing.TB, store objstore.Store, where layout.Partition, name layout.Name, events []event.Event, groupRows int) string {
	var out bytes.Buffer
	w := segment.NewWriter(&out, int64(groupRows))
	require.NoError(t, w.Write(segment.FromEvents(events)))
	written, err := w.Close()
	require.NoError(t, err)
	if !name.Fresh() {
		name.FooterLength, name.IndexLength = written.FooterLength, written.IndexLength
	}
	return putBytes(t, store, where, name, out.Bytes())
}

func putBytes(t testing.TB, store objstore.Store, where layout.Partition, name layout.Name, data []byte) string {
	key := name.Key(where)
	require.NoError(t, store.Put(t.Context(), key, bytes.NewReader(data), int64(len(data))))
	return key
}

// runOf returns the name of segment number seq of the n-th run.
func runOf(n, seq int) layout.Name { return layout.Name{Run: fmt.Sprintf("%032x", n), Seq: seq} }

// mergedOf returns the name of the n-th compacted segment, on the given level.
func mergedOf(level, n int) layout.Name {
	return layout.Name{Level: level, Digest: fmt.Sprintf("%064x", n)}
}

func fresh(seq int) layout.Name       { return runOf(0, seq) }
func compacted(level int) layout.Name { return mergedOf(level, 0) }

func partition(client string) layout.Partition {
	return shards.PartitionOf("i", event.ClientID(client), noon)
}

func newReader(t testing.TB, store query.Store, config query.Config) *query.Reader {
	r, err := query.New(store, config)
	require.NoError(t, err)
	return r
}

func day(client string) query.Request {
	return query.Request{InstanceID: "i", ClientID: event.ClientID(client), From: noon.Add(-12 * time.Hour), To: noon.Add(12*time.Hour - time.Millisecond)}
}

// reversed returns a copy of the events, in reverse order if descending is true.
func reversed(events []event.Event, descending bool) []event.Event {
	events = slices.Clone(events)
	if descending {
		slices.Reverse(events)
	}
	return events
}

// callsOf returns the calls of operation op for the given key or prefix.
func callsOf(store *objstore.Counting, op objstore.Op, key string) []objstore.Call {
	return slices.DeleteFunc(store.Of(op), func(c objstore.Call) bool { return c.Key != key })
}

func trace(t testing.TB, r *query.Reader, q query.Request) query.Result {
	result, err := r.Trace(t.Context(), q)
	require.NoError(t, err)
	return result
}

func TestAConfigOutOfRange(t *testing.T) {
	for want, config := range map[string]query.Config{
		"shards":      {Shards: 17},
		"WholeBytes":  {WholeBytes: -1},
		"CacheBytes":  {CacheBytes: -1},
		"BudgetBytes": {BudgetBytes: -1},
		"Parallel":    {Parallel: -1},
		"Retreat":     {Retreat: -1},
	} {
		_, err := query.New(memstore.New(), config)
		require.ErrorContains(t, err, want)
	}
}

func TestABucketNotInUseIsEmpty(t *testing.T) {
	result := trace(t, newReader(t, memstore.New(), query.Config{}), day("c"))
	require.Empty(t, result.Events)
	require.Empty(t, result.Receipt.Partitions)
}

func TestOneClientOneInstanceOneSpan(t *testing.T) {
	store := bucket(t)
	events := append(span("c", noon, 10), span("b", noon, 3)...)
	other := at("c", noon)
	other.InstanceID = "other"
	put(t, store, partition("c"), fresh(1), events)
	put(t, store, shards.PartitionOf("other", "c", noon), fresh(2), []event.Event{other})
	q := day("c")
	q.From, q.To = noon.Add(2*time.Second), noon.Add(4*time.Second)
	require.Equal(t, events[2:5], trace(t, newReader(t, store, query.Config{}), q).Events)
	q.From = q.To
	require.Equal(t, events[4:5], trace(t, newReader(t, store, query.Config{}), q).Events)
}

// A request may contain a long client identifier in full or in its stored form.
func TestALongClientIDIsFoundByBothForms(t *testing.T) {
	store := bucket(t)
	long := event.ClientID(strings.Repeat("x", 2000))
	stored := string(long.Stored())
	put(t, store, partition(stored), fresh(1), span(stored, noon, 2))
	require.NotEqual(t, partition(string(long)).Shard, partition(stored).Shard)
	for _, client := range []string{string(long), stored} {
		require.Equal(t, span(stored, noon, 2), trace(t, newReader(t, store, query.Config{}), day(client)).Events)
	}
}

func TestPagesAreTheWholeInBothOrders(t *testing.T) {
	store := bucket(t)
	want := span("c", noon, 23)
	for i := range 5 { // several events in one millisecond
		e := at("c", noon)
		e.SourceEventID = fmt.Sprint(i)
		want = append(want, e)
	}
	put(t, store, partition("c"), fresh(1), want)
	r := newReader(t, store, query.Config{})
	whole := trace(t, r, day("c")).Events
	require.Len(t, whole, len(want))
	for _, descending := range []bool{false, true} {
		for limit := 1; limit <= 29; limit++ {
			q := day("c")
			q.Limit, q.Descending = limit, descending
			var got []event.Event
			for {
				result := trace(t, r, q)
				got = append(got, result.Events...)
				if q.Cursor = result.NextCursor; q.Cursor == "" {
					break
				}
				require.Len(t, result.Events, limit)
			}
			require.Equal(t, reversed(whole, descending), got)
		}
	}
}

func TestCursorsOutliveTheirEvent(t *testing.T) {
	store := bucket(t)
	events := span("c", noon, 5)
	put(t, store, partition("c"), fresh(1), append(events[:2:2], events[3:]...))
	q := day("c")
	q.Cursor = query.CursorAfter(&events[2])
	require.Equal(t, events[3:], trace(t, newReader(t, store, query.Config{}), q).Events)
	for _, cursor := range []string{"nonsense", q.Cursor + "\n", q.Cursor + "\r", q.Cursor[:9] + "\n" + q.Cursor[9:]} {
		q.Cursor = cursor
		_, err := newReader(t, store, query.Config{}).Trace(t.Context(), q)
		require.ErrorIs(t, err, query.ErrCursor)
	}
}

// A cursor before the range of a request must not extend the range. With a cursor after the range,
// the result must be empty.
func TestACursorOutsideTheRange(t *testing.T) {
	store := bucket(t)
	put(t, store, partition("c"), fresh(1), span("c", noon, 9))
	r := newReader(t, store, query.Config{})
	for _, descending := range []bool{false, true} {
		events := reversed(span("c", noon, 9), descending)
		q := day("c")
		q.From, q.To, q.Descending = noon.Add(3*time.Second), noon.Add(5*time.Second), descending
		for i := range events {
			q.Cursor = query.CursorAfter(&events[i])
			want := events[min(6, max(3, i+1)):6]
			require.Equal(t, want, append([]event.Event{}, trace(t, r, q).Events...), "after event %d, descending %v", i, descending)
		}
	}
}

// NoSegments must be set only if no partition of the request contains a segment.
func TestPartitionsWithoutSegments(t *testing.T) {
	store := bucket(t)
	put(t, store, partition("c"), fresh(1), span("b", noon, 1))
	r := newReader(t, store, query.Config{})
	q := day("c")
	require.False(t, trace(t, r, q).NoSegments)
	q.From = q.From.AddDate(0, 0, -1)
	require.False(t, trace(t, r, q).NoSegments)
	q.To = q.To.AddDate(0, 0, -1)
	require.True(t, trace(t, r, q).NoSegments)
}

// A trace must read only the newest object of a run, because that object contains all rows of the
// run.
func TestTheHeadOfARunIsEnough(t *testing.T) {
	counting := objstore.NewCounting(bucket(t))
	events := span("c", noon, 3)
	for seq := range 3 {
		put(t, counting, partition("c"), fresh(seq+1), events[:seq+1])
	}
	put(t, counting, partition("c"), compacted(1), events[:2]) // the same rows as in the run
	r := newReader(t, counting, query.Config{})
	trace(t, r, day("c"))
	counting.Reset()
	result := trace(t, r, day("c"))
	require.Equal(t, events, result.Events)
	require.Equal(t, 2, result.Receipt.Objects)
	require.Equal(t, 3, result.Receipt.Requests)
	require.Equal(t, counting.Requests(), result.Receipt.Requests)
	_, read := counting.Bytes()
	require.Equal(t, read, result.Receipt.Bytes)
	require.Equal(t, []string{partition("c").String()}, result.Receipt.Partitions)
}

// Once the layout is known, a trace must only access the partitions listed in its receipt.
func TestAQueryStaysInItsPartitions(t *testing.T) {
	counting := objstore.NewCounting(bucket(t))
	for i := range 40 {
		for d := range 3 {
			client := fmt.Sprint("client", i)
			when := noon.AddDate(0, 0, -d)
			put(t, counting, shards.PartitionOf("i", event.ClientID(client), when), fresh(i+1), []event.Event{at(client, when)})
		}
	}
	r := newReader(t, counting, query.Config{})
	trace(t, r, day("client1"))
	counting.Reset()
	q := day("client7")
	q.From = q.From.Add(-6 * time.Hour) // the span now covers two days
	result := trace(t, r, q)
	require.Len(t, result.Receipt.Partitions, 2)
	for _, call := range counting.Calls() {
		inside := false
		for _, p := range result.Receipt.Partitions {
			inside = inside || strings.HasPrefix(call.Key, layout.EventsPrefix+p+"/")
		}
		require.True(t, inside, "%s %q", call.Op, call.Key)
	}
}

// A trace must not read the footer of a large object if the footer is cached. Without a cached
// footer, the trace makes three requests: a listing, a read of the footer and a read of a row
// group. An object of at most Config.WholeBytes takes one read.
func TestRequestsOfALargeObject(t *testing.T) {
	counting := objstore.NewCounting(bucket(t))
	var events []event.Event
	for i := range 2000 {
		client := fmt.Sprintf("client%05d", i)
		events = append(events, span(client, noon, 2)...)
	}
	key := put(t, counting, partition("client00777"), compacted(1), events)
	r := newReader(t, counting, query.Config{WholeBytes: 1})
	trace(t, r, day("no such client but learn the layout"))
	counting.Reset()
	cold := trace(t, r, day("client00777"))
	require.Len(t, cold.Events, 2)
	require.Equal(t, 3, cold.Receipt.Requests)
	warm := trace(t, r, day("client00777"))
	require.Equal(t, cold.Events, warm.Events)
	require.Equal(t, 2, warm.Receipt.Requests)
	require.Less(t, warm.Receipt.Bytes, cold.Receipt.Bytes)
	for _, call := range counting.Of(objstore.OpRead)[1:] {
		require.Less(t, call.N, int64(4096))
	}
	size := objectOf(t, counting, key).Size
	for wholeBytes, requests := range map[int64]int{size: 2, size - 1: 3} {
		r := newReader(t, counting, query.Config{WholeBytes: wholeBytes})
		trace(t, r, day("no such client but learn the layout"))
		require.Equal(t, requests, trace(t, r, day("client00777")).Receipt.Requests)
	}
}

// If a compaction moves rows to another object between a trace's listing and its read, the reader
// must list the partition again and find the rows.
func TestAMissingObjectMeansListAgain(t *testing.T) {
	store := bucket(t)
	events := span("c", noon, 4)
	old := put(t, store, partition("c"), fresh(1), events[:2])
	kept := put(t, store, partition("c"), runOf(1, 1), events[2:])
	faulty := objstore.NewFaulty(store, nil)
	counting := objstore.NewCounting(faulty)
	faulty.SetHook(func(c objstore.Call) objstore.Fault {
		if c.Op == objstore.OpRead && c.Key == old {
			put(t, store, partition("c"), compacted(1), events[:2])
			require.NoError(t, store.Delete(t.Context(), old))
		}
		return objstore.Fault{}
	})
	result := trace(t, newReader(t, counting, query.Config{Retreat: 1}), day("c"))
	require.Equal(t, events, result.Events)
	require.Len(t, callsOf(counting, objstore.OpRead, kept), 1, "no object is read twice")
}

func TestAPartitionThatNeverSettles(t *testing.T) {
	store := bucket(t)
	key := put(t, store, partition("c"), fresh(1), span("c", noon, 1))
	listings := 0
	faulty := objstore.NewFaulty(store, func(c objstore.Call) objstore.Fault {
		if c.Op == objstore.OpList && c.Key != layout.MarkerPrefix {
			listings++
		}
		if c.Op == objstore.OpRead {
			require.NoError(t, store.Delete(t.Context(), key))
			key = put(t, store, partition("c"), fresh(listings+1), span("c", noon, 1))
		}
		return objstore.Fault{}
	})
	_, err := newReader(t, faulty, query.Config{Retreat: 1}).Trace(t.Context(), day("c"))
	require.ErrorIs(t, err, query.ErrUnsettled)
	require.Equal(t, 6, listings)
}

// The result must name every object that is not a valid segment. If such an object belongs to a
// run, the trace must read the run's next older object instead.
func TestDamagedObjectsAreNamed(t *testing.T) {
	store := bucket(t)
	events := span("c", noon, 3)
	put(t, store, partition("c"), fresh(1), events[:2])
	bad := putBytes(t, store, partition("c"), fresh(2), []byte("no Parquet at all"))
	name := compacted(1)
	name.FooterLength = 900
	empty := putBytes(t, store, partition("c"), name, nil)
	putBytes(t, store, partition("c"), layout.Name{Run: "foreign"}, []byte("not of this layout"))
	put(t, store, partition("c"), runOf(1, 9), events[2:])
	for _, config := range []query.Config{{}, large} {
		result := trace(t, newReader(t, store, config), day("c"))
		require.Equal(t, events, result.Events)
		require.Len(t, result.Unreadable, 2)
		require.Equal(t, bad, result.Unreadable[0].Key)
		require.Equal(t, empty, result.Unreadable[1].Key)
		require.Contains(t, result.Unreadable[0].Error, "not a valid segment")
	}
}

// If a store request fails, the trace must return an error, never an incomplete result. This also
// holds if the partition contains damaged objects.
func TestAFaultIsAnError(t *testing.T) {
	store := bucket(t)
	put(t, store, partition("c"), fresh(1), wide(noon, 100))
	put(t, store, partition("c"), compacted(1), wide(noon.Add(time.Hour), 100))
	putBytes(t, store, partition("c"), runOf(1, 1), []byte("no segment"))
	// A reader that expects 256 shards lists this partition, but discards the result, even an
	// error.
	discarded := layout.Layout{Shards: 256}.PartitionOf("i", "c", noon).Prefix()
	for name, test := range map[string]struct {
		config query.Config
		warm   bool // the reader knows the layout and the footers
		calls  int
	}{
		"small objects":  {query.Config{}, false, 5},
		"large objects":  {query.Config{WholeBytes: 1}, false, 7},
		"warm reader":    {query.Config{WholeBytes: 1, ListFirst: true}, true, 5},
		"another layout": {query.Config{Shards: 256}, false, 5},
	} {
		for n := 1; n <= test.calls+1; n++ {
			faulty := objstore.NewFaulty(store, nil)
			r := newReader(t, faulty, test.config)
			if test.warm {
				trace(t, r, day("c"))
			}
			calls := 0
			faulty.SetHook(func(c objstore.Call) objstore.Fault {
				if c.Key != discarded {
					if calls++; calls == n {
						return objstore.Fault{Midway: objstore.ErrFault}
					}
				}
				return objstore.Fault{}
			})
			_, err := r.Trace(t.Context(), day("c"))
			r.RequireNoMemory(t)
			if n > test.calls {
				require.NoError(t, err, name)
			} else {
				require.ErrorIs(t, err, objstore.ErrFault, "%s, call %d", name, n)
			}
		}
	}
}

// Two deliveries of one event may differ in action and action info. Filters apply only to
// the delivery that the reader keeps.
func TestFiltersSeeOnlyTheDeliveryThatIsKept(t *testing.T) {
	store := bucket(t)
	first := at("c", noon)
	first.Action, first.ActionInfo = event.Close, event.SocketIOException
	again := first
	again.ActionInfo, again.ReceivedAt = event.ServerShutdown, noon.Add(time.Minute)
	put(t, store, partition("c"), fresh(1), []event.Event{first})
	put(t, store, partition("c"), runOf(1, 1), []event.Event{again})
	q := day("c")
	q.ActionInfos = []event.ActionInfo{event.ServerShutdown}
	require.Empty(t, trace(t, newReader(t, store, query.Config{}), q).Events)
	q.ActionInfos = []event.ActionInfo{event.SocketIOException}
	require.Equal(t, []event.Event{first}, trace(t, newReader(t, store, query.Config{}), q).Events)
}

func FuzzCursor(f *testing.F) {
	e := at("c", noon)
	f.Add(query.CursorAfter(&e))
	f.Add("x")
	store := bucket(f)
	put(f, store, partition("c"), fresh(1), span("c", noon, 3))
	r := newReader(f, store, query.Config{})
	f.Fuzz(func(t *testing.T, cursor string) {
		q := day("c")
		q.Cursor = cursor
		if _, err := r.Trace(t.Context(), q); err != nil {
			require.ErrorIs(t, err, query.ErrCursor)
		}
	})
}

func TestActionAndActionInfoFilters(t *testing.T) {
	store := bucket(t)
	events := span("c", noon, 6)
	for i, info := range []event.ActionInfo{event.Accepted, event.NoHeart, event.Accepted, event.NoHeart, event.Accepted, event.DisconnectedByClient} {
		events[i].ActionInfo = info
		if info == event.NoHeart {
			events[i].Action = event.Close
		}
	}
	events[5].Action = event.Disconnect
	put(t, store, partition("c"), fresh(1), events)
	reader := newReader(t, store, query.Config{})

	q := day("c")
	q.Actions = []event.Action{event.Close, event.Disconnect}
	require.Equal(t, []event.Event{events[1], events[3], events[5]}, trace(t, reader, q).Events)
	q.ActionInfos = []event.ActionInfo{event.NoHeart}
	q.Limit = 1
	first := trace(t, reader, q)
	require.Equal(t, events[1:2], first.Events)
	q.Cursor = first.NextCursor
	second := trace(t, reader, q)
	require.Equal(t, events[3:4], second.Events, "the limit applies after the filters")
	require.Empty(t, second.NextCursor)
}

func TestStepsMatchTheReceipt(t *testing.T) {
	store := bucket(t)
	put(t, store, partition("c"), fresh(1), span("c", noon, 3))
	reader := newReader(t, store, query.Config{})
	require.Empty(t, trace(t, reader, day("c")).Steps)

	q := day("c")
	q.Explain = true
	result := trace(t, reader, q)
	require.Len(t, result.Steps, result.Receipt.Requests)
	list, read := result.Steps[0], result.Steps[1]
	require.Equal(t, []any{"list", partition("c").Prefix(), 1}, []any{list.Request, list.Key, list.Objects})
	require.Equal(t, []any{"read", fresh(1).Key(partition("c")), result.Receipt.Bytes}, []any{read.Request, read.Key, read.Bytes})
	require.GreaterOrEqual(t, read.AtMS, list.AtMS)
}

// The times in a receipt and in its steps must come from Config.Now.
func TestTheClockComesFromTheConfig(t *testing.T) {
	store := bucket(t)
	put(t, store, partition("c"), fresh(1), span("c", noon, 3))
	now := noon
	tick := func() time.Time { now = now.Add(time.Millisecond); return now }
	reader := newReader(t, store, query.Config{Now: tick, Parallel: 1})
	q := day("c")
	q.Explain = true
	trace(t, reader, q) // looks up the layout, so that the next trace does not have to
	result := trace(t, reader, q)
	require.Equal(t, 5.0, result.Receipt.MS)
	require.Equal(t, []float64{1, 3}, []float64{result.Steps[0].AtMS, result.Steps[1].AtMS})
	require.Equal(t, []float64{1, 1}, []float64{result.Steps[0].MS, result.Steps[1].MS})
}

// The first trace must not need an extra round trip to learn the layout. While it looks up the
// actual layout, it must already read with the configured one.
func TestTheFirstTraceTriesTheConfiguredLayout(t *testing.T) {
	// The map gives the expected number of requests for each actual number of shards. The reader is
	// configured with the actual number, but with at most 256. In the bucket with 4096 shards, the
	// reader therefore lists the wrong partition first, which costs one extra request.
	for shards, requests := range map[int]int{16: 3, 256: 3, 4096: 4} {
		store := memstore.New()
		l := layout.Layout{Shards: shards}
		require.NoError(t, store.Put(t.Context(), l.Marker(), bytes.NewReader(nil), 0))
		events := span("c", noon, 3)
		put(t, store, l.PartitionOf("i", "c", noon), fresh(1), events)
		r := newReader(t, store, query.Config{Shards: min(shards, 256)})
		result := trace(t, r, day("c"))
		require.Equal(t, events, result.Events)
		require.Equal(t, requests, result.Receipt.Requests)
		require.Equal(t, []string{l.PartitionOf("i", "c", noon).String()}, result.Receipt.Partitions)
		require.Equal(t, 2, trace(t, r, day("c")).Receipt.Requests)
	}
}
