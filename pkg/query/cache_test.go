package query

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/layout"
	"devicetrace/pkg/segment"
)

// segmentsOf returns compacted objects with the given keys.
func segmentsOf(size int64, keys ...string) (found []layout.Segment) {
	for _, key := range keys {
		found = append(found, layout.Segment{Key: key, Size: size})
	}
	return found
}

func footerOf(t *testing.T) *segment.Footer {
	object, err := segment.Encode([]segment.Row{{ClientID: "c"}})
	require.NoError(t, err)
	footer, err := segment.ParseFooter(object, int64(len(object)))
	require.NoError(t, err)
	return footer
}

// When the cache is full, it evicts the partitions that were listed least recently. It never takes
// more memory than its budget.
func TestAFullCacheEvictsTheOldestPartitions(t *testing.T) {
	footer := footerOf(t)
	one := cachedPartition{"a/", []cachedObject{{segmentsOf(9, "a/1")[0], footer}}}
	size := one.memory()
	for budget, want := range map[int64][]string{
		4 * size: {"a/1", "b/1", "c/1"},
		2 * size: {"a/1", "c/1"},
		1 * size: {"c/1"},
		size - 1: nil,
	} {
		c := newFooterCache(budget)
		for _, key := range []string{"a/1", "b/1", "a/1", "c/1"} {
			listed := segmentsOf(9, key)
			c.remember(key[:2], listed)
			c.put(listed[0], footer)
			c.put(listed[0], footer)
			require.GreaterOrEqual(t, c.free, int64(0))
		}
		for _, key := range []string{"a/1", "b/1", "c/1"} {
			require.Equal(t, slices.Contains(want, key), c.get(segmentsOf(9, key)[0]) != nil, "budget %d, %s", budget, key)
		}
	}
}

// The cache must hold only the objects of the last listing, and must drop an object's footer if the
// object's size changes.
func TestTheCacheForgetsWhatIsNotListed(t *testing.T) {
	c, footer := newFooterCache(1<<20), footerOf(t)
	c.remember("p/", segmentsOf(9, "p/1", "p/2", "p/3"))
	for _, s := range segmentsOf(9, "p/1", "p/2", "p/3", "p/4", "q/1") {
		c.put(s, footer)
		require.Equal(t, c.find(s) != nil, c.get(s) != nil, "only listed objects have footers: %s", s.Key)
	}
	c.remember("p/", append(segmentsOf(9, "p/2"), segmentsOf(8, "p/3", "p/5")...))
	known := c.remembered("p/")
	require.Len(t, known, 3)
	for i, want := range []struct {
		key    string
		footer *segment.Footer
	}{{"p/2", footer}, {"p/3", nil}, {"p/5", nil}} {
		require.Equal(t, want.key, known[i].segment.Key)
		require.Equal(t, want.footer, known[i].footer, want.key)
	}
	for _, s := range append(segmentsOf(9, "p/3"), segmentsOf(8, "p/2")...) {
		c.put(s, footer)
		require.Nil(t, c.get(s), "the object had another size in the last listing")
	}
	require.Nil(t, c.remembered("p/")[1].footer)
	c.remember("p/", nil)
	require.Empty(t, c.remembered("p/"))
	require.Equal(t, int64(1<<20), c.free)
	require.Zero(t, c.order.Len())
}
