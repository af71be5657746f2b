package main

import (
	"fmt"
	"strings"
	"unicode"
)

// clean replaces unprintable characters, so that text from outside can neither control the
// terminal nor break a table.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, text)
}

// count returns a number with the singular or plural of a noun, such as "1 item" or "2 items".
func count[N int | int64](n N, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
