package traceapi

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"devicetrace/pkg/event"
)

const (
	maxSpan     = 24 * time.Hour
	defaultSpan = time.Hour
)

// parseSpan reads from and to, both inclusive. Neither: the last hour; from alone: 24
// hours on, or now, whichever is earlier; to alone: the hour before it. Up to now is with
// events of sources whose clocks are ahead.
func parseSpan(values url.Values, now time.Time) (from, to time.Time, err error) {
	from, hasFrom, err := parseTime(values, "from")
	if err != nil {
		return from, to, err
	}
	to, hasTo, err := parseTime(values, "to")
	if err != nil {
		return from, to, err
	}
	now = now.UTC().Truncate(time.Millisecond)
	switch {
	case !hasFrom && !hasTo:
		from, to = now.Add(-defaultSpan), latest(now)
	case !hasTo:
		to = earlier(from.Add(maxSpan), latest(now))
	case !hasFrom:
		from = to.Add(-defaultSpan)
	}
	return from, to, checkSpan(from, to)
}

// latest is the time of the last event that can be on record.
func latest(now time.Time) time.Time { return now.Add(event.MaxAhead) }

func checkSpan(from, to time.Time) error {
	switch {
	case from.After(to):
		return invalid("from is after to; without to it must not be more than an hour after now")
	case to.Sub(from) > maxSpan:
		return invalid("from and to are more than 24 hours apart: ask for each day")
	}
	return nil
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Events have whole milliseconds between these two, inclusive. A smaller number is one
// of seconds, as likely as not.
const (
	minMilli = 100_000_000_000 // 1973-03-03
	maxMilli = 253402300799999 // 9999-12-31
)

// parseTime reads RFC 3339 or Unix milliseconds. A finer fraction is dropped: it
// is a bound that nobody means.
func parseTime(values url.Values, name string) (t time.Time, given bool, err error) {
	text := values.Get(name)
	if text == "" {
		return time.Time{}, false, nil
	}
	milli, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		// The + of an offset that was not percent-encoded arrives as a space.
		t, err = time.Parse(time.RFC3339Nano, strings.ReplaceAll(text, " ", "+"))
		milli = t.UnixMilli()
	}
	if err != nil || milli < minMilli || milli > maxMilli {
		return time.Time{}, true, invalid("%s must be a time from 1973 on, as RFC 3339 (2026-11-22T08:00:00Z) or in Unix milliseconds, not seconds", name)
	}
	return time.UnixMilli(milli).UTC(), true, nil
}
