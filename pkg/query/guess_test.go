package query_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/memstore"
	"devicetrace/pkg/query"
)

// closedDay stores a compacted object with rows of many clients, and returns its key and the events
// of client c.
func closedDay(t testing.TB, store objstore.Store) (key string, events []event.Event) {
	events = span("c", noon, 3)
	return put(t, store, partition("c"), mergedOf(1, 1), append(crowd(noon), events...)), events
}

// crowd returns events of 200 clients. put encodes them in several row groups.
func crowd(from time.Time) (events []event.Event) {
	for i := range 200 {
		events = append(events, at(fmt.Sprintf("b%03d", i), from))
	}
	return events
}

// inGroups returns a context for a trace whose requests must arrive at the store in groups of the
// given sizes. Each group is one round trip.
func (g *gate) inGroups(t *testing.T, groups ...int) context.Context {
	g.groups, g.opened = groups, make(chan struct{})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// A warm trace of a closed day takes one round trip with two requests. The first trace takes three
// round trips and, because of the layout marker, four requests.
func TestRoundTripsOfAClosedDay(t *testing.T) {
	store := bucket(t)
	_, events := closedDay(t, store)
	for name, test := range map[string]struct {
		config     query.Config
		cold, warm []int
	}{
		"large object": {query.Config{WholeBytes: 1}, []int{2, 1, 1}, []int{2}},
		"small object": {query.Config{}, []int{2, 1}, []int{2}},
	} {
		g := &gate{Store: store}
		r := newReader(t, g, test.config)
		for _, groups := range [][]int{test.cold, test.warm, test.warm} {
			requests := 0
			for _, n := range groups {
				requests += n
			}
			result, err := r.Trace(g.inGroups(t, groups...), day("c"))
			require.NoError(t, err, name)
			require.Empty(t, g.groups, name)
			require.Equal(t, events, result.Events)
			require.Equal(t, requests, result.Receipt.Requests)
			r.RequireNoMemory(t)
		}
	}
}

// On an open day, a trace reads the compacted objects during the listing. After the listing, it
// reads the newest objects of 60 runs at the same time.
func TestRoundTripsOfAnOpenDay(t *testing.T) {
	store := bucket(t)
	var events []event.Event
	for n := range 64 {
		e := at("c", noon.Add(time.Duration(n)*time.Minute))
		name := runOf(n, 1)
		if n < 4 {
			name = mergedOf(1, n)
		}
		put(t, store, partition("c"), name, []event.Event{at("b", noon), e})
		events = append(events, e)
	}
	g := &gate{Store: store}
	r := newReader(t, g, query.Config{})
	for _, groups := range [][]int{{2, 64}, {1 + 4, 60}} {
		result, err := r.Trace(g.inGroups(t, groups...), day("c"))
		require.NoError(t, err)
		require.Empty(t, g.groups)
		require.Equal(t, events, result.Events)
		r.RequireNoMemory(t)
	}
}

// After a change to a partition, a trace must return the same events as a trace by a new reader. A
// guess of an object that is gone must cost one read and nothing else, and the next trace must not
// repeat it.
func TestGuessesThatAreDropped(t *testing.T) {
	for name, test := range map[string]struct {
		change  func(t *testing.T, store *memstore.Store, key string)
		dropped int // number of useless guesses in the next trace
		objects int // number of objects left after the change
	}{
		"nothing": {func(*testing.T, *memstore.Store, string) {}, 0, 1},
		"superseded": {func(t *testing.T, store *memstore.Store, key string) {
			put(t, store, partition("c"), mergedOf(2, 2), append(crowd(noon), span("c", noon, 5)...))
			require.NoError(t, store.Delete(t.Context(), key))
		}, 1, 1},
		"not deleted yet": {func(t *testing.T, store *memstore.Store, key string) {
			put(t, store, partition("c"), mergedOf(2, 2), append(crowd(noon), span("c", noon, 5)...))
		}, 0, 2},
		"a new head": {func(t *testing.T, store *memstore.Store, key string) {
			put(t, store, partition("c"), runOf(1, 1), span("c", noon, 5))
		}, 0, 2},
		"expired": {func(t *testing.T, store *memstore.Store, key string) {
			require.NoError(t, store.Delete(t.Context(), key))
		}, 1, 0},
		"longer": {func(t *testing.T, store *memstore.Store, key string) {
			data, err := store.Read(t.Context(), key, 0, objectOf(t, store, key).Size)
			require.NoError(t, err)
			_, name, err := layout.ParseKey(key)
			require.NoError(t, err)
			putBytes(t, store, partition("c"), name, append(data, 0))
		}, 1, 1},
		"shorter": {func(t *testing.T, store *memstore.Store, key string) {
			_, name, err := layout.ParseKey(key)
			require.NoError(t, err)
			putBytes(t, store, partition("c"), name, make([]byte, 3000))
		}, 1, 1},
		"damaged": {func(t *testing.T, store *memstore.Store, key string) {
			for group := range 3 {
				damage(t, store, key, group)
			}
		}, 0, 1},
	} {
		for _, config := range []query.Config{{}, large} {
			store := bucket(t)
			key, _ := closedDay(t, store)
			counting := objstore.NewCounting(store)
			r := newReader(t, counting, config)
			trace(t, r, day("c"))
			test.change(t, store, key)
			fresh := newReader(t, store, config)
			want, err := fresh.Trace(t.Context(), day("c"))
			require.NoError(t, err)

			counting.Reset()
			got := trace(t, r, day("c"))
			require.Equal(t, want.Events, got.Events, name)
			require.Equal(t, want.Unreadable, got.Unreadable, name)
			require.Equal(t, counting.Requests(), got.Receipt.Requests, name)
			require.GreaterOrEqual(t, len(callsOf(counting, objstore.OpRead, key)), test.dropped, name)
			if config.WholeBytes == 0 {
				require.Equal(t, 1+test.dropped+test.objects, got.Receipt.Requests, name)
				require.Equal(t, 1+test.objects, trace(t, r, day("c")).Receipt.Requests, name)
			}
			counting.Reset()
			require.Equal(t, trace(t, fresh, day("c")).Receipt.Requests, trace(t, r, day("c")).Receipt.Requests, name)
			r.RequireNoMemory(t)
		}
	}
}

// duringList calls do while a listing of a partition's objects is in progress.
type duringList struct {
	objstore.Store
	do func()
}

func (d duringList) List(ctx context.Context, prefix, after string) (objstore.Page, error) {
	page, err := d.Store.List(ctx, prefix, after)
	if prefix != layout.MarkerPrefix {
		d.do()
	}
	return page, err
}

// If a guess takes longer than the listing, the trace must wait for it and must not read the same
// bytes again.
func TestAGuessThatIsSlowerThanTheListing(t *testing.T) {
	store := bucket(t)
	key, events := closedDay(t, store)
	for _, config := range []query.Config{{}, large} {
		var listed chan struct{}
		faulty := objstore.NewFaulty(store, nil)
		r := newReader(t, duringList{faulty, func() {
			if listed != nil {
				close(listed)
			}
		}}, config)
		trace(t, r, day("c"))
		listed = make(chan struct{})
		faulty.SetHook(func(c objstore.Call) objstore.Fault {
			if c.Key == key {
				return objstore.Fault{Until: listed}
			}
			return objstore.Fault{}
		})
		result := trace(t, r, day("c"))
		require.Equal(t, events, result.Events)
		require.Equal(t, 2, result.Receipt.Requests)
		listed = nil
	}
}

// A failed guess must not fail the trace. The trace reads the object again.
func TestAFailedGuessIsForgotten(t *testing.T) {
	store := bucket(t)
	key, events := closedDay(t, store)
	for _, fault := range []objstore.Fault{{Before: objstore.ErrFault}, {Midway: objstore.ErrFault}, {After: objstore.ErrFault}} {
		faulty := objstore.NewFaulty(store, nil)
		r := newReader(t, faulty, large)
		trace(t, r, day("c"))
		reads := 0
		faulty.SetHook(func(c objstore.Call) objstore.Fault {
			if c.Key == key {
				if reads++; reads == 1 {
					return fault
				}
			}
			return objstore.Fault{}
		})
		q := day("c")
		q.Explain = true
		result := trace(t, r, q)
		require.Equal(t, events, result.Events)
		require.Equal(t, 3, result.Receipt.Requests)
		require.Len(t, result.Steps, 3)
		r.RequireNoMemory(t)
	}
}

// A store that panics while it reads a guess must not end the process.
func TestAGuessThatPanicsIsForgotten(t *testing.T) {
	store := bucket(t)
	key, events := closedDay(t, store)
	faulty := objstore.NewFaulty(store, nil)
	r := newReader(t, faulty, large)
	trace(t, r, day("c"))
	var panicked atomic.Bool
	faulty.SetHook(func(c objstore.Call) objstore.Fault {
		if c.Key == key && !panicked.Swap(true) {
			panic("a panic of the store")
		}
		return objstore.Fault{}
	})
	require.Equal(t, events, trace(t, r, day("c")).Events)
	require.True(t, panicked.Load())
	r.RequireNoMemory(t)
}

// hanging is a store in which reads of one key block until their context is done.
type hanging struct {
	objstore.Store
	key     string
	reading atomic.Int32
	begun   chan struct{}
}

func (h *hanging) Read(ctx context.Context, key string, off, n int64) ([]byte, error) {
	if key != h.key {
		return h.Store.Read(ctx, key, off, n)
	}
	h.reading.Add(1)
	defer h.reading.Add(-1)
	close(h.begun)
	<-ctx.Done()
	return nil, ctx.Err()
}

// A trace must not wait for a guess that it does not need. When the trace returns, with or without an
// error, the guess must have ended, and the receipt must include it.
func TestAUselessGuessIsCanceled(t *testing.T) {
	for name, change := range map[string]func(faulty *objstore.Faulty, cancel context.CancelFunc){
		"not listed":      func(*objstore.Faulty, context.CancelFunc) {},
		"a listing fails": func(f *objstore.Faulty, _ context.CancelFunc) { f.SetHook(failing) },
		"canceled":        func(_ *objstore.Faulty, cancel context.CancelFunc) { cancel() },
	} {
		t.Run(name, func(t *testing.T) {
			store := bucket(t)
			key, _ := closedDay(t, store)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			faulty := objstore.NewFaulty(store, nil)
			slow := &hanging{Store: faulty, begun: make(chan struct{})}
			r := newReader(t, slow, large)
			trace(t, r, day("c"))
			require.NoError(t, store.Delete(t.Context(), key))
			slow.key = key
			faulty.SetHook(func(objstore.Call) objstore.Fault {
				<-slow.begun
				return objstore.Fault{}
			})
			change(faulty, cancel)
			result, err := r.Trace(ctx, day("c"))
			require.Zero(t, slow.reading.Load())
			r.RequireNoMemory(t)
			if name == "not listed" {
				require.NoError(t, err)
				require.Empty(t, result.Events)
				require.Equal(t, 2, result.Receipt.Requests)
				require.Zero(t, result.Receipt.Bytes)
				return
			}
			require.Error(t, err)
		})
	}
}

func failing(objstore.Call) objstore.Fault { return objstore.Fault{Before: objstore.ErrFault} }

// If an object is missing, the trace must list the partition again, but without new guesses. It
// must still use the guesses that it made during the first listing.
func TestARelistingDoesNotGuess(t *testing.T) {
	store := bucket(t)
	old, events := closedDay(t, store)
	kept := put(t, store, partition("c"), mergedOf(3, 3), span("c", noon.Add(time.Hour), 2))
	faulty := objstore.NewFaulty(store, nil)
	counting := objstore.NewCounting(faulty)
	var guessed int64 // total size of the guesses, in bytes
	r := newReader(t, duringList{counting, func() {
		for _, read := counting.Bytes(); read < guessed; _, read = counting.Bytes() {
			runtime.Gosched()
		}
	}}, query.Config{Retreat: 1})
	trace(t, r, day("c"))
	guessed = trace(t, r, day("c")).Receipt.Bytes
	head := put(t, store, partition("c"), runOf(1, 1), span("c", noon.Add(time.Minute), 2))
	faulty.SetHook(func(c objstore.Call) objstore.Fault {
		if c.Key == head {
			put(t, store, partition("c"), mergedOf(2, 2), append(events, span("c", noon.Add(time.Minute), 2)...))
			require.NoError(t, store.Delete(t.Context(), head, old))
		}
		return objstore.Fault{}
	})
	counting.Reset()
	got := trace(t, r, day("c")).Events
	require.Equal(t, trace(t, newReader(t, store, query.Config{}), day("c")).Events, got)
	require.Len(t, counting.Of(objstore.OpList), 2)
	require.Len(t, counting.Of(objstore.OpRead), 4)
	for _, key := range []string{old, kept, head} {
		require.Len(t, callsOf(counting, objstore.OpRead, key), 1, key)
	}
}

// Of these traces, only the usual one may guess. It takes a second request, because its guess reads
// an object that has been deleted.
func TestTracesThatDoNotGuess(t *testing.T) {
	budget := day("c")
	budget.Budget, budget.Descending = query.Budget{Requests: 1000, Bytes: 1 << 30}, true
	for name, test := range map[string]struct {
		config   query.Config
		q        query.Request
		requests int
	}{
		"a usual trace":   {query.Config{}, day("c"), 2},
		"listing first":   {query.Config{ListFirst: true}, day("c"), 1},
		"one at a time":   {query.Config{Parallel: 1}, day("c"), 1},
		"too little free": {query.Config{BudgetBytes: 4 << 10}, day("c"), 1},
		"no cache":        {query.Config{CacheBytes: 1}, day("c"), 1},
		"a budget":        {query.Config{}, budget, 1},
	} {
		store := bucket(t)
		key, events := closedDay(t, store)
		r := newReader(t, store, test.config)
		require.Equal(t, events, trace(t, r, day("c")).Events, name)
		require.NoError(t, store.Delete(t.Context(), key))
		s, err := r.Stream(t.Context(), test.q)
		require.NoError(t, err, name)
		require.Empty(t, drain(t, s), name)
		require.Equal(t, test.requests, s.Result().Receipt.Requests, name)
		s.Close()
		r.RequireNoMemory(t)
	}
}

// A trace makes at most Config.Parallel guesses in a partition.
func TestTheNumberOfGuesses(t *testing.T) {
	store := bucket(t)
	var keys []string
	for n := range 5 {
		keys = append(keys, put(t, store, partition("c"), mergedOf(1, n), span("c", noon, 2)))
	}
	r := newReader(t, store, query.Config{Parallel: 3})
	trace(t, r, day("c"))
	require.NoError(t, store.Delete(t.Context(), keys...))
	require.Equal(t, 1+3, trace(t, r, day("c")).Receipt.Requests)
}

// If too little memory is free to decode all row groups of a guess at once, the trace must decode
// fewer at a time.
func TestAGuessOfTooManyRows(t *testing.T) {
	store := bucket(t)
	events := wide(noon, 150) // in three row groups
	put(t, store, partition("c"), mergedOf(1, 1), events)
	r := newReader(t, store, query.Config{WholeBytes: 1, BudgetBytes: 4 << 20})
	require.Equal(t, events, trace(t, r, day("c")).Events)
	require.Equal(t, 2, trace(t, r, day("c")).Receipt.Requests)
	free := r.Hold(0, 800<<10, 0)
	for _, descending := range []bool{false, true} {
		q := day("c")
		q.Descending = descending
		result := trace(t, r, q)
		require.Equal(t, reversed(events, descending), result.Events)
		require.Empty(t, result.Unreadable)
		require.Greater(t, result.Receipt.Requests, 2)
	}
	free()
	r.RequireNoMemory(t)
}

// Guesses never wait for memory. So concurrent traces must not deadlock, even if the memory
// suffices for the guesses of only some of them.
func TestConcurrentGuesses(t *testing.T) {
	store := bucket(t)
	key, events := closedDay(t, store)
	r := newReader(t, store, query.Config{BudgetBytes: 32 * 3 * objectOf(t, store, key).Size})
	trace(t, r, day("c"))
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 10 {
				result, err := r.Trace(t.Context(), day("c"))
				require.NoError(t, err)
				require.Equal(t, events, result.Events)
				require.Equal(t, 2, result.Receipt.Requests)
			}
		})
	}
	wg.Wait()
	r.RequireNoMemory(t)
}
