package oss

import (
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
