package e2e

import (
	"bytes"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/oss"
)

// localZone is the time zone of the browser that startChromium starts.
const localZone = "Europe/Berlin"

// TestText checks that the API's text of each verdict is the text that the page copies, in both
// languages and in two time zones. It also checks that ops prints exactly the API's text, over HTTP
// and from the bucket.
func TestText(t *testing.T) {
	t.Parallel()
	p := &pageTest{stack: newStack(t), now: time.Now().Truncate(time.Millisecond)}
	p.recordForText(t)
	p.chromium = startChromium(t)
	for _, c := range []struct {
		client string
		span   time.Duration
		lang   string
		tz     string
	}{
		{busyDevice, time.Hour, "en", localZone},
		{busyDevice, time.Hour, "zh", "UTC"},
		{flapDevice, 21 * time.Hour, "en", "UTC"},
		{failingDevice, 24 * time.Hour, "zh", localZone},
		{lastingDevice, 3 * time.Hour, "en", localZone},
		{quietDevice, time.Hour, "en", localZone},
		{hostile, time.Hour, "zh", localZone},
		{unclearDevice, time.Hour, "en", "UTC"},
		{unclearDevice, time.Hour, "zh", localZone},
		{timelyDevice, time.Hour, "en", localZone},
	} {
		p.requireSameText(t, c.client, c.span, c.lang, c.tz)
	}
	p.requirePageAddsOnlyTrends(t)
	p.requireOpsPrintsTheAPI(t)
}

// The events of unclearDevice have unknown reasons that contain control characters. timelyDevice has a
// user name that looks like a time.
const (
	unclearDevice = "GID_page@@@unclear\x1b[2J"
	timelyDevice  = "GID_page@@@timely"
)

// recordForText records the usual events of the page, and events of unclearDevice and timelyDevice.
func (p *pageTest) recordForText(t *testing.T) {
	t.Helper()
	events := p.events()
	events = append(events, p.connection(unclearDevice, 50*time.Minute, 10*time.Minute, "", "frob\x1b]0;owned\a\u202e\r\nnicated")...)
	events = append(events, p.connection(unclearDevice, 30*time.Minute, 10*time.Minute, "", "")...)
	at := p.now.Add(-10 * time.Minute)
	events = append(events, inputEvent{
		ClientID: timelyDevice, Action: "close", ActionInfo: "not authorized", Username: at.UTC().Format(time.DateTime) + " UTC",
		Time: at.UnixMilli(), PeerAddress: "192.0.2.9",
	})
	p.stack.record(t, pageInstance, events)
}

// requireSameText compares the text that the page copies with the text of the API. It blocks the
// page's requests for the days and the scope, because the page would add their results to the text.
func (p *pageTest) requireSameText(t *testing.T, client string, span time.Duration, lang, tz string) {
	t.Helper()
	b := openTab(t, p.chromium, p.stack, viewer{languages: map[string]string{"en": "en-GB", "zh": "zh-CN"}[lang]})
	b.allow("503")
	stop := b.intercept(func(e *fetch.EventRequestPaused) chromedp.Action {
		if strings.Contains(e.Request.URL, "/days?") || strings.Contains(e.Request.URL, "/scope?") {
			return fulfil(e, 503, []byte(`{"code":"Busy","error":"not now"}`))
		}
		return fetch.ContinueRequest(e.RequestID)
	})
	defer stop()
	b.open(p.path(client, span))
	b.results()
	if tz == "UTC" {
		b.click("#zone [value=utc]")
		b.results()
	}
	text := p.text(t, client, span, url.Values{"lang": {lang}, "tz": {tz}, "since": {b.since()}})
	heading, sections := strings.SplitN(text, "\n", 4)[:3], strings.Split(text, "\n\n")
	tickets := b.tickets()
	for _, ticket := range tickets {
		lines := strings.Split(ticket, "\n")
		require.Equal(t, heading, lines[:3])
		body := strings.Join(lines[5:len(lines)-2], "\n")
		require.Contains(t, sections, body, "%s in %s:\n%s", client, lang, text)
	}
	if client != quietDevice { // the page hides its verdicts, because they have the level "info" and there are no events
		require.NotEmpty(t, tickets)
		require.Equal(t, tickets[0], b.copied(".headline .foot > button"))
	}
}

// text returns a diagnosis as plain text. The range ends at p.now.
func (p *pageTest) text(t *testing.T, client string, span time.Duration, more url.Values) string {
	t.Helper()
	q := question(pageInstance, client, p.now.Add(-span), p.now)
	q.Set("format", "text")
	for name, values := range more {
		q[name] = values
	}
	return string(p.stack.get(t, queryToken, "diagnosis?"+q.Encode()))
}

// since returns "1" if the page has requested a diagnosis with since=1, and otherwise "0".
func (b *tab) since() string {
	b.t.Helper()
	if eval[bool](b, `performance.getEntriesByType('resource').some(({ name }) => name.includes('since=1'))`) {
		return "1"
	}
	return "0"
}

