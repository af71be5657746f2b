package query_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
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
	"devicetrace/pkg/query"
	"devicetrace/pkg/segment"
)

// tiny is a budget, in bytes, with which a reader can hold only about one row of each object.
const tiny = 1 << 10

// crowded returns a store in which client c has many events, in runs and compacted objects on two
// days. Most events are in several objects, and some share a millisecond. Copies of an event differ
// in their received times and action infos. crowded also returns the events that a stream must
// yield, in order.
func crowded(t testing.TB) (*memstore.Store, []event.Event) {
	random := rand.New(rand.NewPCG(7, 7))
	store := bucket(t)
	var all []event.Event
	for i := range 160 {
		e := at("c", noon.Add(time.Duration(random.IntN(80))*18*time.Minute))
		e.SourceEventID = fmt.Sprint(i)
		all = append(all, e)
	}
	parts := map[layout.Partition][][]event.Event{}
	var stored []event.Event
	for _, e := range all {
		where := shards.PartitionOf("i", "c", e.Time)
		if parts[where] == nil {
			parts[where] = make([][]event.Event, 7)
		}
		for range 1 + random.IntN(3) {
			e.ReceivedAt = e.Time.Add(time.Duration(random.IntN(5)) * time.Second)
			e.ActionInfo = []event.ActionInfo{event.Accepted, event.NoHeart}[random.IntN(2)]
			to := random.IntN(7)
			parts[where][to] = append(parts[where][to], e)
			stored = append(stored, e)
		}
	}
	for where, objects := range parts {
		for n, events := range objects {
			name := mergedOf(n%2+1, n)
			if n >= 4 {
				name = runOf(n, 3)
				put(t, store, where, runOf(n, 2), append(events[:len(events)/2:len(events)/2], span("a", where.Day.Start(), 3)...))
			}
			put(t, store, where, name, append(events, span("b", where.Day.Start(), 30)...))
		}
	}
	var want []event.Event
	for _, row := range segment.FromEvents(stored) {
		want = append(want, row.Event("i"))
	}
	return store, want
}

// read returns all events that match a request, and the result of the stream.
func read(t testing.TB, r *query.Reader, q query.Request) ([]event.Event, query.Result, error) {
	s, err := r.Stream(t.Context(), q)
	if err != nil {
		return nil, query.Result{}, err
	}
	defer s.Close()
	defer s.Close() // a second call must change nothing
	var events []event.Event
	var failed error
	for e, err := range s.Events(t.Context()) {
		require.NoError(t, failed, "the iteration goes on after an error")
		if failed = err; err == nil {
			events = append(events, *e)
		}
	}
	return events, s.Result(), failed
}

// twoDays returns a request for all events of the crowded store.
func twoDays(descending bool) query.Request {
	q := day("c")
	q.From, q.To, q.Descending = noon, noon.Add(24*time.Hour), descending
	return q
}

// With any budget, a stream must yield each event once and in order. Of several copies, it must
// yield the one that was received first.
func TestStreamsWithAnyBudget(t *testing.T) {
	store, all := crowded(t)
	for _, budget := range []int64{1, tiny, 1 << 16, 0} {
		for _, whole := range []int64{1, 1 << 20} {
			for _, descending := range []bool{false, true} {
				r := newReader(t, store, query.Config{BudgetBytes: budget, WholeBytes: whole})
				got, _, err := read(t, r, twoDays(descending))
				require.NoError(t, err)
				require.Equal(t, reversed(all, descending), got, "budget %d, whole %d, descending %v", budget, whole, descending)
				r.RequireNoMemory(t)
			}
		}
	}
}

// A stream that continues after any event must yield exactly the later events that match its
// filters.
func TestStreamsContinueAfterAnyEvent(t *testing.T) {
	store, all := crowded(t)
	r := newReader(t, store, query.Config{WholeBytes: 1})
	for _, descending := range []bool{false, true} {
		events := reversed(all, descending)
		for i := range events {
			q := twoDays(descending)
			q.Cursor = query.CursorAfter(&events[i])
			q.ActionInfos = []event.ActionInfo{event.NoHeart}
			want := slices.DeleteFunc(slices.Clone(events[i+1:]), func(e event.Event) bool { return e.ActionInfo != event.NoHeart })
			got, _, err := read(t, r, q)
			require.NoError(t, err)
			require.Equal(t, want, append([]event.Event{}, got...), "after event %d, descending %v", i, descending)
		}
	}
}

