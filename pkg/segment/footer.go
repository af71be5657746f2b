package segment

import (
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/parquet-go/parquet-go"

	"devicetrace/pkg/event"
)

// ErrCorrupt is the error for an object that is not a valid segment or has an unknown version. It
// is never used for store errors.
var ErrCorrupt = errors.New("not a valid segment")

// maxFooter is the maximum length of a footer, in bytes. It limits the memory that a hostile footer
// can make us allocate.
const maxFooter = 64 << 20

// Footer describes the row groups of a segment and the range of clients and times in each. It is
// read-only and safe for concurrent use.
type Footer struct {
	file    *parquet.File
	tail    int // number of parsed bytes, which are kept in memory
	digest  Digest
	groups  []Group
	columns []fileColumn // columns[i] belongs to fields[i], so client_id comes first
}

// fileColumn is a field and the index of its column in a file.
type fileColumn struct {
	*field
	index int
}

// Group is a row group: its byte range in the object, and the bounds of its clients and times.
type Group struct {
	Offset, Length int64 // bytes
	Rows           int64
	// Raw is the size of the rows before encoding: the number of bytes that the digest hashes.
	Raw         int64
	index       int
	first, last string // the lowest and the highest client identifier
	from, to    int64  // bounds of the event times, Unix ms
	checksum    uint64
}

// Memory returns the approximate memory that the rows take once they are decoded, in bytes.
func (g Group) Memory() int64 { return g.Raw + rowMemory*g.Rows }

// before reports whether g comes before o, both in the object and in the order of clients. The two
// row groups may share one client, if it is the last client of g and the first client of o.
func (g Group) before(o Group) bool {
	return g.Offset+g.Length <= o.Offset && g.first <= g.last && g.last <= o.first
}

// FooterLength returns how many of an object's last bytes ParseFooter needs. size is the size of
// the object. tail must contain at least the object's last eight bytes.
func FooterLength(tail []byte, size int64) (int64, error) {
	if len(tail) < trailerLength || string(tail[len(tail)-4:]) != magic {
		return 0, fmt.Errorf("%w: no Parquet magic at the end of %d bytes", ErrCorrupt, size)
	}
	length := checksumLength + footerSize(tail) + trailerLength
	if length > min(size-int64(len(magic)), maxFooter) {
		return 0, fmt.Errorf("%w: its footer states a length of %d bytes, but the object has %d", ErrCorrupt, length, size)
	}
	return length, nil
}

