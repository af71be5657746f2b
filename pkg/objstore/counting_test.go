package objstore_test

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/memstore"
)

func TestCounting(t *testing.T) {
	counting := objstore.NewCounting(memstore.New())
	require.NoError(t, counting.Put(t.Context(), "a", strings.NewReader("value"), 5))
	_, err := counting.Read(t.Context(), "a", 1, 3)
	require.NoError(t, err)
	_, absent := counting.Read(t.Context(), "b", 0, 1)
	require.ErrorIs(t, absent, fs.ErrNotExist)
	_, err = counting.List(t.Context(), "a", "")
	require.NoError(t, err)
	require.NoError(t, counting.Delete(t.Context(), "a", "b"))

	require.Equal(t, []objstore.Call{
		{Op: objstore.OpPut, Seq: 1, Key: "a", N: 5, Bytes: 5},
		{Op: objstore.OpRead, Seq: 2, Key: "a", Off: 1, N: 3, Bytes: 3},
		{Op: objstore.OpRead, Seq: 3, Key: "b", N: 1, Err: absent},
		{Op: objstore.OpList, Seq: 4, Key: "a", Objects: 1},
		{Op: objstore.OpDelete, Seq: 5, Key: "a", Keys: []string{"a", "b"}},
	}, counting.Calls())
	require.Len(t, counting.Of(objstore.OpRead), 2)
	put, read := counting.Bytes()
	require.EqualValues(t, 5, put)
	require.EqualValues(t, 3, read)

	counting.Reset()
	require.Zero(t, counting.Requests())
}

func TestCountingIgnoresCallsWithoutRequest(t *testing.T) {
	counting := objstore.NewCounting(memstore.New())
	_, err := counting.Read(t.Context(), "a", 0, 0)
	require.NoError(t, err)
	require.NoError(t, counting.Delete(t.Context()))
	require.Zero(t, counting.Requests())
}
