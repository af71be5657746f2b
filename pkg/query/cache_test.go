package query

import (
	"bytes"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/segment"
)

// When the cache is full, it evicts the footers that were added first. A footer that is larger than
// the whole cache stays until the next one is added.
func TestAFullCacheEvictsTheOldestFooters(t *testing.T) {
	var object bytes.Buffer
	w := segment.NewWriter(&object, 64)
	require.NoError(t, w.Write([]segment.Row{{ClientID: "c"}}))
	_, err := w.Close()
	require.NoError(t, err)
	footer, err := segment.ParseFooter(object.Bytes(), int64(object.Len()))
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
