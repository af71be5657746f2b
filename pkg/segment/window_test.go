package segment_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/segment"
)

// RowsBetween must return exactly the rows of a window, unchanged and in order.
func TestRowsBetween(t *testing.T) {
	rows := rowsOf(300, 9)
	for i := range rows { // connected_at has nulls
		if i%3 == 0 {
			rows[i].ConnectedAt = 0
		}
	}
	for _, groupRows := range []int64{0, 7, 100} {
		var out bytes.Buffer
		w := segment.NewWriter(&out, groupRows)
		require.NoError(t, w.Write(rows))
		_, err := w.Close()
		require.NoError(t, err)
		data := out.Bytes()
		footer, err := segment.ParseFooter(data, int64(len(data)))
		require.NoError(t, err)
		first, last := rows[0].Time, rows[0].Time
		for i := range rows {
			first, last = min(first, rows[i].Time), max(last, rows[i].Time)
		}
		middle := first + (last-first)/2
		for _, window := range [][2]int64{{first, last + 1}, {first, middle}, {middle, middle + 1}, {middle - 60_000, middle + 60_000}, {last + 1, last + 2}, {0, 1}} {
			var want, got []segment.Row
			for i := range rows {
				if rows[i].Time >= window[0] && rows[i].Time < window[1] {
					want = append(want, rows[i])
				}
			}
			for i := range footer.Groups() {
				some, err := footer.RowsBetween(i, data, window[0], window[1])
				require.NoError(t, err)
				got = append(got, some...)
			}
			require.Equal(t, want, got, "window %v, groups of %d rows", window, groupRows)
		}
		data[footer.Groups()[0].Offset] ^= 1
		_, err = footer.RowsBetween(0, data, first, last+1)
		require.ErrorIs(t, err, segment.ErrCorrupt)
		_, err = footer.RowsBetween(0, data[:20], first, last+1)
		require.ErrorIs(t, err, segment.ErrCorrupt)
	}
}
