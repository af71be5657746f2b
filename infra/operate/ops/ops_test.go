package main

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// fakeRecorder stands in for a recorder with a quarantine. It keeps the requests that it receives.
type fakeRecorder struct {
	responses map[string]string // maps a request to "status body", with one line for each attempt
	requests  []string
	// retryAfter is the value of the header Retry-After in every response. Default: 3 (seconds).
	retryAfter string
}

func (f *fakeRecorder) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	line := request.Method + " " + strings.TrimPrefix(request.URL.RequestURI(), quarantinePath)
	f.requests = append(f.requests, line)
	w.Header().Set("Retry-After", cmp.Or(f.retryAfter, "3"))
	if request.Header.Get("Authorization") != "Bearer secret" {
		respond(w, `401 {"code":"Unauthorized","error":"no"}`)
		return
	}
	response, rest, hasMore := strings.Cut(f.responses[line], "\n")
	if hasMore {
		f.responses[line] = rest
	}
	respond(w, response)
}

// RoundTrip serves a request without a network, so that a test can run on a fake clock.
func (f *fakeRecorder) RoundTrip(request *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	f.ServeHTTP(w, request)
	return w.Result(), nil
}

func respond(w http.ResponseWriter, text string) {
	status, body, _ := strings.Cut(text, " ")
	var code int
	if _, err := fmt.Sscan(status, &code); err != nil {
		code = http.StatusTeapot
	}
	w.WriteHeader(code)
	fmt.Fprint(w, body)
}

// ops runs a command against the fake recorder.
func (f *fakeRecorder) ops(t *testing.T, arguments ...string) (status int, out, err string) {
	t.Helper()
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	return opsWith(t, map[string]string{"DEVICE_TRACE_URL": server.URL + "/", "ADMIN_TOKEN": "secret"}, arguments...)
}

func opsWith(t *testing.T, environment map[string]string, arguments ...string) (status int, out, err string) {
	t.Helper()
	var stdout, stderr strings.Builder
	status = run(t.Context(), arguments, terminal{
		getenv: func(name string) string { return environment[name] }, stdout: &stdout, stderr: &stderr,
	})
	return status, stdout.String(), stderr.String()
}

const (
	day    = "2026-11-22"
	first  = "2026-11-22-00000000000000000000000000000001"
	second = "2026-11-22-00000000000000000000000000000002"
	third  = "2026-11-22-00000000000000000000000000000003"
)

// twoPages returns responses that list three quarantined items on two pages. One of the items is
// damaged.
func twoPages(day string) map[string]string {
	return map[string]string{
		"GET ?after=&day=" + day + "&limit=200": `200 {"day":"2026-11-22","next_after":"` + second + `","items":[
			{"id":"` + first + `","received_at":"2026-11-22T07:00:00.5Z","route":"emqx","instance_id":"prod","size":1234,"errors":2,"first_error":{"item":1,"field":"clientid","error":"is missing"}},
			{"id":"` + second + `","size":7,"errors":0,"damaged":true}]}`,
		"GET ?after=" + second + "&day=2026-11-22&limit=200": `200 {"day":"2026-11-22","items":[
			{"id":"` + third + `","received_at":"2026-11-22T08:00:00Z","route":"events","instance_id":"x\u001b[2J","size":56,"errors":1,"first_error":{"item":0,"field":"","error":"the body\tis empty"}}]}`,
	}
}

// join removes the line breaks from the given responses, because fakeRecorder takes each line as a
// separate response.
func join(responses map[string]string) map[string]string {
	for request, text := range responses {
		responses[request] = strings.ReplaceAll(text, "\n", "")
	}
	return responses
}

func TestList(t *testing.T) {
	f := &fakeRecorder{responses: join(twoPages(""))}
	status, out, err := f.ops(t, "quarantine", "list")
	require.Equal(t, 0, status, err)
	require.Empty(t, err)
	require.Equal(t, `RECEIVED (UTC)       ROUTE   INSTANCE  BYTES  ERRORS  FIRST ERROR                        ID
2026-11-22 08:00:00  events  x?[2J     56     1       item 0: the body?is empty          `+third+`
2026-11-22 07:00:00  emqx    prod      1234   2       item 1, clientid: is missing       `+first+`
unknown                                7      0       the item is damaged in the bucket  `+second+`
2026-11-22: 3 items in quarantine.
`, out)

	f = &fakeRecorder{responses: map[string]string{"GET ?after=&day=2026-11-21&limit=200": `200 {"day":"2026-11-21","items":[]}`}}
	status, out, err = f.ops(t, "quarantine", "list", "-day", "2026-11-21")
	require.Equal(t, 0, status, err)
	require.Equal(t, "2026-11-21: 0 items in quarantine.\n", out)
}

