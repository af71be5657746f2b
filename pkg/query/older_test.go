package query_test

import (
	"context"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/memstore"
	"devicetrace/pkg/objstore/objstoretest"
	"devicetrace/pkg/query"
)

// today is the start of the day of noon.
var today = noon.Add(-12 * time.Hour)

// daysAgo returns the start of an earlier day.
func daysAgo(n int) time.Time { return today.AddDate(0, 0, -n) }

// month stores three events of client "c" and three of "b" on each of the given days before noon,
// and returns the events of "c", newest first. Each day has the given number of objects.
func month(t testing.TB, store objstore.Store, objects int, days ...int) (events []event.Event) {
	for _, ago := range days {
		for n := range objects {
			begin := daysAgo(ago).Add(time.Duration(n+1) * time.Minute)
			where := shards.PartitionOf("i", "c", begin)
			name := mergedOf(1, n)
			if objects > 1 {
				name = runOf(n, 1)
			}
			put(t, store, where, name, append(span("b", begin, 3), span("c", begin, 3)...))
			events = append(events, span("c", begin, 3)...)
		}
	}
	slices.SortFunc(events, func(a, b event.Event) int { return b.Time.Compare(a.Time) })
	return events
}

// allDays returns the days to pass to month: today and the 30 days before it.
func allDays() (days []int) {
	for ago := range 31 {
		days = append(days, ago)
	}
	return days
}

// lookBack returns a request for the events of a client on the last two days. The stream of this
// request can be extended by another 30 days.
func lookBack(client string) query.Request {
	return query.Request{
		InstanceID: "i", ClientID: event.ClientID(client), Descending: true, Explain: true,
		From: daysAgo(1), To: noon.Add(12*time.Hour - time.Millisecond), Earliest: daysAgo(31),
	}
}

// drain returns the events that the stream yields.
func drain(t testing.TB, s *query.Stream) (events []event.Event) {
	for e, err := range s.Events(t.Context()) {
		require.NoError(t, err)
		events = append(events, *e)
	}
	return events
}

func open(t testing.TB, r *query.Reader, q query.Request) *query.Stream {
	s, err := r.Stream(t.Context(), q)
	require.NoError(t, err)
	t.Cleanup(s.Close)
	return s
}

func extend(t testing.TB, s *query.Stream, from time.Time) bool {
	more, err := s.Extend(t.Context(), from)
	require.NoError(t, err)
	return more
}

// times returns the times of events, with one line for each day.
func times(events []event.Event) string {
	var all strings.Builder
	for i, e := range events {
		if i > 0 && e.Time.Day() != events[i-1].Time.Day() {
			all.WriteByte('\n')
		}
		all.WriteString(e.Time.Format(" 02T15:04:05.000"))
	}
	return all.String()
}

// since returns the events at or after an instant.
func since(events []event.Event, from time.Time) (found []event.Event) {
	for _, e := range events {
		if !e.Time.Before(from) {
			found = append(found, e)
		}
	}
	return found
}

func TestExtendGoesBackInOneListing(t *testing.T) {
	store := bucket(t)
	all := month(t, store, 1, 0, 1, 2, 5, 20, 31, 32)
	counting := objstore.NewCounting(store)
	s := open(t, newReader(t, counting, query.Config{}), lookBack("c"))
	require.Equal(t, noon.Add(12*time.Hour), s.From(), "no event was yielded yet")
	require.Len(t, drain(t, s), 6)
	require.Equal(t, daysAgo(1), s.From())

	counting.Reset()
	require.True(t, extend(t, s, daysAgo(3)))
	require.Equal(t, daysAgo(1), s.From())
	got := drain(t, s)
	require.Len(t, got, 3)
	require.Equal(t, daysAgo(4), s.From(), "the next older event can be five days old")
	require.False(t, extend(t, s, daysAgo(3)), "the range reaches back to that day")
	require.True(t, extend(t, s, daysAgo(40)), "the range ends at Earliest")
	got = append(got, drain(t, s)...)
	require.Equal(t, daysAgo(31), s.From())
	require.False(t, extend(t, s, daysAgo(40)))
	require.Equal(t, times(all[6:len(all)-3]), times(got))
	require.Len(t, counting.Of(objstore.OpList), 1)
	require.Len(t, counting.Of(objstore.OpRead), 4)
	require.False(t, s.Cut())
	require.Equal(t, []string{"instance=i/shard=4/day=2026-10-22", "instance=i/shard=4/day=2026-11-02"}, s.Result().Receipt.Partitions[:2])
}

