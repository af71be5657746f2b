package history

import (
	"math"
	"time"
)

// Instant is a time in whole milliseconds that may be unknown. It counts the milliseconds since the
// zero time.Time, so instants compare as integers. The zero value is an unknown time, which sorts
// before all others. In JSON, an Instant is an RFC 3339 time in UTC, always with three decimals, or
// null if unknown.
type Instant int64

const instantLayout = `"2006-01-02T15:04:05.000Z"`

// epoch is the Unix epoch as an Instant.
var epoch = Instant(-time.Time{}.UnixMilli())

// At returns t, truncated to whole milliseconds.
func At(t time.Time) Instant { return epoch + Instant(t.UnixMilli()) }

// Time returns i in UTC. The result for an unknown time is the zero time.Time.
func (i Instant) Time() time.Time { return time.UnixMilli(int64(i - epoch)).UTC() }

// IsZero reports whether the time is unknown.
func (i Instant) IsZero() bool { return i == 0 }

// Sub returns the duration from j to i, limited to the range of time.Duration. It usually reaches
// the limit if one of the two times is unknown.
func (i Instant) Sub(j Instant) time.Duration {
	const longest = Instant(math.MaxInt64 / int64(time.Millisecond))
	return time.Duration(max(-longest, min(i-j, longest))) * time.Millisecond
}

func (i Instant) MarshalJSON() ([]byte, error) {
	if i.IsZero() {
		return []byte("null"), nil
	}
	return i.Time().AppendFormat(nil, instantLayout), nil
}
