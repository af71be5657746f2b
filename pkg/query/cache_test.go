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

// When the cache is full, it evicts the partitions that were listed the longest ago. It never takes
// more memory than its budget.
func TestAFullCacheEvictsTheOldestPartitions(t *testing.T) {
	footer := footerOf(t)
	one := cachedPartition{"a/", []cachedObject{{segmentsOf(9, "a/1")[0], footer}}}
	room := one.memory()
	for budget, want := range map[int64][]string{
		4 * room: {"a/1", "b/1", "c/1"},
		2 * room: {"a/1", "c/1"},
		1 * room: {"c/1"},
		room - 1: nil,
	} {
		c := newFooterCache(budget)
		for _, key := range []string{"a/1", "b/1", "a/1", "c/1"} {
			c.remember(key[:2], segmentsOf(9, key))
			c.put(key, footer)
			c.put(key, footer)
			require.GreaterOrEqual(t, c.free, int64(0))
		}
		for _, key := range []string{"a/1", "b/1", "c/1"} {
			require.Equal(t, slices.Contains(want, key), c.get(key) != nil, "budget %d, %s", budget, key)
		}
	}
}

// The cache holds the objects of the last listing only. An object with another size loses its footer.
func TestTheCacheForgetsWhatIsNotListed(t *testing.T) {
	c, footer := newFooterCache(1<<20), footerOf(t)
	c.remember("p/", segmentsOf(9, "p/1", "p/2", "p/3"))
	for _, key := range []string{"p/1", "p/2", "p/3", "p/4", "q/1"} {
		c.put(key, footer)
	}
	require.Nil(t, c.get("p/4"), "it was not listed")
	require.Nil(t, c.get("q/1"))
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
	c.remember("p/", nil)
	require.Empty(t, c.remembered("p/"))
	require.Equal(t, int64(1<<20), c.free)
	require.Zero(t, c.order.Len())
}