// If the range of a stream is empty, Extend must find all partitions in the listing of the shard.
func TestExtendFromNothing(t *testing.T) {
	store := bucket(t)
	all := month(t, store, 1, 0, 1, 6, 7)
	q := lookBack("c")
	q.From = q.To.Add(time.Millisecond)
	s := open(t, newReader(t, store, query.Config{}), q)
	require.Empty(t, drain(t, s))
	require.True(t, extend(t, s, daysAgo(6)))
	require.Equal(t, times(all[:9]), times(drain(t, s)))
	require.Equal(t, daysAgo(6), s.From())
}

func TestExtendWithoutOlderEvents(t *testing.T) {
	for name, store := range map[string]*memstore.Store{"an unused bucket": memstore.New(), "an empty shard": bucket(t)} {
		s := open(t, newReader(t, store, query.Config{}), lookBack("c"))
		require.True(t, extend(t, s, daysAgo(31)), name)
		require.Empty(t, drain(t, s))
		require.Equal(t, daysAgo(31), s.From())
		require.True(t, s.Result().NoSegments)
		require.False(t, extend(t, s, daysAgo(31)))
	}
}

// Days with many objects are read in several batches. If one page cannot list all objects, the
// newest days are listed separately.
func TestExtendThroughManyObjects(t *testing.T) {
	store := bucket(t)
	all := month(t, store, 40, allDays()...)
	counting := objstore.NewCounting(store)
	s := open(t, newReader(t, counting, query.Config{}), lookBack("c"))
	got := drain(t, s)
	counting.Reset()
	batches := 0
	for extend(t, s, daysAgo(31)) {
		batch := drain(t, s)
		require.Len(t, batch, 120, "one day, because two days have more than 64 objects")
		got = append(got, batch...)
		batches++
	}
	require.Equal(t, times(all), times(got))
	require.Equal(t, 29, batches)
	require.Len(t, counting.Of(objstore.OpList), 1+8, "the first page does not contain the newest eight days completely")
	require.Equal(t, daysAgo(31), s.From())
}

// No matter when a budget ends a stream, the stream must have yielded all events at or after From.
func TestABudgetEndsAStream(t *testing.T) {
	store := bucket(t)
	all := month(t, store, 12, 0, 1, 2, 3, 4, 5, 6, 7)
	for requests := range 110 {
		q := lookBack("c")
		q.Budget = query.Budget{Requests: requests + 3, Bytes: 1 << 30}
		checkBudget(t, store, q, all)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		q := lookBack("c")
		q.Budget = query.Budget{Requests: 1 << 20, Bytes: random.Int64N(1 << 19)}
		checkBudget(t, store, q, all)
	}
}

func checkBudget(t *testing.T, store objstore.Store, q query.Request, all []event.Event) {
	reader := newReader(t, store, query.Config{})
	s := open(t, reader, q)
	got := drain(t, s)
	for extend(t, s, q.Earliest) {
		got = append(got, drain(t, s)...)
	}
	result := s.Result()
	require.LessOrEqual(t, result.Receipt.Requests, q.Budget.Requests)
	require.LessOrEqual(t, result.Receipt.Bytes, q.Budget.Bytes)
	require.Equal(t, times(since(all, s.From())), times(since(got, s.From())), "%+v", q.Budget)
	require.Equal(t, s.From() != q.Earliest, s.Cut())
	require.False(t, result.NoSegments)
	s.Close()
	reader.RequireNoMemory(t)
}

