package history

import "time"

// Instant is a time that may be unknown. The zero value is an unknown time. In JSON, an
// Instant is an RFC 3339 time in UTC, always with three decimals, or null if unknown.
type Instant struct{ time.Time }

const instantLayout = `"2006-01-02T15:04:05.000Z"`

func (i Instant) MarshalJSON() ([]byte, error) {
	if i.IsZero() {
		return []byte("null"), nil
	}
	return i.UTC().AppendFormat(nil, instantLayout), nil
}

// millis returns t in UTC, truncated to whole milliseconds.
func millis(t time.Time) time.Time {
	return t.UTC().Truncate(time.Millisecond)
}
