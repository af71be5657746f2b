package webhook

import (
	"strings"
	"unicode"
)

const (
	// positionHeader says where the body begins in its source; see broker.Meta.
	positionHeader = "X-Log-Position"

	// Maximum lengths of header values, in bytes.
	maxHook     = 64
	maxPosition = 1024
	maxEncoding = 64
)

// parseHook returns the name of the hook, or "" for an unusable one.
func parseHook(value string) string {
	if len(value) > maxHook || !isPrintable(value) {
		return ""
	}
	return value
}

// positionRule is the reason for which a body is rejected whose position is unusable.
// Without their positions, equal lines of a log would collapse into one, and lines that are
// sent again with positions would be shown twice.
const positionRule = "must be printable ASCII, at most 1024 bytes"

// parsePosition returns the position in a form that can be stored and shown. An unusable
// one is cut and masked so that it stays unusable.
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

// parseEncoding returns the Content-Encoding in lower case, or "unknown" if it cannot be
// stored and shown.
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
