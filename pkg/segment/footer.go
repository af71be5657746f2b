package segment

import (
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/parquet-go/parquet-go"

	"devicetrace/pkg/event"
)

// ErrCorrupt is an object that is not a sound segment, or of a version that this
// program does not know. It says nothing about the object's store.
var ErrCorrupt = errors.New("not a sound segment")

// maxFooter bounds what a hostile footer can make us allocate.
const maxFooter = 64 << 20

// Footer is what the end of a segment says: its row groups, and which clients and
// times they hold. It is read-only and safe for concurrent use.
type Footer struct {
	file    *parquet.File
	tail    int // bytes that were parsed, which the file holds on to
	digest  Digest
	groups  []Group
	columns []fileColumn // in the order of fields, so clients first
}

// fileColumn is where a file has a column.
type fileColumn struct {
	*field
	index int
}

// Group is a row group: a range of the object, and which clients and times it holds.
type Group struct {
	Offset, Length int64 // bytes
	Rows           int64
	index          int
	first, last    string // clients
	from, to       int64  // times, Unix ms
	sum            uint64
}

// before reports whether g is in its place before o, in the object and by its clients.
func (g Group) before(o Group) bool {
	return g.Offset+g.Length <= o.Offset && g.first <= g.last && g.last <= o.first
}

// FooterLength is how many bytes at the end of an object of the given size are
// needed to parse its footer; tail is the object's end, eight bytes or more.
func FooterLength(tail []byte, size int64) (int64, error) {
	if len(tail) < trailerLength || string(tail[len(tail)-4:]) != magic {
		return 0, fmt.Errorf("%w: no Parquet magic at the end of %d bytes", ErrCorrupt, size)
	}
	length := checksumLength + footerSize(tail) + trailerLength
	if length > min(size-int64(len(magic)), maxFooter) {
		return 0, fmt.Errorf("%w: a footer of %d bytes in an object of %d", ErrCorrupt, length, size)
	}
	return length, nil
}

