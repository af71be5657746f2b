package openapi

import (
	"maps"
	"net/url"
	"slices"
	"strings"
)

// encode percent-encodes text as both signature styles require: letters, digits, "-", "_", "."
// and "~" stay unchanged, and every other byte becomes %XX (RFC 3986, 2.1 and 2.3).
func encode(text string) string {
	return strings.ReplaceAll(url.QueryEscape(text), "+", "%20")
}

// canonical returns the parameters in the form in which they are signed: sorted by name and
// encoded again. Their original order and encoding do not matter.
func (p parameters) canonical() string {
	var b strings.Builder
	for i, name := range slices.Sorted(maps.Keys(p)) {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(encode(name))
		b.WriteByte('=')
		b.WriteString(encode(p[name]))
	}
	return b.String()
}