// Concurrent streams must share a budget without blocking each other, even if the budget is far too
// small for all of them together.
func TestStreamsShareABudget(t *testing.T) {
	store, all := crowded(t)
	r := newReader(t, store, query.Config{BudgetBytes: 1 << 14, WholeBytes: 1})
	var wg sync.WaitGroup
	for n := range 16 {
		wg.Go(func() {
			got, _, err := read(t, r, twoDays(n%2 == 1))
			require.NoError(t, err)
			require.Equal(t, reversed(all, n%2 == 1), got)
		})
	}
	wg.Wait()
	r.RequireNoMemory(t)
}

// wide returns n events of client c, one per second. Because of their long texts, a source decodes
// only about 1,700 of them after one read.
func wide(from time.Time, n int) []event.Event {
	events := span("c", from, n)
	for i := range events {
		e := &events[i]
		e.Username, e.ChannelID, e.Node = strings.Repeat("u", 512), strings.Repeat("c", 512), strings.Repeat("n", 512)
		e.NativeReason, e.NativeEvent = strings.Repeat("r", 512), strings.Repeat("e", 512)
		e.PeerAddress, e.Source, e.Protocol = strings.Repeat("a", 512), strings.Repeat("s", 512), strings.Repeat("p", 512)
		e.SourceEventID = strings.Repeat("i", 500) + fmt.Sprint(i)
	}
	return events
}

// A trace must not read row groups that come after its page, in either order. With a cursor, it
// must not read row groups that come before the page.
func TestAPageReadsOnlyItsRowGroups(t *testing.T) {
	store := objstore.NewCounting(bucket(t))
	events := wide(noon, 6000)
	put(t, store, partition("c"), compacted(1), events)
	r := newReader(t, store, large)
	trace(t, r, day("c")) // reads the layout and the footer
	store.Reset()
	require.Len(t, trace(t, r, day("c")).Events, len(events))
	require.Greater(t, len(store.Of(objstore.OpRead)), 3)
	_, whole := store.Bytes()
	for _, descending := range []bool{false, true} {
		q := day("c")
		q.Descending, q.Limit = descending, 100
		events := reversed(events, descending)
		for from := 1; from < 4000; from += 500 {
			q.Cursor = query.CursorAfter(&events[from-1])
			result := trace(t, r, q)
			require.Equal(t, events[from:from+100], result.Events)
			require.LessOrEqual(t, result.Receipt.Requests, 3)
			require.Less(t, result.Receipt.Bytes, whole*2/5)
		}
	}
}

// If an object contains only later events, its row groups must be read only when the stream reaches
// them.
func TestObjectsThatLieAheadAreReadLater(t *testing.T) {
	store := objstore.NewCounting(bucket(t))
	early, late := wide(noon.Add(-6*time.Hour), 3000), wide(noon, 3000)
	put(t, store, partition("c"), mergedOf(1, 1), early)
	key := put(t, store, partition("c"), mergedOf(1, 2), late)
	r := newReader(t, store, large)
	q := day("c")
	q.Limit = 2500
	require.Equal(t, early[:2500], trace(t, r, q).Events)
	require.Len(t, callsOf(store, objstore.OpRead, key), 1, "only the footer of the later object is read")
	got, _, err := read(t, r, day("c"))
	require.NoError(t, err)
	require.Equal(t, slices.Concat(early, late), got)
}

// onRead returns a store that calls do before the n-th read of the object under key. A reader with
// the Config large first reads the footer.
func onRead(store objstore.Store, key string, n int, do func()) *objstore.Faulty {
	seen := 0
	return objstore.NewFaulty(store, func(c objstore.Call) objstore.Fault {
		if c.Op == objstore.OpRead && c.Key == key {
			if seen++; seen == n {
				do()
			}
		}
		return objstore.Fault{}
	})
}

// large is a Config that makes a Reader treat every object as large, and so read its footer and row
// groups separately.
var large = query.Config{WholeBytes: 1, Retreat: 1}

