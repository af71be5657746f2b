package traceapi

import (
	"context"
	"net/http"
	"slices"
	"time"

	"devicetrace/pkg/diagnose"
	"devicetrace/pkg/query"
)

var daysParameters = slices.Concat(deviceParameters, []string{"from", "to"})

// daysResponse is the body of GET /api/v1/days.
type daysResponse struct {
	identity
	From string `json:"from"`
	To   string `json:"to"`
	// Days has an entry for each day from From to To.
	Days []diagnose.Day `json:"days"`
	// LookedBackTo is the start of the range that was searched for events.
	LookedBackTo string `json:"looked_back_to"`
	// Cut means that the search was cut; see past.isCut. Some days may then be unread, or the state at
	// the start of the first one may be unknown.
	Cut        bool `json:"cut,omitempty"`
	Incomplete bool `json:"incomplete,omitempty"`
	*absence
	Receipt query.Receipt `json:"receipt"`
}

// days returns a response with a summary of each day in a range of days.
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

// dayList is the result of readDays.
type dayList struct {
	*past
	days []diagnose.Day // oldest first
}

// readDays sums up the days from the day that starts at from to the day of the instant to; see
// calendar. It reads the events of these days, and older ones until the state at the start of the
// first day is settled. It ignores events after to.
func (a api) readDays(ctx context.Context, d device, from, to time.Time) (dayList, error) {
	c := calendar{from: from, to: to, now: a.now().UTC().Truncate(time.Millisecond)}
	r := reach{from: from, to: earlier(to, latest(c.now)), earliest: earlier(from, a.earliest()), budget: pastBudget}
	p, err := a.readPast(ctx, d, r, &c)
	defer p.turn.release() // after finish, which still uses the events
	if err != nil {
		return dayList{}, err
	}
	readTo := p.from
	if !readTo.After(r.earliest) {
		readTo = time.Time{} // there are no older events
	}
	return dayList{p, c.finish(readTo)}, nil
}
