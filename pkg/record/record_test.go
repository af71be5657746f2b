package record_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/memstore"
	"devicetrace/pkg/record"
	"devicetrace/pkg/segment"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// at returns an event of the given client, ms milliseconds after noon.
func at(client string, ms int) event.Event {
	t := noon.Add(time.Duration(ms) * time.Millisecond)
	return event.Event{
		InstanceID: "i", ClientID: event.ClientID(client), Action: event.Connect, ActionInfo: event.Accepted,
		Time: t, ReceivedAt: t, TimeOrigin: event.FromBroker, NativeEvent: "connect", Source: "events",
	}
}

// clients returns an event for each of n clients.
func clients(n int) []event.Event {
	events := make([]event.Event, n)
	for i := range events {
		events[i] = at(fmt.Sprint("client", i), 0)
	}
	return events
}

func newWriter(t testing.TB, store record.Store, config record.Config) *record.Writer {
	w, err := record.New(store, config)
	require.NoError(t, err)
	return w
}

// keys returns the keys of all segments in ascending order.
func keys(t testing.TB, store objstore.Lister) []string {
	objects, err := objstore.All(t.Context(), store, layout.EventsPrefix, "")
	require.NoError(t, err)
	var all []string
	for _, o := range objects {
		all = append(all, o.Key)
	}
	return all
}

// nameOf returns the name of the segment with the given key.
func nameOf(t testing.TB, key string) layout.Name {
	_, name, err := layout.ParseKey(key)
	require.NoError(t, err)
	return name
}

// isSegmentPut reports whether a call puts a segment. A layout marker is not a segment, because it
// is empty.
func isSegmentPut(c objstore.Call) bool { return c.Op == objstore.OpPut && c.N > 0 }

// failPuts returns a hook that fails segment put number n, counted from 1, if fails(n) is true.
func failPuts(fails func(n int) bool) func(objstore.Call) objstore.Fault {
	puts := 0
	return func(c objstore.Call) objstore.Fault {
		if isSegmentPut(c) {
			if puts++; fails(puts) {
				return objstore.Fault{Before: objstore.ErrFault}
			}
		}
		return objstore.Fault{}
	}
}

// rows returns all rows of the segment with the given key.
func rows(t testing.TB, store objstore.Store, key string) []segment.Row {
	page, err := store.List(t.Context(), key, "")
	require.NoError(t, err)
	data, err := store.Read(t.Context(), key, 0, page.Objects[0].Size)
	require.NoError(t, err)
	object := segment.Object{Key: key, Size: int64(len(data))}
	footer, err := segment.ParseFooter(data, object.Size)
	require.NoError(t, err)
	cursor := segment.OpenCursor(store, object, footer)
	var all []segment.Row
	for {
		row, err := cursor.Next(t.Context())
		if errors.Is(err, io.EOF) {
			return all
		}
		require.NoError(t, err)
		all = append(all, *row)
	}
}

func TestOneEventTakesOnePut(t *testing.T) {
	store := objstore.NewCounting(memstore.New())
	w := newWriter(t, store, record.Config{})
	require.NoError(t, w.Append(t.Context(), []event.Event{at("c", 0)}))
	store.Reset()
	require.NoError(t, w.Append(t.Context(), []event.Event{at("c", 1)}))
	require.Equal(t, 1, store.Requests())
	require.Len(t, store.Of(objstore.OpPut), 1)
	require.NoError(t, w.Append(t.Context(), nil))
	require.Equal(t, 1, store.Requests(), "an empty call makes no request")
}

func TestACallMakesOnePutPerPartition(t *testing.T) {
	store := objstore.NewCounting(memstore.New())
	w := newWriter(t, store, record.Config{})
	require.NoError(t, w.Claim(t.Context()))
	store.Reset()
	var batch []event.Event
	touched := map[layout.Partition]bool{}
	for i := range 1000 {
		e := at(fmt.Sprint("client", i%40), i*100_000)
		touched[layout.Layout{Shards: 16}.PartitionOf(e.InstanceID, e.ClientID, e.Time)] = true
		batch = append(batch, e)
	}
	require.NoError(t, w.Append(t.Context(), batch))
	require.Len(t, store.Of(objstore.OpPut), len(touched))
	require.Equal(t, len(touched), store.Requests())
}