// If the budget does not suffice for all partitions of a batch, the stream yields the events of the
// newest ones.
func TestABudgetKeepsTheNewestDays(t *testing.T) {
	store := bucket(t)
	all := month(t, store, 5, 0, 1, 2, 3)
	reader := newReader(t, store, query.Config{})
	daily := trace(t, reader, day("c")).Receipt.Bytes
	for days := range 4 {
		for name, budget := range map[string]query.Budget{
			"requests": {Requests: 3 + 5*days + 2, Bytes: 1 << 30},
			"bytes":    {Requests: 1000, Bytes: int64(days)*daily + daily/2},
		} {
			q := lookBack("c")
			q.Budget = budget
			s := open(t, reader, q)
			got := drain(t, s)
			for extend(t, s, q.Earliest) {
				got = append(got, drain(t, s)...)
			}
			require.True(t, s.Cut())
			require.Equal(t, daysAgo(days-1), s.From(), name)
			require.Equal(t, times(all[:15*days]), times(got), name)
			s.Close()
		}
	}
	reader.RequireNoMemory(t)
}

// If one object contains many rows of the client, the stream continues to read while it yields
// events. If this uses up the budget, the stream ends in the middle of a day.
func TestABudgetEndsAStreamWithinADay(t *testing.T) {
	store := bucket(t)
	events := span("c", daysAgo(3), 40_000)
	putGroups(t, store, shards.PartitionOf("i", "c", daysAgo(3)), compacted(1), events, 2000)
	q := lookBack("c")
	whole := open(t, newReader(t, store, query.Config{BudgetBytes: 8 << 20}), q)
	require.True(t, extend(t, whole, q.Earliest))
	require.Len(t, drain(t, whole), 40_000)
	q.Budget = query.Budget{Requests: 1000, Bytes: whole.Result().Receipt.Bytes / 2}
	s := open(t, newReader(t, store, query.Config{BudgetBytes: 8 << 20}), q)
	require.True(t, extend(t, s, q.Earliest))
	got := drain(t, s)
	require.True(t, s.Cut())
	require.Greater(t, len(got), 100)
	require.Less(t, len(got), 40_000)
	slices.Reverse(events)
	require.Equal(t, times(since(events, s.From())), times(since(got, s.From())))
	require.False(t, extend(t, s, q.Earliest))
}

// If the first page of the shard's listing ends within a partition, the objects that it does not list
// must keep their cached footers.
func TestAnIncompleteListingKeepsFooters(t *testing.T) {
	store := bucket(t)
	all := month(t, store, 1, 5)
	for n := range 3 {
		begin := daysAgo(3).Add(time.Duration(n) * time.Minute)
		put(t, store, shards.PartitionOf("i", "c", begin), mergedOf(1, n), append(span("b", begin, 3), span("c", begin, 3)...))
		all = append(reversed(span("c", begin, 3), true), all...)
	}
	q := lookBack("c")
	q.From = q.To.Add(time.Millisecond)
	counting := objstore.NewCounting(objstoretest.Paged(store, 2)) // the first page lists one of the three
	reader := newReader(t, counting, query.Config{WholeBytes: 1})
	for _, reads := range []int{2 * 4, 4} {
		counting.Reset()
		s := open(t, reader, q)
		require.True(t, extend(t, s, q.Earliest))
		require.Equal(t, times(all), times(drain(t, s)))
		require.Len(t, counting.Of(objstore.OpRead), reads)
		s.Close()
	}
}

// gate lets requests through in groups of the given sizes. It holds requests back until the current
// group is complete. After the last group, it lets all requests through at once.
type gate struct {
	query.Store
	mu     sync.Mutex
	groups []int
	held   int
	opened chan struct{} // closed when the current group is let through
}

