// Package objstoretest is the conformance suite of the object store contract. Every store
// must pass all of its subtests.
package objstoretest

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/objstore"
)

// Run runs all subtests. It calls open for each subtest, and open must return a new, empty store.
func Run(t *testing.T, open func(t *testing.T) objstore.Store) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, objstore.Store)
	}{
		{"ranges", ranges},
		{"empty object", emptyObject},
		{"absent object", absentObject},
		{"impossible ranges", impossibleRanges},
		{"odd keys", oddKeys},
		{"refused keys", refusedKeys},
		{"large object", largeObject},
		{"repeated put", repeatedPut},
		{"put of another size", putOfAnotherSize},
		{"short body", shortBody},
		{"listing order", listingOrder},
		{"listing below a prefix", listingBelowPrefix},
		{"listing after a key", listingAfter},
		{"listing pages", listingPages},
		{"exactly one page", exactlyOnePage},
		{"common prefixes", commonPrefixes},
		{"pages of common prefixes", commonPrefixPages},
		{"deletes", deletes},
		{"bulk delete", bulkDelete},
		{"too many deletes", tooManyDeletes},
		{"canceled before", canceledBefore},
		{"canceled during", canceledDuring},
		{"bytes not aliased", bytesNotAliased},
		{"nothing half-written", nothingHalfWritten},
		{"concurrent use", concurrentUse},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
	}
}

// put stores text under key.
func put(t *testing.T, store objstore.Store, key, text string) {
	t.Helper()
	require.NoError(t, store.Put(t.Context(), key, bytes.NewReader([]byte(text)), int64(len(text))), "put %q", key)
}

// requireObject requires that the content of the object under the given key equals want.
func requireObject(t *testing.T, store objstore.Store, key, want string) {
	t.Helper()
	got, err := store.Read(t.Context(), key, 0, int64(len(want)))
	require.NoError(t, err, "read %q", key)
	require.Equal(t, want, string(got), "object %q", key)
	_, err = store.Read(t.Context(), key, 0, int64(len(want))+1)
	require.ErrorIs(t, err, objstore.ErrRange, "read past the end of %q", key)
}

// keys returns every key k that starts with prefix and for which k > after. It requires that no
// page of the listing is empty except the last one.
func keys(t *testing.T, store objstore.Store, prefix, after string) []string {
	t.Helper()
	keys := []string{}
	for more := true; more; {
		page, err := store.List(t.Context(), prefix, after)
		require.NoError(t, err, "list %q after %q", prefix, after)
		more = page.More
		require.False(t, more && len(page.Objects) == 0, "list %q after %q: the page is empty but not the last", prefix, after)
		for _, object := range page.Objects {
			after = object.Key
			keys = append(keys, after)
		}
	}
	return keys
}
