package query

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/segment"
)

// When the cache is full, it evicts the footers that were added first. A footer that is larger than
// the whole cache stays until the next one is added.
func TestAFullCacheEvictsTheOldestFooters(t *testing.T) {
	object, err := segment.Encode([]segment.Row{{ClientID: "c"}})
	require.NoError(t, err)
	footer, err := segment.ParseFooter(object, int64(len(object)))
	require.NoError(t, err)
	for budget, want := range map[int64][]string{
		3 * footer.Memory(): {"a", "b", "c"},
		2 * footer.Memory(): {"b", "c"},
		1:                   {"c"},
	} {
		c := newFooterCache(budget)
		for _, key := range []string{"a", "b", "b", "c"} {
			c.put(key, footer)
		}
		require.Equal(t, want, c.keys)
		for _, key := range []string{"a", "b", "c"} {
			require.Equal(t, slices.Contains(want, key), c.get(key) != nil, key)
		}
	}
}