func (g *gate) pass(ctx context.Context) error {
	g.mu.Lock()
	if len(g.groups) == 0 {
		g.mu.Unlock()
		return nil
	}
	opened := g.opened
	if g.held++; g.held == g.groups[0] {
		close(opened)
		g.groups, g.held, g.opened = g.groups[1:], 0, make(chan struct{})
	}
	g.mu.Unlock()
	select {
	case <-opened:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (g *gate) Read(ctx context.Context, key string, off, n int64) ([]byte, error) {
	if err := g.pass(ctx); err != nil {
		return nil, err
	}
	return g.Store.Read(ctx, key, off, n)
}

func (g *gate) List(ctx context.Context, prefix, after string) (objstore.Page, error) {
	if err := g.pass(ctx); err != nil {
		return objstore.Page{}, err
	}
	return g.Store.List(ctx, prefix, after)
}

// A new reader's first search of 30 closed days takes four round trips: for the layout marker, the
// listing of the shard, the footers and the rows. The next search takes two.
func TestRoundTripsOfAFirstLook(t *testing.T) {
	store := bucket(t)
	all := month(t, store, 1, allDays()[1:]...)
	q := lookBack("c")
	q.From = q.To.Add(time.Millisecond)
	g := &gate{Store: store}
	reader := newReader(t, g, query.Config{WholeBytes: 1})
	for _, groups := range [][]int{{1, 1, 30, 30}, {1, 30}} {
		ctx := g.inGroups(t, groups...)
		s, err := reader.Stream(ctx, q)
		require.NoError(t, err)
		more, err := s.Extend(ctx, daysAgo(31))
		require.NoError(t, err)
		require.True(t, more)
		require.Equal(t, times(all), times(drain(t, s)))
		require.Empty(t, g.groups)
		require.LessOrEqual(t, s.Result().Receipt.Requests, 64)
		s.Close()
	}
}

// Reading the last two days takes three round trips, and reading 29 older days takes another three:
// for the listing of the shard, the footers and the rows.
func TestRoundTripsOfAMonth(t *testing.T) {
	store := bucket(t)
	month(t, store, 1, allDays()...)
	g := &gate{Store: store, opened: make(chan struct{})}
	reader := newReader(t, g, query.Config{WholeBytes: 1})
	trace(t, reader, day("x")) // the reader learns the layout
	g.groups = []int{2, 2, 2, 1, 29, 29}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s, err := reader.Stream(ctx, lookBack("c"))
	require.NoError(t, err)
	defer s.Close()
	drain(t, s)
	more, err := s.Extend(ctx, daysAgo(31))
	require.NoError(t, err)
	require.True(t, more)
	require.Len(t, drain(t, s), 29*3)
	require.Empty(t, g.groups)
	require.Equal(t, 2+2*2+1+29*2, s.Result().Receipt.Requests)
}

// A stream that reads many objects can keep some of the client's rows in memory, but must not keep
// the footers.
func TestAStreamKeepsNoFooters(t *testing.T) {
	const objects = 60
	for _, rows := range []int{3, 300} {
		store := bucket(t)
		for n := range objects {
			put(t, store, partition("c"), runOf(n, 1), span("c", today.Add(time.Duration(n)*time.Minute), rows))
		}
		reader := newReader(t, store, query.Config{BudgetBytes: 1 << 20})
		trace(t, reader, day("x")) // allocates what all streams share
		before := heap()
		s := open(t, reader, lookBack("c"))
		require.Less(t, heap()-before, int64(objects*10<<10), "a footer takes more than 12 KiB")
		require.Len(t, drain(t, s), min(rows, 60)*(objects-1)+rows, "copies of an event are yielded once")
	}
}

// heap returns the number of bytes in use.
func heap() int64 {
	runtime.GC()
	runtime.GC() // also empties the pools
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

// compacting merges the fresh objects of a partition when the first of them is read, as a compactor
// might.
type compacting struct {
	*memstore.Store
	where layout.Partition
	merge func() // does nothing after the first call
}

func (c *compacting) Read(ctx context.Context, key string, off, n int64) ([]byte, error) {
	if where, name, _ := layout.ParseKey(key); where == c.where && name.Fresh() {
		c.merge()
	}
	return c.Store.Read(ctx, key, off, n)
}

func TestExtendWhileAnOlderDayIsCompacted(t *testing.T) {
	store := bucket(t)
	all := month(t, store, 3, 2, 3, 4)
	where := shards.PartitionOf("i", "c", daysAgo(3))
	merge := func() {
		merged := since(all, daysAgo(3))
		slices.Reverse(merged)
		put(t, store, where, compacted(1), merged[:9])
		for n := range 3 {
			require.NoError(t, store.Delete(t.Context(), runOf(n, 1).Key(where)))
		}
	}
	s := open(t, newReader(t, &compacting{store, where, sync.OnceFunc(merge)}, query.Config{}), lookBack("c"))
	require.True(t, extend(t, s, daysAgo(31)))
	require.Equal(t, times(all), times(drain(t, s)))
}
