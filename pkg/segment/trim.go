package segment

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// trimmedFooter is the footer of a written file, with its length and the magic, but
// without what is optional in Parquet and not read here: the page index, for which
// row groups are too small, and statistics of encodings and sizes. They would make
// the footer twice as long, and a lookup reads all of it.
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
