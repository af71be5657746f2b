package objstore

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"
)

// MaxKeyBytes is the maximum length of a key.
const MaxKeyBytes = 1023

// CheckKey returns a permanent error for a key that some stores cannot hold or list:
//   - an empty key
//   - a key longer than MaxKeyBytes
//   - a key that is not UTF-8
//   - a key that starts with a slash or backslash
//   - a key with a character that XML cannot carry
//
// Every store refuses such keys. Therefore, a test on any one store shows whether a key is valid on
// all stores.
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

// notInXML reports whether r might be lost or changed on a round trip through XML 1.0. This applies
// to U+FFFE, U+FFFF and the ASCII control characters, even to tabs and line breaks. XML can carry
// tabs and line breaks, but parsers normalize them.
func notInXML(r rune) bool {
	return r < 0x20 || r == 0x7f || r == 0xfffe || r == 0xffff
}

// CheckKeys checks the keys of one Delete call. It returns a permanent error if there are more than
// MaxPage keys or if CheckKey refuses one of the keys.
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

// CheckRange returns a permanent error for a range that no object can contain. The offset or length
// of such a range is negative, or its end exceeds the largest int64.
func CheckRange(off, n int64) error {
	if off < 0 || n < 0 || off > math.MaxInt64-n {
		return Permanent(fmt.Errorf("check range of %d bytes at offset %d: it lies outside every possible object", n, off))
	}
	return nil
}
