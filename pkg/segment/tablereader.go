package segment

import (
	"fmt"
	"slices"
	"strconv"
	"sync"

	"github.com/parquet-go/parquet-go/bloom/xxhash"
	"github.com/parquet-go/parquet-go/format"
)

// maxTableRaw is the maximum size of a table's row group before compression, in bytes. It limits the
// memory that a hostile table can make us allocate.
const maxTableRaw = 64 << 20

// Table is a table that was read into memory. It decodes one row group at a time, and only the
// requested columns. It is read-only and safe for concurrent use.
type Table[T any] struct {
	columns  []TableColumn[T]
	place    []int // place[i] is the position of columns[i] in the file
	metadata map[string]string
	data     []byte
	groups   []tableGroup
	rows     int64
	raw      int64 // total size of the row groups before compression, in bytes
}

// tableGroup is a row group: its byte range in the table, its size before compression, in bytes, its
// rows and its checksum.
type tableGroup struct {
	from, to int64
	chunks   []int64 // the offset at which each column chunk ends
	raw      int64
	rows     int
	checksum uint64
}

// OpenTable checks and parses the footer of a table. data holds the bytes of the whole table, which
// must have the given name and all of the given columns. If the bytes are not such a table, the
// error wraps ErrCorrupt.
func OpenTable[T any](name string, columns []TableColumn[T], data []byte) (*Table[T], error) {
	size := int64(len(data))
	length, err := FooterLength(data, size)
	if err != nil {
		return nil, err
	}
	metadata, err := parseMetadata(data[size-length:])
	if err != nil {
		return nil, err
	}
	t := &Table[T]{columns: columns, metadata: keyValues(metadata), data: data}
	if err := t.checkSchema(metadata, name); err != nil {
		return nil, err
	}
	return t, t.readGroups(metadata.RowGroups, size-length)
}

// checkSchema checks the file's name, version and columns, and sets t.place.
func (t *Table[T]) checkSchema(metadata *format.FileMetaData, name string) error {
	schema, version := t.metadata[keySchema], t.metadata[keyVersion]
	if schema != name || version != strconv.Itoa(SchemaVersion) {
		return fmt.Errorf("%w: it is the table %q of version %q instead of %q of version %d", ErrCorrupt, schema, version, name, SchemaVersion)
	}
	for i := range t.columns {
		kind := t.columns[i].columnType()
		place := slices.IndexFunc(metadata.Schema, func(e format.SchemaElement) bool { return kind.matches(&e) })
		if place < 1 {
			return fmt.Errorf("%w: the table has no such column %s", ErrCorrupt, kind.name)
		}
		t.place = append(t.place, place-1) // the first element of a schema is its root
	}
	return nil
}

func (c *TableColumn[T]) columnType() columnType {
	if c.Text != nil {
		return columnType{name: c.Name, kind: format.ByteArray}
	}
	return columnType{name: c.Name, kind: format.Int64}
}

// readGroups reads the byte ranges of the row groups. The row groups must follow one another
// without gaps, from the magic to the given offset, at which the footer's checksum begins.
func (t *Table[T]) readGroups(rowGroups []format.RowGroup, end int64) error {
	sums, err := parseGroupChecksums(t.metadata[keyGroups])
	if err != nil {
		return err
	}
	if len(sums) != len(rowGroups) {
		return fmt.Errorf("%w: the table has %d checksums for %d row groups", ErrCorrupt, len(sums), len(rowGroups))
	}
	at := int64(len(magic))
	for i := range rowGroups {
		g, err := readTableGroup(i, &rowGroups[i], at, end)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(t.place, func(place int) bool { return place >= len(g.chunks) }) {
			return fmt.Errorf("%w: row group %d of the table lacks columns", ErrCorrupt, i)
		}
		g.checksum = sums[i]
		t.groups = append(t.groups, g)
		t.rows += int64(g.rows)
		t.raw += g.raw
		at = g.to
	}
	if at != end {
		return fmt.Errorf("%w: the row groups of the table end at byte %d instead of %d", ErrCorrupt, at, end)
	}
	return nil
}

