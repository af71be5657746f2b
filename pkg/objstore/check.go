package objstore

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"
)

// MaxKeyBytes is the longest key that a store takes.
const MaxKeyBytes = 1023

// CheckKey returns a permanent error for a key that not every store can keep and
// name in an answer: one that is empty, longer than MaxKeyBytes, not UTF-8, starts
// with a slash of either kind, or holds a character that XML cannot carry. Every
// store refuses the same keys, so that a test against one is true of the other.
func CheckKey(key string) error {
	switch {
	case key == "":
		return Permanent(fmt.Errorf("check key %q: it is empty", key))
	case len(key) > MaxKeyBytes:
		return Permanent(fmt.Errorf("check key %q…: it has %d bytes, more than %d", key[:32], len(key), MaxKeyBytes))
	case !utf8.ValidString(key):
		return Permanent(fmt.Errorf("check key %q: it is not UTF-8", key))
	case key[0] == '/' || key[0] == '\\':
		return Permanent(fmt.Errorf("check key %q: it starts with a slash", key))
	case strings.ContainsFunc(key, notInXML):
		return Permanent(fmt.Errorf("check key %q: it holds a control character", key))
	}
	return nil
}

// notInXML reports the characters that XML 1.0 has no way to write, and the white
// space that its readers change.
func notInXML(r rune) bool {
	return r < 0x20 || r == 0x7f || r == 0xfffe || r == 0xffff
}

// CheckKeys is CheckKey for the keys of one delete, which are at most MaxPage.
func CheckKeys(keys []string) error {
	if len(keys) > MaxPage {
		return Permanent(fmt.Errorf("check keys: they are %d, more than %d", len(keys), MaxPage))
	}
	for _, key := range keys {
		if err := CheckKey(key); err != nil {
			return err
		}
	}
	return nil
}

// CheckRange returns a permanent error for an offset and length that no object can
// have: a negative one, or an end past the largest integer.
func CheckRange(off, n int64) error {
	if off < 0 || n < 0 || off > math.MaxInt64-n {
		return Permanent(fmt.Errorf("check range of %d bytes at %d: no object has it", n, off))
	}
	return nil
}
