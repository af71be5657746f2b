package traceapi

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	"devicetrace/pkg/diagnose"
	"devicetrace/pkg/history"
	"devicetrace/pkg/query"
)

var diagnosisParameters = slices.Concat(deviceParameters, []string{"from", "to", "lang"})

// diagnosisResponse is the body of GET /api/v1/diagnosis.
type diagnosisResponse struct {
	identity
	From string        `json:"from"`
	To   string        `json:"to"`
	Lang diagnose.Lang `json:"lang"`
	diagnose.Report
	Omitted    *omitted      `json:"omitted,omitempty"`
	Incomplete bool          `json:"incomplete,omitempty"`
	Receipt    query.Receipt `json:"receipt"`
}

// diagnosis returns a response that explains why a device lost its connections in a time range.
func (a api) diagnosis(r *http.Request, may permission) (response, error) {
	values, err := parseValues(r.URL.RawQuery, diagnosisParameters)
	if err != nil {
		return nil, err
	}
	d, err := parseDevice(values)
	if err != nil {
		return nil, err
	}
	from, to, err := a.parseKnown(values)
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
	return a.diagnose(r.Context(), d, from, to, lang)
}

// parseKnown parses the parameters from and to. If necessary, it moves the end of the range back to
// the latest possible time of a recorded event.
func (a api) parseKnown(values url.Values) (from, to time.Time, err error) {
	now := a.now()
	from, to, err = parseSpan(values, now)
	if err == nil && from.After(latest(now)) {
		err = invalid("from is more than an hour after now")
	}
	return from, earlier(to, latest(now)), err
}

func (a api) diagnose(ctx context.Context, d device, from, to time.Time, lang diagnose.Lang) (response, error) {
	p, err := a.readPast(ctx, d, from, to)
	if err != nil {
		return nil, err
	}
	span := history.Span{From: from, To: a.knownTo(from, p)}
	before, err := p.statusAt(ctx, span.From.Add(-time.Millisecond))
	if err != nil {
		return nil, err
	}
	found := diagnosisResponse{
		identity: d.identity(), From: instant(span.From), To: instant(span.To), Lang: lang,
		Report:     diagnose.Diagnose(history.Of(logOf(p.events), span, before), lang),
		Incomplete: len(p.unreadable) > 0,
	}
	return taggedResponse(found.fit(), p.receipt), nil
}

// knownTo returns the end of a diagnosis's range. Nothing is known about the future. So this is
// p.to or, if p.to is later than all of the following times, the latest of them:
//   - now
//   - the time of the newest event, which can be later than now if a broker's clock runs fast
//   - from, so that the range does not end before it begins
func (a api) knownTo(from time.Time, p *past) time.Time {
	known := later(from, a.now().UTC().Truncate(time.Millisecond))
	if n := len(p.events); n > 0 {
		known = later(known, p.events[n-1].Time)
	}
	return earlier(p.to, known)
}
