package record_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/memstore"
	"devicetrace/pkg/record"
)

// atOnce is a record.Config.Background that calls f directly, so that each delete finishes before
// the next put begins.
func atOnce(f func()) { f() }

// Superseded objects are deleted twelve at a time, and only after a later put is confirmed. The two
// latest objects of a run stay.
func TestADeleteEveryTwelvePuts(t *testing.T) {
	store := objstore.NewCounting(memstore.New())
	w := newWriter(t, store, record.Config{Background: atOnce})
	require.NoError(t, w.Claim(t.Context()))
	store.Reset()
	for i := range 100 {
		require.NoError(t, w.Append(t.Context(), []event.Event{at("c", i)}))
		require.LessOrEqual(t, len(keys(t, store)), record.DeleteAt+2)
	}
	require.Len(t, store.Of(objstore.OpPut), 100)
	deletes := store.Of(objstore.OpDelete)
	require.Len(t, deletes, 8, "the puts 15, 27, 39, … delete the objects 1 to 12, 13 to 24, 25 to 36, …")
	for _, call := range deletes {
		require.Len(t, call.Keys, record.DeleteAt)
	}
	require.NoError(t, w.Close(t.Context()))
	left := keys(t, store)
	require.Len(t, left, 2)
	require.Len(t, rows(t, store, left[1]), 100)
	for _, call := range store.Of(objstore.OpDelete) {
		require.NotContains(t, call.Keys, left[0])
		require.NotContains(t, call.Keys, left[1])
	}

	store.Reset()
	for i := range record.DeleteAt + 3 {
		require.NoError(t, w.Append(t.Context(), []event.Event{at("c", 100+i)}))
	}
	require.Len(t, store.Of(objstore.OpDelete), 1, "after Close, the writer deletes as before")
}

// Even if each delete takes effect only after the put that runs concurrently with it, 60 writers
// must not leave more keys in a partition than fit on one listing page.
func TestSixtyWritersLeaveAtMostAPageOfKeys(t *testing.T) {
	store := memstore.New()
	var late []func()
	var writers []*record.Writer
	for range 60 {
		writers = append(writers, newWriter(t, store, record.Config{Background: func(f func()) { late = append(late, f) }}))
	}
	most := 0
	for i := range 40 {
		for n, w := range writers {
			require.NoError(t, w.Append(t.Context(), []event.Event{at("c", 100*i+n)}))
		}
		most = max(most, len(keys(t, store)))
		for _, f := range late {
			f()
		}
		late = nil
	}
	require.Equal(t, 60*(record.DeleteAt+3), most)
	require.LessOrEqual(t, most, objstore.MaxPage)
}

// beside is a store that shows whether deletes and puts run at the same time.
type beside struct {
	objstore.Store
	// If want is true, each put waits until a delete begins.
	want bool
	// deleting receives the keys of each delete that begins.
	deleting chan []string
	// Each delete waits until the test closes end.
	end chan struct{}
}

func (s *beside) Put(ctx context.Context, key string, body io.ReaderAt, size int64) error {
	if s.want {
		select {
		case <-s.deleting:
		case <-time.After(time.Minute):
			return errors.New("no delete began")
		}
	}
	return s.Store.Put(ctx, key, body, size)
}

func (s *beside) Delete(ctx context.Context, keys ...string) error {
	s.deleting <- keys
	<-s.end
	return s.Store.Delete(ctx, keys...)
}

// A delete must run concurrently with the next put, and only Close may wait for the delete. Until
// the delete ends, the writer must not start a second one.
func TestDeletesAreNotWaitedFor(t *testing.T) {
	store := &beside{Store: memstore.New(), deleting: make(chan []string, 9), end: make(chan struct{})}
	w := newWriter(t, store, record.Config{})
	appendOne := func(i int) { require.NoError(t, w.Append(t.Context(), []event.Event{at("c", i)})) }
	for i := range record.DeleteAt + 2 {
		appendOne(i)
	}
	require.Empty(t, store.deleting)
	store.want = true
	appendOne(100)
	store.want = false
	for i := range 3 * record.DeleteAt {
		appendOne(200 + i)
	}
	require.Empty(t, store.deleting, "one request at a time")
	impatient, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, w.Close(impatient), context.Canceled)
	close(store.end)
	require.NoError(t, w.Close(t.Context()))
	require.Len(t, <-store.deleting, 3*record.DeleteAt+1, "everything else takes one more request")
	require.Empty(t, store.deleting)
	require.Len(t, keys(t, store), 2)
}