// readTableGroup returns row group i of a table, without its checksum. The row group must begin at
// offset at, and must not extend beyond offset end.
func readTableGroup(i int, rowGroup *format.RowGroup, at, end int64) (tableGroup, error) {
	g := tableGroup{from: at, to: at, rows: int(rowGroup.NumRows)}
	for j := range rowGroup.Columns {
		chunk := &rowGroup.Columns[j].MetaData
		switch {
		case chunk.Codec != format.Zstd:
			return g, fmt.Errorf("%w: row group %d of the table is not compressed with zstd", ErrCorrupt, i)
		case chunk.TotalCompressedSize < 0 || chunk.TotalCompressedSize > end-g.to:
			return g, fmt.Errorf("%w: row group %d of the table lies outside it", ErrCorrupt, i)
		case chunk.TotalUncompressedSize < 0 || chunk.TotalUncompressedSize > maxTableRaw-g.raw:
			return g, fmt.Errorf("%w: row group %d of the table has more than %d bytes before compression", ErrCorrupt, i, maxTableRaw)
		}
		g.to += chunk.TotalCompressedSize
		g.chunks = append(g.chunks, g.to)
		g.raw += chunk.TotalUncompressedSize
	}
	if g.rows <= 0 || g.rows > tableGroupRows {
		return g, fmt.Errorf("%w: row group %d of the table has %d rows", ErrCorrupt, i, g.rows)
	}
	return g, nil
}

// Rows returns the number of rows.
func (t *Table[T]) Rows() int64 { return t.rows }

// Raw returns the total size of the row groups before compression, in bytes.
func (t *Table[T]) Raw() int64 { return t.raw }

// Groups returns the number of row groups.
func (t *Table[T]) Groups() int { return len(t.groups) }

// Metadata returns the value of an entry in the metadata of the table's footer, or "".
func (t *Table[T]) Metadata(key string) string { return t.metadata[key] }

// Read checks row group i and returns its rows. If columns are named, only these are decoded, and
// all other fields of the rows are zero. If the row group is corrupt, the error wraps ErrCorrupt.
func (t *Table[T]) Read(i int, columns ...string) ([]T, error) { return t.ReadInto(nil, i, columns...) }

// ReadInto is like Read, but overwrites the given rows if their capacity suffices.
func (t *Table[T]) ReadInto(rows []T, i int, columns ...string) ([]T, error) {
	g := &t.groups[i]
	if xxhash.Sum64(t.data[g.from:g.to]) != g.checksum {
		return nil, fmt.Errorf("%w: the checksum of row group %d of the table is wrong", ErrCorrupt, i)
	}
	rows = slices.Grow(rows[:0], g.rows)[:g.rows]
	if len(columns) > 0 {
		clear(rows)
	}
	reader := chunkReaders.Get().(*chunkReader)
	defer chunkReaders.Put(reader)
	for j := range t.columns {
		c := &t.columns[j]
		if len(columns) > 0 && !slices.Contains(columns, c.Name) {
			continue
		}
		left := g.raw
		if err := reader.open(c.columnType(), format.Zstd, t.chunk(g, t.place[j]), g.rows, &left); err != nil {
			return nil, err
		}
		if err := c.read(reader, rows); err != nil {
			return nil, err
		}
		reader.release()
	}
	return rows, nil
}

// chunkReaders is a pool of readers for the columns of tables, whose buffers are reused.
var chunkReaders = sync.Pool{New: func() any { return new(chunkReader) }}

// chunk returns the bytes of a row group's column chunk. place is the position of the column in the
// file.
func (t *Table[T]) chunk(g *tableGroup, place int) []byte {
	start := g.from
	if place > 0 {
		start = g.chunks[place-1]
	}
	return t.data[start:g.chunks[place]]
}

// All returns all rows. Call it only if the table is known to have few rows.
func (t *Table[T]) All() (rows []T, err error) {
	for i := range t.groups {
		group, err := t.Read(i)
		if err != nil {
			return nil, err
		}
		rows = append(rows, group...)
	}
	return rows, nil
}

// read decodes a column chunk and sets the column's field in the rows.
func (c *TableColumn[T]) read(reader *chunkReader, rows []T) error {
	for at := 0; at < len(rows); at = reader.end {
		if err := reader.load(at, len(rows)); err != nil {
			return err
		}
		c.copy(reader, rows[at:reader.end])
	}
	return nil
}

// copy sets the column's field in the rows of the decoded page.
func (c *TableColumn[T]) copy(reader *chunkReader, rows []T) {
	switch {
	case c.Long != nil:
		for i, v := range reader.values.numbers[:len(rows)] {
			*c.Long(&rows[i]) = v
		}
	case reader.isEncoded:
		for i, code := range reader.codes[:len(rows)] {
			*c.Text(&rows[i]) = reader.word(code)
		}
	default:
		reader.values.texts(0, len(rows), func(i int, s string) { *c.Text(&rows[i]) = s })
	}
}
