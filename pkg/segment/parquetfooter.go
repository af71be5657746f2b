package segment

import (
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// FooterLength returns the number of bytes at the end of an object that ParseFooter needs. size is
// the size of the object. tail must contain at least the object's last eight bytes.
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
// object, at least as many as FooterLength returns. If tail also contains the index, ParseFooter
// parses the index instead, which takes much less time. If the index is damaged, it parses the
// footer.
func ParseFooter(tail []byte, size int64) (*Footer, error) {
	before, footer, err := splitTail(tail, size)
	if err != nil {
		return nil, err
	}
	end := size - int64(len(footer))
	if index := findIndex(before); index != nil {
		if f, err := ParseIndex(index, end-int64(len(index))); err == nil {
			return f, nil
		}
	}
	return parseParquetFooter(footer, end)
}

// ParseBoth is like ParseFooter, but parses both the footer and the index, and returns an error if
// they differ. indexLength is the length of the index. If it is zero, the index may be missing.
func ParseBoth(tail []byte, size, indexLength int64) (*Footer, error) {
	before, footer, err := splitTail(tail, size)
	if err != nil {
		return nil, err
	}
	end := size - int64(len(footer))
	f, err := parseParquetFooter(footer, end)
	if err != nil {
		return nil, err
	}
	index := findIndex(before)
	if indexLength > 0 && int64(len(index)) != indexLength {
		return nil, fmt.Errorf("%w: its index has %d bytes instead of %d", ErrCorrupt, len(index), indexLength)
	}
	fromIndex, err := ParseIndex(index, end-int64(len(index)))
	switch {
	case err != nil && indexLength == 0:
		return f, nil
	case err != nil:
		return nil, err
	case !reflect.DeepEqual(f, fromIndex):
		return nil, fmt.Errorf("%w: its index differs from its footer", ErrCorrupt)
	}
	return f, nil
}

// splitTail splits the last bytes of an object into the footer and the bytes before it. The
// returned footer begins with its checksum.
func splitTail(tail []byte, size int64) (before, footer []byte, err error) {
	length, err := FooterLength(tail, size)
	if err != nil {
		return nil, nil, err
	}
	start := int64(len(tail)) - length
	if start < 0 {
		return nil, nil, fmt.Errorf("%w: got %d bytes of a footer of %d", ErrCorrupt, len(tail), length)
	}
	return tail[:start], tail[start:], nil
}

// parseParquetFooter parses a footer. The given bytes begin with the footer's checksum. end is
// their offset in the object.
func parseParquetFooter(footer []byte, end int64) (*Footer, error) {
	metadata, err := parseMetadata(footer)
	if err != nil {
		return nil, err
	}
	return newFooter(metadata, end)
}

// parseMetadata checks and parses the Parquet metadata of a file. end is the part of the file from
// the footer's checksum to the last byte.
func parseMetadata(end []byte) (metadata *format.FileMetaData, err error) {
	defer guard(&err)
	if err := checkFooter(end); err != nil {
		return nil, err
	}
	metadata = new(format.FileMetaData)
	encoded := end[checksumLength : len(end)-trailerLength]
	if err := thrift.Unmarshal(new(thrift.CompactProtocol), encoded, metadata); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return metadata, nil
}

// newFooter converts Parquet metadata to a Footer. end is the offset before which all row groups
// must end.
func newFooter(metadata *format.FileMetaData, end int64) (*Footer, error) {
	own := keyValues(metadata)
	f := &Footer{}
	if err := checkSchema(metadata, own); err != nil {
		return nil, err
	}
	if err := f.readDigest(own); err != nil {
		return nil, err
	}
	if err := f.readGroups(metadata, own, end); err != nil {
		return nil, err
	}
	if holds := own[keyHolds]; holds != "" {
		f.holds = strings.Split(strings.Clone(holds), ",")
	}
	return f, nil
}

// keyValues returns the key-value metadata of a file.
func keyValues(metadata *format.FileMetaData) map[string]string {
	values := map[string]string{}
	for _, pair := range metadata.KeyValueMetadata {
		values[pair.Key] = pair.Value
	}
	return values
}

// checkSchema returns an error unless the file has exactly the columns of a segment, in order.
func checkSchema(metadata *format.FileMetaData, own map[string]string) error {
	if name := own[keySchema]; name != schemaName {
		return fmt.Errorf("%w: its schema is %q instead of %q", ErrCorrupt, name, schemaName)
	}
	if version := own[keyVersion]; version != strconv.Itoa(SchemaVersion) {
		return fmt.Errorf("%w: its schema version is %q instead of %d", ErrCorrupt, version, SchemaVersion)
	}
	if len(metadata.Schema) != 1+columnCount {
		return fmt.Errorf("%w: it has %d columns instead of %d", ErrCorrupt, len(metadata.Schema)-1, columnCount)
	}
	for i := range fields {
		if !fields[i].matches(&metadata.Schema[1+fields[i].place]) {
			return fmt.Errorf("%w: it has no column %s in place %d", ErrCorrupt, fields[i].name, fields[i].place)
		}
	}
	return nil
}

func (f *Footer) readDigest(own map[string]string) error {
	rows, hash := own[keyRows], own[keyHash]
	var rowsErr, hashErr error
	f.digest.Rows, rowsErr = strconv.ParseInt(rows, 10, 64)
	f.digest.Sum, hashErr = strconv.ParseUint(hash, 16, 64)
	if rowsErr != nil || hashErr != nil {
		return fmt.Errorf("%w: its metadata states %q rows with hash %q", ErrCorrupt, rows, hash)
	}
	return nil
}

func (f *Footer) readGroups(metadata *format.FileMetaData, own map[string]string, end int64) error {
	sums, err := parseGroupChecksums(own[keyGroups])
	if err != nil {
		return err
	}
	raw, err := parseRawSizes(own[keyRaw])
	if err != nil {
		return err
	}
	rowGroups := metadata.RowGroups
	if len(sums) != len(rowGroups) || len(raw) != len(rowGroups) {
		return fmt.Errorf("%w: it has %d checksums and %d sizes for %d row groups", ErrCorrupt, len(sums), len(raw), len(rowGroups))
	}
	f.groups = make([]Group, 0, len(rowGroups))
	for i := range rowGroups {
		g, err := f.readGroup(i, &rowGroups[i], end)
		if err != nil {
			return err
		}
		g.checksum, g.Raw = sums[i], raw[i]
		if err := f.add(g, end); err != nil {
			return err
		}
	}
	return f.checkRows()
}

// readGroup converts the metadata of row group i to a Group. It checks that the column chunks
// follow one another without gaps.
func (f *Footer) readGroup(i int, rowGroup *format.RowGroup, end int64) (Group, error) {
	g := Group{Rows: rowGroup.NumRows}
	if len(rowGroup.Columns) != columnCount {
		return g, fmt.Errorf("%w: row group %d has %d column chunks instead of %d", ErrCorrupt, i, len(rowGroup.Columns), columnCount)
	}
	if i == 0 {
		f.codec = rowGroup.Columns[0].MetaData.Codec
	}
	g.Offset = startOf(&rowGroup.Columns[0].MetaData)
	for j := range rowGroup.Columns {
		chunk := &rowGroup.Columns[j].MetaData
		length := chunk.TotalCompressedSize
		switch {
		case chunk.Codec != f.codec:
			return g, fmt.Errorf("%w: row group %d is not compressed with %v as the first one", ErrCorrupt, i, f.codec)
		case startOf(chunk) != g.Offset+g.Length:
			return g, fmt.Errorf("%w: column chunk %d of row group %d is out of order", ErrCorrupt, j, i)
		case length < 0 || length > min(end, math.MaxUint32):
			return g, fmt.Errorf("%w: row group %d lies outside the object", ErrCorrupt, i)
		case chunk.TotalUncompressedSize < 0 || chunk.TotalUncompressedSize > math.MaxUint32:
			return g, fmt.Errorf("%w: column chunk %d of row group %d has %d bytes", ErrCorrupt, j, i, chunk.TotalUncompressedSize)
		}
		g.chunks[j] = uint32(length)
		g.Length += length
		if chunk.DictionaryPageOffset > 0 {
			g.encoded += chunk.TotalUncompressedSize
		} else {
			g.plain += chunk.TotalUncompressedSize
		}
	}
	return g, g.readBounds(i, rowGroup)
}

// startOf returns the offset of the first byte of a column chunk.
func startOf(chunk *format.ColumnMetaData) int64 {
	if chunk.DictionaryPageOffset > 0 {
		return min(chunk.DictionaryPageOffset, chunk.DataPageOffset)
	}
	return chunk.DataPageOffset
}

// readBounds sets the bounds of the clients and times from the statistics of row group i.
func (g *Group) readBounds(i int, rowGroup *format.RowGroup) error {
	clients := &rowGroup.Columns[fields[clientField].place].MetaData.Statistics
	times := &rowGroup.Columns[fields[timeField].place].MetaData.Statistics
	if clients.MinValue == nil || clients.MaxValue == nil || len(times.MinValue) != 8 || len(times.MaxValue) != 8 {
		return fmt.Errorf("%w: row group %d lacks the bounds of its clients or times", ErrCorrupt, i)
	}
	g.first, g.last = string(clients.MinValue), string(clients.MaxValue)
	g.from = int64(binary.LittleEndian.Uint64(times.MinValue))
	g.to = int64(binary.LittleEndian.Uint64(times.MaxValue))
	return nil
}
