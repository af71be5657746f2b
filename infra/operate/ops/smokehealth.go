package main

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"devicetrace/pkg/event"
)

// build is the response of a function to a request for /version.
type build struct {
	Function string `json:"function"`
	Version  string `json:"version"`
	Revision string `json:"revision"`
	Modified bool   `json:"modified"`
	Go       string `json:"go"`
}

func (b build) String() string {
	text := "revision unknown"
	if b.Revision != "" {
		text = clean("revision " + b.Revision[:min(len(b.Revision), 12)])
	}
	if b.Modified {
		text += ", with changes"
	}
	return text + ", " + clean(b.Go)
}

func (s *smoke) checkRecorder(ctx context.Context) (found string, err error) {
	s.recorderBuild, err = s.health(ctx, s.recorder)
	return s.recorderBuild.String(), err
}

// checkQuery checks the health of the query function and compares its version with the recorder's.
func (s *smoke) checkQuery(ctx context.Context) (found string, err error) {
	s.queryBuild, err = s.health(ctx, s.query)
	if err == nil && (s.queryBuild.Revision != s.recorderBuild.Revision || s.queryBuild.Modified != s.recorderBuild.Modified) {
		s.note("the recorder and the query function run different versions: deploy both")
	}
	return s.queryBuild.String(), err
}

// health checks the health of a server and returns its version.
func (s *smoke) health(ctx context.Context, at server) (build, error) {
	r, err := s.exchange(ctx, at, http.MethodGet, at.prefix+"/healthz", "", nil)
	if err != nil {
		return build{}, err
	}
	s.observeClock(r)
	if r.status != http.StatusOK || strings.TrimSpace(string(r.body)) != "ok" {
		return build{}, s.explainHealth(r.reply, at)
	}
	if r, err = s.exchange(ctx, at, http.MethodGet, at.prefix+"/version", "", nil); err != nil {
		return build{}, err
	}
	var b build
	if r.status != http.StatusOK || json.Unmarshal(r.body, &b) != nil || b.Function == "" {
		return build{}, s.explain(r.reply, at)
	}
	if b.Function != at.function {
		return build{}, explainWrongFunction(at, b.Function)
	}
	return b, nil
}

// explainHealth is like explain, but has its own text for a function that does not serve /healthz.
func (s *smoke) explainHealth(r reply, at server) error {
	if r.status == http.StatusNotFound && r.problem().Code == "NotFound" {
		return fault{at.name + " has no /healthz: it is older than this command, or the path leads to another function",
			"deploy the current version. On a custom domain, route /webhooks/* to the recorder and /* to the query function"}
	}
	return s.explain(r, at)
}

func explainWrongFunction(at server, found string) error {
	what := at.base + at.prefix + " leads to the function " + clean(found) + ", not to " + at.name
	if at.function == "query" {
		return fault{what, "give the query function's address with -query, or route /* of the custom domain to it"}
	}
	return fault{what, "route /webhooks/* of the custom domain to the recorder, or give the recorder's own address"}
}

// observeClock compares this machine's clock with the Date header of a response, and keeps the largest
// difference. The header contains whole seconds, so the result may be wrong by about a second plus the
// time that the request took.
func (s *smoke) observeClock(r timedReply) {
	date, err := http.ParseTime(r.header.Get("Date"))
	if err != nil {
		return
	}
	local := r.began.Add(r.took / 2)
	ahead := local.Sub(date.Add(time.Second / 2)).Round(time.Second)
	if !s.hasDate || ahead.Abs() > s.ahead.Abs() {
		s.ahead, s.hasDate = ahead, true
	}
}

// maxClockError is the largest difference between clocks that causes no note.
const maxClockError = time.Minute

func (s *smoke) checkClock(context.Context) (string, error) {
	switch {
	case !s.hasDate:
		return "the responses have no Date header", nil
	case s.ahead.Abs() > event.MaxAhead:
		return "", fault{"this machine's clock " + difference(s.ahead) + " the server's",
			"correct this machine's clock, for example with NTP. Events of a broker whose clock is more than " + event.MaxAhead.String() + " ahead are rejected"}
	case s.ahead.Abs() > maxClockError:
		s.note("this machine's clock %s the server's: correct it, and check the clocks of the brokers", difference(s.ahead))
	}
	return "this machine's clock " + difference(s.ahead) + " the server's", nil
}

// difference returns a text such as "is 2h0m0s ahead of", "is 5s behind" or "agrees with".
func difference(ahead time.Duration) string {
	switch {
	case ahead > time.Second:
		return "is " + ahead.String() + " ahead of"
	case ahead < -time.Second:
		return "is " + (-ahead).String() + " behind"
	default:
		return "agrees with"
	}
}
