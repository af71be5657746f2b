package objstore_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/memstore"
)

// filled returns a store with n objects, each under a different prefix below "p/".
func filled(t *testing.T, n int) *memstore.Store {
	t.Helper()
	store := memstore.New()
	for i := range n {
		require.NoError(t, store.Put(t.Context(), fmt.Sprintf("p/%05d/k", i), bytes.NewReader(nil), 0))
	}
	return store
}

// allPrefixes returns the common prefixes below "p/".
func allPrefixes(t *testing.T, store objstore.Store) (all []string, err error) {
	t.Helper()
	for prefix, err := range objstore.EachPrefix(t.Context(), store, "p/") {
		if err != nil {
			return nil, err
		}
		all = append(all, prefix)
	}
	return all, nil
}

// All and EachPrefix must make one request per page, and at least one.
func TestAllReadsEveryPage(t *testing.T) {
	for n, requests := range map[int]int{0: 1, 1: 1, objstore.MaxPage: 1, objstore.MaxPage + 1: 2, 2*objstore.MaxPage + 1: 3} {
		counting := objstore.NewCounting(filled(t, n))
		objects, err := objstore.All(t.Context(), counting, "p/", "")
		require.NoError(t, err)
		require.Len(t, objects, n)
		require.Equal(t, requests, counting.Requests(), "%d objects", n)

		counting.Reset()
		prefixes, err := allPrefixes(t, counting)
		require.NoError(t, err)
		require.Len(t, prefixes, n)
		require.Equal(t, requests, counting.Requests(), "%d prefixes", n)
	}
}

// If the request for any page fails, the caller must get the error, not an incomplete list.
func TestAllFailsWithAnyPage(t *testing.T) {
	store := filled(t, objstore.MaxPage+1)
	for failing := 1; failing <= 2; failing++ {
		hook := func(call objstore.Call) objstore.Fault {
			if call.Seq == failing {
				return objstore.Fault{Before: objstore.ErrFault}
			}
			return objstore.Fault{}
		}
		objects, err := objstore.All(t.Context(), objstore.NewFaulty(store, hook), "p/", "")
		require.ErrorIs(t, err, objstore.ErrFault)
		require.Empty(t, objects)
		prefixes, err := allPrefixes(t, objstore.NewFaulty(store, hook))
		require.ErrorIs(t, err, objstore.ErrFault)
		require.Empty(t, prefixes)
	}
}

func TestDeleteError(t *testing.T) {
	one := &objstore.DeleteError{Keys: []string{"a"}, Err: objstore.ErrFault}
	require.EqualError(t, one, `delete "a": injected fault: EOF`)
	require.ErrorIs(t, one, objstore.ErrFault)
	three := &objstore.DeleteError{Keys: []string{"a", "b", "c"}, Err: objstore.ErrFault}
	require.EqualError(t, three, `delete "a" and 2 more: injected fault: EOF`)
}

func TestPastPrefix(t *testing.T) {
	for position, want := range map[string]string{"": "", "a": "a", "/": "0", "a/": "a0", "a/b": "a/b", "a/b/": "a/b0"} {
		require.Equal(t, want, objstore.PastPrefix(position))
	}
}
