package traceapi

import (
	"bytes"
	"slices"
)

// omitted counts the entries that were dropped from each list of a diagnosis. The oldest
// entries are dropped first.
type omitted struct {
	Connections int `json:"connections"`
	Refusals    int `json:"refusals"`
	Timeline    int `json:"timeline"`
	Evidence    int `json:"evidence"` // the total for all verdicts
}

// fit drops the oldest entries from the lists of a diagnosis, so that the response stays below
// maxBytes even for a device that connects every second or has names 64 KB long. Each list may use
// an equal share of the bytes. What one list does not need goes to the other lists. A connection
// takes about 700 bytes, and a stretch of the timeline about 100.
func (d diagnosisResponse) fit() diagnosisResponse {
	d.Verdicts = slices.Clone(d.Verdicts) // so that fit drops evidence only from its own copy
	var left omitted
	lists := []*list{
		emptied(&d.Connections, &left.Connections), emptied(&d.Refusals, &left.Refusals), emptied(&d.Timeline, &left.Timeline),
	}
	for i := range d.Verdicts {
		lists = append(lists, emptied(&d.Verdicts[i].Evidence, &left.Evidence))
	}
	share(maxBytes-wireSize(encode(d)), lists)
	if left != (omitted{}) {
		d.Omitted = &left
	}
	return d
}

// list is one of the lists of a diagnosis. The diagnosisResponse.fit method empties each list and
// then refills it, newest entries first, while the response stays small enough.
type list struct {
	rest int // number of entries still missing from the list
	used int // bytes that the entries in the list take in the response
	size func(i int) int
	put  func(i int)
}

// emptied removes all entries from *from, and returns a list that can put them back one by one. It
// adds the number of removed entries to *left. When an entry is put back, *left decreases by one.
func emptied[T any](from *[]T, left *int) *list {
	all := *from
	*from, *left = all[len(all):], *left+len(all)
	return &list{
		rest: len(all),
		size: func(i int) int {
			var b bytes.Buffer
			writeJSON(&b, all[i])
			return wireSize(b.Bytes()) + len(",")
		},
		put: func(i int) { *from, *left = all[i:], *left-1 },
	}
}

// share puts entries back into the lists, up to budget bytes in total. In each step it picks the
// list whose entries take the fewest bytes so far, and puts back the newest missing entry.
func share(budget int, lists []*list) {
	for l := hungriest(lists); l != nil; l = hungriest(lists) {
		size := l.size(l.rest - 1)
		if size > budget {
			l.rest = 0 // the older entries of this list stay omitted, too
			continue
		}
		l.rest--
		l.put(l.rest)
		l.used += size
		budget -= size
	}
}

// hungriest looks at the lists that still have entries to put back, and returns the one that has
// used the fewest bytes. If there is no such list, it returns nil.
func hungriest(lists []*list) (min *list) {
	for _, l := range lists {
		if l.rest > 0 && (min == nil || l.used < min.used) {
			min = l
		}
	}
	return min
}
