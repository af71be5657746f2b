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

// parseSpan returns the range between the parameters "from" and "to", both inclusive. A missing
// parameter gets a default:
//   - If "to" is missing, the range ends event.MaxAhead after now or 24 hours after its start,
//     whichever is earlier. A range that ends in the future includes events from brokers whose
//     clocks run fast.
//   - If only "from" is missing, the range starts an hour before its end.
//   - If both are missing, the range starts an hour before now.
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
	if !hasTo && from.After(to) {
		return from, to, invalid("from is more than an hour after now")
	}
	return from, to, checkSpan(from, to)
}

// latest returns the latest timestamp possible for an event recorded at or before now.
func latest(now time.Time) time.Time { return now.Add(event.MaxAhead) }

func checkSpan(from, to time.Time) error {
	switch {
	case from.After(to):
		return invalid("from is after to")
	case to.Sub(from) > maxSpan:
		return invalid("from and to are more than 24 hours apart: query each day separately")
	}
	return nil
}

const day = 24 * time.Hour

func startOfDay(t time.Time) time.Time { return t.UTC().Truncate(day) }

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

// A time in Unix milliseconds must be between minMilli and maxMilli, inclusive. A number below
// minMilli is probably in seconds.
const (
	minMilli = 100_000_000_000 // 1973-03-03
	maxMilli = 253402300799999 // 9999-12-31
)

// parseTime parses a time in RFC 3339 or in Unix milliseconds. It truncates the time to
// milliseconds, the precision of events.
func parseTime(values url.Values, name string) (t time.Time, given bool, err error) {
	text := values.Get(name)
	if text == "" {
		return time.Time{}, false, nil
	}
	milli, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		// The "+" of a time offset arrives as a space if the client did not percent-encode it.
		t, err = time.Parse(time.RFC3339Nano, strings.ReplaceAll(text, " ", "+"))
		milli = t.UnixMilli()
	}
	if err != nil || milli < minMilli || milli > maxMilli {
		return time.Time{}, true, invalid("%s must be a time since 1973, in RFC 3339 (2026-11-22T08:00:00Z) or Unix milliseconds, not seconds", name)
	}
	return time.UnixMilli(milli).UTC(), true, nil
}