// ParseFooter parses the footer of an object of the given size. tail holds the last bytes of the
// object, at least as many as FooterLength returns.
func ParseFooter(tail []byte, size int64) (footer *Footer, err error) {
	defer guard(&err)
	length, err := FooterLength(tail, size)
	if err != nil {
		return nil, err
	}
	if length > int64(len(tail)) {
		return nil, fmt.Errorf("%w: got %d bytes of a footer of %d", ErrCorrupt, len(tail), length)
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

// Digest returns the digest of the rows, as the writer recorded it in the footer.
func (f *Footer) Digest() Digest { return f.digest }

// Memory returns the approximate size of the footer in memory, in bytes. Most of this memory holds
// the Parquet library's structures for column chunks.
func (f *Footer) Memory() int64 {
	const perFile, perChunk = 12 << 10, 840
	size := f.tail + perFile + perChunk*len(f.groups)*len(f.columns)
	for i := range f.groups {
		size += 2 * (len(f.groups[i].first) + len(f.groups[i].last))
	}
	return int64(size)
}

// Groups returns all row groups in order. Callers must not change the slice.
func (f *Footer) Groups() []Group { return f.groups }

// GroupsOf returns the row groups that may contain a client's rows between two times. The times are
// event times in Unix ms, both ends inclusive. Usually GroupsOf returns at most one row group. It
// returns several only if the client's rows extend across a row group boundary.
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
	if name, _ := f.file.Lookup(keySchema); name != schemaName {
		return fmt.Errorf("%w: its schema is %q instead of %q", ErrCorrupt, name, schemaName)
	}
	text, _ := f.file.Lookup(keyVersion)
	if text != strconv.Itoa(SchemaVersion) {
		return fmt.Errorf("%w: its schema version is %q instead of %d", ErrCorrupt, text, SchemaVersion)
	}
	if err := f.findColumns(); err != nil {
		return err
	}
	rows, _ := f.file.Lookup(keyRows)
	hash, _ := f.file.Lookup(keyHash)
	var rowsErr, hashErr error
	f.digest.Rows, rowsErr = strconv.ParseInt(rows, 10, 64)
	f.digest.Sum, hashErr = strconv.ParseUint(hash, 16, 64)
	if rowsErr != nil || hashErr != nil {
		return fmt.Errorf("%w: its metadata states %q rows with hash %q", ErrCorrupt, rows, hash)
	}
	return nil
}

// findColumns finds all columns of the schema in the file and ignores other columns.
func (f *Footer) findColumns() error {
	for i := range fields {
		column := f.file.Root().Column(fields[i].name)
		if column == nil || !column.Leaf() {
			return fmt.Errorf("%w: it has no column %s", ErrCorrupt, fields[i].name)
		}
		f.columns = append(f.columns, fileColumn{&fields[i], int(column.Index())})
	}
	return nil
}

// readGroups reads the row groups. No row group may extend beyond the given offset, at which the
// footer's checksum begins.
func (f *Footer) readGroups(end int64) error {
	text, _ := f.file.Lookup(keyGroups)
	sums, err := parseGroupChecksums(text)
	if err != nil {
		return err
	}
	text, _ = f.file.Lookup(keyRaw)
	raw, err := parseRawSizes(text)
	if err != nil {
		return err
	}
	rowGroups := f.file.RowGroups()
	if len(sums) != len(rowGroups) || len(raw) != len(rowGroups) {
		return fmt.Errorf("%w: it has %d checksums and %d sizes for %d row groups", ErrCorrupt, len(sums), len(raw), len(rowGroups))
	}
	var total int64
	for i, rowGroup := range rowGroups {
		g, err := f.readGroup(i, rowGroup, end)
		if err != nil {
			return err
		}
		if i > 0 && !f.groups[i-1].before(g) {
			return fmt.Errorf("%w: row group %d is out of order", ErrCorrupt, i)
		}
		g.checksum, g.Raw = sums[i], raw[i]
		f.groups = append(f.groups, g)
		total += g.Rows
	}
	if total != f.digest.Rows {
		return fmt.Errorf("%w: its metadata states %d rows, its row groups %d", ErrCorrupt, f.digest.Rows, total)
	}
	return nil
}

func (f *Footer) readGroup(i int, rowGroup parquet.RowGroup, end int64) (Group, error) {
	g := Group{index: i, Offset: end, Rows: rowGroup.NumRows()}
	var groupEnd int64
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
		groupEnd = max(groupEnd, start+chunk.TotalCompressedSize)
	}
	g.Length = groupEnd - g.Offset
	if g.Length <= 0 {
		return g, fmt.Errorf("%w: row group %d is empty", ErrCorrupt, i)
	}
	return g, g.readBounds(f.chunk(rowGroup, clientField), f.chunk(rowGroup, timeField))
}

// chunk returns the column chunk that contains the column fields[field] of the row group.
func (f *Footer) chunk(rowGroup parquet.RowGroup, field int) *parquet.FileColumnChunk {
	return rowGroup.ColumnChunks()[f.columns[field].index].(*parquet.FileColumnChunk)
}

// readBounds reads the bounds of a row group's clients and times from its statistics.
func (g *Group) readBounds(clients, times *parquet.FileColumnChunk) error {
	first, last, clientsKnown := clients.Bounds()
	from, to, timesKnown := times.Bounds()
	if !clientsKnown || !timesKnown {
		return fmt.Errorf("%w: row group %d lacks the bounds of its clients or times", ErrCorrupt, g.index)
	}
	g.first, g.last = string(first.ByteArray()), string(last.ByteArray())
	g.from, g.to = from.Int64(), to.Int64()
	return nil
}

// clientField and timeField are the indexes of client_id and time in fields, which lists all
// columns of the schema.
const (
	clientField = 0
	timeField   = 1
)

// window is a range of an object, held in memory. A read that starts outside the range fails.
type window struct {
	offset int64
	data   []byte
}

func (w window) ReadAt(p []byte, off int64) (int, error) {
	if off < w.offset || off > w.offset+int64(len(w.data)) {
		return 0, fmt.Errorf("%w: it refers to byte %d, which is outside the range that was read", ErrCorrupt, off)
	}
	n := copy(p, w.data[off-w.offset:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// guard turns a panic of the Parquet library, which malformed input can cause, into an error.
// Callers must defer guard, so that it can recover.
func guard(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%w: the Parquet library panicked: %v", ErrCorrupt, p)
	}
}
