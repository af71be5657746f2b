package proof_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/verify/figures"
	"devicetrace/pkg/compact"
	"devicetrace/pkg/event"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/objstoretest"
	"devicetrace/pkg/query"
	"devicetrace/pkg/record"
)

// atEveryCall checks that interleaved can safely run before any store call of main. It first runs
// main alone and counts the store calls. Then it runs main again once for each of these calls, and
// runs interleaved just before the call. If everyNth is greater than 1, only one in everyNth store
// calls is tested. Each run of main gets a new world from prepare. After each run, the world must
// be sound, both before and after a compaction.
func atEveryCall(t *testing.T, prepare func() *world, main func(w *world, store objstore.Store) error, interleaved func(w *world) error) {
	checked, calls := 0, 1
	for n := 0; n <= calls; n += everyNth {
		w := prepare()
		faulty := objstore.NewFaulty(w.store, nil)
		counting := objstore.NewCounting(faulty)
		var crossed error
		faulty.SetHook(func(c objstore.Call) objstore.Fault {
			if c.Seq == n {
				crossed = interleaved(w)
			}
			return objstore.Fault{}
		})
		require.NoError(t, main(w, counting), "before call %d", n)
		require.NoError(t, crossed, "before call %d", n)
		require.NoError(t, w.sound(), "before call %d", n)
		require.NoError(t, w.settle(), "before call %d", n)
		require.NoError(t, w.sound(), "before call %d, compacted", n)
		checked += w.checked
		if n == 0 { // calls are numbered from 1, so interleaved has not run
			calls = counting.Requests()
		}
	}
	require.Greater(t, calls, 5)
	figures.Add(t, "events checked", checked)
}

// aQuery makes the same query on both instances with one reader.
func aQuery(w *world, store objstore.Store) error {
	reader := w.newReader(objstoretest.Paged(store, 3), query.Config{WholeBytes: wholeBytes})
	return errors.Join(w.ask(reader, all(staging, clientA)), w.ask(reader, all(prod, clientA)))
}

// aQueryWithLittleMemory makes the same query as aQuery, but on one instance, and in pages from the
// newest event to the oldest. Its reader has little memory, so it makes many requests in the middle
// of the query.
func aQueryWithLittleMemory(w *world, store objstore.Store) error {
	q := all(prod, clientA)
	q.Limit, q.Descending = 50, true
	return w.ask(w.newReader(objstoretest.Paged(store, 3), little(wholeBytes)), q)
}

func compaction(w *world, store objstore.Store) error {
	_, err := w.newCompactor(store, compact.Config{MaxInputs: 3}).Run(w.t.Context(), compact.Share{})
	return err
}

// appends returns a job in which a recorder writes events one at a time and ends its runs after the
// fourth event. For every third event, it also writes an event on the other instance.
func appends(client string, from int) func(w *world, store objstore.Store) error {
	return func(w *world, store objstore.Store) error {
		writer := w.newWriter(store, record.Config{RunRows: 5})
		for n, e := range span(client, from, 9) {
			events := []event.Event{e}
			if n%3 == 0 {
				events = append(events, on(staging, e)...)
			}
			for _, e := range events {
				delivery := w.deliver([]event.Event{e}, e.ReceivedAt, 0)
				if err := writer.Append(w.t.Context(), delivery); err != nil {
					return err
				}
				w.acknowledge(delivery)
			}
			if n == 3 {
				if err := writer.Close(w.t.Context()); err != nil {
					return err
				}
			}
		}
		return nil
	}
}

func TestACompactionBeforeEveryCallOfAQuery(t *testing.T) {
	atEveryCall(t, mixed(t).clone, aQuery, (*world).settle)
}

func TestACompactionBeforeEveryCallOfAQueryWithLittleMemory(t *testing.T) {
	atEveryCall(t, mixed(t).clone, aQueryWithLittleMemory, (*world).settle)
}

func TestACommitAndACompactionBeforeEveryCallOfAQuery(t *testing.T) {
	m := mixed(t)
	atEveryCall(t, func() *world { return m.clone() }, aQuery, func(w *world) error {
		if err := appends(clientB, 50_000)(w, w.store); err != nil {
			return err
		}
		return w.settle()
	})
}

func TestACompactionBeforeEveryCallOfACompaction(t *testing.T) {
	atEveryCall(t, mixed(t).clone, compaction, (*world).settle)
}

func TestCommitsBeforeEveryCallOfACompaction(t *testing.T) {
	atEveryCall(t, mixed(t).clone, compaction, func(w *world) error { return appends(clientA, 50_000)(w, w.store) })
}

// postAndReplay makes four deliveries on one instance and a fifth on the other. Three of the five
// contain an invalid item. It then replays the quarantine.
func postAndReplay(w *world, store objstore.Store) error {
	door := w.newRecorder(store)
	for n, events := range [][]event.Event{
		span(clientA, 0, 3), span(clientA, 2, 3), span(clientA, 4, 3), span(clientA, 6, 3), on(staging, span(clientA, 0, 3)...),
	} {
		if _, err := w.post(door, parcel{events: events, junk: n%2 == 0}, noon); err != nil {
			return err
		}
	}
	_, err := w.replay(door, store)
	return err
}

func TestAReplayAndACompactionBeforeEveryCallOfAWebhook(t *testing.T) {
	dir := t.TempDir()
	atEveryCall(t, func() *world { return newWorld(t, dir) }, postAndReplay, func(w *world) error {
		_, err := w.replay(w.newRecorder(w.store), w.store)
		return errors.Join(err, w.settle())
	})
}

func TestACompactionBeforeEveryCallOfARecorder(t *testing.T) {
	dir := t.TempDir()
	atEveryCall(t, func() *world { return newWorld(t, dir) }, appends(clientA, 0), (*world).settle)
}
