package segment

import (
	"io"
	"math/rand/v2"
	"testing"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
	"github.com/stretchr/testify/require"
)

// A trimmed footer must equal the library's footer except for the dropped fields.
func TestTrimmedFooter(t *testing.T) {
	rows := randomRows(rand.New(rand.NewPCG(1, 2)))
	for _, l := range []lifetime{fresh, interim, lasting} {
		for _, groupRows := range []int64{0, 20} {
			w := newWriter(io.Discard, groupRows, l)
			require.NoError(t, w.Write(rows))
			require.NoError(t, w.endGroup())
			require.NoError(t, w.out.Close())
			trimmed, err := trimmedFooter(w.file.footer())
			require.NoError(t, err)
			var want, got format.FileMetaData
			protocol := new(thrift.CompactProtocol)
			whole := w.file.footer()
			require.NoError(t, thrift.Unmarshal(protocol, whole[:len(whole)-trailerLength], &want))
			require.NoError(t, thrift.Unmarshal(protocol, trimmed[:len(trimmed)-trailerLength], &got))
			for i := range want.RowGroups {
				columns := want.RowGroups[i].Columns
				for j := range columns {
					c := &columns[j]
					require.NotZero(t, c.ColumnIndexOffset)
					c.ColumnIndexOffset, c.ColumnIndexLength, c.OffsetIndexOffset, c.OffsetIndexLength = 0, 0, 0, 0
					c.MetaData.EncodingStats, c.MetaData.SizeStatistics = nil, format.SizeStatistics{}
				}
			}
			require.Equal(t, want, got)
			require.Less(t, len(trimmed), len(whole)*5/6)
		}
	}
}

// Trimming bytes that are not a footer must return an error and must not panic.
func FuzzTrimmedFooter(f *testing.F) {
	w := newWriter(io.Discard, 0, fresh)
	require.NoError(f, w.Write([]Row{{}}))
	require.NoError(f, w.endGroup())
	require.NoError(f, w.out.Close())
	f.Add(w.file.footer())
	f.Fuzz(func(_ *testing.T, b []byte) {
		_, _ = trimmedFooter(append(b, "12345678"...))
	})
}