// If a compaction deletes objects while a stream reads them, the stream must list the partition
// again. It must continue after the last event that it has yielded. Even if several objects are
// missing, it must list only once more.
func TestObjectsMissingInMidStream(t *testing.T) {
	for _, descending := range []bool{false, true} {
		for _, budget := range []int64{tiny, 0} {
			store := bucket(t)
			events := wide(noon, 5000)
			var keys []string
			for n := range 3 { // each event is in two of three objects
				var part []event.Event
				for i, e := range events {
					if i%3 != n {
						part = append(part, e)
					}
				}
				keys = append(keys, put(t, store, partition("c"), runOf(n, 1), part))
			}
			compact := func() {
				put(t, store, partition("c"), compacted(1), events)
				require.NoError(t, store.Delete(t.Context(), keys...))
			}
			counting := objstore.NewCounting(onRead(store, keys[1], 3, compact))
			r := newReader(t, counting, query.Config{WholeBytes: 1, Retreat: 1, BudgetBytes: budget})
			q := day("c")
			q.Descending = descending
			if budget == tiny {
				q.From, q.To = noon.Add(time.Hour-time.Second), noon.Add(time.Hour+10*time.Second)
			}
			got, result, err := read(t, r, q)
			require.NoError(t, err)
			want := slices.DeleteFunc(reversed(events, descending), func(e event.Event) bool { return e.Time.Before(q.From) || e.Time.After(q.To) })
			require.Equal(t, want, got)
			require.Empty(t, result.Unreadable)
			require.Len(t, callsOf(counting, objstore.OpList, partition("c").Prefix()), 2)
			if budget == 0 {
				require.Less(t, len(counting.Of(objstore.OpRead)), 20, "rows that were yielded are not read again")
			}
			r.RequireNoMemory(t)
		}
	}
}

// If a partition keeps changing while a stream is being read, the stream must fail after six
// listings.
func TestAPartitionThatNeverSettlesInMidStream(t *testing.T) {
	store := bucket(t)
	events := wide(noon, 3000)
	key := put(t, store, partition("c"), mergedOf(1, 1), events)
	listings, level := 0, 1
	faulty := objstore.NewFaulty(store, func(c objstore.Call) objstore.Fault {
		if c.Op == objstore.OpList && c.Key == partition("c").Prefix() {
			listings++
		}
		if c.Op == objstore.OpRead && c.Key == key && c.Off == 4 { // a read of the first row groups
			level++
			key = put(t, store, partition("c"), mergedOf(level, 1), events)
			require.NoError(t, store.Delete(t.Context(), c.Key))
		}
		return objstore.Fault{}
	})
	r := newReader(t, faulty, large)
	_, _, err := read(t, r, day("c"))
	require.ErrorIs(t, err, query.ErrUnsettled)
	require.Equal(t, 6, listings)
	r.RequireNoMemory(t)
}

// damage changes a byte in the middle of the row group with the given index.
func damage(t testing.TB, store objstore.Store, key string, group int) {
	object := objectOf(t, store, key)
	footer, err := segment.OpenFooter(t.Context(), store, segment.Object{Key: key, Size: object.Size})
	require.NoError(t, err)
	data, err := store.Read(t.Context(), key, 0, object.Size)
	require.NoError(t, err)
	g := footer.Groups()[group]
	data[g.Offset+g.Length/2] ^= 1
	require.NoError(t, store.Put(t.Context(), key, bytes.NewReader(data), object.Size))
}

func objectOf(t testing.TB, store objstore.Store, key string) objstore.Object {
	objects, err := objstore.All(t.Context(), store, key, "")
	require.NoError(t, err)
	require.Len(t, objects, 1)
	return objects[0]
}

