package segment

import (
	"math"
	"strconv"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
	"github.com/parquet-go/parquet-go/compress/zstd"
)

// life is how long a segment is likely to be there, which decides what its
// compression may cost.
type life uint8

const (
	// fresh segments are superseded within minutes. Snappy takes half the time of zstd
	// and a quarter more space.
	fresh life = iota
	// interim ones are merged again within hours.
	interim
	// lasting ones stay. This level takes 3 % less space than the default one, which
	// merges are a quarter faster with.
	lasting
)

var codecs = [...]compress.Codec{
	fresh:   &parquet.Snappy,
	interim: &parquet.Zstd,
	lasting: &zstd.Codec{Level: zstd.SpeedBetterCompression},
}

// pageBytes is up to what size, before compression, a column chunk is one page. A
// writer holds buffers in proportion: with 8 MiB it would take 100 MB.
const pageBytes = 256 << 10

// boundedColumns are the only ones with statistics: what a lookup prunes by.
var boundedColumns = map[string]bool{"client_id": true, "time": true}

func writerOptions(codec compress.Codec) []parquet.WriterOption {
	options := []parquet.WriterOption{
		parquet.Compression(codec),
		parquet.CreatedBy("device-trace", "1", "0"),
		parquet.PageBufferSize(pageBytes),
		parquet.WriteBufferSize(0), // so that the end of a row group is seen as it is written
		parquet.DataPageStatistics(false),
		parquet.DataPageVersion(1), // whose headers are shorter
		parquet.ColumnIndexSizeLimit(func([]string) int { return 128 }),
		parquet.SortingWriterConfig(parquet.SortingColumns(
			parquet.Ascending("client_id"), parquet.Ascending("instance_id"), parquet.Ascending("time"))),
		parquet.KeyValueMetadata(keySchema, SchemaName),
		parquet.KeyValueMetadata(keyVersion, strconv.Itoa(SchemaVersion)),
	}
	for _, column := range parquet.SchemaOf(stored{}).Columns() {
		if !boundedColumns[column[0]] {
			options = append(options, parquet.SkipPageBounds(column...))
		}
	}
	return options
}

// GroupRows is how many rows a row group of a compacted segment holds, about. A lookup
// reads the footer, unless it is known, and one row group, which it also decodes: the
// sum of both, with half as much again for a row's decoding, is least where the group
// grows with the square root of the rows.
func GroupRows(rows int64) int64 {
	const least, most = 1024, 32768
	const footerBytesPerGroup, bytesPerRow = 1150, 24
	best := math.Sqrt(float64(rows) * footerBytesPerGroup / bytesPerRow)
	return max(least, min(most, int64(best)))
}
