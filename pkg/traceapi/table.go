package traceapi

import (
	"encoding/json"
	"io"
	"net/http"

	"devicetrace/pkg/query"
)

// tableEnd is the part of a response that follows its rows. In CSV and NDJSON, it is sent in
// headers.
type tableEnd struct {
	nextCursor string
	incomplete bool
	absent     *absence
	receipt    query.Receipt
}

func (e tableEnd) header(header http.Header) {
	if e.nextCursor != "" {
		header.Set("X-Next-Cursor", e.nextCursor)
	}
	if e.incomplete {
		header.Set("X-Incomplete", "true")
	}
	e.absent.header(header)
	receipt, err := json.Marshal(e.receipt)
	if err != nil {
		panic(err) // every receipt can be encoded
	}
	header.Set("X-Receipt", string(receipt))
}

// writeTable writes a response in CSV: the names of the columns, and the given records. If bom is
// true, a byte order mark precedes them.
func writeTable(w http.ResponseWriter, bom bool, columns []string, records [][]byte, end tableEnd) {
	end.header(w.Header())
	w.Header().Set("Content-Type", formats["csv"].contentType)
	w.Header().Set("Cache-Control", "no-store")
	if bom {
		io.WriteString(w, byteOrderMark)
	}
	w.Write(csvRecord(columns))
	for _, record := range records {
		w.Write(record)
	}
}

// tableRecord returns a CSV record with the given values. See cell.
func tableRecord(values ...any) []byte {
	cells := make([]string, len(values))
	for i, v := range values {
		cells[i] = cell(v)
	}
	return csvRecord(cells)
}