// After a run ends, its superseded objects must be deleted during the writer's next put, even if
// that put is in another partition.
func TestObjectsOfAnEndedRunAreDeleted(t *testing.T) {
	now := noon
	store := objstore.NewCounting(memstore.New())
	w := newWriter(t, store, record.Config{RunAge: time.Minute, Background: atOnce, Now: func() time.Time { return now }})
	for i := range 10 {
		require.NoError(t, w.Append(t.Context(), []event.Event{at("c", i)}))
	}
	require.Empty(t, store.Of(objstore.OpDelete))
	now = now.Add(2 * time.Minute)
	require.NoError(t, w.Append(t.Context(), []event.Event{at("another", 0)}))
	require.Len(t, store.Of(objstore.OpDelete), 1)
	require.Equal(t, keysBefore(store, 8), store.Of(objstore.OpDelete)[0].Keys)

	w = newWriter(t, store, record.Config{RunRows: 5, Background: atOnce})
	store.Reset()
	for i := range 5 {
		require.NoError(t, w.Append(t.Context(), []event.Event{at("c", i)}))
	}
	require.Empty(t, store.Of(objstore.OpDelete))
	require.Zero(t, w.Open(), "a full run is dropped immediately")
	require.NoError(t, w.Append(t.Context(), []event.Event{at("c", 6)}))
	require.Equal(t, keysBefore(store, 3), store.Of(objstore.OpDelete)[0].Keys)
}

// A run that reaches RunAge between two sweeps ends at its partition's next event. The put after
// that event's own put must delete the run's superseded objects.
func TestObjectsOfARunThatIsTooOldAreDeleted(t *testing.T) {
	now := noon
	store := objstore.NewCounting(memstore.New())
	w := newWriter(t, store, record.Config{RunAge: time.Minute, Background: atOnce, Now: func() time.Time { return now }})
	appendAt := func(after time.Duration, client string) {
		now = noon.Add(after)
		require.NoError(t, w.Append(t.Context(), []event.Event{at(client, int(after.Milliseconds()))}))
	}
	appendAt(0, "sweeps")
	store.Reset()
	for i := range 4 {
		appendAt(30*time.Second+time.Duration(i)*time.Millisecond, "c")
	}
	appendAt(time.Minute, "sweeps")
	appendAt(95*time.Second, "c")
	require.Empty(t, store.Of(objstore.OpDelete))
	appendAt(96*time.Second, "c")
	require.Len(t, store.Of(objstore.OpDelete), 1)
	require.Equal(t, keysBefore(store, 2), store.Of(objstore.OpDelete)[0].Keys)
}

// keysBefore returns the keys of the first n puts of segments.
func keysBefore(store *objstore.Counting, n int) (all []string) {
	for _, call := range store.Of(objstore.OpPut) {
		if isSegmentPut(call) && len(all) < n {
			all = append(all, call.Key)
		}
	}
	return all
}

// A request deletes at most objstore.MaxPage objects. The next request deletes the rest.
func TestManyObjectsTakeSeveralRequests(t *testing.T) {
	const partitions, puts = 120, 11
	store := objstore.NewCounting(memstore.New())
	w := newWriter(t, store, record.Config{Background: atOnce})
	for i := range puts {
		var batch []event.Event
		for day := range partitions {
			batch = append(batch, at("c", i+day*24*60*60*1000))
		}
		require.NoError(t, w.Append(t.Context(), batch))
	}
	require.Empty(t, store.Of(objstore.OpDelete))
	require.NoError(t, w.Close(t.Context()))
	var sizes []int
	for _, call := range store.Of(objstore.OpDelete) {
		sizes = append(sizes, len(call.Keys))
	}
	require.Equal(t, []int{objstore.MaxPage, partitions*(puts-2) - objstore.MaxPage}, sizes)
	require.Len(t, keys(t, store), partitions*2)
}

// A delete that fails or panics must be logged, and must not make the concurrent put fail.
func TestAFailedDeleteIsLogged(t *testing.T) {
	for want, fail := range map[string]func() error{
		"injected fault": func() error { return objstore.ErrFault },
		"panic: boom":    func() error { panic("boom") },
	} {
		var log bytes.Buffer
		w := newWriter(t, failingDeletes{memstore.New(), fail}, record.Config{
			Background: atOnce, Log: slog.New(slog.NewTextHandler(&log, nil)),
		})
		for i := range record.DeleteAt + 2 {
			require.NoError(t, w.Append(t.Context(), []event.Event{at("c", i)}))
		}
		require.Empty(t, log.String())
		require.NoError(t, w.Append(t.Context(), []event.Event{at("c", 100)}))
		require.Contains(t, log.String(), want)
		require.NoError(t, w.Append(t.Context(), []event.Event{at("c", 101)}))
		require.ErrorContains(t, w.Close(t.Context()), want)
	}
	w := newWriter(t, failingDeletes{memstore.New(), func() error { return objstore.ErrFault }}, record.Config{Background: atOnce})
	for i := range record.DeleteAt + 3 {
		require.NoError(t, w.Append(t.Context(), []event.Event{at("c", i)}), "without a log")
	}
}

type failingDeletes struct {
	objstore.Store
	fail func() error
}

func (s failingDeletes) Delete(context.Context, ...string) error { return s.fail() }