// Each object of a run has the next sequence number and contains all rows of the run's earlier
// objects.
func TestRunsGrow(t *testing.T) {
	store := memstore.New()
	w := newWriter(t, store, record.Config{})
	for i := range 5 {
		require.NoError(t, w.Append(t.Context(), []event.Event{at("c", i)}))
	}
	all := keys(t, store)
	require.Len(t, all, 5)
	for i, key := range all {
		require.Equal(t, i+1, nameOf(t, key).Seq)
		require.Len(t, rows(t, store, key), i+1)
	}
}

func TestRunsEndBySize(t *testing.T) {
	counting := objstore.NewCounting(memstore.New())
	require.NoError(t, newWriter(t, counting, record.Config{}).Append(t.Context(), []event.Event{at("c", 0)}))
	puts := counting.Of(objstore.OpPut)
	size := int(puts[len(puts)-1].N)
	for limit, open := range map[int]bool{size: false, size + 1: true} {
		w := newWriter(t, memstore.New(), record.Config{RunBytes: limit})
		require.NoError(t, w.Append(t.Context(), []event.Event{at("c", 0)}))
		require.Equal(t, open, w.Open() > 0)
	}
}

func TestRunsEndByRowsAndByAge(t *testing.T) {
	now := noon
	store := memstore.New()
	w := newWriter(t, store, record.Config{RunRows: 3, RunAge: time.Minute, Now: func() time.Time { return now }})
	runs := func() (n int) {
		seen := map[string]bool{}
		for _, key := range keys(t, store) {
			seen[nameOf(t, key).Run] = true
		}
		return len(seen)
	}
	for i := range 3 {
		require.NoError(t, w.Append(t.Context(), []event.Event{at("c", i)}))
	}
	require.Equal(t, 1, runs())
	require.NoError(t, w.Append(t.Context(), []event.Event{at("c", 3)}))
	require.Equal(t, 2, runs(), "the first run was full")
	now = now.Add(time.Minute)
	require.NoError(t, w.Append(t.Context(), []event.Event{at("c", 4)}))
	require.Equal(t, 3, runs(), "the second run was too old")
	now = now.Add(-time.Hour)
	require.NoError(t, w.Append(t.Context(), []event.Event{at("c", 5)}))
	require.Equal(t, 4, runs(), "a clock that is set back ends a run")
}

// A run ends at the highest sequence number that fits into a name. A higher number would make a
// name that sorts before the names of the superseded objects, and that readers cannot parse.
func TestARunEndsAtTheHighestNumber(t *testing.T) {
	store := memstore.New()
	w := newWriter(t, store, record.Config{Background: atOnce})
	require.NoError(t, w.Append(t.Context(), []event.Event{at("c", 0)}))
	w.LeaveNumbers(2)
	for i := range 4 {
		require.NoError(t, w.Append(t.Context(), []event.Event{at("c", 1+i)}))
	}
	numbers := map[string][]int{}
	for _, key := range keys(t, store) {
		name := nameOf(t, key)
		numbers[name.Run] = append(numbers[name.Run], name.Seq)
	}
	require.Len(t, numbers, 2)
	require.ElementsMatch(t, [][]int{{layout.MaxSeq - 1, layout.MaxSeq}, {1, 2}}, slices.Collect(maps.Values(numbers)))
}

// An event that is appended a second time must be put again, even if the run already contains it,
// because the first put may have failed.
func TestARepeatedEventIsPutAgain(t *testing.T) {
	store := memstore.New()
	faulty := objstore.NewFaulty(store, nil)
	w := newWriter(t, faulty, record.Config{})
	require.NoError(t, w.Append(t.Context(), []event.Event{at("c", 0)}))
	faulty.SetHook(func(objstore.Call) objstore.Fault { return objstore.Fault{Before: objstore.ErrFault} })
	require.ErrorIs(t, w.Append(t.Context(), []event.Event{at("c", 1)}), objstore.ErrFault)
	require.Len(t, keys(t, store), 1)
	faulty.SetHook(nil)
	require.NoError(t, w.Append(t.Context(), []event.Event{at("c", 1)}))
	all := keys(t, store)
	require.Len(t, rows(t, store, all[len(all)-1]), 2)
	require.Equal(t, 3, nameOf(t, all[len(all)-1]).Seq, "a failed put uses up its sequence number")
}

