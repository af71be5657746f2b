package objstore_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/memstore"
)

func TestWithPrefixShowsOnlyItsObjects(t *testing.T) {
	whole := memstore.New()
	one, other := objstore.WithPrefix(whole, "one/"), objstore.WithPrefix(whole, "one/other/")
	require.NoError(t, other.Put(t.Context(), "k", strings.NewReader("v"), 1))
	require.NoError(t, one.Put(t.Context(), "z", strings.NewReader("v"), 1))

	objects, err := objstore.All(t.Context(), other, "", "")
	require.NoError(t, err)
	require.Equal(t, []string{"k"}, keysOf(objects))
	objects, err = objstore.All(t.Context(), one, "", "other/a")
	require.NoError(t, err)
	require.Equal(t, []string{"other/k", "z"}, keysOf(objects))
	objects, err = objstore.All(t.Context(), whole, "", "")
	require.NoError(t, err)
	require.Equal(t, []string{"one/other/k", "one/z"}, keysOf(objects))
}

// Errors of the wrapped store must reach the caller. A DeleteError must name the keys without the
// prefix.
func TestWithPrefixReturnsErrors(t *testing.T) {
	store := objstore.WithPrefix(objstore.NewFaulty(memstore.New(), func(call objstore.Call) objstore.Fault {
		if call.Op == objstore.OpDelete {
			return objstore.Fault{Before: &objstore.DeleteError{Keys: call.Keys, Err: objstore.ErrFault}}
		}
		return objstore.Fault{Before: objstore.ErrFault}
	}), "one/")
	require.ErrorIs(t, store.Put(t.Context(), "k", strings.NewReader("v"), 1), objstore.ErrFault)
	_, err := store.Read(t.Context(), "k", 0, 1)
	require.ErrorIs(t, err, objstore.ErrFault)
	_, err = store.List(t.Context(), "", "")
	require.ErrorIs(t, err, objstore.ErrFault)
	_, err = store.Prefixes(t.Context(), "", "")
	require.ErrorIs(t, err, objstore.ErrFault)
	var failed *objstore.DeleteError
	require.ErrorAs(t, store.Delete(t.Context(), "a", "b"), &failed)
	require.Equal(t, []string{"a", "b"}, failed.Keys)
	require.ErrorIs(t, failed, objstore.ErrFault)
	tooLong := objstore.WithPrefix(memstore.New(), "one/").Delete(t.Context(), strings.Repeat("k", objstore.MaxKeyBytes))
	require.True(t, objstore.IsPermanent(tooLong), "%v", tooLong)
}

func keysOf(objects []objstore.Object) []string {
	var keys []string
	for _, object := range objects {
		keys = append(keys, object.Key)
	}
	return keys
}
