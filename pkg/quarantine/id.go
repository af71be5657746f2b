package quarantine

import (
	"fmt"
	"time"

	"devicetrace/pkg/layout"
)

// ID identifies an item by the UTC day on which the item arrived and the digest of the item's
// object. The key of the object follows from the ID.
type ID struct {
	Day    layout.Day
	Digest string // 32 hex digits
}

// String returns the id in the form 2026-11-22-<32 hex digits>.
func (id ID) String() string { return string(id.Day) + "-" + id.Digest }

// ParseID parses an id in the form that ID.String returns.
func ParseID(s string) (ID, error) {
	const at = len(time.DateOnly)
	if len(s) > at && s[at] == '-' {
		id := ID{Day: layout.Day(s[:at]), Digest: s[at+1:]}
		if _, err := idOfKey(id.key()); err == nil {
			return id, nil
		}
	}
	return ID{}, fmt.Errorf("parse quarantine id %q: want a day and 32 hex digits, as in 2026-11-22-0123456789abcdef0123456789abcdef", s)
}

func (id ID) key() string { return layout.QuarantineKey(id.Day.Start(), id.Digest) }

func idOfKey(key string) (ID, error) {
	day, digest, err := layout.ParseQuarantineKey(key)
	return ID{Day: day, Digest: digest}, err
}