// If a later row group of a run's newest object is damaged, the stream must continue with the next
// older object, and report the damaged one.
func TestDamageInMidStream(t *testing.T) {
	for _, descending := range []bool{false, true} {
		store := bucket(t)
		events := wide(noon, 6000)
		put(t, store, partition("c"), runOf(1, 1), events[:5000])
		head := put(t, store, partition("c"), runOf(1, 2), events)
		damage(t, store, head, 20)
		r := newReader(t, store, large)
		q := day("c")
		q.Descending = descending
		got, result, err := read(t, r, q)
		require.NoError(t, err)
		require.Len(t, result.Unreadable, 1)
		require.Equal(t, head, result.Unreadable[0].Key)
		require.Contains(t, result.Unreadable[0].Error, fmt.Sprintf("read segment %q: not a valid segment: the checksum of row group 20 is wrong", head))
		want := reversed(events[:5000], descending)
		if descending { // the newest events come from the damaged object's intact row groups
			want = reversed(events, descending)
		}
		require.Equal(t, len(want), len(got))
		require.Equal(t, want, got)
	}
}

// Damage in a compacted object must hide only rows that no other object holds. It must not hide
// rows that come before the damage.
func TestDamageInMidStreamOfACompactedObject(t *testing.T) {
	store := bucket(t)
	events := wide(noon, 6000)
	key := put(t, store, partition("c"), compacted(1), events)
	put(t, store, partition("c"), fresh(1), span("c", noon.Add(5*time.Hour), 3))
	damage(t, store, key, 20)
	got, result, err := read(t, newReader(t, store, large), day("c"))
	require.NoError(t, err)
	require.Len(t, result.Unreadable, 1)
	rows := len(got) - 3
	require.GreaterOrEqual(t, rows, 1500)
	require.Equal(t, events[:rows], got[:rows])
	require.Equal(t, span("c", noon.Add(5*time.Hour), 3), got[rows:])
}

// If several objects have damage in later row groups, each of them must be reported once, and none
// must be read again.
func TestDamageInSeveralObjects(t *testing.T) {
	store := bucket(t)
	for n := range 3 {
		key := put(t, store, partition("c"), mergedOf(1, n), wide(noon.Add(time.Duration(n)*time.Hour), 3000))
		damage(t, store, key, 20)
	}
	for _, descending := range []bool{false, true} {
		counting := objstore.NewCounting(store)
		q := day("c")
		q.Descending = descending
		_, result, err := read(t, newReader(t, counting, large), q)
		require.NoError(t, err)
		require.Len(t, result.Unreadable, 3)
		require.LessOrEqual(t, len(counting.Of(objstore.OpRead)), 3*3)
	}
}

// A damaged object must not make a result incomplete if a later object of its run contains its
// rows.
func TestADamagedObjectThatIsSuperseded(t *testing.T) {
	store := bucket(t)
	events := span("c", noon, 5)
	damaged := putBytes(t, store, partition("c"), runOf(1, 1), []byte("no segment"))
	gone := put(t, store, partition("c"), runOf(2, 1), events[3:])
	faulty := objstore.NewFaulty(store, func(c objstore.Call) objstore.Fault {
		if c.Op == objstore.OpRead && c.Key == gone {
			put(t, store, partition("c"), runOf(1, 2), events[:3])
			put(t, store, partition("c"), runOf(2, 2), events[3:])
			require.NoError(t, store.Delete(t.Context(), gone))
		}
		return objstore.Fault{}
	})
	counting := objstore.NewCounting(faulty)
	result := trace(t, newReader(t, counting, query.Config{Retreat: 1, Parallel: 1}), day("c"))
	require.Equal(t, events, result.Events)
	require.Empty(t, result.Unreadable)
	require.Equal(t, damaged, counting.Of(objstore.OpRead)[0].Key, "the damaged object was read")
}

// A stream may return to an older object of a run if the newer one turns out to be damaged. If the
// stream still holds decoded rows of the older object, it must release their memory.
func TestAnOlderObjectThatIsReadAgain(t *testing.T) {
	store := bucket(t)
	all := wide(noon, 6000)
	var sparse, dense []event.Event
	for i, e := range all {
		if i%3 == 0 {
			sparse = append(sparse, e)
		} else {
			dense = append(dense, e)
		}
	}
	put(t, store, partition("c"), runOf(1, 1), sparse)
	gone := put(t, store, partition("c"), runOf(2, 1), dense)
	var damaged string
	supersede := func() { // the stream still holds decoded rows of the first run
		damaged = put(t, store, partition("c"), runOf(1, 2), sparse)
		for group := range 16 {
			damage(t, store, damaged, group)
		}
		put(t, store, partition("c"), runOf(2, 2), dense)
		require.NoError(t, store.Delete(t.Context(), gone))
	}
	r := newReader(t, onRead(store, gone, 3, supersede), large)
	got, result, err := read(t, r, day("c"))
	require.NoError(t, err)
	require.Equal(t, all, got)
	require.Len(t, result.Unreadable, 1)
	require.Equal(t, damaged, result.Unreadable[0].Key)
	r.RequireNoMemory(t)
}

