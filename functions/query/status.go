package main

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	"devicetrace/pkg/diagnose"
	"devicetrace/pkg/query"
)

var statusParameters = slices.Concat(deviceParameters, []string{"at"})

// statusAnswer is the answer of GET /api/v1/status.
type statusAnswer struct {
	identity
	At string `json:"at"`
	diagnose.Status
	// LookedBackTo is the instant since which all events were taken into account.
	LookedBackTo string        `json:"looked_back_to"`
	Incomplete   bool          `json:"incomplete,omitempty"`
	Receipt      query.Receipt `json:"receipt"`
}

// status answers whether a device was online at an instant: now, unless asked otherwise.
func (a api) status(r *http.Request, may permission) (answer, error) {
	values, err := parseValues(r.URL.RawQuery, statusParameters)
	if err != nil {
		return nil, err
	}
	d, err := parseDevice(values)
	if err != nil {
		return nil, err
	}
	at, err := a.parseAt(values)
	if err != nil {
		return nil, err
	}
	if err := may(d.instanceID); err != nil {
		return nil, err
	}
	return a.statusAt(r.Context(), d, at)
}

// parseAt reads at. An instant to come is answered as now.
func (a api) parseAt(values url.Values) (time.Time, error) {
	now := a.now().UTC().Truncate(time.Millisecond)
	at, given, err := parseTime(values, "at")
	if err != nil || !given {
		return now, err
	}
	return earlier(at, now), nil
}

func (a api) statusAt(ctx context.Context, d device, at time.Time) (answer, error) {
	h, err := a.history(ctx, d, at, at)
	if err != nil {
		return nil, err
	}
	status, err := h.statusAt(ctx, at)
	if err != nil {
		return nil, err
	}
	return jsonAnswer(statusAnswer{
		identity: d.identity(), At: instant(at), Status: status, LookedBackTo: instant(h.from),
		Incomplete: len(h.unreadable) > 0, Receipt: h.receipt,
	}), nil
}