// ParseFooter reads the footer of an object of the given size from its last bytes,
// at least FooterLength of them.
func ParseFooter(tail []byte, size int64) (footer *Footer, err error) {
	defer guard(&err)
	length, err := FooterLength(tail, size)
	if err != nil {
		return nil, err
	}
	if length > int64(len(tail)) {
		return nil, fmt.Errorf("%w: %d bytes of a footer of %d", ErrCorrupt, len(tail), length)
	}
	if err := checkFooter(tail[int64(len(tail))-length:]); err != nil {
		return nil, err
	}
	file, err := parquet.OpenFile(window{offset: size - int64(len(tail)), data: tail}, size,
		parquet.SkipMagicBytes(true), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	f := &Footer{file: file, tail: len(tail)}
	if err := f.readMetadata(); err != nil {
		return nil, err
	}
	return f, f.readGroups(size - length)
}

// Digest is the number and hash of the rows as the writer noted them.
func (f *Footer) Digest() Digest { return f.digest }

// Memory is about how many bytes of memory the footer takes, most of them for what the
// library makes of each column chunk.
func (f *Footer) Memory() int64 {
	const perFile, perChunk = 12 << 10, 840
	size := f.tail + perFile + perChunk*len(f.groups)*len(f.columns)
	for i := range f.groups {
		size += 2 * (len(f.groups[i].first) + len(f.groups[i].last))
	}
	return int64(size)
}

// Groups are all row groups, in order. They are the footer's own: not to be changed.
func (f *Footer) Groups() []Group { return f.groups }

// GroupsOf are the row groups that may hold rows of a client from one event time
// to another, both inclusive, in Unix ms: often one, more only where the client's
// rows cross a border.
func (f *Footer) GroupsOf(clientID event.ClientID, from, to int64) []Group {
	var found []Group
	for _, g := range f.groups {
		if id := string(clientID); g.first <= id && id <= g.last && g.from <= to && from <= g.to {
			found = append(found, g)
		}
	}
	return found
}

func (f *Footer) readMetadata() error {
	if name, _ := f.file.Lookup(keySchema); name != SchemaName {
		return fmt.Errorf("%w: schema %q is not %q", ErrCorrupt, name, SchemaName)
	}
	text, _ := f.file.Lookup(keyVersion)
	if text != strconv.Itoa(SchemaVersion) {
		return fmt.Errorf("%w: schema version %q is not %d", ErrCorrupt, text, SchemaVersion)
	}
	if err := f.findColumns(); err != nil {
		return err
	}
	rows, _ := f.file.Lookup(keyRows)
	hash, _ := f.file.Lookup(keyHash)
	var rowsErr, hashErr error
	f.digest.Rows, rowsErr = strconv.ParseInt(rows, 10, 64)
	f.digest.Sum, hashErr = strconv.ParseUint(hash, 16, 64)
	if rowsErr != nil || hashErr != nil || f.digest.Rows != f.file.NumRows() {
		return fmt.Errorf("%w: %q rows with hash %q noted, %d in the row groups", ErrCorrupt, rows, hash, f.file.NumRows())
	}
	return nil
}

// findColumns finds all columns of the schema and ignores others.
func (f *Footer) findColumns() error {
	for i := range fields {
		column := f.file.Root().Column(fields[i].name)
		if column == nil || !column.Leaf() {
			return fmt.Errorf("%w: no column %s", ErrCorrupt, fields[i].name)
		}
		f.columns = append(f.columns, fileColumn{&fields[i], int(column.Index())})
	}
	return nil
}

// readGroups takes over the row groups, none of which may reach past end.
func (f *Footer) readGroups(end int64) error {
	text, _ := f.file.Lookup(keyGroups)
	sums, err := parseGroupSums(text)
	if err != nil || len(sums) != len(f.file.RowGroups()) {
		return fmt.Errorf("%w: %d checksums for %d row groups", ErrCorrupt, len(sums), len(f.file.RowGroups()))
	}
	var total int64
	for i, rowGroup := range f.file.RowGroups() {
		g, err := f.readGroup(i, rowGroup, end)
		if err != nil {
			return err
		}
		if i > 0 && !f.groups[i-1].before(g) {
			return fmt.Errorf("%w: row group %d is out of order", ErrCorrupt, i)
		}
		g.sum = sums[i]
		f.groups = append(f.groups, g)
		total += g.Rows
	}
	if total != f.digest.Rows {
		return fmt.Errorf("%w: %d rows noted, %d in the row groups", ErrCorrupt, f.digest.Rows, total)
	}
	return nil
}

func (f *Footer) readGroup(i int, rowGroup parquet.RowGroup, end int64) (Group, error) {
	g := Group{index: i, Offset: end, Rows: rowGroup.NumRows()}
	var upTo int64
	columns := f.file.Metadata().RowGroups[i].Columns
	for j := range columns {
		chunk := &columns[j].MetaData
		start := chunk.DataPageOffset
		if chunk.DictionaryPageOffset > 0 {
			start = min(start, chunk.DictionaryPageOffset)
		}
		if start < int64(len(magic)) || chunk.TotalCompressedSize < 0 || chunk.TotalCompressedSize > end-start {
			return g, fmt.Errorf("%w: row group %d lies outside the object", ErrCorrupt, i)
		}
		g.Offset = min(g.Offset, start)
		upTo = max(upTo, start+chunk.TotalCompressedSize)
	}
	g.Length = upTo - g.Offset
	if g.Length <= 0 {
		return g, fmt.Errorf("%w: row group %d is empty", ErrCorrupt, i)
	}
	return g, g.readBounds(f.chunk(rowGroup, clientField), f.chunk(rowGroup, timeField))
}

func (f *Footer) chunk(rowGroup parquet.RowGroup, of int) *parquet.FileColumnChunk {
	return rowGroup.ColumnChunks()[f.columns[of].index].(*parquet.FileColumnChunk)
}

// readBounds takes over which clients and times a row group says it holds.
func (g *Group) readBounds(clients, times *parquet.FileColumnChunk) error {
	first, last, clientsKnown := clients.Bounds()
	from, to, timesKnown := times.Bounds()
	if !clientsKnown || !timesKnown {
		return fmt.Errorf("%w: row group %d says nothing of its clients and times", ErrCorrupt, g.index)
	}
	g.first, g.last = string(first.ByteArray()), string(last.ByteArray())
	g.from, g.to = from.Int64(), to.Int64()
	return nil
}

// Indexes of fields.
const (
	clientField = 0
	timeField   = 2
)

// window is a part of an object that was read. Reads outside of it fail.
type window struct {
	offset int64
	data   []byte
}

func (w window) ReadAt(p []byte, off int64) (int, error) {
	if off < w.offset || off > w.offset+int64(len(w.data)) {
		return 0, fmt.Errorf("%w: refers to byte %d, outside of what it occupies", ErrCorrupt, off)
	}
	n := copy(p, w.data[off-w.offset:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// guard turns a panic of the Parquet library, which malformed input can cause,
// into an error.
func guard(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%w: the Parquet library gave up: %v", ErrCorrupt, p)
	}
}
