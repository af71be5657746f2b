package segment

import (
	"bytes"
	"fmt"
	"io"
	"strconv"

	"github.com/parquet-go/parquet-go"
)

// A table is a small Parquet file within a compacted segment. Its row groups and footer have the
// same kinds of checksums as a segment.

// TableColumn is a column of a table, together with the field of a T that holds the column's value.
// Exactly one of Text and Long must be set. Name must be unique in the table.
type TableColumn[T any] struct {
	Name string
	Text func(*T) *string
	Long func(*T) *int64
	// Repeats means that few distinct values are expected, so the column has a dictionary.
	Repeats bool
	// Delta means that each value is stored relative to the one before it. It saves space if
	// neighboring numbers differ by little. It has no effect on texts.
	Delta bool
}

const (
	// tableGroupRows is the maximum number of rows in a row group of a table. A reader decodes one
	// row group at a time.
	tableGroupRows = 8192
	// tableGroupBytes is the total size of the texts at which a row group of a table ends, in bytes.
	tableGroupBytes = 1 << 20
	// tablePageBytes is the maximum size of a page of a table before compression.
	tablePageBytes = 256 << 10
)

// TableWriter writes a table to an io.Writer, one row group at a time. It is not safe for concurrent
// use.
type TableWriter[T any] struct {
	columns []TableColumn[T]
	place   []int // place[i] is the position of columns[i] in the file
	out     *parquet.GenericWriter[any]
	file    checksumWriter
	rows    []parquet.Row // reused
	bytes   [][][]byte    // the texts of rows, reused
	row     int           // number of rows in rows
	inGroup int           // number of rows in the current row group
	texts   int           // total size of the texts in the current row group, in bytes
}

// tableBatch is the number of rows that are passed to the Parquet library at a time.
const tableBatch = 64

// NewTableWriter returns a writer for a table. OpenTable checks the name.
func NewTableWriter[T any](out io.Writer, name string, columns []TableColumn[T]) *TableWriter[T] {
	schema, place := tableSchema(columns)
	w := &TableWriter[T]{columns: columns, place: place}
	for range tableBatch {
		w.rows = append(w.rows, make(parquet.Row, len(columns)))
		w.bytes = append(w.bytes, make([][]byte, len(columns)))
	}
	w.file.reset(out)
	w.out = parquet.NewGenericWriter[any](&w.file, tableOptions(name, schema)...)
	return w
}

func tableOptions(name string, schema *parquet.Schema) []parquet.WriterOption {
	options := []parquet.WriterOption{
		schema,
		parquet.Compression(codecs[interim]),
		parquet.CreatedBy("device-trace", "1", "0"),
		parquet.PageBufferSize(tablePageBytes),
		parquet.WriteBufferSize(0),
		parquet.DataPageStatistics(false),
		parquet.DataPageVersion(1),
		parquet.KeyValueMetadata(keySchema, name),
		parquet.KeyValueMetadata(keyVersion, strconv.Itoa(SchemaVersion)),
	}
	for _, path := range schema.Columns() {
		options = append(options, parquet.SkipPageBounds(path...))
	}
	return options
}

// tableSchema returns the schema of a table, and the position of each column in the file.
func tableSchema[T any](columns []TableColumn[T]) (schema *parquet.Schema, place []int) {
	group := parquet.Group{}
	for _, c := range columns {
		group[c.Name] = c.node()
	}
	schema = parquet.NewSchema("table", group)
	for _, c := range columns {
		leaf, _ := schema.Lookup(c.Name)
		place = append(place, leaf.ColumnIndex)
	}
	return schema, place
}

func (c *TableColumn[T]) node() parquet.Node {
	node := parquet.Int(64)
	if c.Text != nil {
		node = parquet.String()
	}
	switch {
	case c.Repeats:
		return parquet.Encoded(node, &parquet.RLEDictionary)
	case c.Delta && c.Long != nil:
		return parquet.Encoded(node, &parquet.DeltaBinaryPacked)
	default:
		return parquet.Encoded(node, &parquet.Plain)
	}
}

// Add appends a copy of a row.
func (w *TableWriter[T]) Add(row *T) error {
	values := w.rows[w.row]
	for i := range w.columns {
		c := &w.columns[i]
		if c.Long != nil {
			values[w.place[i]] = parquet.Int64Value(*c.Long(row)).Level(0, 0, w.place[i])
			continue
		}
		text := &w.bytes[w.row][i]
		*text = append((*text)[:0], *c.Text(row)...)
		values[w.place[i]] = parquet.ByteArrayValue(*text).Level(0, 0, w.place[i])
		w.texts += len(*text)
	}
	w.row++
	w.inGroup++
	if w.inGroup == tableGroupRows || w.texts >= tableGroupBytes {
		return w.endGroup()
	}
	if w.row == tableBatch {
		return w.encode()
	}
	return nil
}

// encode passes the rows to the library.
func (w *TableWriter[T]) encode() error {
	_, err := w.out.WriteRows(w.rows[:w.row])
	if w.row = 0; err != nil {
		return fmt.Errorf("encode table: %w", err)
	}
	return nil
}

func (w *TableWriter[T]) endGroup() error {
	if err := w.encode(); err != nil {
		return err
	}
	if err := w.out.Flush(); err != nil {
		return fmt.Errorf("encode table: %w", err)
	}
	w.inGroup, w.texts = 0, 0
	if err := w.file.endGroup(); err != nil {
		return fmt.Errorf("encode table: %w", err)
	}
	return nil
}

// SetMetadata adds an entry to the metadata of the table's footer. It must be called before Close.
func (w *TableWriter[T]) SetMetadata(key, value string) { w.out.SetKeyValueMetadata(key, value) }

// Close writes the footer, which completes the table. A table may have no rows.
func (w *TableWriter[T]) Close() error {
	if w.inGroup > 0 {
		if err := w.endGroup(); err != nil {
			return err
		}
	}
	w.out.SetKeyValueMetadata(keyGroups, w.file.groups.String())
	if err := w.out.Close(); err != nil {
		return fmt.Errorf("encode table: %w", err)
	}
	if err := w.writeFooter(); err != nil {
		return fmt.Errorf("encode table: %w", err)
	}
	return nil
}

func (w *TableWriter[T]) writeFooter() error {
	footer, err := trimmedFooter(w.file.footer())
	if err != nil {
		return err
	}
	var start []byte
	if w.file.size == 0 { // the magic is usually written with the first row group, but there is none
		start = []byte(magic)
	}
	_, err = w.file.writeEnd(start, footer)
	return err
}

// EncodeTable returns a table with the given rows and metadata.
func EncodeTable[T any](name string, columns []TableColumn[T], rows []T, metadata map[string]string) ([]byte, error) {
	var out bytes.Buffer
	w := NewTableWriter(&out, name, columns)
	for i := range rows {
		if err := w.Add(&rows[i]); err != nil {
			return nil, err
		}
	}
	for key, value := range metadata {
		w.SetMetadata(key, value)
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
