package memstore_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/memstore"
	"devicetrace/pkg/objstore/objstoretest"
)

func TestConformance(t *testing.T) {
	objstoretest.Run(t, func(*testing.T) objstore.Store { return memstore.New() })
}

func TestNow(t *testing.T) {
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	store := memstore.New()
	store.Now = func() time.Time { return now }
	require.NoError(t, store.Put(t.Context(), "k", strings.NewReader("v"), 1))

	page, err := store.List(t.Context(), "", "")
	require.NoError(t, err)
	require.Equal(t, []objstore.Object{{Key: "k", Size: 1, Modified: now}}, page.Objects)
}
