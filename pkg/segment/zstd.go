package segment

import (
	"sync"

	klauspost "github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/compress/zstd"
)

// zstdCodec is like the Parquet library's zstd codec, but compresses with a window of 1 MiB. The
// library's encoders have a window of 8 MiB and take 16 MiB of memory each, although few pages
// exceed 256 KiB.
type zstdCodec struct {
	zstd.Codec
	level    klauspost.EncoderLevel
	encoders sync.Pool
}

// Encode compresses src and appends the result to dst[:0].
func (c *zstdCodec) Encode(dst, src []byte) ([]byte, error) {
	e, _ := c.encoders.Get().(*klauspost.Encoder)
	if e == nil {
		var err error
		e, err = klauspost.NewWriter(nil, klauspost.WithEncoderLevel(c.level), klauspost.WithWindowSize(1<<20),
			klauspost.WithEncoderConcurrency(1), klauspost.WithZeroFrames(true), klauspost.WithEncoderCRC(false))
		if err != nil {
			return nil, err
		}
	}
	defer c.encoders.Put(e)
	return e.EncodeAll(src, dst[:0]), nil
}
