// Package fleet turns the sums of a fleet into answers: a view of its day, and the scope of a drop.
// It is pure. The JSON of its types is part of the API.
//
// A view counts events. A scope counts devices, because one flapping device must not look like many
// devices that drop together. The tests in infra/verify/scope measure how often scopes are right.
package fleet

import "time"

// Instant is a time in Unix ms. In JSON, it is an RFC 3339 time in UTC, always with three decimals,
// or null if it is 0, which means unknown.
type Instant int64

const instantLayout = "2006-01-02T15:04:05.000Z"

// At returns t as an Instant. It drops everything below a millisecond.
func At(t time.Time) Instant { return Instant(t.UnixMilli()) }

// Time returns i in UTC.
func (i Instant) Time() time.Time { return time.UnixMilli(int64(i)).UTC() }

// String returns i as in JSON, but without quotes. The result for an unknown time is empty.
func (i Instant) String() string {
	if i == 0 {
		return ""
	}
	return i.Time().Format(instantLayout)
}

// MarshalJSON implements json.Marshaler.
func (i Instant) MarshalJSON() ([]byte, error) {
	if i == 0 {
		return []byte("null"), nil
	}
	return []byte(`"` + i.String() + `"`), nil
}
