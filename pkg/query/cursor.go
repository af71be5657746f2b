package query

import (
	"cmp"
	"encoding/base64"
	"encoding/binary"
	"fmt"

	"devicetrace/pkg/event"
	"devicetrace/pkg/segment"
)

// position is where an event stands among those of its client: by its time, then
// by when it was received, then by its content, so that no two events share one.
type position struct {
	time, received int64 // Unix ms
	hash           uint64
}

func positionOf(row *segment.Row) position {
	var digest segment.Digest
	digest.Add(row)
	return position{time: row.Time, received: row.Time + row.ReceivedDelay, hash: digest.Sum}
}

func (p position) compare(o position) int {
	return cmp.Or(cmp.Compare(p.time, o.time), cmp.Compare(p.received, o.received), cmp.Compare(p.hash, o.hash))
}

const cursorLength = 24

// CursorAfter is the cursor that continues after an event. It stays good whatever
// is recorded or compacted meanwhile.
func CursorAfter(e event.Event) string {
	row := segment.FromEvent(&e)
	return positionOf(&row).cursor()
}

func (p position) cursor() string {
	b := make([]byte, 0, cursorLength)
	b = binary.BigEndian.AppendUint64(b, uint64(p.time))
	b = binary.BigEndian.AppendUint64(b, uint64(p.received))
	b = binary.BigEndian.AppendUint64(b, p.hash)
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
		received: int64(binary.BigEndian.Uint64(b[8:])),
		hash:     binary.BigEndian.Uint64(b[16:]),
	}, nil
}
