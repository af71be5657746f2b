package objstoretest

import (
	"io/fs"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/objstore"
)

func deletes(t *testing.T, store objstore.Store) {
	for _, key := range []string{"a", "a/b", "ab"} {
		put(t, store, key, "v")
	}
	require.NoError(t, store.Delete(t.Context(), "a"))
	_, err := store.Read(t.Context(), "a", 0, 1)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.Equal(t, []string{"a/b", "ab"}, keys(t, store, "", ""))

	require.NoError(t, store.Delete(t.Context(), "a"), "delete of a deleted object")
	require.NoError(t, store.Delete(t.Context(), "never/there"), "delete of an absent object")
	require.NoError(t, store.Delete(t.Context()), "delete of no keys")

	put(t, store, "a", "again")
	requireObject(t, store, "a", "again")
}

func bulkDelete(t *testing.T, store objstore.Store) {
	for _, key := range []string{"a", "b", "c", "ä +%&<"} {
		put(t, store, key, "v")
	}
	require.NoError(t, store.Delete(t.Context(), "a", "absent", "c", "ä +%&<", "a"))
	require.Equal(t, []string{"b"}, keys(t, store, "", ""))
}

func tooManyDeletes(t *testing.T, store objstore.Store) {
	all := many(objstore.MaxPage + 1)
	put(t, store, all[0], "v")
	err := store.Delete(t.Context(), all...)
	require.True(t, objstore.IsPermanent(err), "got %v", err)
	require.Equal(t, all[:1], keys(t, store, "", ""))
}