// tickets returns the text that the page copies for each of its verdicts.
func (b *tab) tickets() []string {
	b.t.Helper()
	b.run(chromedp.Evaluate(`window.tickets = []; navigator.clipboard.writeText = (text) => { window.tickets.push(text); return Promise.resolve(); }`, nil))
	b.run(chromedp.Evaluate(`for (const one of document.querySelectorAll('.headline .foot > button, .verdict .foot > button')) one.click()`, nil))
	return eval[[]string](b, "window.tickets")
}

// requirePageAddsOnlyTrends checks that the copied text of a verdict has all lines of the API's
// text, except the line that says since when the verdict applies. That line differs, because the
// page knows more days.
func (p *pageTest) requirePageAddsOnlyTrends(t *testing.T) {
	t.Helper()
	b := p.open(t, busyDevice, time.Hour, viewer{})
	sections := strings.Split(p.text(t, busyDevice, time.Hour, url.Values{"tz": {localZone}, "since": {b.since()}}), "\n\n")
	tickets := b.tickets()
	require.NotEmpty(t, tickets)
	for _, ticket := range tickets {
		lines := strings.Split(ticket, "\n")
		i := slices.IndexFunc(sections, func(section string) bool { return strings.HasPrefix(section, lines[5]+"\n") })
		require.GreaterOrEqual(t, i, 0, ticket)
		section := strings.Split(sections[i], "\n")
		require.Subset(t, lines, append(section[:1:1], section[2:]...))
	}
}

// requireOpsPrintsTheAPI compares the output of ops with the responses of the API, over HTTP and, once
// the stack has stopped, from its bucket.
func (p *pageTest) requireOpsPrintsTheAPI(t *testing.T) {
	t.Helper()
	o := newOperator(t, p.stack)
	from, to := p.now.Add(-time.Hour).UTC().Format(time.RFC3339Nano), p.now.UTC().Format(time.RFC3339Nano)
	span := []string{"-instance", pageInstance, "-from", from, "-to", to}
	environment := []string{"DEVICE_TRACE_URL=" + p.stack.url(""), "QUERY_TOKEN=" + queryToken}
	lines := map[string][]string{
		p.text(t, hostile, time.Hour, url.Values{"lang": {"zh"}, "tz": {localZone}}): append([]string{"why", hostile, "-lang", "zh", "-tz", localZone}, span...),
		p.text(t, busyDevice, time.Hour, url.Values{"since": {"1"}}):                 append([]string{"why", "-since", busyDevice}, span...),
	}
	for path, line := range map[string][]string{
		"trace?" + question(pageInstance, hostile, p.now.Add(-time.Hour), p.now).Encode():                 append([]string{"trace", hostile}, span...),
		"status?" + url.Values{"instance": {pageInstance}, "client": {busyDevice}, "at": {from}}.Encode(): {"status", busyDevice, "-instance", pageInstance, "-at", from},
	} {
		lines[string(p.stack.get(t, queryToken, path+"&format=text"))] = line
	}
	for want, line := range lines {
		out, err := o.output(t, environment, line...)
		require.Empty(t, err)
		require.Equal(t, want, out)
	}
	piped := exec.CommandContext(t.Context(), "sh", "-c", `"$0" trace "$1" -instance "$2" | head -n 1`, o.binary, flapDevice, pageInstance)
	piped.Env = append(environment, "PATH=/usr/bin:/bin")
	out, err := piped.CombinedOutput()
	require.NoError(t, err)
	require.Equal(t, "Device Trace: "+flapDevice+"\n", string(out), "if the reader closes the pipe, ops ends silently")

	p.stack.interrupt(t)
	environment = append(environment, bucketEnvironment(t, p.stack)...)
	for want, line := range lines {
		out, err := o.output(t, environment, append(line, "-bucket")...)
		require.Empty(t, err)
		require.Equal(t, want, out)
	}
}

// output runs ops with the given environment. The command must succeed.
func (o operator) output(t *testing.T, environment []string, line ...string) (out, err string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), o.binary, line...)
	cmd.Env = environment
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	require.NoError(t, cmd.Run(), stderr.String())
	return stdout.String(), stderr.String()
}

// bucketEnvironment serves the bucket of a stack that has stopped, and returns the environment for
// programs that read it.
func bucketEnvironment(t *testing.T, s *stack) []string {
	t.Helper()
	bucket, err := oss.Open(oss.Config{
		Dir: filepath.Join(s.data, "oss"), Bucket: "device-trace", Region: "cn-hangzhou",
		Credentials: func(key string) (secret, token string, ok bool) { return "secret", "", key == "key" },
	})
	require.NoError(t, err)
	server := httptest.NewServer(bucket)
	t.Cleanup(server.Close)
	return []string{
		"OSS_ENDPOINT=" + server.URL, "OSS_REGION=cn-hangzhou", "OSS_BUCKET=device-trace",
		"ALIBABA_CLOUD_ACCESS_KEY_ID=key", "ALIBABA_CLOUD_ACCESS_KEY_SECRET=secret",
	}
}
