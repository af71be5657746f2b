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

// fit shortens the lists of a diagnosis if the response would exceed limit. It drops the oldest
// entries first. All lists get equal shares of the bytes. If a list needs less than its share, the
// other lists get the rest.
//
// A response can be too long if, for example, the device connects every second. A connection takes
// about 700 bytes, and a timeline entry about 100. Long names can also make a response too long.
func (d diagnosisResponse) fit(limit int) diagnosisResponse {
	d.Verdicts = slices.Clone(d.Verdicts) // so that fit drops evidence only from its own copy
	var left omitted
	lists := []*list{
		emptied(&d.Connections, &left.Connections), emptied(&d.Refusals, &left.Refusals), emptied(&d.Timeline, &left.Timeline),
	}
	for i := range d.Verdicts {
		lists = append(lists, emptied(&d.Verdicts[i].Evidence, &left.Evidence))
	}
	share(limit-wireSize(encode(d)), lists)
	if left != (omitted{}) {
		d.Omitted = &left
	}
	return d
}

// list represents one list of a diagnosis, such as the connections. diagnosisResponse.fit first
// empties all lists. It then puts entries back, newest first, until the response would become too
// large.
type list struct {
	rest int // number of entries still missing from the list
	used int // bytes that the entries in the list take in the response
	size func(i int) int
	put  func(i int)
}

// emptied removes all entries from *from, and returns a list that can put them back one by one.
// *left grows by the number of removed entries, and shrinks by one when an entry is put back.
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

// share puts entries back into the lists, up to budget bytes in total. In each step, it picks the
// list whose entries take the fewest bytes so far, and puts back that list's newest missing entry.
func share(budget int, lists []*list) {
	for l := hungriest(lists); l != nil; l = hungriest(lists) {
		size := l.size(l.rest - 1)
		if size > budget {
			l.rest = 0 // this entry does not fit, so it and all older entries stay omitted
			continue
		}
		l.rest--
		l.put(l.rest)
		l.used += size
		budget -= size
	}
}

// hungriest returns the list whose entries take the fewest bytes so far. It considers only lists
// with missing entries, and returns nil if there are none.
func hungriest(lists []*list) (min *list) {
	for _, l := range lists {
		if l.rest > 0 && (min == nil || l.used < min.used) {
			min = l
		}
	}
	return min
}