// If the store fails while a stream is being read, the stream must return an error. It must not
// just end early.
func TestAFaultInMidStreamIsAnError(t *testing.T) {
	store := bucket(t)
	events := wide(noon, 5000)
	key := put(t, store, partition("c"), compacted(1), events)
	for n := 2; n <= 4; n++ {
		faulty := objstore.NewFaulty(store, nil)
		reads := 0
		faulty.SetHook(func(c objstore.Call) objstore.Fault {
			if c.Op == objstore.OpRead && c.Key == key {
				if reads++; reads == n {
					return objstore.Fault{Midway: objstore.ErrFault}
				}
			}
			return objstore.Fault{}
		})
		r := newReader(t, faulty, large)
		got, _, err := read(t, r, day("c"))
		require.ErrorIs(t, err, objstore.ErrFault)
		require.Less(t, len(got), len(events))
		r.RequireNoMemory(t)
	}
}

// A trace must wait until its memory is free. If its context ends first, the trace must end without
// further requests. Decoding a small object can take many times as much memory as reading it. Once
// the trace knows the footer, it must wait for this memory, too.
func TestATraceWaitsForMemory(t *testing.T) {
	store := objstore.NewCounting(bucket(t))
	events := wide(noon, 400) // almost 2 MiB
	key := put(t, store, partition("c"), compacted(1), events)
	require.Less(t, objectOf(t, store, key).Size, int64(32<<10))
	const all = 4 << 20
	const allReads = all - all/8 // the rest is for guesses
	for name, test := range map[string]struct {
		wholeBytes int64
		warm       bool // the footer is cached
		// reads, rows and pools are the memory that is in use at first.
		reads, rows, pools int64
	}{
		"rows":         {rows: all},
		"whole object": {reads: allReads},
		"decoding":     {reads: allReads - 256<<10},
		"footer":       {reads: allReads, wholeBytes: 1},
		"row groups":   {reads: allReads, wholeBytes: 1, warm: true},
		"pool":         {rows: all - 128<<10, pools: 2 * all}, // the share of the only source is free
	} {
		for _, canceled := range []bool{false, true} {
			r := newReader(t, store, query.Config{BudgetBytes: 4 * all, WholeBytes: test.wholeBytes})
			trace(t, r, day("another client")) // looks up the layout
			if test.warm {
				trace(t, r, day("c"))
			}
			free := r.Hold(test.reads, test.rows, test.pools)
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			var result query.Result
			go func() {
				var err error
				result, err = r.Trace(ctx, day("c"))
				ended <- err
			}()
			for !r.IsAwaited() {
				require.Empty(t, ended, name)
				runtime.Gosched()
			}
			if canceled {
				requests := store.Requests()
				cancel()
				require.ErrorIs(t, <-ended, context.Canceled, name)
				require.Equal(t, requests, store.Requests(), name)
				free()
			} else {
				free()
				require.NoError(t, <-ended)
				require.Equal(t, events, result.Events)
			}
			cancel()
			r.RequireNoMemory(t)
		}
	}
}

// With little memory, a reader must not read more row groups in one request than it can decode.
func TestLittleMemoryMeansSmallReads(t *testing.T) {
	store := objstore.NewCounting(bucket(t))
	events := wide(noon, 1000)
	key := put(t, store, partition("c"), compacted(1), events)
	footer, err := segment.OpenFooter(t.Context(), store, segment.Object{Key: key, Size: objectOf(t, store, key).Size})
	require.NoError(t, err)
	var largest int64
	for _, g := range footer.Groups() {
		largest = max(largest, g.Length)
	}
	q := day("c")
	q.Limit = 100
	store.Reset()
	require.Equal(t, events[:100], trace(t, newReader(t, store, query.Config{WholeBytes: 1, BudgetBytes: 1 << 20}), q).Events)
	reads := store.Of(objstore.OpRead)[1:]
	require.NotEmpty(t, reads)
	for _, call := range reads {
		require.LessOrEqual(t, call.N, largest)
	}
}

