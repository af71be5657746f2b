package traceapi

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	"devicetrace/pkg/history"
	"devicetrace/pkg/query"
)

var statusParameters = slices.Concat(deviceParameters, []string{"at", "format", "lang", "tz"})

// statusResponse is the body of GET /api/v1/status.
type statusResponse struct {
	identity
	At string `json:"at"`
	history.Status
	// LookedBackTo is the start of the range that was searched for events.
	LookedBackTo string `json:"looked_back_to"`
	// Cut means that the state is unknown because the search for it was cut; see past.isCut.
	Cut        bool `json:"cut,omitempty"`
	Incomplete bool `json:"incomplete,omitempty"`
	*absence
	Receipt query.Receipt `json:"receipt"`

	searched time.Time // LookedBackTo as a time
}

// status returns a response that says whether a device was online at the requested instant, by
// default now.
func (a api) status(r *http.Request, may permission, _ *slot) (response, error) {
	values, err := parseValues(r.URL.RawQuery, statusParameters)
	if err != nil {
		return nil, err
	}
	d, err := parseDevice(values)
	if err != nil {
		return nil, err
	}
	at, until, err := a.parseAt(values)
	if err != nil {
		return nil, err
	}
	style, err := parseOnlyText(values, "json")
	if err != nil {
		return nil, err
	}
	if err := may.read(d.instanceID); err != nil {
		return nil, err
	}
	found, err := a.statusAt(r.Context(), may, d, at, until)
	if err != nil || style == nil {
		return jsonResponse(found), err
	}
	end := tableEnd{incomplete: found.Incomplete, absent: found.absence, receipt: found.Receipt}
	return freshTextResponse(style.linked(r).statusText(&found, at, until.Equal(at)), end), nil
}

// parseAt returns two times. The first, at, is the instant for which the status is requested. It
// comes from the query parameter "at". If the parameter is missing or in the future, it is the
// current time.
//
// The second, until, is the latest event time that counts for the status. For a past instant, until
// equals at. For the current time, until is event.MaxAhead later than at, to include events from
// brokers whose clocks run fast.
func (a api) parseAt(values url.Values) (at, until time.Time, err error) {
	now := a.now().UTC().Truncate(time.Millisecond)
	at, given, err := parseTime(values, "at")
	if err == nil && given && at.Before(now) {
		return at, at, nil
	}
	return now, latest(now), err
}

func (a api) statusAt(ctx context.Context, may permission, d device, at, until time.Time) (found statusResponse, err error) {
	var search history.Search
	p, err := a.searchStatus(ctx, d, at, until, pastBudget, &search)
	defer p.turn.release()
	if err != nil {
		return found, err
	}
	absent, err := p.absence(ctx, may)
	if err != nil {
		return found, err
	}
	status := search.Status()
	if p.isCut {
		status = status.IfSettled()
	}
	return statusResponse{
		identity: d.identity(), At: instant(at), Status: status, LookedBackTo: instant(p.from),
		Cut: p.isCut, Incomplete: len(p.unreadable) > 0, absence: absent, Receipt: p.receipt, searched: p.from,
	}, nil
}

// searchStatus reads events into search until the device's status is settled. It starts with the UTC
// day of the instant at and the day before, because most devices had an event on one of them. If
// these days do not settle the status, it reads all earlier days at once. Events after at also
// count, up to the time until.
func (a api) searchStatus(ctx context.Context, d device, at, until time.Time, budget query.Budget, search *history.Search) (*past, error) {
	return a.readPast(ctx, d, reach{
		from: startOfDay(at).AddDate(0, 0, -1), to: until, earliest: a.earliest(), isEager: true, budget: budget,
	}, search)
}

// earliest returns the start of the earliest UTC day that can have events.
func (a api) earliest() time.Time { return startOfDay(a.now().Add(-a.retention)) }