func TestShow(t *testing.T) {
	about := `"id":"` + first + `","received_at":"2026-11-22T07:00:00Z","route":"mosquitto","instance_id":"prod"`
	f := &fakeRecorder{responses: map[string]string{
		"GET /" + first + "?from=0": `200 {` + about + `,"hook":"h\u0007","position":"log:5","encoding":"gzip","errors":[{"item":0,"field":"","error":"is bad"},{"item":4,"field":"x","error":"too"}],"body":"one\n","next_from":4}`,
		"GET /" + first + "?from=4": `200 {` + about + `,"errors":[],"body_base64":"` + base64.StdEncoding.EncodeToString([]byte("\xff\x00")) + `"}`,
	}}
	status, out, err := f.ops(t, "quarantine", "show", first)
	require.Equal(t, 0, status, err)
	require.Equal(t, "one\n\xff\x00", out)
	require.Equal(t, "received 2026-11-22 07:00:00, route mosquitto, instance prod\nhook h?\nposition log:5\nencoding gzip\nitem 0: is bad\nitem 4, x: too\n", err)
}

// On a terminal, the control characters in a body must be escaped, even if an escape sequence is
// split between two parts of the body.
func TestShowEscapesOnATerminal(t *testing.T) {
	head := `200 {"id":"` + first + `","received_at":"2026-11-22T07:00:00Z","route":"events","instance_id":"prod","errors":[],`
	f := &fakeRecorder{responses: map[string]string{
		"GET /" + first + "?from=0": head + `"body":"a\tb\r\n\u001b","next_from":6}`,
		"GET /" + first + "?from=6": head + `"body_base64":"` + base64.StdEncoding.EncodeToString([]byte("[2J\x07\x7f\xc2\x9b\xff é\u202e'\ufffd")) + `"}`,
	}}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	environment := map[string]string{"DEVICE_TRACE_URL": server.URL, "ADMIN_TOKEN": "secret"}
	var stdout, stderr strings.Builder
	status := run(t.Context(), []string{"quarantine", "show", first}, terminal{
		getenv: func(name string) string { return environment[name] }, stdout: &stdout, stderr: &stderr, interactive: true,
	})
	require.Equal(t, 0, status, stderr.String())
	require.Equal(t, "a\tb\\r\n\\x1b[2J\\a\\x7f\\u009b\\xff é\\u202e'\ufffd", stdout.String())
}

func TestAFileIsNoTerminal(t *testing.T) {
	file, err := os.Create(t.TempDir() + "/out")
	require.NoError(t, err)
	require.False(t, isTerminal(file))
	require.NoError(t, file.Close())
	require.True(t, isTerminal(file), "if in doubt, assume a terminal")
	null, err := os.Open(os.DevNull)
	require.NoError(t, err)
	defer null.Close()
	require.True(t, isTerminal(null), "a character device")
}

func TestReplay(t *testing.T) {
	f := &fakeRecorder{responses: map[string]string{
		"POST /" + first + "/replay":  `200 {"recorded":3,"rejected":[]}`,
		"POST /" + second + "/replay": `422 {"recorded":1,"rejected":[{"item":1,"field":"action","error":"must be a word"},{"item":2,"field":"","error":"no"}]}`,
		"POST /" + third + "/replay":  `404 {"code":"NoSuchItem","error":"there is no such item in quarantine"}`,
	}}
	status, out, err := f.ops(t, "quarantine", "replay", first)
	require.Equal(t, 0, status, err)
	require.Equal(t, "[1/1] "+first+"  recorded 3 events\n1 item replayed, 1 understood, 3 events recorded.\n", out)
	require.Empty(t, err)

	status, out, err = f.ops(t, "quarantine", "replay", third, second, first)
	require.Equal(t, 1, status)
	require.Equal(t, "[1/3] "+third+"  there is no such item in quarantine\n"+
		"[2/3] "+second+"  recorded 1 event, still not understood: item 1, action: must be a word\n"+
		"[3/3] "+first+"  recorded 3 events\n"+
		"3 items replayed, 1 understood, 4 events recorded.\n", out)
	require.Equal(t, "ops: some items are still not understood; they stay in quarantine\n", err)
}

