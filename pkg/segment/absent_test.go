package segment_test

import (
	"bytes"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/require"

	"devicetrace/pkg/segment"
)

// An unknown connected_at must be null in the file, whatever the order of known and unknown values.
// The test reads the file itself, because our reader returns 0 for both null and zero.
func TestUnknownConnectedAtIsNull(t *testing.T) {
	for pattern := range 1 << 8 {
		rows, absent := make([]segment.Row, 70), 0
		for i := range rows {
			rows[i].Time = int64(i)
			if pattern>>(i%8)&1 == 1 {
				rows[i].ConnectedAt = 1
			} else {
				absent++
			}
		}
		data, err := segment.Encode(rows)
		require.NoError(t, err)
		require.EqualValues(t, absent, nullsOf(t, data, "connected_for_ms"), "pattern %08b", pattern)
	}
}

// nullsOf returns the number of nulls in a column of the Parquet file whose bytes are data.
func nullsOf(t *testing.T, data []byte, column string) (nulls int64) {
	t.Helper()
	file, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
	require.NoError(t, err)
	leaf, found := file.Schema().Lookup(column)
	require.True(t, found)
	for _, group := range file.RowGroups() {
		pages := group.ColumnChunks()[leaf.ColumnIndex].Pages()
		page, err := pages.ReadPage()
		require.NoError(t, err)
		nulls += page.NumNulls()
		require.NoError(t, pages.Close())
	}
	return nulls
}
