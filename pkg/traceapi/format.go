package traceapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"devicetrace/pkg/event"
)

// format is a way to write rows.
type format struct {
	contentType string
	head        func() []byte
	row         func(e *event.Event) []byte // one line, with its end
}

var formats = map[string]format{
	"json":   {contentType: "application/json", head: nothing, row: jsonLine},
	"ndjson": {contentType: "application/x-ndjson", head: nothing, row: jsonLine},
	"csv":    {contentType: "text/csv; charset=utf-8; header=present", head: csvHead, row: csvLine},
}

func nothing() []byte { return nil }

// jsonLine is a row as one JSON object, its fields in the order of columns.
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

// writeJSON appends a value without line end; texts keep their <, > and &.
func writeJSON(b *bytes.Buffer, v any) {
	encoder := json.NewEncoder(b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		panic(err) // the values of rows and receipts all have a JSON form
	}
	b.Truncate(b.Len() - 1)
}

func csvHead() []byte {
	cells := make([]string, len(columns))
	for i, c := range columns {
		cells[i] = c.name
	}
	return csvRecord(cells)
}

func csvLine(e *event.Event) []byte {
	cells := make([]string, len(columns))
	for i, c := range columns {
		cells[i] = cell(c.value(e))
	}
	return csvRecord(cells)
}

// csvRecord is a record of RFC 4180. The standard library's writer would change
// line ends inside a cell.
func csvRecord(cells []string) []byte {
	var b bytes.Buffer
	for i, text := range cells {
		if i > 0 {
			b.WriteByte(',')
		}
		if strings.ContainsAny(text, "\",\r\n") {
			text = `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
		}
		b.WriteString(text)
	}
	b.WriteString("\r\n")
	return b.Bytes()
}

// cell is a value as text. Spreadsheets take a text that starts with one of
// formulaStarts for a formula, and devices choose their own names: such a text
// gets an apostrophe in front. The JSON formats have it as it is.
// (https://owasp.org/www-community/attacks/CSV_Injection)
func cell(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		v = strings.ToValidUTF8(v, "\ufffd")
		if strings.IndexAny(v, formulaStarts) == 0 {
			v = "'" + v
		}
		return v
	default:
		return fmt.Sprint(v)
	}
}

// formulaStarts ends with the full-width =, +, - and @, which count in some locales.
const formulaStarts = "=+-@\t\r\n\x00\uff1d\uff0b\uff0d\uff20"
