package segment_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/segment"
)

func TestHoldsAreInTheFooter(t *testing.T) {
	holdsOf := func(data []byte) []string {
		footer, err := segment.ParseFooter(data, int64(len(data)))
		require.NoError(t, err)
		return footer.Holds()
	}
	rows := rowsOf(3, 2)
	var out bytes.Buffer
	w := segment.NewInterimWriter(&out, 0)
	for _, holds := range [][]string{{"a", "b"}, nil, {"c"}} { // a reused writer must not repeat the names
		out.Reset()
		w.Reset(&out, 0)
		w.SetHolds(holds)
		require.NoError(t, w.Write(rows))
		_, err := w.Close()
		require.NoError(t, err)
		require.Equal(t, holds, holdsOf(out.Bytes()))
	}
	fresh, err := segment.Encode(rows)
	require.NoError(t, err)
	require.Empty(t, holdsOf(fresh))
	require.NotContains(t, string(fresh), "holds", "a fresh segment needs no list")
}
