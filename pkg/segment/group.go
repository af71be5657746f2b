package segment

import (
	"fmt"
	"sync"

	"github.com/parquet-go/parquet-go/bloom/xxhash"
)

// groupReader reads the rows of one row group, column by column.
type groupReader struct {
	columns [columnCount]columnReader // columns[i] belongs to fields[i]
	rows    int                       // number of rows in the row group
}

// groupReaders is a pool of readers, whose buffers are reused.
var groupReaders = sync.Pool{New: func() any { return new(groupReader) }}

// openGroup checks and opens a row group. data holds the bytes of the row group. The caller must
// close the reader.
func (f *Footer) openGroup(g *Group, data []byte) (*groupReader, error) {
	if xxhash.Sum64(data) != g.checksum {
		return nil, fmt.Errorf("%w: the checksum of row group %d is wrong", ErrCorrupt, g.index)
	}
	reader := groupReaders.Get().(*groupReader)
	reader.rows = int(g.Rows)
	var chunks [columnCount][]byte // in the order of the schema
	for i, length := range g.chunks {
		chunks[i], data = data[:length:length], data[length:]
	}
	left := g.maxPages()
	for i := range fields {
		if err := reader.columns[i].openField(&fields[i], f.codec, chunks[fields[i].place], reader.rows, &left); err != nil {
			reader.close()
			return nil, err
		}
	}
	return reader, nil
}

// maxPages returns the maximum total length of all pages of the row group before compression, in
// bytes. Readers estimate the memory for decoding from the footer, and this limit keeps pages from
// taking more. Encoded values take at most four times the bytes that the digest hashes.
func (g *Group) maxPages() int64 {
	const overhead = columnCount << 10 // the overhead of the encodings, in bytes
	return min(4*g.Raw+overhead, g.plain+g.encoded)
}

// read fills rows with consecutive rows of the row group. rows[0] is row number at.
func (g *groupReader) read(rows []Row, at int) error {
	for i := range g.columns {
		if err := g.columns[i].fill(rows, at); err != nil {
			return err
		}
	}
	return nil
}

// rangeOf returns the range [from, to) of a client's rows.
func (g *groupReader) rangeOf(clientID string) (from, to int, err error) {
	return g.columns[clientField].rangeOf(clientID, g.rows)
}

// close returns the reader to the pool, unless its buffers are too large to be kept.
func (g *groupReader) close() {
	const maxBuffers = 4 << 20
	var buffers int
	for i := range g.columns {
		buffers += g.columns[i].release()
	}
	if buffers <= maxBuffers {
		groupReaders.Put(g)
	}
}
