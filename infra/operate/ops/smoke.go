package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"devicetrace/pkg/event"
)

var smokeCommand = command{
	name: "smoke", synopsis: "[URL] [-query URL] [-instance INSTANCE]", summary: "check a deployment by posting an event and reading it back",
	help: smokeHelp, prepare: prepareSmoke,
}

const smokeHelp = `Checks a deployment from the outside, step by step: address, name, connection and certificate,
health of the recorder and of the query function, clock, post, read. It posts one event through
/webhooks/events/INSTANCE and reads it back through the API. The event is a disconnect, and its
client identifier begins with device-trace-smoke-. It stays in the bucket as long as any other event.

The exit status is 1 if a step failed. The last lines then say what is wrong and what to do.

flags:
  -query URL       the query function's address; default the same as URL
  -instance NAME   the instance to post to, which both tokens must cover; default smoke
  -clear           allow sending the tokens unencrypted, over http, to another machine

example:
  ops smoke https://trace.example.com

environment:
  DEVICE_TRACE_URL   the address if URL is not given; default ` + defaultURL + `
  WEBHOOK_TOKEN      the recorder's token
  QUERY_TOKEN        the query function's token
                     Both default to local if the server is on this machine.
`

func prepareSmoke(flags *flag.FlagSet) action { return prepareSmokeWith(flags, func(*smoke) {}) }

// prepareSmokeWith is like prepareSmoke, but lets a test change the check before it runs.
func prepareSmokeWith(flags *flag.FlagSet, change func(*smoke)) action {
	queryURL := flags.String("query", "", "")
	instance := flags.String("instance", "smoke", "")
	inClear := flags.Bool("clear", false, "")
	return func(ctx context.Context, t terminal, arguments []string) error {
		s, err := newSmoke(t, arguments, *queryURL, *instance)
		if err != nil {
			return err
		}
		s.allowClear = *inClear
		change(s)
		return s.run(ctx)
	}
}

// smoke is one check of a deployment.
type smoke struct {
	t                         terminal
	recorder, query           server
	instance                  event.InstanceID
	clientID, eventID         string
	allowClear                bool
	now                       func() time.Time
	roots                     *x509.CertPool // the authorities to trust; nil means this machine's authorities
	timeout                   time.Duration  // of each step
	client                    *http.Client
	recorderBuild, queryBuild build
	// ahead is how far this machine's clock is ahead of the server's, or negative if it is behind. Of the
	// two servers, the one with the larger difference counts. Only valid if hasDate is true.
	ahead   time.Duration
	hasDate bool
	sentAt  time.Time // the time of the event
	began   time.Time // when the event was posted
}

// server describes the recorder or the query function.
type server struct {
	name     string // as messages name it
	function string // as /version names it
	base     string // without a slash at its end
	prefix   string // the prefix of the paths /healthz and /version
	token    string
	variable string // the environment variable that holds the token
}

const stepTimeout = 30 * time.Second

func newSmoke(t terminal, arguments []string, queryURL, instance string) (*smoke, error) {
	if len(arguments) > 1 {
		return nil, errUsage("takes at most one URL")
	}
	name, base := "DEVICE_TRACE_URL", t.env("DEVICE_TRACE_URL", defaultURL)
	if len(arguments) == 1 {
		name, base = "URL", arguments[0]
	}
	base, err := parseAddress(name, base)
	if err != nil {
		return nil, err
	}
	queryBase := base
	if queryURL != "" {
		if queryBase, err = parseAddress("-query", queryURL); err != nil {
			return nil, err
		}
	}
	if !event.InstanceID(instance).Valid() {
		return nil, errUsage("-instance must be " + event.InstanceIDRule)
	}
	s := &smoke{
		t: t, instance: event.InstanceID(instance), now: time.Now, timeout: stepTimeout,
		clientID: "device-trace-smoke-" + strings.ToLower(rand.Text()[:12]), eventID: strings.ToLower(rand.Text()),
		recorder: server{name: "the recorder", function: "recorder", base: base, prefix: "/webhooks", variable: "WEBHOOK_TOKEN"},
		query:    server{name: "the query function", function: "query", base: queryBase, variable: "QUERY_TOKEN"},
	}
	for _, one := range []*server{&s.recorder, &s.query} {
		if one.token, err = token(t, one.variable, one.base); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// step is one part of the check. run returns a line about the result, or an error. Errors with a known
// remedy are faults.
type step struct {
	name string
	run  func(context.Context) (found string, err error)
}

func (s *smoke) steps() []step {
	return []step{
		{"address", s.checkAddress},
		{"name", s.checkName},
		{"connection", s.checkConnection},
		{"recorder", s.checkRecorder},
		{"query", s.checkQuery},
		{"clock", s.checkClock},
		{"post", s.post},
		{"read", s.read},
	}
}

// run runs the steps until one fails, and prints a line for each. Nothing that it prints contains a
// token.
func (s *smoke) run(ctx context.Context) error {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: s.roots}
	defer transport.CloseIdleConnections()
	s.client = &http.Client{Transport: transport, CheckRedirect: followNone}
	for _, one := range s.steps() {
		if err := s.perform(ctx, one); err != nil {
			return err
		}
	}
	fmt.Fprintf(s.t.stdout, "\nAn event went through the recorder, the bucket and the query function:\n%s/?%s\n", s.query.base,
		url.Values{"instance": {string(s.instance)}, "client": {s.clientID}}.Encode())
	return nil
}

// perform runs one step and prints its result, and the remedy if it failed.
func (s *smoke) perform(ctx context.Context, one step) error {
	stepCtx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	began := time.Now()
	found, err := one.run(stepCtx)
	took := time.Since(began).Milliseconds()
	if err == nil {
		fmt.Fprintf(s.t.stdout, "✓ %-10s  %5d ms  %s\n", one.name, took, found)
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	fmt.Fprintf(s.t.stdout, "✗ %-10s  %5d ms  %s\n", one.name, took, err)
	var known fault
	if errors.As(err, &known) && known.remedy != "" {
		fmt.Fprintf(s.t.stdout, "\nWhat to do: %s\n", known.remedy)
	}
	return fmt.Errorf("the step %q failed", one.name)
}

// note prints a warning that does not make the check fail.
func (s *smoke) note(format string, arguments ...any) {
	fmt.Fprintf(s.t.stdout, "! "+format+"\n", arguments...)
}

// fault is a problem that a step found, together with its remedy.
type fault struct{ what, remedy string }

func (f fault) Error() string { return f.what }
