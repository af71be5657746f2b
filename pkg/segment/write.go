package segment

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"

	"github.com/parquet-go/parquet-go"
)

const (
	// SchemaName and SchemaVersion stand in every footer. A reader takes every
	// version up to its own.
	SchemaName    = "device-trace.events"
	SchemaVersion = 2

	keySchema  = "device-trace.schema"
	keyVersion = "device-trace.version"
	keyRows    = "device-trace.rows"
	keyHash    = "device-trace.hash"
	keyGroups  = "device-trace.groups"
)

// Writer writes one segment to an io.Writer, row group by row group. It is not
// safe for concurrent use.
type Writer struct {
	life    life
	out     *parquet.GenericWriter[stored]
	sums    checksums
	digest  Digest
	room    []stored // for the rows that the library is given at once
	waiting int      // rows there
	group   int64    // rows that a row group holds, about; 0 is all
	inGroup int64
	bytes   int64  // of the rows in the group
	client  string // of the last row
}

// writeRows is how many rows the library is given at once.
const writeRows = 256

// groupBytes is how large a row group gets, about, before encoding, so that one of long
// texts does not fill the memory of those who read it. Others get there only in partitions
// of millions of rows.
const groupBytes = 2 << 20

// NewWriter starts a segment that is to stay, whose row groups hold about groupRows rows,
// up to twice as many, or fewer long ones; 0 is no limit but that.
func NewWriter(out io.Writer, groupRows int64) *Writer {
	return newWriter(out, groupRows, lasting)
}

// NewInterimWriter is NewWriter for a segment that will be merged again.
func NewInterimWriter(out io.Writer, groupRows int64) *Writer {
	return newWriter(out, groupRows, interim)
}

func newWriter(out io.Writer, groupRows int64, life life) *Writer {
	w := &Writer{
		life: life,
		out:  parquet.NewGenericWriter[stored](io.Discard, writerOptions(codecs[life])...),
		room: make([]stored, writeRows),
	}
	w.start(out, groupRows)
	return w
}

// Reset starts another segment with the writer's buffers.
func (w *Writer) Reset(out io.Writer, groupRows int64) {
	w.detachMetadata()
	w.start(out, groupRows)
}

func (w *Writer) start(out io.Writer, groupRows int64) {
	w.sums.start(out)
	w.digest = Digest{scratch: w.digest.scratch}
	w.waiting, w.inGroup, w.bytes, w.group = 0, 0, 0, groupRows
	w.out.Reset(&w.sums)
}

// detachMetadata keeps what the writer shares between files out of reach of the
// library's Reset, which otherwise blanks the column paths and sorting columns of
// every file after the first (parquet-go v0.32, issue 602).
func (w *Writer) detachMetadata() {
	file := w.out.File()
	if file == nil {
		return
	}
	groups := file.Metadata().RowGroups
	for i := range groups {
		groups[i].SortingColumns = nil
		for j := range groups[i].Columns {
			groups[i].Columns[j].MetaData.PathInSchema = nil
		}
	}
}

// Write appends rows, which must go on in the order of Row.Compare.
func (w *Writer) Write(rows []Row) error {
	for i := range rows {
		if err := w.Add(&rows[i]); err != nil {
			return err
		}
	}
	return nil
}

// Add appends a row, which must go on in the order of Row.Compare. It is copied.
func (w *Writer) Add(row *Row) error {
	if w.endsBefore(row) {
		if err := w.endGroup(); err != nil {
			return err
		}
	}
	w.bytes += w.digest.Add(row)
	w.room[w.waiting].set(row)
	w.waiting, w.inGroup, w.client = w.waiting+1, w.inGroup+1, row.ClientID
	if w.waiting == len(w.room) {
		return w.encode()
	}
	return nil
}

// endsBefore reports whether the row group is full. It ends with a client, unless that
// has very many rows, so that all of a client's rows are in one.
func (w *Writer) endsBefore(row *Row) bool {
	return w.filled(2) || w.filled(1) && row.ClientID != w.client
}

// filled reports whether the row group holds so many times what it should.
func (w *Writer) filled(times int64) bool {
	return w.bytes >= times*groupBytes || w.group > 0 && w.inGroup >= times*w.group
}

// encode gives the library the rows that wait.
func (w *Writer) encode() error {
	_, err := w.out.Write(w.room[:w.waiting])
	if w.waiting = 0; err != nil {
		return fmt.Errorf("encode segment: %w", err)
	}
	return nil
}

func (w *Writer) endGroup() error {
	if err := w.encode(); err != nil {
		return err
	}
	if err := w.out.Flush(); err != nil {
		return fmt.Errorf("encode segment: %w", err)
	}
	w.inGroup, w.bytes = 0, 0
	if err := w.sums.endGroup(); err != nil {
		return fmt.Errorf("encode segment: %w", err)
	}
	return nil
}

// Written describes a finished segment.
type Written struct {
	Digest Digest
	// FooterLength is what a reader needs of the object's end, in bytes.
	FooterLength int64
	Size         int64
}

// Close writes the footer. Only then is the segment whole. It has at least one row.
func (w *Writer) Close() (Written, error) {
	if w.digest.Rows == 0 {
		return Written{}, errors.New("encode segment: no rows")
	}
	if w.inGroup > 0 {
		if err := w.endGroup(); err != nil {
			return Written{}, err
		}
	}
	w.out.SetKeyValueMetadata(keyRows, strconv.FormatInt(w.digest.Rows, 10))
	w.out.SetKeyValueMetadata(keyHash, fmt.Sprintf("%016x", w.digest.Sum))
	w.out.SetKeyValueMetadata(keyGroups, w.sums.groups.String())
	if err := w.out.Close(); err != nil {
		return Written{}, fmt.Errorf("encode segment: %w", err)
	}
	footerLength, err := w.writeFooter()
	if err != nil {
		return Written{}, fmt.Errorf("encode segment: %w", err)
	}
	return Written{Digest: w.digest, FooterLength: footerLength, Size: w.sums.size}, nil
}

func (w *Writer) writeFooter() (length int64, err error) {
	index, footer := w.sums.end()
	if w.life != fresh {
		index = nil
		if footer, err = trimmedFooter(w.out.File()); err != nil {
			return 0, err
		}
	}
	return w.sums.writeEnd(index, footer)
}

// encoders keeps writers whose buffers are grown: a new one costs a megabyte and
// five times the time of a small segment.
var encoders = sync.Pool{New: func() any { return newWriter(io.Discard, 0, fresh) }}

// freshGroup is how many rows a row group of a fresh segment holds, about: few, since a
// merge holds one of each input. Most have fewer rows in all.
const freshGroup = 2048

// Encode is a fresh segment of sorted, distinct rows.
func Encode(rows []Row) ([]byte, error) {
	w := encoders.Get().(*Writer)
	var out bytes.Buffer
	w.Reset(&out, freshGroup)
	if err := w.Write(rows); err != nil {
		return nil, err
	}
	if _, err := w.Close(); err != nil {
		return nil, err
	}
	encoders.Put(w) // not after an error or a panic: its state is unknown then
	return out.Bytes(), nil
}
