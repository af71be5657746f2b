package broker

import (
	"fmt"
	"time"

	"devicetrace/pkg/event"
)

// when sets the event's time to the first of the fields that is there, else to
// the time it was received.
func (r *reader) when(e *event.Event, fields ...timeField) {
	for _, f := range fields {
		t := r.time(f.name, f.value)
		if t.IsZero() {
			continue
		}
		if r.retention > 0 && t.Before(r.now.Add(-r.retention)) {
			r.refuse(f.name, fmt.Sprintf("%s is older than rows are kept (%s)", show(t), r.retention))
		}
		e.Time, e.TimeOrigin = t, event.FromBroker
		return
	}
	e.Time, e.TimeOrigin = millisecond(r.now), event.FromReceiver
}

// timeField is a field that may hold an event's time.
type timeField struct {
	name  string
	value value
}

// time reads Unix milliseconds or an RFC 3339 text, zero where it is missing.
// A time that cannot be true, such as seconds for milliseconds, is refused.
func (r *reader) time(field string, v value) time.Time {
	if v.missing() {
		return time.Time{}
	}
	t, fault := v.time()
	if fault == "" && t.After(r.now.Add(event.MaxAhead)) {
		fault = fmt.Sprintf("%s is more than %s in the future", show(t), event.MaxAhead)
	}
	if fault != "" {
		r.refuse(field, fault)
		return time.Time{}
	}
	return t
}

const (
	// earliest is in 1973: a smaller number of milliseconds is one of seconds.
	earliest = int64(1e11)
	// latest is in the year 5138: a larger number is one of microseconds.
	latest = int64(1e14)
)

// time returns the time, or a sentence that says why there is none.
func (v value) time() (t time.Time, fault string) {
	ms, isNumber := v.integer()
	if v.kind == text && !isNumber {
		raw, _ := v.unescaped() // some senders escape the + of a zone
		t, err := time.Parse(time.RFC3339Nano, string(raw))
		if err != nil {
			return time.Time{}, "must be an RFC 3339 time or Unix milliseconds"
		}
		ms = t.UnixMilli()
	} else if !isNumber {
		return time.Time{}, "must be a time: Unix milliseconds or RFC 3339"
	}
	switch {
	case ms <= 0:
		return time.Time{}, "must be after 1970"
	case ms < earliest:
		return time.Time{}, "is too long ago: Unix times are in milliseconds, not in seconds"
	case ms > latest:
		return time.Time{}, "is too far ahead: Unix times are in milliseconds, not finer"
	}
	return time.UnixMilli(ms).UTC(), ""
}

// millisecond cuts a time to the precision of rows.
func millisecond(t time.Time) time.Time { return time.UnixMilli(t.UnixMilli()).UTC() }

func show(t time.Time) string { return t.Format("2006-01-02T15:04:05.000Z07:00") }