// A put whose outcome is unknown may take effect later, so its key is never used for different
// content.
func TestNoKeyHoldsTwoContents(t *testing.T) {
	store := memstore.New()
	contents := map[string][]byte{}
	var mu sync.Mutex
	spy := spyStore{Store: store, put: func(key string, body []byte) {
		mu.Lock()
		defer mu.Unlock()
		if old, put := contents[key]; put && !bytes.Equal(old, body) {
			t.Errorf("two contents under %q", key)
		}
		contents[key] = body
	}}
	n := 0
	faulty := objstore.NewFaulty(spy, func(c objstore.Call) objstore.Fault {
		if c.Op != objstore.OpPut {
			return objstore.Fault{}
		}
		n++
		switch n % 3 {
		case 1:
			return objstore.Fault{After: objstore.ErrFault}
		case 2:
			return objstore.Fault{Midway: objstore.ErrFault}
		}
		return objstore.Fault{}
	})
	w := newWriter(t, faulty, record.Config{RunRows: 7})
	acknowledged := 0
	for i := range 60 {
		if w.Append(t.Context(), []event.Event{at("c", i)}) == nil {
			acknowledged++
		}
	}
	require.Positive(t, acknowledged)
}

type spyStore struct {
	objstore.Store
	put func(key string, body []byte)
}

