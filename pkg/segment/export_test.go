package segment

import (
	"encoding/binary"

	"github.com/parquet-go/parquet-go/bloom/xxhash"
)

// EncodeIndex returns the index that describes the same segment.
func (f *Footer) EncodeIndex() []byte { return f.encodeIndex() }

// SealIndex appends the length and the checksum to the other bytes of an index.
func SealIndex(body []byte) []byte {
	b := binary.LittleEndian.AppendUint32(body, uint32(len(body)))
	return binary.LittleEndian.AppendUint64(b, xxhash.Sum64(b))
}
