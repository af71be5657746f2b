package traceapi

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
)

// csvRecord returns a CSV record (RFC 4180). It does not use the standard library's csv.Writer,
// because csv.Writer changes line ends inside a cell.
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

// needsQuotes reports whether a cell with the character r must be quoted. RFC 4180 requires quotes
// only for commas, quotes and line breaks. Quotes around the other separators keep the cell in one
// piece in programs that split at several separators by default, such as LibreOffice.
func needsQuotes(r rune) bool { return r == '"' || isSeparator(r) }

// cell returns a value as a CSV cell. withoutFormulas keeps texts from starting a formula.
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
// spreadsheet. Devices choose some texts themselves, such as their client identifiers, and the
// program that opens the file may run a formula in them.
//
// A formula can start at the beginning of the text. It can also start after a separator in the
// text, because a program that splits the file at that separator sees a new cell there. Quotes do
// not prevent this: many programs respect them only at the beginning of what they take for a cell.
// Characters that such a program may remove from the beginning of a cell do not hide a formula.
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

// formulaStarts lists the characters that can start a formula. The last four are the
// full-width =, +, - and @, which start formulas in some locales.
const formulaStarts = "=+-@\uff1d\uff0b\uff0d\uff20"

// isSeparator reports whether a program may start a new cell or line after r. Tabs and line breaks
// are control characters.
func isSeparator(r rune) bool {
	return strings.ContainsRune(",;|\u2028\u2029", r) || unicode.IsControl(r)
}

// isRemovable reports whether a program may remove r from the beginning of a cell: quotes, spaces
// and invisible characters.
func isRemovable(r rune) bool { return r == '"' || unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) }
