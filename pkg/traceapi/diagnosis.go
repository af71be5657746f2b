package traceapi

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	"devicetrace/pkg/diagnose"
	"devicetrace/pkg/query"
)

var diagnosisParameters = slices.Concat(deviceParameters, []string{"from", "to", "lang", "since", "format", "tz"})

// diagnosisResponse is the body of GET /api/v1/diagnosis.
type diagnosisResponse struct {
	identity
	From string        `json:"from"`
	To   string        `json:"to"`
	Lang diagnose.Lang `json:"lang"`
	diagnose.Report
	// LookedBackTo is the start of the range that was searched for the state at From.
	LookedBackTo string   `json:"looked_back_to"`
	Omitted      *omitted `json:"omitted,omitempty"`
	Incomplete   bool     `json:"incomplete,omitempty"`
	*absence
	Receipt query.Receipt `json:"receipt"`
}

// diagnosisRequest holds the parameters of a diagnosis.
type diagnosisRequest struct {
	device   device
	from, to time.Time
	lang     diagnose.Lang
	// since asks for three more details: since when each verdict has applied, what is usual for the
	// device, and when it last dropped. It also extends the search for the state at the start of the
	// range to all earlier days.
	since bool
	style *style // nil unless the response is plain text
}

// diagnosis returns a response that explains why a device lost its connections in a time range.
func (a api) diagnosis(r *http.Request, may permission, large *slot) (response, error) {
	q, err := a.parseDiagnosis(r)
	if err != nil {
		return nil, err
	}
	if err := may.read(q.device.instanceID); err != nil {
		return nil, err
	}
	return a.diagnose(r.Context(), may, q, large)
}

func (a api) parseDiagnosis(r *http.Request) (q diagnosisRequest, err error) {
	values, err := parseValues(r.URL.RawQuery, diagnosisParameters)
	if err != nil {
		return q, err
	}
	if q.device, err = parseDevice(values); err != nil {
		return q, err
	}
	if q.from, q.to, err = a.parseKnown(values); err != nil {
		return q, err
	}
	if q.since, err = parseFlag(values, "since"); err != nil {
		return q, err
	}
	q.style, err = parseStyle(values, "json")
	switch {
	case err != nil:
		return q, err
	case q.style != nil:
		q.style = q.style.linked(r)
		q.lang, err = parseLang(values.Get("lang"), "")
	default:
		q.lang, err = parseLang(values.Get("lang"), r.Header.Get("Accept-Language"))
	}
	return q, err
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

func (a api) diagnose(ctx context.Context, may permission, q diagnosisRequest, large *slot) (response, error) {
	trend, err := a.readTrend(ctx, q)
	if err != nil {
		return nil, err
	}
	r := newRecent(q.from, q.to, a.turnBytes/8*7)
	p, err := a.readPast(ctx, q.device, a.reachOf(q), r)
	defer p.turn.release()
	if err != nil {
		return nil, err
	}
	p.include(trend.account)
	absent, err := p.absence(ctx, may)
	if err != nil {
		return nil, err
	}
	limit := maxBytes
	if r.events.Bytes() > smallBytes/4 && !large.take() { // a response can be several times as long as its events
		limit = smallBytes
	}
	known := a.knownTo(q.from, q.to, r.newest)
	report := diagnose.Diagnose(r.history(p, known, a.earliest()), q.lang)
	if q.since {
		report.SetSince(trend.days, q.lang)
	}
	found := diagnosisResponse{
		identity: q.device.identity(), From: instant(q.from), To: instant(known), Lang: q.lang, Report: report,
		LookedBackTo: instant(p.from), Incomplete: len(p.unreadable) > 0, absence: absent,
	}
	found = found.fit(limit)
	if q.style != nil {
		end := tableEnd{incomplete: found.Incomplete, absent: absent, receipt: p.receipt}
		return textResponse(q.style.diagnosisText(&found, q.from, known, p.from), end), nil
	}
	return taggedResponse(found, p.receipt), nil
}

// readTrend sums up the 31 days that end with the range. If the request does not ask for since, the
// list is empty and costs nothing. readTrend must be called before the events of the range are read:
// it may wait for api.turn, and a request that holds the slot would wait forever.
func (a api) readTrend(ctx context.Context, q diagnosisRequest) (dayList, error) {
	if !q.since {
		return dayList{past: &past{}}, nil
	}
	from := later(a.earliest(), startOfDay(q.to).AddDate(0, 0, 1-maxDays))
	return a.readDays(ctx, q.device, earlier(from, startOfDay(q.to)), q.to)
}

// reachOf returns how much of the device's past a diagnosis reads. It always reads the UTC days of
// the range. The rest of the last day can show how a connection that is open at the end of the range
// ended.
//
// If the range does not show the state at its start, a diagnosis with since also reads earlier days.
// Without since, it reads one earlier day, and only if the part of the range that has passed lies in
// one UTC day.
func (a api) reachOf(q diagnosisRequest) reach {
	now := a.now()
	endOfDay := startOfDay(q.to).Add(day - time.Millisecond)
	r := reach{from: startOfDay(q.from), to: earlier(endOfDay, latest(now)), earliest: startOfDay(earlier(q.to, now)).AddDate(0, 0, -1)}
	if q.since {
		r.earliest, r.budget = a.earliest(), pastBudget
	}
	return r
}

// knownTo returns the end of a diagnosis's range. The range must not extend into the future, about
// which nothing is known. So knownTo returns the parameter to, but at most the latest of these
// times:
//   - now
//   - the time of the newest event, which can be later than now if a broker's clock runs fast
//   - from, so that the range does not end before it begins
func (a api) knownTo(from, to, newest time.Time) time.Time {
	known := later(from, a.now().UTC().Truncate(time.Millisecond))
	return earlier(to, later(known, newest))
}
