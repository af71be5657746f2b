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

func keysOf(objects []objstore.Object) []string {
	var keys []string
	for _, object := range objects {
		keys = append(keys, object.Key)
	}
	return keys
}
