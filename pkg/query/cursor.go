package query

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"

	"devicetrace/pkg/event"
	"devicetrace/pkg/segment"
)

// position names an event of a client: by its time and the hash of its identity.
type position struct {
	time     int64 // Unix ms
	identity uint64
}

const cursorLength = 16

// CursorAfter is the cursor that continues after an event. It stays good whatever
// is recorded or compacted meanwhile.
func CursorAfter(e event.Event) string {
	row := segment.FromEvent(&e)
	b := make([]byte, 0, cursorLength)
	b = binary.BigEndian.AppendUint64(b, uint64(row.Time))
	b = binary.BigEndian.AppendUint64(b, row.Identity())
	return base64.RawURLEncoding.EncodeToString(b)
}

// parseCursor is the position that a cursor names; nil for none.
func parseCursor(cursor string) (*position, error) {
	if cursor == "" {
		return nil, nil
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(b) != cursorLength {
		return nil, fmt.Errorf("%w: %q", ErrCursor, cursor)
	}
	return &position{
		time:     int64(binary.BigEndian.Uint64(b)),
		identity: binary.BigEndian.Uint64(b[8:]),
	}, nil
}

// following is the rows after a position. Where its event is gone, for its
// retention ended, they begin with the next instant.
func following(rows []segment.Row, after position, descending bool) []segment.Row {
	at := slices.IndexFunc(rows, func(r segment.Row) bool {
		return r.Time == after.time && r.Identity() == after.identity
	})
	if at >= 0 {
		return rows[at+1:]
	}
	next := slices.IndexFunc(rows, func(r segment.Row) bool {
		if descending {
			return r.Time < after.time
		}
		return r.Time > after.time
	})
	if next < 0 {
		return nil
	}
	return rows[next:]
}
