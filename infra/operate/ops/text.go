package main

import (
	"fmt"
	"strings"
	"unicode"
)

// clean keeps a text from elsewhere from doing anything to the terminal, or breaking a
// table.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, text)
}

// count is a number of things: "1 item", "2 items".
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
