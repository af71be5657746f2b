package webhook

import (
	"strings"
	"unicode"
)

const (
	// positionHeader is the header that says where in the source's log the body begins; see
	// broker.Meta.
	positionHeader = "X-Log-Position"

	// Maximum lengths of header values, in bytes.
	maxHook     = 64
	maxPosition = 1024
	maxEncoding = 64
)

// parseHook returns the hook named in a header value, or "" if the value is too long or not
// printable ASCII.
func parseHook(value string) string {
	if len(value) > maxHook || !isPrintable(value) {
		return ""
	}
	return value
}

// positionRule is the error text for an unusable position. A delivery with such a position is
// rejected as a whole. If its lines were recorded without positions, queries would show identical
// lines as one event. If the sender then sent the lines again with a valid position, queries would
// show each line twice.
const positionRule = "must be printable ASCII, at most 1024 bytes"

// parsePosition returns the position in a form that can be stored and shown. It shortens a position
// that is too long and masks unprintable characters. The changed position is as unusable as the
// original, so decode still rejects it.
func parsePosition(value string) string {
	return strings.Map(maskUnprintable, value[:min(len(value), maxPosition+1)])
}

func maskUnprintable(c rune) rune {
	if unicode.IsPrint(c) {
		return c
	}
	return unicode.ReplacementChar
}

func isUsablePosition(position string) bool {
	return len(position) <= maxPosition && isPrintable(position)
}

// parseEncoding returns the Content-Encoding in lower case, or "unknown" if the value is too
// long or not printable ASCII.
func parseEncoding(value string) string {
	encoding := strings.ToLower(strings.TrimSpace(value))
	if len(encoding) > maxEncoding || !isPrintable(encoding) {
		return "unknown"
	}
	return encoding
}

// isPrintable reports whether s is printable ASCII.
func isPrintable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
