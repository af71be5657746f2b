package segment

import (
	"errors"
	"fmt"
	"unsafe"

	"github.com/parquet-go/parquet-go/format"

	"devicetrace/pkg/event"
)

// ErrCorrupt is the error for an object that is not a valid segment or has an unknown version. It
// is never used for store errors.
var ErrCorrupt = errors.New("not a valid segment")

// maxFooter is the maximum length of a footer, in bytes. It limits the memory that a hostile footer
// can make us allocate.
const maxFooter = 64 << 20

// Footer is a parsed footer or index. It describes a segment: its rows, and the range of clients
// and times in each row group. It is read-only and safe for concurrent use.
type Footer struct {
	digest Digest
	codec  format.CompressionCodec // compresses all pages
	groups []Group
	holds  []string // names of the held segments
}

// maxGroupRaw is the maximum size of a row group before encoding, in bytes; writers end a row group
// earlier. minRowRaw is the size of the shortest row. Together, they limit the memory that a
// hostile footer can make us allocate.
const (
	maxGroupRaw = 4 * maxGroupBytes
	minRowRaw   = 57
)

// columnCount is the number of columns of a segment.
const columnCount = 21

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
	// chunks holds the lengths of the column chunks, in bytes and in the order of the schema. The
	// column chunks follow one another without gaps.
	chunks [columnCount]uint32
	// plain is the total size before compression, in bytes, of the column chunks without a
	// dictionary. encoded is the same for the column chunks with one.
	plain, encoded int64
}

// Memory returns the approximate memory that the rows take once they are decoded, in bytes.
func (g Group) Memory() int64 { return g.Raw + rowMemory*g.Rows }

// check returns an error if the row group is invalid or cannot follow the previous row group,
// before. For the first row group, before is nil. The last client of a row group may also be the
// first client of the next one. end is the offset before which all row groups must end.
func (g *Group) check(before *Group, end int64) error {
	start, first := int64(len(magic)), g.first
	if before != nil {
		start, first = before.Offset+before.Length, before.last
	}
	switch {
	case g.Offset != start || g.first < first || g.last < g.first || g.to < g.from:
		return fmt.Errorf("%w: row group %d is out of order", ErrCorrupt, g.index)
	case g.Length <= 0:
		return fmt.Errorf("%w: row group %d is empty", ErrCorrupt, g.index)
	case g.Length > end-g.Offset:
		return fmt.Errorf("%w: row group %d lies outside the object", ErrCorrupt, g.index)
	case g.Rows <= 0 || g.Raw > maxGroupRaw || g.Raw/minRowRaw < g.Rows:
		return fmt.Errorf("%w: row group %d has %d rows of %d bytes", ErrCorrupt, g.index, g.Rows, g.Raw)
	}
	return nil
}

// add adds the next row group; see Group.check.
func (f *Footer) add(g Group, end int64) error {
	var before *Group
	if g.index = len(f.groups); g.index > 0 {
		before = &f.groups[g.index-1]
	}
	if err := g.check(before, end); err != nil {
		return err
	}
	f.groups = append(f.groups, g)
	return nil
}

// checkRows returns an error if there are no rows, or if the row groups and the digest state
// different numbers of rows.
func (f *Footer) checkRows() error {
	var total int64
	for i := range f.groups {
		total += f.groups[i].Rows
	}
	if total == 0 || total != f.digest.Rows {
		return fmt.Errorf("%w: its metadata states %d rows, its row groups %d", ErrCorrupt, f.digest.Rows, total)
	}
	return nil
}

// Digest returns the digest of the rows, as the writer recorded it.
func (f *Footer) Digest() Digest { return f.digest }

// Memory returns the approximate memory that the footer takes, in bytes.
func (f *Footer) Memory() int64 {
	const perString = 16 // the string header, and the rounding of allocations
	size := int(unsafe.Sizeof(*f)) + cap(f.groups)*int(unsafe.Sizeof(Group{}))
	for i := range f.groups {
		size += len(f.groups[i].first) + len(f.groups[i].last) + perString
	}
	for _, name := range f.holds {
		size += len(name) + perString
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
	id := string(clientID)
	for i := range f.groups {
		if g := &f.groups[i]; g.first <= id && id <= g.last && g.from <= to && from <= g.to {
			found = append(found, *g)
		}
	}
	return found
}

// clientField and timeField are the indexes of client_id and time in fields, which lists all
// columns of the schema.
const (
	clientField = 0
	timeField   = 1
)

// guard turns a panic of the Parquet library, which malformed input can cause, into an error.
// Callers must defer guard, so that it can recover.
func guard(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%w: the Parquet library panicked: %v", ErrCorrupt, p)
	}
}