func TestReplayOfADay(t *testing.T) {
	f := &fakeRecorder{responses: join(twoPages(day))}
	f.responses["POST /"+first+"/replay"] = `200 {"recorded":1,"rejected":[]}`
	f.responses["POST /"+third+"/replay"] = `200 {"recorded":0,"rejected":[]}`
	f.responses["POST /"+second+"/replay"] = `500 {"code":"Damaged","error":"the item is damaged"}`
	status, out, err := f.ops(t, "quarantine", "replay", "-day", day)
	require.Equal(t, 1, status, err)
	require.Equal(t, "[1/3] "+third+"  recorded 0 events\n[2/3] "+first+"  recorded 1 event\n[3/3] "+second+"  the item is damaged\n"+
		"3 items replayed, 2 understood, 1 event recorded.\n", out)
}

// If the recorder fails, a replay must stop and report how far it got.
func TestReplayStopsIfTheRecorderFails(t *testing.T) {
	f := &fakeRecorder{responses: map[string]string{
		"POST /" + first + "/replay":  `200 {"recorded":3,"rejected":[]}`,
		"POST /" + second + "/replay": `500 {"code":"InternalError","error":"the function failed"}`,
	}}
	status, out, err := f.ops(t, "quarantine", "replay", first, second, third)
	require.Equal(t, 1, status)
	require.Equal(t, "[1/3] "+first+"  recorded 3 events\n", out)
	require.Equal(t, "ops: replay "+second+" (1 of 3 replayed before): the function failed\n", err)
	require.Len(t, f.requests, 2)
}

func TestRefusals(t *testing.T) {
	for text, want := range map[string]string{
		`404 {"code":"NotFound","error":"there is no such path"}`:         "this server does not serve the quarantine: set ADMIN_TOKEN on the recorder and deploy it, or check that DEVICE_TRACE_URL is the recorder's address",
		`401 {"code":"Unauthorized","error":"send the right token"}`:      "the recorder refuses this ADMIN_TOKEN: set it to the recorder's ADMIN_TOKEN",
		`400 {"code":"InvalidParameter","error":"day must be a\u0007 d"}`: "day must be a? d",
		`404 page not found`: "the response 404 Not Found is not from a recorder: check DEVICE_TRACE_URL",
		`200 page`:           "decode response: invalid character 'p' looking for beginning of value",
	} {
		f := &fakeRecorder{responses: map[string]string{"GET ?after=&day=&limit=200": text}}
		status, out, err := f.ops(t, "quarantine", "list")
		require.Equal(t, 1, status)
		require.Empty(t, out)
		require.Equal(t, "ops: "+want+"\n", err)
	}
	status, _, err := opsWith(t, map[string]string{"DEVICE_TRACE_URL": "http://127.0.0.1:1"}, "quarantine", "list")
	require.Equal(t, 1, status)
	require.Contains(t, err, "connection refused")
}

// While the recorder is busy, the command must retry a few times and announce each retry. It must
// pause for the time that the recorder requests, or give up if that time exceeds maxPause.
func TestBusyRecorder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const busy = `429 {"code":"Busy","error":"too much is waiting"}`
		f := &fakeRecorder{responses: map[string]string{"GET /x": busy + "\n" + `503 {"code":"StoreUnavailable","error":"later"}` + "\n" + `200 {"recorded":1}`}}
		var notices strings.Builder
		r := recorder{caller{"http://recorder.test" + quarantinePath, "secret", &http.Client{Transport: f}, &notices}}
		began := time.Now()
		var got replayResult
		require.NoError(t, r.call(t.Context(), "GET", "/x", &got, 200))
		require.Equal(t, 1, got.Recorded)
		require.Len(t, f.requests, 3)
		require.Equal(t, 6*time.Second, time.Since(began), "it waits as long as Retry-After says")
		require.Equal(t, "ops: the response was 429 Too Many Requests; trying again in 3s\n"+
			"ops: the response was 503 Service Unavailable; trying again in 3s\n", notices.String())

		f.requests, f.responses["GET /x"] = nil, busy
		require.EqualError(t, r.call(t.Context(), "GET", "/x", &got, 200), "too much is waiting")
		require.Len(t, f.requests, maxAttempts)

		f.retryAfter = "300"
		began = time.Now()
		require.EqualError(t, r.call(t.Context(), "GET", "/x", &got, 200), "too much is waiting")
		require.Equal(t, (maxAttempts-1)*maxPause, time.Since(began))

		f.requests, f.retryAfter = nil, "301"
		began = time.Now()
		require.EqualError(t, r.call(t.Context(), "GET", "/x", &got, 200),
			"too much is waiting (the server asks for a pause of 5m1s: run the command again after that time)")
		require.Len(t, f.requests, 1)
		require.Zero(t, time.Since(began))

		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		f.retryAfter = "3"
		require.ErrorIs(t, r.call(ctx, "GET", "/x", &got, 200), context.Canceled)
	})
}

