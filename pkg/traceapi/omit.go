package traceapi

import (
	"bytes"
	"slices"
)

// omitted counts what is left out of the lists of a report, the oldest of each.
type omitted struct {
	Connections int `json:"connections"`
	Refusals    int `json:"refusals"`
	Timeline    int `json:"timeline"`
	Evidence    int `json:"evidence"` // of all verdicts
}

// fit leaves the oldest out of the lists of a diagnosis, so that the answer of a device
// that connects every second, or with names of 64 KB, stays below maxBytes. The lists
// share the room equally, and what one does not need is for the others: a connection
// takes some 700 bytes, a stretch of the timeline 100.
func (d diagnosisResponse) fit() diagnosisResponse {
	d.Verdicts = slices.Clone(d.Verdicts) // their evidence is cut here alone
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

// list fills up again from its newest to its oldest.
type list struct {
	rest int // how many are not in it
	used int // bytes on the wire
	size func(i int) int
	put  func(i int)
}

// emptied leaves out all of a list, to be put back one by one.
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

// share fills lists as far as there is room, always the one that used least.
func share(room int, lists []*list) {
	for l := hungriest(lists); l != nil; l = hungriest(lists) {
		size := l.size(l.rest - 1)
		if size > room {
			l.rest = 0 // what is older has no place either
			continue
		}
		l.rest--
		l.put(l.rest)
		l.used += size
		room -= size
	}
}

// hungriest is the list that used least of those that are not full, or nil.
func hungriest(lists []*list) (least *list) {
	for _, l := range lists {
		if l.rest > 0 && (least == nil || l.used < least.used) {
			least = l
		}
	}
	return least
}
