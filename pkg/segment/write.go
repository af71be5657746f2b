package segment

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"

	"github.com/parquet-go/parquet-go"
)

const (
	// schemaName and SchemaVersion are in every footer. Readers reject any other schema or
	// version.
	schemaName    = "device-trace.events"
	SchemaVersion = 3

	keySchema  = "device-trace.schema"
	keyVersion = "device-trace.version"
	keyRows    = "device-trace.rows"
	keyHash    = "device-trace.hash"
	keyGroups  = "device-trace.groups"
	keyRaw     = "device-trace.raw"
)

// Writer writes one segment to an io.Writer, one row group at a time. It is not safe for
// concurrent use.
type Writer struct {
	lifetime   lifetime
	out        *parquet.GenericWriter[stored]
	file       checksumWriter
	digest     Digest
	buffer     []stored                                // rows to pass to the library
	buffered   int                                     // number of rows in buffer
	groupRows  int64                                   // approximate number of rows per row group, or 0 for no limit
	inGroup    int64                                   // number of rows in the current row group
	groupBytes int64                                   // size of the rows in the current row group before encoding
	raw        rawSizes                                // sizes of the finished row groups before encoding
	client     string                                  // client of the last row
	holds      []string                                // see SetHolds
	summaries  func(footer int64) ([]io.Reader, error) // see SetSummaries
}

// bufferRows is the number of rows that are passed to the Parquet library at a time.
const bufferRows = 256

// maxGroupBytes is the approximate maximum size of a row group before encoding. The limit bounds
// the memory that readers need for rows with long strings. Without long strings, row groups reach
// this size only in partitions of millions of rows.
const maxGroupBytes = 2 << 20

// NewWriter returns a writer for a segment that will probably never be merged again. Each row group
// has about groupRows rows, and at most twice as many. If the rows are long, a row group has fewer
// rows. If groupRows is zero, only the size in bytes limits a row group.
func NewWriter(out io.Writer, groupRows int64) *Writer {
	return newWriter(out, groupRows, lasting)
}

// NewInterimWriter is like NewWriter, but for a segment that will be merged again.
func NewInterimWriter(out io.Writer, groupRows int64) *Writer {
	return newWriter(out, groupRows, interim)
}

func newWriter(out io.Writer, groupRows int64, l lifetime) *Writer {
	w := &Writer{
		lifetime: l,
		out:      parquet.NewGenericWriter[stored](io.Discard, writerOptions(l)...),
		buffer:   make([]stored, bufferRows),
	}
	w.start(out, groupRows)
	return w
}

// Reset starts another segment and reuses the writer's buffers. It must not be called after an
// error, because the state of the Parquet library is then unknown.
func (w *Writer) Reset(out io.Writer, groupRows int64) {
	w.detachMetadata()
	w.start(out, groupRows)
}

func (w *Writer) start(out io.Writer, groupRows int64) {
	w.file.reset(out)
	w.digest = Digest{scratch: w.digest.scratch}
	w.buffered, w.inGroup, w.groupBytes, w.groupRows, w.raw = 0, 0, 0, groupRows, w.raw[:0]
	w.holds, w.summaries = nil, nil
	w.out.Reset(&w.file)
}

// detachMetadata drops the last file's references to its column paths and sorting columns. The
// library shares these lists among all files of a writer. Without detachMetadata, the library's
// Reset would clear the lists for every later file (parquet-go v0.32, issue 602).
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

// Write appends rows. All rows of a segment must be in the order of Row.Compare.
func (w *Writer) Write(rows []Row) error {
	for i := range rows {
		if err := w.Add(&rows[i]); err != nil {
			return err
		}
	}
	return nil
}

// Add appends a copy of a row. All rows of a segment must be in the order of Row.Compare.
func (w *Writer) Add(row *Row) error {
	if w.endsBefore(row) {
		if err := w.endGroup(); err != nil {
			return err
		}
	}
	w.groupBytes += w.digest.Add(row)
	w.buffer[w.buffered].set(row)
	w.buffered, w.inGroup, w.client = w.buffered+1, w.inGroup+1, row.ClientID
	if w.buffered == len(w.buffer) {
		return w.encode()
	}
	return nil
}

