package segment

import (
	"runtime"

	klauspost "github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/compress/zstd"
)

// zstdCodec is like the Parquet library's zstd codec, but compresses with a window of 1 MiB. The
// library's encoders have a window of 8 MiB and take 16 MiB of memory each, although few pages
// exceed 256 KiB.
type zstdCodec struct {
	zstd.Codec
	encoder *klauspost.Encoder
}

// newZstdCodec returns a codec. It compresses at most the given number of pages at a time; zero
// means one per CPU. Further calls wait. newZstdCodec panics if the level is unknown.
func newZstdCodec(level klauspost.EncoderLevel, pages int) *zstdCodec {
	if pages == 0 {
		pages = runtime.GOMAXPROCS(0)
	}
	e, err := klauspost.NewWriter(nil, klauspost.WithEncoderLevel(level), klauspost.WithWindowSize(1<<20),
		klauspost.WithEncoderConcurrency(pages),
		klauspost.WithZeroFrames(true), klauspost.WithEncoderCRC(false))
	if err != nil {
		panic(err)
	}
	return &zstdCodec{encoder: e}
}

// Encode compresses src and appends the result to dst[:0].
func (c *zstdCodec) Encode(dst, src []byte) ([]byte, error) {
	return c.encoder.EncodeAll(src, dst[:0]), nil
}
