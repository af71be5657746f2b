package segment

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"strconv"
	"sync"

	"github.com/parquet-go/parquet-go"
)

const (
	// SchemaName and SchemaVersion stand in every footer. A reader takes every
	// version up to its own.
	SchemaName    = "device-trace.events"
	SchemaVersion = 1

	keySchema  = "device-trace.schema"
	keyVersion = "device-trace.version"
	keyRows    = "device-trace.rows"
	keyHash    = "device-trace.hash"
	keyGroups  = "device-trace.groups"
)

// pageBytes is up to what size, before compression, a column chunk is one page. A
// writer holds buffers in proportion: with 8 MiB it would take 100 MB.
const pageBytes = 256 << 10

// boundedColumns are the only ones with statistics: what a lookup prunes by.
var boundedColumns = map[string]bool{"client_id": true, "time": true}

func writerOptions() []parquet.WriterOption {
	options := []parquet.WriterOption{
		parquet.Compression(&parquet.Zstd),
		parquet.CreatedBy("device-trace", "1", "0"),
		parquet.PageBufferSize(pageBytes),
		parquet.WriteBufferSize(0), // so that the end of a row group is seen as it is written
		parquet.DataPageStatistics(false),
		parquet.ColumnIndexSizeLimit(func([]string) int { return 128 }),
		parquet.SortingWriterConfig(parquet.SortingColumns(
			parquet.Ascending("client_id"), parquet.Ascending("instance_id"), parquet.Ascending("time"))),
		parquet.KeyValueMetadata(keySchema, SchemaName),
		parquet.KeyValueMetadata(keyVersion, strconv.Itoa(SchemaVersion)),
	}
	for _, column := range parquet.SchemaOf(Row{}).Columns() {
		if !boundedColumns[column[0]] {
			options = append(options, parquet.SkipPageBounds(column...))
		}
	}
	return options
}

// Writer writes one segment to an io.Writer, row group by row group. It is not
// safe for concurrent use.
type Writer struct {
	out     *parquet.GenericWriter[Row]
	sums    checksums
	digest  Digest
	inGroup int64
	group   int64
}

// NewWriter starts a segment whose row groups hold groupRows rows; 0 is all in one.
func NewWriter(out io.Writer, groupRows int64) *Writer {
	w := &Writer{out: parquet.NewGenericWriter[Row](io.Discard, writerOptions()...)}
	w.start(out, groupRows)
	return w
}

// Reset starts another segment with the writer's buffers.
func (w *Writer) Reset(out io.Writer, groupRows int64) {
	w.detachMetadata()
	w.start(out, groupRows)
}

func (w *Writer) start(out io.Writer, groupRows int64) {
	w.sums = newChecksums(out)
	w.digest = Digest{scratch: w.digest.scratch}
	w.inGroup, w.group = 0, groupRows
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
	for len(rows) > 0 {
		n := alike(rows)
		if w.group > 0 {
			n = min(n, w.group-w.inGroup)
		}
		if _, err := w.out.Write(rows[:n]); err != nil {
			return fmt.Errorf("encode segment: %w", err)
		}
		for i := range rows[:n] {
			w.digest.Add(&rows[i])
		}
		rows, w.inGroup = rows[n:], w.inGroup+n
		if w.inGroup == w.group {
			if err := w.endGroup(); err != nil {
				return err
			}
		}
	}
	return nil
}

// alike is how many rows, from the first, all have a connected_at or all have none.
// The library is given only such: among rows of both kinds it writes some absent
// values as zeros (parquet-go v0.32, issue 154), which other readers take for 1970.
func alike(rows []Row) int64 {
	n := 1
	for n < len(rows) && (rows[n].ConnectedAt == 0) == (rows[0].ConnectedAt == 0) {
		n++
	}
	return int64(n)
}

func (w *Writer) endGroup() error {
	if err := w.out.Flush(); err != nil {
		return fmt.Errorf("encode segment: %w", err)
	}
	w.sums.endGroup()
	w.inGroup = 0
	return nil
}

// Written describes a finished segment.
type Written struct {
	Digest Digest
	// FooterLength is what a reader needs of the object's end, in bytes.
	FooterLength int64
	Size         int64
}

// Close writes the footer. Only then is the segment whole.
func (w *Writer) Close() (Written, error) {
	if w.inGroup > 0 {
		if err := w.endGroup(); err != nil {
			return Written{}, err
		}
	}
	w.out.SetKeyValueMetadata(keyRows, strconv.FormatInt(w.digest.Rows, 10))
	w.out.SetKeyValueMetadata(keyHash, fmt.Sprintf("%016x", w.digest.Sum))
	w.out.SetKeyValueMetadata(keyGroups, w.sums.groups.String())
	w.sums.holdFooter()
	if err := w.out.Close(); err != nil {
		return Written{}, fmt.Errorf("encode segment: %w", err)
	}
	footerLength, err := w.sums.writeFooter()
	if err != nil {
		return Written{}, fmt.Errorf("encode segment: %w", err)
	}
	return Written{Digest: w.digest, FooterLength: footerLength, Size: w.sums.size}, nil
}

// encoders keeps writers whose buffers are grown: a new one costs a megabyte and
// five times the time of a small segment.
var encoders = sync.Pool{New: func() any { return NewWriter(io.Discard, 0) }}

// Encode is a segment of sorted, distinct rows in one row group.
func Encode(rows []Row) ([]byte, error) {
	w := encoders.Get().(*Writer)
	var out bytes.Buffer
	w.Reset(&out, 0)
	if err := w.Write(rows); err != nil {
		return nil, err
	}
	if _, err := w.Close(); err != nil {
		return nil, err
	}
	encoders.Put(w) // not after an error or a panic: its state is unknown then
	return out.Bytes(), nil
}

// GroupRows is how many rows a row group of a compacted segment holds. A lookup
// reads the footer and one row group; the sum of both is least where the group
// grows with the square root of the rows.
func GroupRows(rows int64) int64 {
	const least, most = 1024, 32768
	const footerBytesPerGroup, bytesPerRow = 1200, 11
	best := math.Sqrt(float64(rows) * footerBytesPerGroup / bytesPerRow)
	return max(least, min(most, int64(best)))
}
