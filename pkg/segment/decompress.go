package segment

import (
	"fmt"
	"slices"

	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/format"
)

// zstdDecoder is safe for concurrent use. It decompresses at most one page per CPU at a time, and
// makes further calls wait.
var zstdDecoder = func() *zstd.Decoder {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecodeAllCapLimit(true))
	if err != nil {
		panic(err)
	}
	return d
}()

// decompress returns the decompressed bytes of a page. It overwrites buffer if buffer is large
// enough. Otherwise, it allocates little more than the size stated in the page header.
func (p *page) decompress(codec format.CompressionCodec, buffer []byte) (raw []byte, err error) {
	const spare = 64 // the decoder is faster with a little spare capacity
	buffer = slices.Grow(buffer[:0], p.raw+spare)
	switch codec {
	case format.Uncompressed:
		raw = append(buffer, p.data...)
	case format.Zstd:
		raw, err = zstdDecoder.DecodeAll(p.data, buffer[:0:p.raw+spare])
	case format.Snappy:
		if n, lengthErr := snappy.DecodedLen(p.data); lengthErr != nil || n != p.raw {
			return buffer, fmt.Errorf("%w: damaged page", ErrCorrupt)
		}
		raw, err = snappy.Decode(buffer[:p.raw], p.data)
	default:
		return buffer, fmt.Errorf("%w: pages compressed with %v", ErrCorrupt, codec)
	}
	if err != nil || len(raw) != p.raw {
		return buffer, fmt.Errorf("%w: damaged page", ErrCorrupt)
	}
	return raw, nil
}
