package segment

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// trimmedFooter returns the end of a written file: the footer, the footer's length and the magic.
// It omits two optional parts that our readers do not use:
//
//   - The references to the page index, which is of no use with such small row groups.
//   - The statistics of encodings and sizes.
//
// A lookup reads the whole footer, and these parts would double the footer's length.
func trimmedFooter(file parquet.FileView) ([]byte, error) {
	metadata := file.Metadata()
	for i := range metadata.RowGroups {
		columns := metadata.RowGroups[i].Columns
		for j := range columns {
			columns[j].ColumnIndexOffset, columns[j].ColumnIndexLength = 0, 0
			columns[j].OffsetIndexOffset, columns[j].OffsetIndexLength = 0, 0
			columns[j].MetaData.EncodingStats = nil
			columns[j].MetaData.SizeStatistics = format.SizeStatistics{}
		}
	}
	var footer bytes.Buffer
	protocol := new(thrift.CompactProtocol)
	if err := thrift.NewEncoder(protocol.NewWriter(&footer)).Encode(metadata); err != nil {
		return nil, fmt.Errorf("encode footer: %w", err)
	}
	length := uint32(footer.Len())
	return append(binary.LittleEndian.AppendUint32(footer.Bytes(), length), magic...), nil
}
