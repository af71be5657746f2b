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

var diagnosisParameters = slices.Concat(deviceParameters, []string{"from", "to", "lang"})

// diagnosisAnswer is the answer of GET /api/v1/diagnosis.
type diagnosisAnswer struct {
	identity
	From string        `json:"from"`
	To   string        `json:"to"`
	Lang diagnose.Lang `json:"lang"`
	diagnose.Report
	Omitted    *omitted      `json:"omitted,omitempty"`
	Incomplete bool          `json:"incomplete,omitempty"`
	Receipt    query.Receipt `json:"receipt"`
}

// diagnosis answers why a device dropped in a span.
func (a api) diagnosis(r *http.Request, may permission) (answer, error) {
	values, err := parseValues(r.URL.RawQuery, diagnosisParameters)
	if err != nil {
		return nil, err
	}
	d, err := parseDevice(values)
	if err != nil {
		return nil, err
	}
	span, err := a.parsePast(values)
	if err != nil {
		return nil, err
	}
	lang, err := parseLang(values.Get("lang"), r.Header.Get("Accept-Language"))
	if err != nil {
		return nil, err
	}
	if err := may(d.instanceID); err != nil {
		return nil, err
	}
	return a.diagnose(r.Context(), d, span, lang)
}

// parsePast reads from and to, of which only the part up to now can be diagnosed.
func (a api) parsePast(values url.Values) (diagnose.Span, error) {
	now := a.now().UTC().Truncate(time.Millisecond)
	from, to, err := parseSpan(values, now)
	if err == nil && from.After(now) {
		err = invalid("from is after now")
	}
	return diagnose.Span{From: from, To: earlier(to, now)}, err
}

func (a api) diagnose(ctx context.Context, d device, span diagnose.Span, lang diagnose.Lang) (answer, error) {
	h, err := a.history(ctx, d, span.From, span.To)
	if err != nil {
		return nil, err
	}
	before, err := h.statusAt(ctx, span.From.Add(-time.Millisecond))
	if err != nil {
		return nil, err
	}
	found := diagnosisAnswer{
		identity: d.identity(), From: instant(span.From), To: instant(span.To), Lang: lang,
		Report:     diagnose.Diagnose(h.since(span.From), span, before, lang),
		Incomplete: len(h.unreadable) > 0,
	}
	return taggedAnswer(found.fit(), h.receipt), nil
}
