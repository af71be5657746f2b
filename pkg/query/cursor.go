package query

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"

	"devicetrace/pkg/event"
	"devicetrace/pkg/segment"
)

// position identifies an event of a client by the event's time and the hash of its identity.
type position struct {
	time     int64 // Unix ms
	identity uint64
}

// cursorLength is the length of a decoded cursor in bytes: the two fields of a position.
const cursorLength = 16

// CursorAfter returns the cursor for the events that follow e. The cursor stays valid when more
// events are recorded, when e is compacted and after e expires.
func CursorAfter(e event.Event) string {
	row := segment.FromEvent(&e)
	b := make([]byte, 0, cursorLength)
	b = binary.BigEndian.AppendUint64(b, uint64(row.Time))
	b = binary.BigEndian.AppendUint64(b, row.Identity())
	return base64.RawURLEncoding.EncodeToString(b)
}

// parseCursor returns the position that a cursor encodes, or nil for an empty cursor.
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

// following returns the rows after the given position. If the event at the position is missing, for
// example because it has expired, the result starts with the first row at a later time, or at an
// earlier time if the order is descending.
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