func (s spyStore) Put(ctx context.Context, key string, body io.ReaderAt, size int64) error {
	data := make([]byte, size)
	if _, err := body.ReadAt(data, 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	s.put(key, data)
	return s.Store.Put(ctx, key, body, size)
}

// A put whose outcome is unknown may have stored an object. The next confirmed put supersedes that
// object, so the writer must delete it like any other superseded object.
func TestObjectsOfUnconfirmedPutsAreDeleted(t *testing.T) {
	store := memstore.New()
	faulty := objstore.NewFaulty(store, func(c objstore.Call) (fault objstore.Fault) {
		if isSegmentPut(c) && len(keys(t, store)) < 3 {
			fault.After = objstore.ErrFault
		}
		return fault
	})
	w := newWriter(t, faulty, record.Config{})
	for i := range 4 {
		err := w.Append(t.Context(), []event.Event{at("c", i)})
		require.Equal(t, i < 3, err != nil)
	}
	require.Len(t, keys(t, store), 4)
	require.NoError(t, w.Close(t.Context()))
	require.Len(t, keys(t, store), 2)
}

func TestNothingIsDeletedBelowAnUnconfirmedPut(t *testing.T) {
	store := memstore.New()
	faulty := objstore.NewFaulty(store, failPuts(func(n int) bool { return n > 1 }))
	w := newWriter(t, faulty, record.Config{})
	require.NoError(t, w.Append(t.Context(), []event.Event{at("c", 0)}))
	for i := range 250 {
		require.Error(t, w.Append(t.Context(), []event.Event{at("c", 1+i)}))
	}
	require.NoError(t, w.Close(t.Context()))
	require.Len(t, rows(t, store, keys(t, store)[0]), 1, "the acknowledged event is still there")
}

// gated returns a store that holds up the first put of a segment. When this put begins, it closes
// the entered channel. It then waits for the test to close the gate channel.
func gated(store objstore.Store) (faulty *objstore.Faulty, entered, gate chan struct{}) {
	entered, gate = make(chan struct{}), make(chan struct{})
	var once sync.Once
	return objstore.NewFaulty(store, func(c objstore.Call) (fault objstore.Fault) {
		if isSegmentPut(c) {
			once.Do(func() {
				fault.Until = gate
				close(entered)
			})
		}
		return fault
	}), entered, gate
}

func eventually(t *testing.T, condition func() bool) {
	require.Eventually(t, condition, time.Minute, time.Millisecond)
}

// Events that arrive while a put is in flight share the next put.
func TestGroupCommit(t *testing.T) {
	store := memstore.New()
	faulty, entered, gate := gated(store)
	w := newWriter(t, faulty, record.Config{})
	errs := make([]error, 50)
	var done sync.WaitGroup
	add := func(i int) { done.Go(func() { errs[i] = w.Append(t.Context(), []event.Event{at("c", i)}) }) }
	add(0)
	<-entered
	for i := range 49 {
		add(1 + i)
	}
	eventually(t, func() bool { return w.Gathered() == 49 })
	close(gate)
	done.Wait()
	require.NoError(t, errors.Join(errs...))
	all := keys(t, store)
	require.Len(t, all, 2)
	require.Len(t, rows(t, store, all[1]), 50)
}

// A caller that gives up must not affect the others, whether it is making a put or waiting for one.
// A put that has begun continues.
func TestACallerThatLeavesHarmsNobody(t *testing.T) {
	store := memstore.New()
	faulty, entered, gate := gated(store)
	w := newWriter(t, faulty, record.Config{})
	leader, leave := context.WithCancel(t.Context())
	led, waited, last := make(chan error, 1), make(chan error, 1), make(chan error, 1)
	go func() { led <- w.Append(leader, []event.Event{at("c", 0)}) }()
	<-entered
	waiter, giveUp := context.WithCancel(t.Context())
	go func() { waited <- w.Append(waiter, []event.Event{at("c", 1)}) }()
	eventually(t, func() bool { return w.Gathered() == 1 })
	leave()
	giveUp()
	require.ErrorIs(t, <-waited, context.Canceled)
	require.Zero(t, w.Gathered(), "the rows of the caller that gave up are dropped")
	go func() { last <- w.Append(t.Context(), []event.Event{at("c", 2)}) }()
	eventually(t, func() bool { return w.Gathered() == 1 })
	close(gate)
	require.NoError(t, <-led)
	require.NoError(t, <-last)
	all := keys(t, store)
	require.Len(t, rows(t, store, all[len(all)-1]), 2, "the event of the caller that gave up is not recorded")
}

// If one of several callers waiting for the same put gives up, the put must still contain the
// others' events.
func TestTheOthersOfABatchAreRecorded(t *testing.T) {
	store := memstore.New()
	faulty, entered, gate := gated(store)
	w := newWriter(t, faulty, record.Config{})
	led, waited, last := make(chan error, 1), make(chan error, 1), make(chan error, 1)
	go func() { led <- w.Append(t.Context(), []event.Event{at("c", 0)}) }()
	<-entered
	waiter, giveUp := context.WithCancel(t.Context())
	go func() { waited <- w.Append(waiter, []event.Event{at("c", 1)}) }()
	eventually(t, func() bool { return w.Gathered() == 1 })
	go func() { last <- w.Append(t.Context(), []event.Event{at("c", 2), at("c", 3)}) }()
	eventually(t, func() bool { return w.Gathered() == 3 })
	giveUp()
	require.ErrorIs(t, <-waited, context.Canceled)
	require.Equal(t, 2, w.Gathered())
	close(gate)
	require.NoError(t, <-led)
	require.NoError(t, <-last)
	all := keys(t, store)
	require.Len(t, all, 2)
	require.Len(t, rows(t, store, all[1]), 3)
}

// If the only caller of a batch gives up, the batch is dropped. The writer can then forget the
// partition.
func TestAnAbandonedBatchIsDropped(t *testing.T) {
	faulty, entered, gate := gated(memstore.New())
	w := newWriter(t, faulty, record.Config{})
	led, waited := make(chan error, 1), make(chan error, 1)
	go func() { led <- w.Append(t.Context(), []event.Event{at("c", 0)}) }()
	<-entered
	waiter, giveUp := context.WithCancel(t.Context())
	go func() { waited <- w.Append(waiter, []event.Event{at("c", 1)}) }()
	eventually(t, func() bool { return w.Gathered() == 1 })
	giveUp()
	require.ErrorIs(t, <-waited, context.Canceled)
	close(gate)
	require.NoError(t, <-led)
	require.Equal(t, 1, w.Partitions())
	require.NoError(t, w.Close(t.Context()))
	require.Zero(t, w.Partitions())
}

// If a commit panics, the call returns an error and the run is dropped. The next call succeeds.
func TestAPanicDropsTheRun(t *testing.T) {
	store := memstore.New()
	boom := false
	w := newWriter(t, spyStore{Store: store, put: func(string, []byte) {
		if boom {
			panic("boom")
		}
	}}, record.Config{})
	require.NoError(t, w.Append(t.Context(), []event.Event{at("c", 0)}))
	boom = true
	require.ErrorContains(t, w.Append(t.Context(), []event.Event{at("c", 1)}), "boom")
	boom = false
	require.NoError(t, w.Append(t.Context(), []event.Event{at("c", 2)}))
	all := keys(t, store)
	require.Len(t, all, 2)
	for _, key := range all {
		require.Len(t, rows(t, store, key), 1)
	}
}

func TestAnotherLayoutIsRefused(t *testing.T) {
	store := memstore.New()
	require.NoError(t, newWriter(t, store, record.Config{}).Append(t.Context(), []event.Event{at("c", 0)}))
	other := newWriter(t, store, record.Config{Shards: 256})
	require.ErrorIs(t, other.Claim(t.Context()), layout.ErrConflict)
	require.ErrorIs(t, other.Append(t.Context(), []event.Event{at("c", 0)}), layout.ErrConflict)
	require.Len(t, keys(t, store), 1)

	require.NoError(t, store.Put(t.Context(), layout.Layout{Shards: 256}.Marker(), bytes.NewReader(nil), 0))
	err := newWriter(t, store, record.Config{}).Append(t.Context(), []event.Event{at("c", 0)})
	require.ErrorIs(t, err, layout.ErrConflict)
}

func TestConfigNamesTheField(t *testing.T) {
	for field, config := range map[string]record.Config{
		"shards": {Shards: 15}, "RunRows": {RunRows: -1}, "RunAge": {RunAge: -1},
		"RunBytes": {RunBytes: -1}, "MaxOpen": {MaxOpen: -1}, "PutTimeout": {PutTimeout: -1},
		"Linger": {Linger: -1}, "Linger must be between 0 and 2s: 2.001s": {Linger: 2001 * time.Millisecond},
	} {
		_, err := record.New(memstore.New(), config)
		require.ErrorContains(t, err, field)
	}
}

// The open runs of many partitions must not exhaust memory. When the runs exceed the budget, all
// idle runs end, and no event is lost.
func TestOpenRunsAreBounded(t *testing.T) {
	store := memstore.New()
	w := newWriter(t, store, record.Config{Shards: 256, MaxOpen: 100_000})
	var peak int64
	for i := range 2000 {
		require.NoError(t, w.Append(t.Context(), []event.Event{at(fmt.Sprint("client", i), i)}))
		peak = max(peak, w.Open())
	}
	require.Greater(t, peak, int64(100_000))
	require.Less(t, peak, int64(101_000))
	require.NoError(t, w.Close(t.Context()))
	require.Zero(t, w.Open())
	distinct := map[string]bool{}
	for _, key := range keys(t, store) {
		for _, row := range rows(t, store, key) {
			distinct[row.ClientID] = true
		}
	}
	require.Len(t, distinct, 2000)
}

// Idle runs end when the open runs exceed the budget, but not when they just reach it.
func TestOpenRunsMayReachTheBudget(t *testing.T) {
	first, other := []event.Event{at("c", 0)}, []event.Event{at("c", 24*60*60*1000)}
	w := newWriter(t, memstore.New(), record.Config{})
	require.NoError(t, w.Append(t.Context(), first))
	one := w.Open()
	for budget, open := range map[int64]int64{one: 2 * one, one - 1: one} {
		w := newWriter(t, memstore.New(), record.Config{MaxOpen: budget})
		require.NoError(t, w.Append(t.Context(), first))
		require.NoError(t, w.Append(t.Context(), other))
		require.Equal(t, open, w.Open())
	}
}

// crowded is a store in which every put of a segment waits until 64 puts are in flight.
type crowded struct {
	objstore.Store
	full chan struct{}

	mu           sync.Mutex
	inside, peak int
}

func (s *crowded) Put(ctx context.Context, key string, body io.ReaderAt, size int64) error {
	if size == 0 { // the layout marker, the only empty object
		return s.Store.Put(ctx, key, body, size)
	}
	s.enter()
	defer s.leave()
	<-s.full
	return s.Store.Put(ctx, key, body, size)
}

func (s *crowded) enter() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inside++
	if s.inside == 64 && s.peak < 64 {
		close(s.full)
	}
	s.peak = max(s.peak, s.inside)
}

func (s *crowded) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inside--
}

func TestPutsInFlightAreBounded(t *testing.T) {
	store := &crowded{Store: memstore.New(), full: make(chan struct{})}
	require.NoError(t, newWriter(t, store, record.Config{Shards: 256}).Append(t.Context(), clients(1000)))
	require.Equal(t, 64, store.peak)
}

func BenchmarkAppend(b *testing.B) {
	for _, n := range []int{1, 100, 1000} {
		var batch []event.Event
		for i := range n {
			batch = append(batch, at("c", i))
		}
		b.Run(fmt.Sprintf("%d events into an empty run", n), func(b *testing.B) {
			w := newWriter(b, memstore.New(), record.Config{RunRows: 1})
			b.ReportAllocs()
			for b.Loop() {
				require.NoError(b, w.Append(b.Context(), batch))
			}
			b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
	b.Run("1 event, mean over a run", func(b *testing.B) {
		w := newWriter(b, memstore.New(), record.Config{})
		i := 0
		for b.Loop() {
			i++
			require.NoError(b, w.Append(b.Context(), []event.Event{at("c", i)}))
		}
	})
}
