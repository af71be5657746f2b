package main

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
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

// visible returns the text with every unprintable character escaped, except line feeds and tabs. A
// terminal then shows escape sequences in the text instead of obeying them.
func visible(text []byte) []byte {
	var shown []byte
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		switch {
		case r == utf8.RuneError && size == 1: // the byte is not UTF-8
			shown = fmt.Appendf(shown, `\x%02x`, text[0])
		case r == '\n', r == '\t', unicode.IsPrint(r):
			shown = append(shown, text[:size]...)
		default:
			shown = append(shown, strings.Trim(strconv.QuoteRune(r), "'")...)
		}
		text = text[size:]
	}
	return shown
}

// count returns a number with the singular or plural of a noun, such as "1 item" or "2 items".
func count[N int | int64](n N, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
