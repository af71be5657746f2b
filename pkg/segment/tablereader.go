package segment

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/bloom/xxhash"
	"github.com/parquet-go/parquet-go/format"
)

// maxTableRaw is the maximum size of a table's row group before compression, in bytes. It limits the
// memory that a hostile table can make us allocate.
const maxTableRaw = 64 << 20

// Table is a table that was read into memory. It decodes one row group at a time, and only the
// requested columns. It is read-only and safe for concurrent use.
type Table[T any] struct {
	columns []TableColumn[T]
	file    *parquet.File
	data    []byte
	groups  []tableGroup
	rows    int64
	raw     int64 // total size of the row groups before compression, in bytes
}

// tableGroup is a row group: its byte range in the table, its size before compression, in bytes, its
// rows and its checksum.
type tableGroup struct {
	from, to int64
	raw      int64
	rows     int
	checksum uint64
}

// OpenTable checks and parses the footer of a table. data holds the bytes of the whole table, which
// must have the given name and all of the given columns. If the bytes are not such a table, the
// error wraps ErrCorrupt.
func OpenTable[T any](name string, columns []TableColumn[T], data []byte) (_ *Table[T], err error) {
	defer guard(&err)
	size := int64(len(data))
	length, err := FooterLength(data, size)
	if err != nil {
		return nil, err
	}
	if err := checkFooter(data[size-length:]); err != nil {
		return nil, err
	}
	file, err := parquet.OpenFile(window{data: data}, size,
		parquet.SkipMagicBytes(true), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	t := &Table[T]{columns: columns, file: file, data: data}
	if err := t.checkSchema(name); err != nil {
		return nil, err
	}
	return t, t.readGroups(size - length)
}

func (t *Table[T]) checkSchema(name string) error {
	schema, _ := t.file.Lookup(keySchema)
	version, _ := t.file.Lookup(keyVersion)
	if schema != name || version != strconv.Itoa(SchemaVersion) {
		return fmt.Errorf("%w: it is the table %q of version %q instead of %q of version %d", ErrCorrupt, schema, version, name, SchemaVersion)
	}
	for _, c := range t.columns {
		column := t.file.Root().Column(c.Name)
		if column == nil || !column.Leaf() || column.Type().Kind() != c.node().Type().Kind() || column.Optional() || column.Repeated() {
			return fmt.Errorf("%w: the table has no such column %s", ErrCorrupt, c.Name)
		}
	}
	return nil
}

// readGroups reads the byte ranges of the row groups. The row groups must follow one another
// without gaps, from the magic to the given offset, at which the footer's checksum begins.
func (t *Table[T]) readGroups(end int64) error {
	text, _ := t.file.Lookup(keyGroups)
	sums, err := parseGroupChecksums(text)
	if err != nil {
		return err
	}
	rowGroups := t.file.Metadata().RowGroups
	if len(sums) != len(rowGroups) {
		return fmt.Errorf("%w: the table has %d checksums for %d row groups", ErrCorrupt, len(sums), len(rowGroups))
	}
	at := int64(len(magic))
	for i := range rowGroups {
		g, err := readTableGroup(i, &rowGroups[i], at, end)
		if err != nil {
			return err
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
func (t *Table[T]) Metadata(key string) string {
	value, _ := t.file.Lookup(key)
	return value
}

// Read checks row group i and returns its rows. If columns are named, only these are decoded, and
// all other fields of the rows are zero. If the row group is corrupt, the error wraps ErrCorrupt.
func (t *Table[T]) Read(i int, columns ...string) ([]T, error) { return t.ReadInto(nil, i, columns...) }

// ReadInto is like Read, but overwrites the given rows if their capacity suffices.
func (t *Table[T]) ReadInto(rows []T, i int, columns ...string) (_ []T, err error) {
	defer guard(&err)
	g := t.groups[i]
	data := t.data[g.from:g.to]
	if xxhash.Sum64(data) != g.checksum {
		return nil, fmt.Errorf("%w: the checksum of row group %d of the table is wrong", ErrCorrupt, i)
	}
	rows = slices.Grow(rows[:0], g.rows)[:g.rows]
	if len(columns) > 0 {
		clear(rows)
	}
	chunks := t.file.RowGroups()[i].ColumnChunks()
	for _, c := range t.columns {
		if len(columns) > 0 && !slices.Contains(columns, c.Name) {
			continue
		}
		chunk := chunks[t.file.Root().Column(c.Name).Index()].(*parquet.FileColumnChunk)
		if err := c.read(chunk, window{g.from, data}, rows); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// All returns all rows. Call it only for tables that are known to have few rows.
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

// read decodes the column chunk and sets the column's field in the rows.
func (c *TableColumn[T]) read(chunk *parquet.FileColumnChunk, data window, rows []T) error {
	pages := chunk.PagesFrom(data)
	defer pages.Close()
	for len(rows) > 0 {
		page, err := pages.ReadPage()
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("%w: column %s ends early", ErrCorrupt, c.Name)
		}
		if err != nil {
			return fmt.Errorf("%w: %w", ErrCorrupt, err)
		}
		n := min(int(page.NumRows()), len(rows))
		c.copy(page, rows[:n])
		parquet.Release(page)
		rows = rows[n:]
	}
	return nil
}

// copy sets the column's field in the given rows to the first values of a page.
func (c *TableColumn[T]) copy(page parquet.Page, rows []T) {
	values := page.Data()
	if dictionary := page.Dictionary(); dictionary != nil {
		c.copyEncoded(dictionary, values.Int32(), rows)
		return
	}
	if c.Long != nil {
		for i, v := range values.Int64()[:len(rows)] {
			*c.Long(&rows[i]) = v
		}
		return
	}
	data, offsets := values.ByteArray()
	if len(rows) > 0 {
		substrings(data, offsets[:len(rows)+1], func(i int, s string) { *c.Text(&rows[i]) = s })
	}
}

// copyEncoded is like copy for a page whose values are indexes into a dictionary.
func (c *TableColumn[T]) copyEncoded(dictionary parquet.Dictionary, indexes []int32, rows []T) {
	values := dictionary.Page().Data()
	if c.Long != nil {
		longs := values.Int64()
		for i := range rows {
			*c.Long(&rows[i]) = longs[indexes[i]]
		}
		return
	}
	data, offsets := values.ByteArray()
	texts := make([]string, len(offsets)-1)
	substrings(data, offsets, func(i int, s string) { texts[i] = s })
	for i := range rows {
		*c.Text(&rows[i]) = texts[indexes[i]]
	}
}
