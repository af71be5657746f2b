package broker

import (
	"fmt"
	"strings"
	"time"

	"devicetrace/pkg/event"
)

// setTime sets the event's time to the value of the first field that is present. If all fields are
// missing, it uses the time of receipt. It refuses a time that is older than the retention.
func (r *reader) setTime(e *event.Event, fields ...timeField) {
	for _, f := range fields {
		t := r.time(f.name, f.value)
		if t.IsZero() {
			continue
		}
		if keep := r.meta.Retention; keep > 0 && t.Before(r.meta.ReceivedAt.Add(-keep)) {
			r.refuse(f.name, fmt.Sprintf("%s is older than the retention of %d days", formatTime(t), keep/(24*time.Hour)))
		}
		e.Time, e.TimeOrigin = t, event.FromBroker
		return
	}
	e.Time, e.TimeOrigin = millisecond(r.meta.ReceivedAt), event.FromReceiver
}

// latest returns the latest time that is accepted for an event in the body.
func (m Meta) latest() time.Time {
	known := m.ReceivedAt
	if m.Now.After(known) {
		known = m.Now
	}
	return known.Add(event.MaxAhead)
}

// timeField is a field that may hold an event's time.
type timeField struct {
	name  string
	value value
}

// time parses v, which must be Unix milliseconds or an RFC 3339 string. It returns the zero
// time if v is missing. It refuses an implausible time, such as a Unix time in seconds.
func (r *reader) time(field string, v value) time.Time {
	if v.missing() {
		return time.Time{}
	}
	t, fault := v.time()
	if fault == "" && t.After(r.meta.latest()) {
		fault = fmt.Sprintf("%s is more than %s in the future; check the clock of the broker", formatTime(t), event.MaxAhead)
	}
	if fault != "" {
		r.refuse(field, fault)
		return time.Time{}
	}
	return t
}

const (
	// minMilliseconds is the earliest accepted time, in March 1973. A smaller number is probably a
	// time in seconds.
	minMilliseconds = int64(1e11)
	// maxMilliseconds is the latest accepted time, in the year 5138. A larger number is probably a
	// time in microseconds.
	maxMilliseconds = int64(1e14)
)

// time returns the time in UTC, or the fault if the value is not a valid time.
func (v value) time() (t time.Time, fault string) {
	ms, ok := v.milliseconds()
	switch {
	case !ok:
		return time.Time{}, "must be a time as RFC 3339 (2026-11-22T08:00:00Z) or in Unix milliseconds"
	case ms <= 0:
		return time.Time{}, "must be after 1970"
	case ms < minMilliseconds:
		return time.Time{}, "is before 1973; Unix times must be in milliseconds, not in seconds"
	case ms > maxMilliseconds:
		return time.Time{}, "is after the year 5138; Unix times must be in milliseconds, not finer"
	}
	return time.UnixMilli(ms).UTC(), ""
}

// milliseconds returns v as a Unix time in milliseconds. It accepts a number, a numeric string
// or an RFC 3339 string.
func (v value) milliseconds() (int64, bool) {
	if ms, ok := v.integer(); ok || v.kind != text {
		return ms, ok
	}
	raw, _ := v.unescaped() // some senders escape the plus sign of a UTC offset
	t, ok := parseRFC3339(string(raw))
	return t.UnixMilli(), ok
}

// toRFC3339 converts a time in the given layout to RFC 3339. If the layout has no zone, the time is
// in the given zone. toRFC3339 leaves any other value as it is.
func (v value) toRFC3339(layout string, zone *time.Location) value {
	t, err := time.ParseInLocation(layout, string(v.raw), zone)
	if v.kind != text || err != nil {
		return v
	}
	return value{kind: text, raw: []byte(t.Format(time.RFC3339Nano))}
}

// parseRFC3339 parses a time as RFC 3339 defines it. It rejects some times that time.Parse accepts:
// an hour of one digit, a comma before the fraction, and an offset of 24 hours or more or with 60
// minutes or more.
func parseRFC3339(text string) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || text[len("2006-01-02T15")] != ':' || strings.Contains(text, ",") {
		return time.Time{}, false
	}
	offset := []byte(text[len(text)-len("07:00"):])
	if text[len(text)-1] != 'Z' && !isOffset(twoDigits(offset), twoDigits(offset[len("07:"):])) {
		return time.Time{}, false
	}
	return t, true
}

// isOffset reports whether a UTC offset is less than 24 hours and has less than 60 minutes.
func isOffset(hours, minutes int) bool { return hours < 24 && minutes < 60 }

// millisecond truncates a time to the precision of events.
func millisecond(t time.Time) time.Time { return time.UnixMilli(t.UnixMilli()).UTC() }

func formatTime(t time.Time) string { return t.Format("2006-01-02T15:04:05.000Z07:00") }
