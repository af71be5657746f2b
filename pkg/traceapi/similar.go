package traceapi

import (
	"strings"
	"unicode"

	"devicetrace/pkg/event"
)

// separators lists the characters that similar texts may differ in.
const separators = " -_.:/@"

// essence returns a text without separators and invisible characters, in lower case. Two texts are
// similar if they have the same essence.
func essence(text string) string {
	return strings.ToLower(strings.Map(func(r rune) rune {
		if strings.ContainsRune(separators, r) || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, text))
}

// similarTo returns a function that reports whether a text, or the part of a client identifier after
// the first "@@@", is similar to the given text.
func similarTo(text string) func(string) bool {
	want := essence(text)
	return func(text string) bool {
		_, deviceID := event.ClientID(text).Split()
		return essence(text) == want || essence(deviceID) == want
	}
}
