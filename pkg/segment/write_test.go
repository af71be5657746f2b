package segment_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/require"

	"devicetrace/pkg/segment"
)

var errFull = errors.New("no space left")

// failing is a writer in which only the n-th call to Write fails.
type failing struct{ calls, n int }

func (f *failing) Write(p []byte) (int, error) {
	if f.calls++; f.calls == f.n {
		return len(p) / 2, errFull
	}
	return len(p), nil
}

func TestSegmentsHaveNoPageIndex(t *testing.T) {
	fresh, err := segment.Encode(rowsOf(9, 4))
	require.NoError(t, err)
	compacted, _ := write(t, rowsOf(9, 4), 0)
	for _, data := range [][]byte{fresh, compacted} {
		file, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
		require.NoError(t, err)
		for _, column := range file.Metadata().RowGroups[0].Columns {
			require.Zero(t, column.ColumnIndexOffset)
			require.Zero(t, column.OffsetIndexOffset)
		}
	}
}

// Whichever write to the output fails, Write or Close must return the error. Otherwise, an
// incomplete segment would look finished.
func TestAWriterReturnsTheErrorOfItsOutput(t *testing.T) {
	rows := rowsOf(6, 4)
	for name, newWriter := range map[string]func(io.Writer, int64) *segment.Writer{
		"lasting": segment.NewWriter, "interim": segment.NewInterimWriter,
	} {
		attempt := func(out io.Writer) error {
			w := newWriter(out, 8)
			if err := w.Write(rows); err != nil {
				return err
			}
			_, err := w.Close()
			return err
		}
		var whole failing
		require.NoError(t, attempt(&whole))
		require.Greater(t, whole.calls, 3, "the row groups and the footer")
		for n := 1; n <= whole.calls; n++ {
			require.ErrorIs(t, attempt(&failing{n: n}), errFull, "%s: write %d of %d fails", name, n, whole.calls)
		}
	}
}
