package quarantine

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/memstore"
)

// withForeign returns a store with a whole page of foreign objects, and two items after them.
func withForeign(t *testing.T) *memstore.Store {
	t.Helper()
	store := memstore.New()
	for i := range objstore.MaxPage {
		require.NoError(t, store.Put(t.Context(), fmt.Sprintf("quarantine/day=2026-11-23/!%d", i), strings.NewReader("x"), 1))
	}
	keep(t, store, item("one"))
	keep(t, store, item("two"))
	return store
}

// A page without any item must not end the list.
func TestListSkipsAPageOfForeignObjects(t *testing.T) {
	store := objstore.NewCounting(withForeign(t))
	require.Len(t, list(t, store), 2)
	require.Equal(t, 2, store.Requests())
	entries, more, err := List(t.Context(), store, "2026-11-23", ID{}, 1)
	require.NoError(t, err)
	require.Len(t, entries, 1)
	require.True(t, more)
}

func TestListFailsWithAnyPage(t *testing.T) {
	store := objstore.NewFaulty(withForeign(t), func(call objstore.Call) objstore.Fault {
		if call.Seq == 2 {
			return objstore.Fault{Before: objstore.ErrFault}
		}
		return objstore.Fault{}
	})
	entries, _, err := List(t.Context(), store, "2026-11-23", ID{}, 10)
	require.ErrorIs(t, err, objstore.ErrFault)
	require.Empty(t, entries)
}

// If an item can be listed but not read, Get must report the store's error, not damage.
func TestGetReportsThatTheReadFailed(t *testing.T) {
	memory := memstore.New()
	id := keep(t, memory, item("x"))
	store := objstore.NewFaulty(memory, func(call objstore.Call) objstore.Fault {
		if call.Op == objstore.OpRead {
			return objstore.Fault{Before: objstore.ErrFault}
		}
		return objstore.Fault{}
	})
	_, err := Get(t.Context(), store, id)
	require.ErrorIs(t, err, objstore.ErrFault)
	require.NotErrorIs(t, err, ErrDamaged)
}

// An object whose content is not an item must count as damaged, even if its digest matches its key.
func TestAnObjectWithoutAnItemIsDamaged(t *testing.T) {
	store := memstore.New()
	const junk = "junk"
	id := ID{Day: "2026-11-23", Digest: digest([]byte(junk))}
	require.NoError(t, store.Put(t.Context(), id.key(), strings.NewReader(junk), int64(len(junk))))
	_, err := Get(t.Context(), store, id)
	require.ErrorIs(t, err, ErrDamaged)
}

func TestKeepRefusesAnImpossibleTime(t *testing.T) {
	store := objstore.NewCounting(memstore.New())
	impossible := item("x")
	impossible.ReceivedAt = received.AddDate(8000, 0, 0) // JSON cannot express years beyond 9999
	_, err := Keep(t.Context(), store, impossible)
	require.ErrorContains(t, err, "encode quarantined input")
	require.Zero(t, store.Requests())
}
