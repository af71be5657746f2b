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

var diagnosisParameters = slices.Concat(deviceParameters, []string{"from", "to", "lang"})

// diagnosisResponse is the body of GET /api/v1/diagnosis.
type diagnosisResponse struct {
	identity
	From string        `json:"from"`
	To   string        `json:"to"`
	Lang diagnose.Lang `json:"lang"`
	diagnose.Report
	Omitted    *omitted `json:"omitted,omitempty"`
	Incomplete bool     `json:"incomplete,omitempty"`
	*absence
	Receipt query.Receipt `json:"receipt"`
}

// diagnosis returns a response that explains why a device lost its connections in a time range.
func (a api) diagnosis(r *http.Request, may permission, large *slot) (response, error) {
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
	if err := may.read(d.instanceID); err != nil {
		return nil, err
	}
	return a.diagnose(r.Context(), may, d, from, to, lang, large)
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

func (a api) diagnose(ctx context.Context, may permission, d device, from, to time.Time, lang diagnose.Lang, large *slot) (response, error) {
	r := recent{from: from, events: history.Log{NewestFirst: true}, maxBytes: a.turnBytes / 8 * 7}
	p, err := a.readPast(ctx, d, from, to, a.earliest(from.Add(-time.Millisecond)), &r)
	defer p.turn.release()
	if err != nil {
		return nil, err
	}
	absent, err := p.absence(ctx, may)
	if err != nil {
		return nil, err
	}
	limit := maxBytes
	if r.events.Bytes() > smallBytes/4 && !large.take() { // a response can be several times as long as its events
		limit = smallBytes
	}
	known := a.knownTo(from, to, r.newest)
	if p.full {
		r.from, r.isCut = later(r.from, p.from.Add(time.Millisecond)), true
	}
	found := diagnosisResponse{
		identity: d.identity(), From: instant(from), To: instant(known), Lang: lang,
		Report:     diagnose.Diagnose(history.Of(&r.events, history.Span{From: r.from, To: known, Cut: r.isCut}, r.before.Status()), lang),
		Incomplete: len(p.unreadable) > 0, absence: absent,
	}
	return taggedResponse(found.fit(limit), p.receipt), nil
}

// recent is a fold that keeps the events of a range. In earlier events, it searches for the
// device's status at the start of the range. If the range has too many events, recent moves the
// start forward.
type recent struct {
	from           time.Time // the start of the range
	events         history.Log
	maxBytes       int64 // the maximum memory of events, in bytes; the rest of api.turnBytes is for before
	before         history.Search
	newest, oldest time.Time // the times of the newest and the oldest event in the log, or zero
	isCut          bool      // see history.Span
}

// Add implements fold.
func (r *recent) Add(e *event.Event) (done bool) {
	if r.events.Bytes() > r.maxBytes && e.Time.Before(r.oldest) {
		r.cutAt(r.oldest)
	}
	if e.Time.Before(r.from) {
		return r.before.Add(e)
	}
	if r.newest.IsZero() {
		r.newest = e.Time
	}
	r.oldest = e.Time
	r.events.Add(e)
	return false
}

func (r *recent) cutAt(from time.Time) {
	if from.After(r.from) {
		r.from, r.isCut = from, true
	}
}

// Settled implements fold.
func (r *recent) Settled(from time.Time) bool { return r.before.Settled(from) }

// Bytes implements fold.
func (r *recent) Bytes() int64 { return r.events.Bytes() + r.before.Bytes() }

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