// endsBefore reports whether the current row group must end before the given row. A row group of
// the intended size still takes the remaining rows of its last client, so that a client's rows are
// in one row group. At twice the intended size, however, a row group always ends.
func (w *Writer) endsBefore(row *Row) bool {
	return w.filled(2) || w.filled(1) && row.ClientID != w.client
}

// filled reports whether the current row group has reached n times the intended size.
func (w *Writer) filled(n int64) bool {
	return w.groupBytes >= n*maxGroupBytes || w.groupRows > 0 && w.inGroup >= n*w.groupRows
}

// encode passes the buffered rows to the library.
func (w *Writer) encode() error {
	_, err := w.out.Write(w.buffer[:w.buffered])
	if w.buffered = 0; err != nil {
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
	w.raw = append(w.raw, w.groupBytes)
	w.inGroup, w.groupBytes = 0, 0
	if err := w.file.endGroup(); err != nil {
		return fmt.Errorf("encode segment: %w", err)
	}
	return nil
}

// Written describes a finished segment.
type Written struct {
	Digest Digest
	// FooterLength is the number of bytes at the end of the object that contain the whole
	// footer.
	FooterLength int64
	IndexLength  int64 // bytes of the index, which lies directly before the footer; 0 if there is none
	Size         int64 // bytes
}

// Close writes the footer, which completes the segment. It returns an error if there are no
// rows.
func (w *Writer) Close() (Written, error) {
	if w.digest.Rows == 0 {
		return Written{}, errors.New("encode segment: no rows")
	}
	if err := w.endGroup(); err != nil {
		return Written{}, err
	}
	w.out.SetKeyValueMetadata(keyRows, strconv.FormatInt(w.digest.Rows, 10))
	w.out.SetKeyValueMetadata(keyHash, fmt.Sprintf("%016x", w.digest.Sum))
	w.out.SetKeyValueMetadata(keyGroups, w.file.groups.String())
	w.out.SetKeyValueMetadata(keyRaw, w.raw.String())
	if w.lifetime != fresh {
		w.out.SetKeyValueMetadata(keyHolds, strings.Join(w.holds, ","))
	}
	if err := w.out.Close(); err != nil {
		return Written{}, fmt.Errorf("encode segment: %w", err)
	}
	written := Written{Digest: w.digest}
	if err := w.writeEnd(&written); err != nil {
		return Written{}, fmt.Errorf("encode segment: %w", err)
	}
	written.Size = w.file.size
	return written, nil
}

// writeEnd writes everything after the row groups except the library's page index, and sets the
// lengths in written.
func (w *Writer) writeEnd(written *Written) error {
	footer, err := trimmedFooter(w.file.footer())
	if err != nil {
		return err
	}
	f, err := newFooter(w.out.File().Metadata(), w.file.size)
	if err != nil {
		return err
	}
	index := f.encodeIndex()
	written.IndexLength = int64(len(index))
	if err := w.writeSummaries(len(index) + len(footer)); err != nil {
		return err
	}
	written.FooterLength, err = w.file.writeEnd(index, footer)
	return err
}

// encoders is a pool of reusable writers. Creating a writer allocates a megabyte of memory and
// takes five times as long as encoding a small segment.
var encoders = sync.Pool{New: func() any { return newWriter(io.Discard, 0, fresh) }}

// freshGroupRows is the approximate number of rows per row group of a fresh segment. It is low
// because a merge holds one row group per input in memory. This costs little, because most fresh
// segments have fewer rows than one row group.
const freshGroupRows = 2048

// Encode returns a fresh segment that contains the given rows, which must be sorted and distinct.
// It is safe for concurrent use.
func Encode(rows []Row) ([]byte, error) {
	w := encoders.Get().(*Writer)
	var out bytes.Buffer
	w.Reset(&out, freshGroupRows)
	if err := w.Write(rows); err != nil {
		return nil, err
	}
	if _, err := w.Close(); err != nil {
		return nil, err
	}
	encoders.Put(w) // skipped after an error or a panic, because the writer's state is then unknown
	return out.Bytes(), nil
}
