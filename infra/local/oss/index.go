package oss

import (
	"slices"
	"strings"
	"time"

	"devicetrace/pkg/objstore"
)

// entry describes one object.
type entry struct {
	key       string
	size      int64
	modified  time.Time
	checksums *checksums
}

// index holds the entries of all objects, sorted by the bytes of their keys.
type index struct {
	keys    []string
	entries map[string]entry
	bytes   int64
}

func (x *index) set(e entry) {
	old, known := x.entries[e.key]
	if !known {
		i, _ := slices.BinarySearch(x.keys, e.key)
		x.keys = slices.Insert(x.keys, i, e.key)
	}
	x.entries[e.key] = e
	x.bytes += e.size - old.size
}

func (x *index) remove(key string) {
	i, known := slices.BinarySearch(x.keys, key)
	if !known {
		return
	}
	x.bytes -= x.entries[key].size
	x.keys = slices.Delete(x.keys, i, i+1)
	delete(x.entries, key)
}

// bytesWithout returns the total size of all objects except the one with the given key.
func (x *index) bytesWithout(key string) int64 { return x.bytes - x.entries[key].size }

// group returns one page of a listing with the delimiter "/". It considers the keys that begin with
// prefix and sort after the given key. entries are the objects whose keys have no slash after
// prefix. prefixes are the common prefixes of all other keys. A page has at most objstore.MaxPage
// entries and prefixes in total. more reports whether another page follows.
func (x *index) group(prefix, after string) (entries []entry, prefixes []string, more bool) {
	i, found := slices.BinarySearch(x.keys, max(prefix, after))
	if found && after >= prefix && after != "" {
		i++
	}
	for i < len(x.keys) && strings.HasPrefix(x.keys[i], prefix) {
		if len(entries)+len(prefixes) == objstore.MaxPage {
			return entries, prefixes, true
		}
		directory, _, found := strings.Cut(x.keys[i][len(prefix):], "/")
		if !found {
			entries = append(entries, x.entries[x.keys[i]])
			i++
			continue
		}
		common := prefix + directory + "/"
		prefixes = append(prefixes, common)
		i, _ = slices.BinarySearch(x.keys, objstore.PastPrefix(common))
	}
	return entries, prefixes, false
}

// scan calls visit, in key order, for each entry whose key begins with prefix and is not less than
// the from parameter. It stops when visit returns false.
func (x *index) scan(prefix, from string, visit func(entry) bool) {
	i, _ := slices.BinarySearch(x.keys, max(prefix, from))
	for _, key := range x.keys[i:] {
		if !strings.HasPrefix(key, prefix) || !visit(x.entries[key]) {
			return
		}
	}
}
