package segment

import (
	"errors"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/parquet-go/parquet-go/compress"
	"github.com/stretchr/testify/require"
)

var errCodec = errors.New("compression fails")

// failingCodec is a codec in which only the n-th call to Encode fails.
type failingCodec struct {
	compress.Codec
	calls, n int
}

func (f *failingCodec) Encode(dst, src []byte) ([]byte, error) {
	if f.calls++; f.calls == f.n {
		return nil, errCodec
	}
	return f.Codec.Encode(dst, src)
}

// Whichever page cannot be compressed, the caller must get the error. Otherwise, an incomplete
// segment would look finished.
func TestAnErrorOfTheCodecIsReturned(t *testing.T) {
	// Some pages fill up while a full buffer is encoded, and some while the last, partly filled
	// buffer is encoded. All other pages are compressed when the row group ends.
	rows := make([]Row, 11*bufferRows/4)
	for i := range rows {
		rows[i] = Row{Time: int64(i), Username: strings.Repeat("u", 2*pageBytes/bufferRows)}
	}
	for l, encode := range map[lifetime]func() error{
		fresh: func() error {
			_, err := Encode(rows)
			return err
		},
		interim: func() error {
			w := NewInterimWriter(io.Discard, 0)
			if err := w.Write(rows); err != nil {
				return err
			}
			_, err := w.Close()
			return err
		},
	} {
		original := codecs[l]
		codec := &failingCodec{Codec: original}
		useCodec(l, codec)
		require.NoError(t, encode())
		pages := codec.calls
		require.Greater(t, pages, len(fields))
		for n := 1; n <= pages; n++ {
			codec.calls, codec.n = 0, n
			require.ErrorIs(t, encode(), errCodec, "page %d of %d", n, pages)
		}
		useCodec(l, original)
	}
}

// useCodec sets the codec of new writers. It drops pooled writers, which have the old codec.
func useCodec(l lifetime, codec compress.Codec) {
	codecs[l] = codec
	encoders = sync.Pool{New: encoders.New}
}
