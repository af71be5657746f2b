package main

import (
	"errors"
	"net/http"
	"strings"
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

// positionOf is the position that the header tells. One that cannot be is an error:
// without it, lines that say the same would be taken for one.
func positionOf(r *http.Request) (string, error) {
	position := r.Header.Get(positionHeader)
	if len(position) > maxPosition || !printable(position) {
		return "", errors.New("must be printable ASCII, at most 1024 bytes")
	}
	return position, nil
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
