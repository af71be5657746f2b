package proof_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/compact"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/memstore"
	"devicetrace/pkg/objstore/objstoretest"
	"devicetrace/pkg/query"
)

// A reader must not mix two objects that were stored under the same key. If the object changes
// between two reads, the reader must report the key as unreadable. Otherwise the reader would use
// the footer of one object to read rows from the other. It could then show rows that are in
// neither object, or omit rows of both.
func TestAReaderReadsOneVersionOfAKey(t *testing.T) {
	store := memstore.New()
	require.NoError(t, store.Put(t.Context(), layouts.Marker(), bytes.NewReader(nil), 0))
	one, two := twins(t)
	key := fresh(20, 1).Key(partitionA())
	require.NoError(t, store.Put(t.Context(), key, bytes.NewReader(one), int64(len(one))))
	reads := 0
	faulty := objstore.NewFaulty(store, func(c objstore.Call) objstore.Fault {
		if c.Op == objstore.OpRead {
			if reads++; reads == 2 {
				require.NoError(t, store.Put(t.Context(), key, bytes.NewReader(two), int64(len(two))))
			}
		}
		return objstore.Fault{}
	})
	reader, err := query.New(faulty, query.Config{WholeBytes: 1})
	require.NoError(t, err)
	result, err := reader.Trace(t.Context(), all(prod, clientA))
	require.NoError(t, err)
	require.Empty(t, result.Events)
	require.Len(t, result.Unreadable, 1)
	require.Equal(t, key, result.Unreadable[0].Key)
}

// A query must show every event even if a compaction runs between two pages of the query's listing.
// In one case the compaction merges all objects, in the other only the objects of the lowest level.
// A merge's output sorts after its inputs and so appears on a later page. Therefore, the query
// cannot miss both an input and the output.
func TestACompactionBetweenTwoPages(t *testing.T) {
	// At noon the day is not over, so the compactor merges only the lowest level.
	lowest := compact.Config{Fanout: 3, Now: func() time.Time { return noon }}
	for name, merge := range map[string]func(*world) error{
		"all": (*world).settle,
		"the lowest level": func(w *world) error {
			report, err := w.newCompactor(w.store, lowest).Run(w.t.Context(), compact.Share{})
			require.Equal(w.t, 1, report.Merges)
			return err
		},
	} {
		for page := 1; page <= 7; page++ {
			w := runs(t, 6)
			w.seedOutput(2, 0, span(clientA, 100, 3)...)
			w.seedOutput(3, 0, span(clientA, 200, 3)...)
			pages := 0
			store := objstoretest.Paged(objstore.NewFaulty(w.store, func(c objstore.Call) objstore.Fault {
				if c.Op == objstore.OpList && c.Key == partitionA().Prefix() {
					if pages++; pages == page {
						require.NoError(t, merge(w))
					}
				}
				return objstore.Fault{}
			}), 2)
			require.NoError(t, w.ask(w.newReader(store, query.Config{}), all(prod, clientA)), "%s, page %d", name, page)
			require.GreaterOrEqual(t, pages, page)
		}
	}
}

// Five times in a row, a compaction deletes the objects that the reader has just listed. The
// reader must list the partition a sixth time, and then show every event.
func TestAReaderOutlastsCompactions(t *testing.T) {
	w := runs(t, 2)
	compactions, listings := 0, 0
	faulty := objstore.NewFaulty(w.store, func(c objstore.Call) objstore.Fault {
		switch {
		case c.Op == objstore.OpList && c.Key == partitionA().Prefix():
			listings++
		case c.Op == objstore.OpRead && compactions < 5 && compactions < listings:
			compactions++
			// The put gives the compactor an input. The bucket already contains the event in
			// another object, so the query's result stays the same.
			put(t, w.store, partitionA(), fresh(50+compactions, 1), at(clientA, 0))
			require.NoError(t, w.settle())
		}
		return objstore.Fault{}
	})
	require.NoError(t, w.ask(w.newReader(faulty, query.Config{Parallel: 1}), today(prod, clientA)))
	require.Equal(t, 5, compactions)
	require.Equal(t, 6, listings)
}

// A damaged object must not hide a valid object with a lower number in the same run. A query must
// report the damaged object and show all events of the valid objects. The compactor may delete
// the valid object only after merging it, because the damaged object does not supersede it. A put
// of the original bytes must repair the damaged object.
func TestADamagedHighestNumberAboveAValidOne(t *testing.T) {
	w := runs(t, 3)
	damaged := fresh(12, 2).Key(partitionA())
	data := bytes.Clone(w.store.contents[damaged])
	data[20] ^= 1 // in the row group
	require.NoError(t, w.store.Store.Put(t.Context(), damaged, bytes.NewReader(data), int64(len(data))))

	for range 2 { // the query runs once before and once after the compaction
		result, err := w.newReader(w.store, query.Config{}).Trace(t.Context(), all(prod, clientA))
		require.NoError(t, err)
		require.Equal(t, slices.Concat(span(clientA, 0, 6), span(clientA, 10, 6), span(clientA, 20, 3)), result.Events)
		require.Len(t, result.Unreadable, 1)
		require.Equal(t, damaged, result.Unreadable[0].Key)

		report, err := w.newCompactor(w.store, compact.Config{MaxInputs: 2}).Run(t.Context(), compact.Share{})
		require.NoError(t, err)
		require.Contains(t, report.Unreadable, damaged)
		require.Zero(t, report.Missed)
		require.Contains(t, w.store.there, damaged)
	}
	w.putAgain(damaged)
	w.soundAndSettled()
}

// If a bucket has the markers of two layouts, a query must fail rather than show only part of the
// events. A compactor must fail after its first request. After the wrong marker has been deleted,
// the query and the compactor must work again.
func TestTwoLayoutsShowNothing(t *testing.T) {
	w := runs(t, 2)
	require.NoError(t, w.store.Put(t.Context(), layout.Layout{Shards: 256}.Marker(), bytes.NewReader(nil), 0))
	_, err := w.newReader(w.store, query.Config{}).Trace(t.Context(), all(prod, clientA))
	require.ErrorIs(t, err, layout.ErrConflict)
	counting := objstore.NewCounting(w.store)
	_, err = w.newCompactor(counting, compact.Config{}).Run(t.Context(), compact.Share{})
	require.ErrorIs(t, err, layout.ErrConflict)
	require.Equal(t, 1, counting.Requests(), fmt.Sprint(counting.Calls()))

	require.NoError(t, w.store.Delete(t.Context(), layout.Layout{Shards: 256}.Marker()))
	result, err := w.newReader(w.store, query.Config{}).Trace(t.Context(), all(prod, clientA))
	require.NoError(t, err)
	require.NotEmpty(t, result.Events)
	_, err = w.newCompactor(w.store, compact.Config{}).Run(t.Context(), compact.Share{})
	require.NoError(t, err)
}
