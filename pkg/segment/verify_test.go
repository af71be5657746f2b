package segment_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/segment"
)

// Verify must notice a flipped bit in any row group, and an object that is too short.
func TestVerifyChecksEveryRowGroup(t *testing.T) {
	var out bytes.Buffer
	w := segment.NewWriter(&out, 10)
	require.NoError(t, w.Write(rowsOf(19, 5)))
	_, err := w.Close()
	require.NoError(t, err)
	data := out.Bytes()
	footer, err := segment.ParseFooter(data, int64(len(data)))
	require.NoError(t, err)
	require.Greater(t, len(footer.Groups()), 5)
	require.NoError(t, footer.Verify(data))
	for _, g := range footer.Groups() {
		for _, at := range []int64{g.Offset, g.Offset + g.Length/2, g.Offset + g.Length - 1} {
			data[at] ^= 4
			require.ErrorIs(t, footer.Verify(data), segment.ErrCorrupt)
			data[at] ^= 4
		}
		require.ErrorIs(t, footer.Verify(data[:g.Offset+g.Length-1]), segment.ErrCorrupt)
	}
}
