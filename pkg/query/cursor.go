package query

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"

	"devicetrace/pkg/event"
	"devicetrace/pkg/segment"
)

// position identifies an event of a client by the event's time and a hash of its identity columns.
type position struct {
	time     int64 // Unix ms
	identity [hashLength]byte
}

const (
	// hashLength is the length of an identity's hash in bytes. With 128 bits of SHA-256, nobody can
	// find two events with the same hash, even on purpose.
	hashLength = 16
	// cursorLength is the length of a decoded cursor in bytes: the two fields of a position.
	cursorLength = 8 + hashLength
)

// positionOf returns the position of a row.
func positionOf(row *segment.Row) position {
	sum := sha256.Sum256(row.AppendIdentity(nil))
	return position{row.Time, [hashLength]byte(sum[:])}
}

// CursorAfter returns the cursor for the events that follow e. The cursor stays valid when more
// events are recorded, when e is compacted and after e expires.
func CursorAfter(e *event.Event) string {
	row := segment.FromEvent(e)
	p := positionOf(&row)
	b := binary.BigEndian.AppendUint64(nil, uint64(p.time))
	return base64.RawURLEncoding.EncodeToString(append(b, p.identity[:]...))
}

// parseCursor returns the position that a cursor encodes, or nil for an empty cursor.
func parseCursor(cursor string) (*position, error) {
	if cursor == "" {
		return nil, nil
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(b) != cursorLength || strings.ContainsAny(cursor, "\r\n") { // decoding ignores line breaks
		return nil, fmt.Errorf("%w: %.64q", ErrCursor, cursor)
	}
	return &position{int64(binary.BigEndian.Uint64(b)), [hashLength]byte(b[8:])}, nil
}
