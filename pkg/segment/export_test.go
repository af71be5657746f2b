package segment

import (
	"encoding/binary"

	"github.com/parquet-go/parquet-go/bloom/xxhash"
)

// EncodeIndex returns the encoded index of the segment that f describes.
func (f *Footer) EncodeIndex() []byte { return f.encodeIndex() }

// SealIndex completes an index: it appends the length of body and the checksum.
func SealIndex(body []byte) []byte {
	b := binary.LittleEndian.AppendUint32(body, uint32(len(body)))
	return binary.LittleEndian.AppendUint64(b, xxhash.Sum64(b))
}