func TestRequestedPause(t *testing.T) {
	now := time.Date(2026, 11, 22, 7, 0, 0, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"": time.Second, "soon": time.Second, "-5": time.Second, "0": time.Second, "1.5": time.Second,
		"1": time.Second, "61": 61 * time.Second, "3600": time.Hour, "99999999999999999999": math.MaxInt32 * time.Second,
		"Sun, 22 Nov 2026 07:02:00 GMT": 2 * time.Minute, "Sun, 22 Nov 2026 06:00:00 GMT": time.Second,
	} {
		require.Equal(t, want, requestedPause(header, now), header)
	}
}

// An error response from the platform has a code, but not the recorder's message field. The command
// must not mistake it for a response from the recorder.
func TestRefusalWithoutText(t *testing.T) {
	err := refusal{429, reply{body: []byte(`{"RequestId":"1","Code":"ResourceExhausted","Message":"busy"}`)}.problem()}
	require.EqualError(t, err, "the response 429 Too Many Requests is not from a recorder: check DEVICE_TRACE_URL")
}

func TestUsage(t *testing.T) {
	for _, c := range []struct {
		arguments []string
		want      string
		usage     string // the start of the usage
	}{
		{nil, "no command given: use one of " + commands.names(), "ops why CLIENT"},
		{[]string{"other"}, `"other" is not a command: use one of ` + commands.names(), "ops why CLIENT"},
		{[]string{"help", "other"}, `there is no help for "other": use one of ` + commands.names(), "ops why CLIENT"},
		{[]string{"quarantine"}, "quarantine: no command given: use one of list, show, replay", "ops quarantine list"},
		{[]string{"quarantine", "other"}, `quarantine: "other" is not a command: use one of list, show, replay`, "ops quarantine list"},
		{[]string{"quarantine", "list", first}, "quarantine list: takes no ID; to see one item, use show", "ops quarantine list"},
		{[]string{"quarantine", "show"}, "quarantine show: takes exactly one ID", "ops quarantine show"},
		{[]string{"quarantine", "show", first, second}, "quarantine show: takes exactly one ID", "ops quarantine show"},
		{[]string{"quarantine", "show", "-day", day, first}, `quarantine show: "-day" is not a flag of this command; if it is an argument, put -- before it and after all flags`, "ops quarantine show"},
		{[]string{"quarantine", "replay"}, "quarantine replay: takes either IDs or -day", "ops quarantine replay"},
		{[]string{"quarantine", "replay", "-day", day, first}, "quarantine replay: takes either IDs or -day", "ops quarantine replay"},
		{[]string{"quarantine", "replay", first, "-day", day}, "quarantine replay: takes either IDs or -day", "ops quarantine replay"},
		{[]string{"quarantine", "list", "-day", "today"}, `quarantine list: invalid value "today" for flag -day: it must be a date such as 2026-11-22`, "ops quarantine list"},
		{[]string{"quarantine", "list", "-other"}, `quarantine list: "-other" is not a flag of this command; if it is an argument, put -- before it and after all flags`, "ops quarantine list"},
	} {
		status, out, err := opsWith(t, nil, c.arguments...)
		require.Equal(t, 2, status, c.arguments)
		require.Empty(t, out)
		require.True(t, strings.HasPrefix(err, "ops: "+c.want+"\n\nusage:\n  "+c.usage), err)
	}
	status, _, err := opsWith(t, map[string]string{"DEVICE_TRACE_URL": "trace.example.com"}, "quarantine", "list")
	require.Equal(t, 2, status)
	require.Contains(t, err, "DEVICE_TRACE_URL must be an http or https URL such as https://trace.example.com")
}
