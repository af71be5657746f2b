package webhook

import (
	"strings"
	"unicode"
)

const (
	// positionHeader names the header that holds the position of the body in the source's log; see
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

// positionRule is the error text for an unusable log position. A delivery with an unusable position
// is rejected as a whole. If its log lines were recorded without positions instead, queries would
// go wrong in two ways:
//   - Identical lines in different deliveries would look like one event.
//   - If the sender sent the lines again with a valid position, each line would look like two
//     events.
const positionRule = "must be printable ASCII, at most 1024 bytes"

// parsePosition returns the position in a form that can be stored and shown. It cuts a long
// position to maxPosition+1 bytes and replaces unprintable characters. An unusable position remains
// unusable, so decode still rejects it.
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

// parseEncoding returns the Content-Encoding in lower case. It returns "" if the body is not
// compressed, and "unknown" if the value is too long or not printable ASCII.
func parseEncoding(value string) string {
	switch encoding := strings.ToLower(strings.TrimSpace(value)); {
	case encoding == "identity":
		return ""
	case len(encoding) > maxEncoding || !isPrintable(encoding):
		return "unknown"
	default:
		return encoding
	}
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
