package objstore

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"
)

// MaxKeyBytes is the maximum length of a key.
const MaxKeyBytes = 1023

// CheckKey returns a permanent error for a key that some store cannot hold or list: a key
// that is empty, longer than MaxKeyBytes or not UTF-8, starts with a slash or backslash, or
// contains a character that XML cannot carry. Every store refuses the same keys, so a test
// against one store holds for all stores.
func CheckKey(key string) error {
	switch {
	case key == "":
		return Permanent(fmt.Errorf("check key %q: it is empty", key))
	case len(key) > MaxKeyBytes:
		return Permanent(fmt.Errorf("check key %q…: it has %d bytes, the limit is %d", key[:32], len(key), MaxKeyBytes))
	case !utf8.ValidString(key):
		return Permanent(fmt.Errorf("check key %q: it is not UTF-8", key))
	case key[0] == '/' || key[0] == '\\':
		return Permanent(fmt.Errorf("check key %q: it starts with a slash or backslash", key))
	case strings.ContainsFunc(key, notInXML):
		return Permanent(fmt.Errorf("check key %q: it contains a character that XML cannot carry", key))
	}
	return nil
}

// notInXML reports whether r may not survive XML 1.0: it is a control character, including
// the white space that parsers normalize, or r is not a character at all.
func notInXML(r rune) bool {
	return r < 0x20 || r == 0x7f || r == 0xfffe || r == 0xffff
}

// CheckKeys checks the keys of one delete: that CheckKey accepts each key, and that there are
// at most MaxPage keys.
func CheckKeys(keys []string) error {
	if len(keys) > MaxPage {
		return Permanent(fmt.Errorf("check keys: there are %d, the limit is %d", len(keys), MaxPage))
	}
	for _, key := range keys {
		if err := CheckKey(key); err != nil {
			return err
		}
	}
	return nil
}

// CheckRange returns a permanent error for a range that lies outside every possible object:
// the offset or the length is negative, or the end exceeds the largest integer.
func CheckRange(off, n int64) error {
	if off < 0 || n < 0 || off > math.MaxInt64-n {
		return Permanent(fmt.Errorf("check range of %d bytes at offset %d: it lies outside every possible object", n, off))
	}
	return nil
}
