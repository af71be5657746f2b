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
	interim: newZstdCodec(zstd.SpeedDefault),
	lasting: newZstdCodec(zstd.SpeedBetterCompression),
}

// pageBytes is the maximum size of a page before compression. The memory of a writer's buffers
// is proportional to this size: with pages of 8 MiB the buffers would take 100 MB.
const pageBytes = 256 << 10

// boundedColumns are the only columns with statistics. A lookup uses no other column to rule
// out row groups.
var boundedColumns = map[string]bool{"client_id": true, "time": true}

func writerOptions(codec compress.Codec) []parquet.WriterOption {
	options := []parquet.WriterOption{
		parquet.Compression(codec),
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
	for _, column := range parquet.SchemaOf(stored{}).Columns() {
		if !boundedColumns[column[0]] {
			options = append(options, parquet.SkipPageBounds(column...))
		}
	}
	return options
}

// GroupRows returns the approximate number of rows per row group for a compacted segment. rows is
// the number of rows in the segment.
//
// A lookup reads the footer, unless the footer is cached. It then reads and decodes one row group.
// A small row group takes less time to read and decode, but many row groups make the footer longer.
// The total cost is lowest if the number of rows per group is proportional to the square root of
// the total number of rows. This calculation assumes that decoding a row costs half as much as
// reading it.
func GroupRows(rows int64) int64 {
	const minRows, maxRows = 1024, 32768
	const footerBytesPerGroup, bytesPerRow = 1150, 24
	best := math.Sqrt(float64(rows) * footerBytesPerGroup / bytesPerRow)
	return max(minRows, min(maxRows, int64(best)))
}
