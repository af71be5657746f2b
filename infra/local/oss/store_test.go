package oss

import (
	"bytes"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/objstoretest"
)

func TestStoreConformance(t *testing.T) {
	objstoretest.Run(t, func(t *testing.T) objstore.Store {
		store, err := OpenStore(t.TempDir())
		require.NoError(t, err)
		return store
	})
}

// If another program cuts the file of an object while the store is open, the error must name the
// object.
func TestReadingACutFile(t *testing.T) {
	store, err := OpenStore(t.TempDir())
	require.NoError(t, err)
	require.NoError(t, store.Put(t.Context(), "key", bytes.NewReader([]byte("value")), 5))
	require.NoError(t, os.Truncate(store.objects.path("key"), 3))
	_, err = store.Read(t.Context(), "key", 0, 5)
	require.ErrorIs(t, err, objstore.ErrRange)
	require.ErrorContains(t, err, `"key"`)
}
