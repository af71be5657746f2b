package console

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
)

const (
	// MaxDatum is the maximum length of a string from a device or a broker. MaxProse is the maximum
	// length of a sentence of package diagnose. Both count UTF-16 code units, as JavaScript does.
	MaxDatum = 120
	MaxProse = 1500
	// lengthOfShortened is the number of UTF-16 code units that Plain keeps of a string that is too long.
	lengthOfShortened = 80
)

// Plain makes a string safe for a line of plain text on a terminal. It replaces characters that are
// invisible, reorder the surrounding text or break a line with their codes, such as U+001B. If the string
// is longer than limit UTF-16 code units, Plain returns only its beginning and its length.
func (w Words) Plain(value string, limit int) string {
	if units := length16(value); units > limit {
		value = beginning(value, lengthOfShortened) + "… (" + w.Text("datum.length", "count", w.Number(int64(units))) + ")"
	}
	var b strings.Builder
	for _, r := range value { // a byte that is not UTF-8 becomes U+FFFD
		if unicode.Is(invisible, r) {
			fmt.Fprintf(&b, "U+%04X", r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// length16 returns the length of a string in UTF-16 code units.
func length16(value string) (units int) {
	for _, r := range value {
		units += utf16.RuneLen(r)
	}
	return units
}

// beginning returns the start of a string, cut to at most the given number of UTF-16 code units.
func beginning(value string, units int) string {
	for i, r := range value {
		if units -= utf16.RuneLen(r); units < 0 {
			return value[:i]
		}
	}
	return value
}

// invisible lists the same characters as the pattern of this name in datum.js, except surrogates,
// which a Go string cannot contain.
var invisible = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x0000, 0x001f, 1}, {0x007f, 0x009f, 1}, {0x00ad, 0x00ad, 1}, {0x061c, 0x061c, 1}, {0x180e, 0x180e, 1},
		{0x200b, 0x200f, 1}, {0x2028, 0x202e, 1}, {0x2060, 0x206f, 1}, {0xfeff, 0xfeff, 1}, {0xfff9, 0xfffb, 1},
	},
	R32:         []unicode.Range32{{0xe0000, 0xe007f, 1}},
	LatinOffset: 3,
}
