package traceapi

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	"devicetrace/pkg/diagnose"
	"devicetrace/pkg/event"
	"devicetrace/pkg/history"
	"devicetrace/pkg/query"
)

var daysParameters = slices.Concat(deviceParameters, []string{"from", "to"})

const (
	// maxDays is the maximum number of days in a list.
	maxDays = 31
	// defaultDays is the number of days in a list if the request does not name its first day.
	defaultDays = 7
)

// daysResponse is the body of GET /api/v1/days.
type daysResponse struct {
	identity
	From string `json:"from"`
	To   string `json:"to"`
	// Days has an entry for each day from From to To.
	Days []diagnose.Day `json:"days"`
	// LookedBackTo is the start of the range that was searched for events.
	LookedBackTo string `json:"looked_back_to"`
	// Cut means that the budget did not suffice to read all days, or to find the state at the start
	// of the first one.
	Cut        bool `json:"cut,omitempty"`
	Incomplete bool `json:"incomplete,omitempty"`
	*absence
	Receipt query.Receipt `json:"receipt"`
}

// days returns a response that sums up each of several days of a device.
func (a api) days(r *http.Request, may permission, _ *slot) (response, error) {
	values, err := parseValues(r.URL.RawQuery, daysParameters)
	if err != nil {
		return nil, err
	}
	d, err := parseDevice(values)
	if err != nil {
		return nil, err
	}
	from, to, err := parseDays(values, startOfDay(a.now()))
	if err != nil {
		return nil, err
	}
	if err := may.read(d.instanceID); err != nil {
		return nil, err
	}
	found, err := a.readDays(r.Context(), d, from, to.Add(day-time.Millisecond))
	if err != nil {
		return nil, err
	}
	absent, err := found.absence(r.Context(), may)
	if err != nil {
		return nil, err
	}
	return jsonResponse(daysResponse{
		identity: d.identity(), From: from.Format(time.DateOnly), To: to.Format(time.DateOnly), Days: found.days,
		LookedBackTo: instant(found.from), Cut: found.isCut, Incomplete: len(found.unreadable) > 0, absence: absent, Receipt: found.receipt,
	}), nil
}

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

// parseDate parses a UTC date.
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

// dayList is the result of readDays.
type dayList struct {
	*past
	days []diagnose.Day // oldest first
}

// readDays sums up the days from the given start of a day to the day of the instant to. It reads the
// events of these days, and older ones until the state at the start of the first day is settled. It
// ignores events after to. If to is in the future, the last day ends now.
func (a api) readDays(ctx context.Context, d device, from, to time.Time) (dayList, error) {
	c := calendar{from: from, to: to, now: a.now().UTC().Truncate(time.Millisecond)}
	r := reach{from: from, to: earlier(to, latest(c.now)), earliest: earlier(from, a.earliest()), budget: pastBudget}
	p, err := a.readPast(ctx, d, r, &c)
	defer p.turn.release() // after finish, which still uses the events
	if err != nil {
		return dayList{}, err
	}
	if !p.from.After(r.earliest) {
		return dayList{p, c.finish(time.Time{})}, nil
	}
	return dayList{p, c.finish(p.from)}, nil
}

// calendar is a fold that sums up days.
type calendar struct {
	from, to, now time.Time
	fold          *history.Days  // nil until the end of the last day is known
	days          []diagnose.Day // newest first
}

// open starts the fold, unless it has started. newest is the time of the newest event: it can be
// later than now, if a broker's clock runs fast.
func (c *calendar) open(newest time.Time) {
	if c.fold == nil {
		c.fold = history.NewDays(c.from, earlier(c.to, later(c.now, newest)), func(d history.DayHistory) {
			c.days = append(c.days, diagnose.DayOf(d))
		})
	}
}

// Add implements fold.
func (c *calendar) Add(e *event.Event) (done bool) {
	c.open(e.Time)
	return c.fold.Add(e)
}

// Settled implements fold. If no event has been added yet, an event between now and from may follow,
// so the end of the last day is not known.
func (c *calendar) Settled(from time.Time) bool {
	if c.fold == nil && from.After(c.now) {
		return false
	}
	c.open(c.now)
	return c.fold.Settled(from)
}

// Bytes implements fold.
func (c *calendar) Bytes() int64 { return c.fold.Bytes() }

// finish returns the days, oldest first. All events at or after readTo have been added. If readTo is
// zero, there are no older events.
func (c *calendar) finish(readTo time.Time) []diagnose.Day {
	c.open(c.now)
	c.fold.Finish(readTo)
	slices.Reverse(c.days)
	diagnose.Trends(c.days)
	return c.days
}
