package objstoretest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/objstore"
)

func listingOrder(t *testing.T, store objstore.Store) {
	begin := time.Now()
	shuffled := []string{"b", "a/b", "a", "a-", "a0", "Z", "ä", "é", "z", "\U00010000", "\uffee", "a/", "aa"}
	for i, key := range shuffled {
		put(t, store, key, "0123456789012345"[:i])
	}
	page, err := store.List(t.Context(), "", "")
	require.NoError(t, err)
	require.False(t, page.More)

	want := slices.Sorted(slices.Values(shuffled))
	require.Len(t, page.Objects, len(want))
	for i, object := range page.Objects {
		require.Equal(t, want[i], object.Key)
		require.EqualValues(t, slices.Index(shuffled, object.Key), object.Size, "size of %q", object.Key)
		require.WithinDuration(t, begin, object.Modified, time.Hour, "modification time of %q", object.Key)
	}
}

func listingBelowPrefix(t *testing.T, store objstore.Store) {
	for _, key := range []string{"a", "a/1", "a/2", "a/2/x", "a0", "b", "b/1", "B/1"} {
		put(t, store, key, "v")
	}
	for prefix, want := range map[string][]string{
		"a/":    {"a/1", "a/2", "a/2/x"},
		"a":     {"a", "a/1", "a/2", "a/2/x", "a0"},
		"a/2":   {"a/2", "a/2/x"},
		"b/":    {"b/1"},
		"c":     {},
		"a/2/y": {},
	} {
		require.Equal(t, want, keys(t, store, prefix, ""), "prefix %q", prefix)
	}
}

func listingAfter(t *testing.T, store objstore.Store) {
	for _, key := range []string{"a", "p/1", "p/2", "p/3", "q", "p/ä +%", "p/=&"} {
		put(t, store, key, "v")
	}
	for _, test := range []struct {
		prefix, after string
		want          []string
	}{
		{"p/", "", []string{"p/1", "p/2", "p/3", "p/=&", "p/ä +%"}},
		{"p/", "p/1", []string{"p/2", "p/3", "p/=&", "p/ä +%"}},
		{"p/", "p/1x", []string{"p/2", "p/3", "p/=&", "p/ä +%"}},
		{"p/", "p/=&", []string{"p/ä +%"}},
		{"p/", "p/ä +%", []string{}},
		{"p/", "a", []string{"p/1", "p/2", "p/3", "p/=&", "p/ä +%"}},
		{"p/", "q", []string{}},
		{"", "p/3", []string{"p/=&", "p/ä +%", "q"}},
	} {
		require.Equal(t, test.want, keys(t, store, test.prefix, test.after), "%q after %q", test.prefix, test.after)
	}
}

// many returns n keys in ascending order.
func many(n int) []string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprintf("many/%05d", i)
	}
	return keys
}

func putAll(t *testing.T, store objstore.Store, keys []string) {
	t.Helper()
	var work sync.WaitGroup
	next := make(chan string)
	errs := make([]error, 16)
	for i := range errs {
		work.Go(func() {
			for key := range next {
				errs[i] = errors.Join(errs[i], store.Put(t.Context(), key, emptyBody{}, 0))
			}
		})
	}
	for _, key := range keys {
		next <- key
	}
	close(next)
	work.Wait()
	require.NoError(t, errors.Join(errs...))
}

type emptyBody struct{}

func (emptyBody) ReadAt([]byte, int64) (int, error) { return 0, errors.New("read of an empty body") }

func listingPages(t *testing.T, store objstore.Store) {
	want := many(objstore.MaxPage + 5)
	putAll(t, store, want)
	put(t, store, "other", "v")

	first, err := store.List(t.Context(), "many/", "")
	require.NoError(t, err)
	require.Len(t, first.Objects, objstore.MaxPage)
	require.True(t, first.More)

	second, err := store.List(t.Context(), "many/", first.Objects[objstore.MaxPage-1].Key)
	require.NoError(t, err)
	require.Len(t, second.Objects, 5)
	require.False(t, second.More)

	require.Equal(t, want, keys(t, store, "many/", ""))
}

func exactlyOnePage(t *testing.T, store objstore.Store) {
	want := many(objstore.MaxPage)
	putAll(t, store, want)
	page, err := store.List(t.Context(), "many/", "")
	require.NoError(t, err)
	require.Len(t, page.Objects, objstore.MaxPage)
	require.False(t, page.More)

	require.NoError(t, store.Delete(t.Context(), want...))
	require.Empty(t, keys(t, store, "", ""))
}

func commonPrefixes(t *testing.T, store objstore.Store) {
	for _, key := range []string{"e/a/1", "e/a/2/x", "e/a", "e/a-/1", "e/a0/1", "e/ä +%/1", "e/z", "e//1", "f/1", "top"} {
		put(t, store, key, "v")
	}
	for _, test := range []struct {
		prefix, after string
		want          []string
	}{
		{"e/", "", []string{"e//", "e/a-/", "e/a/", "e/a0/", "e/ä +%/"}},
		{"e/", "e/a-/", []string{"e/a/", "e/a0/", "e/ä +%/"}},
		{"e/", "e/a/", []string{"e/a0/", "e/ä +%/"}},
		{"e/", "e/ä +%/", nil},
		{"e/", "e/b", []string{"e/ä +%/"}},
		{"e/a", "", []string{"e/a-/", "e/a/", "e/a0/"}},
		{"e/a/", "", []string{"e/a/2/"}},
		{"", "", []string{"e/", "f/"}},
		{"x/", "", nil},
	} {
		page, err := store.Prefixes(t.Context(), test.prefix, test.after)
		require.NoError(t, err)
		require.Empty(t, page.Next, "%q after %q", test.prefix, test.after)
		require.Equal(t, test.want, slices.Clip(page.Prefixes), "%q after %q", test.prefix, test.after)
	}
}

// Objects directly below the prefix may take up places in a page, so a page may have fewer than
// MaxPage prefixes. All pages together must have every prefix once.
func commonPrefixPages(t *testing.T, store objstore.Store) {
	var all, want []string
	for i := range objstore.MaxPage + 5 {
		all = append(all, fmt.Sprintf("many/%05d/x", i), fmt.Sprintf("many/%05d/y", i))
		want = append(want, fmt.Sprintf("many/%05d/", i))
	}
	for i := range objstore.MaxPage / 2 {
		all = append(all, fmt.Sprintf("many/%05d", i))
	}
	putAll(t, store, all)
	var got []string
	for prefix, err := range objstore.EachPrefix(t.Context(), store, "many/") {
		require.NoError(t, err)
		got = append(got, prefix)
	}
	require.Equal(t, want, got)
	page, err := store.Prefixes(t.Context(), "many/", "")
	require.NoError(t, err)
	require.LessOrEqual(t, len(page.Prefixes), objstore.MaxPage)
	require.NotEmpty(t, page.Next)
}
