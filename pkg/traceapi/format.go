package traceapi

import (
	"bytes"
	"encoding/json"
	"fmt"

	"devicetrace/pkg/event"
)

// format defines how rows are written.
type format struct {
	contentType string
	head        func() []byte
	row         func(e *event.Event) []byte // one line, including its line end
}

var formats = map[string]format{
	"json":   {contentType: "application/json", head: nothing, row: jsonLine},
	"ndjson": {contentType: "application/x-ndjson", head: nothing, row: jsonLine},
	"csv":    {contentType: "text/csv; charset=utf-8; header=present", head: csvHead, row: csvLine},
}

func nothing() []byte { return nil }

// jsonLine returns a row as one line with a JSON object. The fields are in the order of columns.
func jsonLine(e *event.Event) []byte {
	var b bytes.Buffer
	for i, c := range columns {
		separator := byte(',')
		if i == 0 {
			separator = '{'
		}
		b.WriteByte(separator)
		fmt.Fprintf(&b, "%q:", c.name)
		writeJSON(&b, c.value(e))
	}
	b.WriteString("}\n")
	return b.Bytes()
}

// writeJSON appends a value as JSON, without a line end. It does not escape <, > and &.
func writeJSON(b *bytes.Buffer, v any) {
	encoder := json.NewEncoder(b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		panic(err) // all values of rows and receipts can be encoded
	}
	b.Truncate(b.Len() - 1)
}

// withBOM returns a copy of a CSV format whose head begins with a byte order mark.
func (f format) withBOM() format {
	head := f.head
	f.head = func() []byte { return append([]byte(byteOrderMark), head()...) }
	return f
}

func csvHead() []byte {
	cells := make([]string, len(columns))
	for i, c := range columns {
		cells[i] = c.name
	}
	return csvRecord(cells)
}

func csvLine(e *event.Event) []byte {
	values := make([]any, len(columns))
	for i, c := range columns {
		values[i] = c.known(e)
	}
	return tableRecord(values...)
}
