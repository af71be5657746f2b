package segment

import (
	"math"
	"strconv"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
	"github.com/parquet-go/parquet-go/compress/zstd"
)

// lifetime is the expected lifetime of a segment. The longer a segment lives, the more time may be
// spent on compressing it.
type lifetime uint8

const (
	// A fresh segment is superseded within minutes. It is compressed with Snappy, which takes half
	// as much time as zstd but 25% more space.
	fresh lifetime = iota
	// An interim segment is merged again within hours.
	interim
	// A lasting segment will probably never be merged again. So it is compressed at a higher level
	// than the default. The segment is 3% smaller, but the merge takes 25% longer.
	lasting
)

var codecs = [...]compress.Codec{
	fresh:   &parquet.Snappy,
	interim: newZstdCodec(zstd.SpeedDefault, 0),
	lasting: newZstdCodec(zstd.SpeedBetterCompression, 0),
}

// pageBytes is the maximum size of a page before compression. A lookup decompresses only the pages
// with a client's rows, so smaller pages take less time. But pages of 16 KiB would take 2% more space.
const pageBytes = 32 << 10

// boundedColumns are the only columns with statistics, because lookups rule out row groups by these
// columns alone.
var boundedColumns = map[string]bool{"client_id": true, "time": true}

func writerOptions(l lifetime) []parquet.WriterOption {
	options := []parquet.WriterOption{
		schemas[l],
		parquet.Compression(codecs[l]),
		parquet.CreatedBy("device-trace", "1", "0"),
		parquet.PageBufferSize(pageBytes),
		parquet.WriteBufferSize(0), // so that a flush writes the complete row group
		parquet.DataPageStatistics(false),
		parquet.DataPageVersion(1), // has shorter page headers than version 2
		parquet.ColumnIndexSizeLimit(func([]string) int { return 128 }),
		parquet.SortingWriterConfig(parquet.SortingColumns(
			parquet.Ascending("client_id"), parquet.Ascending("time"))),
		parquet.KeyValueMetadata(keySchema, schemaName),
		parquet.KeyValueMetadata(keyVersion, strconv.Itoa(SchemaVersion)),
	}
	for _, column := range schemas[l].Columns() {
		if !boundedColumns[column[0]] {
			options = append(options, parquet.SkipPageBounds(column...))
		}
	}
	return options
}

// GroupRows returns the approximate number of rows per row group for a compacted segment. rows is
// the number of rows in the segment.
//
// A lookup reads and decodes one row group, so a small row group takes less time. But many row groups
// make the footer longer, and texts in a small row group compress less. The number of rows per group
// is proportional to the square root of the total number of rows, so that the number of row groups
// grows as fast as their size. The factor is measured.
func GroupRows(rows int64) int64 { return groupRows(92, rows) }

// InterimGroupRows is like GroupRows for a segment that will be merged again. Its row groups are
// smaller. The space that they take matters less, because the segment is soon deleted. On an open
// day, however, a lookup reads one row group of each of several such segments.
func InterimGroupRows(rows int64) int64 { return groupRows(16, rows) }

func groupRows(factor float64, rows int64) int64 {
	const minRows, maxRows = 1024, 32768
	best := math.Sqrt(factor * float64(rows))
	return max(minRows, min(maxRows, int64(best)))
}
