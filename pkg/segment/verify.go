package segment

import (
	"fmt"

	"github.com/parquet-go/parquet-go/bloom/xxhash"
)

// Verify checks the bytes of all row groups against the checksums in the footer. data is the whole
// object. Verify decodes no rows, so it takes a small part of the time of reading them.
func (f *Footer) Verify(data []byte) error {
	for _, g := range f.groups {
		if g.Offset+g.Length > int64(len(data)) {
			return fmt.Errorf("%w: row group %d lies outside %d bytes", ErrCorrupt, g.index, len(data))
		}
		if xxhash.Sum64(data[g.Offset:g.Offset+g.Length]) != g.checksum {
			return fmt.Errorf("%w: the checksum of row group %d is wrong", ErrCorrupt, g.index)
		}
	}
	return nil
}

// Verify checks the bytes of all row groups of a table against the checksums in the table's footer.
func (t *Table[T]) Verify() error {
	for i, g := range t.groups {
		if xxhash.Sum64(t.data[g.from:g.to]) != g.checksum {
			return fmt.Errorf("%w: the checksum of row group %d of the table is wrong", ErrCorrupt, i)
		}
	}
	return nil
}
