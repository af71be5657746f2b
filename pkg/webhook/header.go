package webhook

import (
	"errors"
	"net/http"
	"strings"
	"unicode"
)

const (
	// hookHeader is VerneMQ's: the kind of event.
	hookHeader = "Vernemq-Hook"
	// positionHeader says where the body begins in its source; see broker.Meta.
	positionHeader = "X-Log-Position"

	maxHook     = 64
	maxPosition = 1024
	maxEncoding = 64
)

// hookOf is the hook that the header names; empty where it names none.
func hookOf(r *http.Request) string {
	hook := r.Header.Get(hookHeader)
	if len(hook) > maxHook || !printable(hook) {
		return ""
	}
	return hook
}

// errPosition refuses a body: without its position, lines that say the same would be
// taken for one, and the same lines sent again with it for others.
var errPosition = errors.New("must be printable ASCII, at most 1024 bytes")

// positionOf is the position that the header tells. One that is not usable stays so in
// the form in which it is kept and shown: cut, and without what cannot be shown.
func positionOf(r *http.Request) string {
	position := r.Header.Get(positionHeader)
	return strings.Map(shownRune, position[:min(len(position), maxPosition+1)])
}

func shownRune(c rune) rune {
	if unicode.IsPrint(c) {
		return c
	}
	return unicode.ReplacementChar
}

func usablePosition(position string) bool {
	return len(position) <= maxPosition && printable(position)
}

// encodingOf is the Content-Encoding, in a form that can be kept and shown.
func encodingOf(r *http.Request) string {
	encoding := strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Encoding")))
	if len(encoding) > maxEncoding || !printable(encoding) {
		return "unknown"
	}
	return encoding
}

func printable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
