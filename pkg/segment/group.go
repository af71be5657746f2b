package segment

import (
	"fmt"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/bloom/xxhash"
)

// groupReader reads the rows of one row group in order. It reads them column by column, because the
// library's row reader would take several times as long.
type groupReader struct{ columns []columnReader }

// openGroup checks and opens row group g, whose bytes are data.
func (f *Footer) openGroup(g Group, data []byte) (*groupReader, error) {
	if xxhash.Sum64(data) != g.checksum {
		return nil, fmt.Errorf("%w: the checksum of row group %d is wrong", ErrCorrupt, g.index)
	}
	chunks := f.file.RowGroups()[g.index].ColumnChunks()
	reader := &groupReader{columns: make([]columnReader, len(f.columns))}
	for i, c := range f.columns {
		reader.columns[i] = columnReader{
			field: c.field, chunk: chunks[c.index].(*parquet.FileColumnChunk), data: window{offset: g.Offset, data: data},
		}
		reader.columns[i].open()
	}
	return reader, nil
}

// read fills rows with the row group's next rows.
func (g *groupReader) read(rows []Row) error {
	return g.each(func(c *columnReader) error { return c.fill(rows) })
}

// skip skips n rows.
func (g *groupReader) skip(n int) error {
	return g.each(func(c *columnReader) error { return c.skip(n) })
}

func (g *groupReader) each(do func(*columnReader) error) error {
	for i := range g.columns {
		if err := do(&g.columns[i]); err != nil {
			return err
		}
	}
	return nil
}

// rangeOf returns the range [from, to) of a client's rows. The reader must be at the first row of
// the row group. rangeOf does not move the reader.
func (g *groupReader) rangeOf(clientID string) (from, to int, err error) {
	clients := &g.columns[clientField]
	from, to, err = clients.rangeOf(clientID)
	clients.rewind()
	return from, to, err
}

func (g *groupReader) close() {
	for i := range g.columns {
		g.columns[i].close()
	}
}