// If a client has many events in each of many objects, a source cannot decode a whole row group at
// once. It must still not read the row group again for every few rows. This must hold whether or
// not the objects' time ranges overlap, and even if several streams compete for the memory.
func TestManyEventsInManyObjectsTakeFewReads(t *testing.T) {
	const objects, rows, streams = 20, 500, 4
	all := span("c", noon.Add(-12*time.Hour), objects*rows)
	random := rand.New(rand.NewPCG(1, 1))
	for i := range all {
		all[i].ChannelID = fmt.Sprintf("%016x", random.Uint64()) // so that the objects are not tiny
	}
	for _, overlap := range []bool{false, true} {
		store := objstore.NewCounting(bucket(t))
		for n := range objects {
			part := all[n*rows : (n+1)*rows]
			if overlap {
				part = everyNth(all[n:], objects)
			}
			putGroups(t, store, partition("c"), mergedOf(1, n), part, rows)
		}
		stored, _ := store.Bytes()
		for _, whole := range []int64{1, 1 << 20} {
			r := newReader(t, store, query.Config{WholeBytes: whole, BudgetBytes: 1 << 20})
			store.Reset()
			var wg sync.WaitGroup
			for n := range streams {
				wg.Go(func() {
					q := day("c")
					q.Descending = n%2 == 1
					got, _, err := read(t, r, q)
					require.NoError(t, err)
					require.Equal(t, reversed(all, q.Descending), got)
				})
			}
			wg.Wait()
			_, bytes := store.Bytes()
			require.LessOrEqual(t, len(store.Of(objstore.OpRead)), 3*objects*streams, "overlap %v, whole %d", overlap, whole)
			require.Less(t, bytes, 3*stored*streams, "overlap %v, whole %d", overlap, whole)
			r.RequireNoMemory(t)
		}
	}
}

// everyNth returns the first event and every n-th one after it.
func everyNth(events []event.Event, n int) (found []event.Event) {
	for i := 0; i < len(events); i += n {
		found = append(found, events[i])
	}
	return found
}

// A reader must pause before each listing except the first. The maximum pause must double each
// time.
func TestPausesBetweenListings(t *testing.T) {
	store := bucket(t)
	key := put(t, store, partition("c"), fresh(1), span("c", noon, 1))
	faulty := objstore.NewFaulty(store, func(c objstore.Call) objstore.Fault {
		if c.Op == objstore.OpRead && c.Key == key {
			return objstore.Fault{Before: fmt.Errorf("read: %w", fs.ErrNotExist)}
		}
		return objstore.Fault{}
	})
	var bounds []time.Duration
	r := newReader(t, faulty, query.Config{Retreat: time.Second, Jitter: func(bound time.Duration) time.Duration {
		bounds = append(bounds, bound)
		return 0
	}})
	_, err := r.Trace(t.Context(), day("c"))
	require.ErrorIs(t, err, query.ErrUnsettled)
	require.Equal(t, []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second}, bounds)
}

// Without a layout marker, a result must say so, because the bucket may still contain events.
func TestABucketWithoutALayoutMarker(t *testing.T) {
	store := memstore.New()
	put(t, store, partition("c"), fresh(1), span("c", noon, 3))
	result := trace(t, newReader(t, store, query.Config{}), day("c"))
	require.Empty(t, result.Events)
	require.True(t, result.NoLayout)
	require.NoError(t, store.Put(t.Context(), shards.Marker(), bytes.NewReader(nil), 0))
	require.False(t, trace(t, newReader(t, store, query.Config{}), day("c")).NoLayout)
}

// A source must decode a row group even if its rows exceed the usual memory limit for one read.
func TestALargeRowGroup(t *testing.T) {
	store := bucket(t)
	events := span("c", noon, 30_000)
	putGroups(t, store, partition("c"), compacted(1), events, len(events))
	require.Equal(t, events, trace(t, newReader(t, store, large), day("c")).Events)
}
