package traceapi

import (
	"net/url"
	"time"

	"devicetrace/pkg/fleet"
)

// steps holds the allowed lengths of a step, by their names.
var steps = map[string]time.Duration{"1m": time.Minute, "5m": 5 * time.Minute, "1h": time.Hour}

// parseSteps parses the parameters from, to and step. The range consists of whole steps, at least
// one, and its end is exclusive. A missing parameter gets a default:
//   - If "from" is missing, the range starts with the UTC day in which it ends.
//   - If "to" is missing, the range ends with the UTC day in which it starts, but not after now.
//   - If both are missing, the range is today so far.
func parseSteps(values url.Values, now time.Time) (from, to time.Time, name string, err error) {
	if name, err = parseOneOf(values, "step", "5m", "1m", "1h"); err != nil {
		return from, to, "", err
	}
	from, hasFrom, err := parseTime(values, "from")
	if err != nil {
		return from, to, "", err
	}
	to, hasTo, err := parseTime(values, "to")
	if err != nil {
		return from, to, "", err
	}
	if !hasFrom && !hasTo {
		from, hasFrom = startOfDay(now), true
	}
	switch {
	case !hasFrom:
		from = startOfDay(to.Add(-time.Millisecond))
	case !hasTo:
		to = earlier(startOfDay(from).Add(day), later(now, from))
	}
	if err := checkSteps(from, to, now); err != nil {
		return from, to, "", err
	}
	from, to = fleet.Align(from, to, steps[name])
	return from, later(to, from.Add(steps[name])), name, nil
}

func checkSteps(from, to, now time.Time) error {
	switch {
	case from.After(latest(now)):
		return invalid("from is more than an hour after now")
	case from.After(to):
		return invalid("from is after to")
	case to.Sub(from) > maxSpan:
		return invalid("from and to are more than 24 hours apart: request each day separately")
	}
	return nil
}

// slowClock is how far behind a client's clock may be when the client requests today so far.
const slowClock = 5 * time.Minute

// isWholeDay reports whether a range is a whole UTC day or, if the day is not over, the day up to
// now.
func isWholeDay(from, to, now time.Time) bool {
	end := from.Add(day)
	return startOfDay(from).Equal(from) && !to.After(end) && !to.Before(earlier(end, now.Add(-slowClock)))
}
