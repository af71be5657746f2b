package broker

import (
	"fmt"
	"strings"
)

// unknownKey rejects an item because of a key that the item's form does not define. known lists the
// keys of the form.
func (r *reader) unknownKey(key string, known []string) {
	key = strings.ToValidUTF8(key, "\ufffd")
	fault := "is not a key of this form; use " + strings.Join(known, ", ")
	if near := nearest(key, known); near != "" {
		fault = fmt.Sprintf("is not a key of this form; did you mean %s?", near)
	}
	r.refuse(shortened(key), fault)
}

// shortened cuts a key for an error message, because a sender may choose a key of any length.
func shortened(key string) string {
	const maxLength = 64
	if len(key) <= maxLength {
		return key
	}
	return strings.ToValidUTF8(key[:maxLength], "") + "…"
}

// nearest returns the word in known that misspelled probably stands for, or "" if there is none. It
// ignores case, hyphens and underscores. At most a quarter of the other characters may be wrong.
func nearest(misspelled string, known []string) string {
	plain := plainKey(misspelled)
	best, bestDistance := "", len(plain)/4+1
	for _, word := range known {
		if d := distance(plain, plainKey(word), bestDistance); d < bestDistance {
			best, bestDistance = word, d
		}
	}
	return best
}

var withoutJoiners = strings.NewReplacer("_", "", "-", "")

func plainKey(key string) string { return withoutJoiners.Replace(strings.ToLower(key)) }

// distance returns the number of bytes to insert, delete or replace in order to turn a into b. If
// the lengths of a and b differ by limit or more, distance returns limit.
func distance(a, b string, limit int) int {
	if max(len(a)-len(b), len(b)-len(a)) >= limit {
		return limit
	}
	row := make([]int, len(b)+1) // the distances from the part of a read so far to each beginning of b
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(diagonal+cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
