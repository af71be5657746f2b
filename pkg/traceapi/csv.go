package traceapi

import (
	"bytes"
	"fmt"
	"net/url"
	"strings"
	"unicode"

	"devicetrace/pkg/event"
)

// byteOrderMark marks a file as UTF-8 for Excel. Without it, a Chinese Excel reads the file as GBK.
const byteOrderMark = "\ufeff"

// parseBOM parses the parameter bom of an endpoint that can return CSV. format is the requested format.
func parseBOM(values url.Values, format string) (on bool, err error) {
	on, err = parseFlag(values, "bom")
	if err == nil && on && format != "csv" {
		return false, invalid("bom=1 requires format=csv")
	}
	return on, err
}

// known returns the value of a column for CSV, or nil if the value is unknown. In some columns, such as
// peer_port, an unknown number is 0. JSON keeps this 0.
func (c column) known(e *event.Event) any {
	v := c.value(e)
	if c.zeroIsUnknown && v == int32(0) {
		return nil
	}
	return v
}

// csvRecord returns a CSV record (RFC 4180). It does not use encoding/csv, because csv.Writer
// changes line endings inside a cell.
func csvRecord(cells []string) []byte {
	var b bytes.Buffer
	for i, text := range cells {
		if i > 0 {
			b.WriteByte(',')
		}
		if strings.ContainsFunc(text, needsQuotes) {
			text = `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
		}
		b.WriteString(text)
	}
	b.WriteString("\r\n")
	return b.Bytes()
}

// needsQuotes reports whether a cell that contains r must be quoted. RFC 4180 requires quotes only
// for commas, quotes and line breaks. Some programs, such as LibreOffice, split at other separators
// by default, too. Quotes keep them from splitting the cell.
func needsQuotes(r rune) bool { return r == '"' || isSeparator(r) }

// cell returns a value as the text of a CSV cell. A string cannot start a formula; see
// withoutFormulas.
func cell(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return withoutFormulas(strings.ToValidUTF8(v, "\ufffd"))
	default:
		return fmt.Sprint(v)
	}
}

// withoutFormulas puts an apostrophe before each character that might start a formula in a
// spreadsheet. Devices choose some strings themselves, such as their client identifiers. The
// program that opens the file may run a formula in such a string.
//
// A formula can start at the beginning of the text. It can also start after a separator, because a
// program that splits the file at the separator sees a new cell there. Quotes do not always prevent
// the split, because many programs respect quotes only at the beginning of a cell. A program may
// also remove some characters from the beginning of a cell, so a formula can start after them, too.
//
// See https://owasp.org/www-community/attacks/CSV_Injection.
func withoutFormulas(text string) string {
	var b strings.Builder
	atStart := true
	for _, r := range text {
		switch {
		case isSeparator(r):
			atStart = true
		case atStart && strings.ContainsRune(formulaStarts, r):
			b.WriteByte('\'')
			atStart = false
		case !isRemovable(r):
			atStart = false
		}
		b.WriteRune(r)
	}
	return b.String()
}

// formulaStarts lists the characters that can start a formula. The last four are the full-width =,
// +, - and @, which can start formulas in some locales.
const formulaStarts = "=+-@\uff1d\uff0b\uff0d\uff20"

// isSeparator reports whether a program may start a new cell or line after r. All control
// characters count, because tabs and line breaks are among them.
func isSeparator(r rune) bool {
	return strings.ContainsRune(",;|\u2028\u2029", r) || unicode.IsControl(r)
}

// isRemovable reports whether a spreadsheet may strip r from the beginning of a cell. It may strip
// quotes, spaces and invisible characters.
func isRemovable(r rune) bool { return r == '"' || unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) }
