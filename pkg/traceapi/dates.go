package traceapi

import (
	"net/url"
	"time"
)

const (
	// maxDays is the maximum number of days in a list.
	maxDays = 31
	// defaultDays is the number of days in a list if the request does not name its first day.
	defaultDays = 7
)

// parseDays returns the first and the last day of a list. Without the parameter "to", the list ends
// today. Without "from", it has defaultDays days.
func parseDays(values url.Values, today time.Time) (from, to time.Time, err error) {
	from, hasFrom, err := parseDate(values, "from")
	if err != nil {
		return from, to, err
	}
	to, hasTo, err := parseDate(values, "to")
	if err != nil {
		return from, to, err
	}
	if !hasTo {
		to = today
	}
	if !hasFrom {
		from = to.AddDate(0, 0, 1-defaultDays)
	}
	return from, to, checkDays(from, to, today)
}

// checkDays returns an error if a list must not have the given first and last day.
func checkDays(from, to, today time.Time) error {
	switch {
	case to.After(today):
		return invalid("to is after today, which is %s in UTC", today.Format(time.DateOnly))
	case from.After(today):
		return invalid("from is after today, which is %s in UTC", today.Format(time.DateOnly))
	case from.After(to):
		return invalid("from is after to")
	case to.Sub(from) >= maxDays*day:
		return invalid("from and to span more than %d days: request fewer days", maxDays)
	}
	return nil
}

// parseDate parses a UTC date, and returns the start of that day.
func parseDate(values url.Values, name string) (date time.Time, given bool, err error) {
	text := values.Get(name)
	if text == "" {
		return date, false, nil
	}
	date, err = time.Parse(time.DateOnly, text)
	if err != nil || date.UnixMilli() < minMilli {
		return date, true, invalid("%s must be a date since 1973 in UTC, such as 2026-11-22", name)
	}
	return date, true, nil
}
