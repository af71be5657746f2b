package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// recorder stands for a recorder's quarantine: what it answers, by request, and what it
// was asked.
type recorder struct {
	answers map[string]string // "status body", or more of them, a line each, for one try after the other
	asked   []string
}

func (r *recorder) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	asked := request.Method + " " + strings.TrimPrefix(request.URL.String(), quarantinePath)
	r.asked = append(r.asked, asked)
	w.Header().Set("Retry-After", "1")
	if request.Header.Get("Authorization") != "Bearer secret" {
		answer(w, `401 {"code":"Unauthorized","error":"no"}`)
		return
	}
	now, later, more := strings.Cut(r.answers[asked], "\n")
	if more {
		r.answers[asked] = later
	}
	answer(w, now)
}

func answer(w http.ResponseWriter, text string) {
	status, body, _ := strings.Cut(text, " ")
	var code int
	if _, err := fmt.Sscan(status, &code); err != nil {
		code = http.StatusTeapot
	}
	w.WriteHeader(code)
	fmt.Fprint(w, body)
}

// ops runs a command against the recorder.
func (r *recorder) ops(t *testing.T, arguments ...string) (status int, out, err string) {
	t.Helper()
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	return opsWith(t, map[string]string{"DEVICE_TRACE_URL": server.URL + "/", "ADMIN_TOKEN": "secret"}, arguments...)
}

func opsWith(t *testing.T, environment map[string]string, arguments ...string) (status int, out, err string) {
	t.Helper()
	var stdout, stderr strings.Builder
	status = run(t.Context(), arguments, console{
		getenv: func(name string) string { return environment[name] }, out: &stdout, err: &stderr,
	})
	return status, stdout.String(), stderr.String()
}

const (
	day    = "2026-11-22"
	first  = "2026-11-22-00000000000000000000000000000001"
	second = "2026-11-22-00000000000000000000000000000002"
	third  = "2026-11-22-00000000000000000000000000000003"
)

// twoPages lists three items, one of them damaged.
func twoPages(day string) map[string]string {
	return map[string]string{
		"GET ?after=&day=" + day + "&limit=200": `200 {"day":"2026-11-22","next_after":"` + second + `","items":[
			{"id":"` + first + `","received_at":"2026-11-22T07:00:00.5Z","route":"emqx","instance_id":"prod","size":1234,"errors":2,"first_error":{"item":1,"field":"clientid","error":"is missing"}},
			{"id":"` + second + `","size":7,"errors":0,"damaged":true}]}`,
		"GET ?after=" + second + "&day=2026-11-22&limit=200": `200 {"day":"2026-11-22","items":[
			{"id":"` + third + `","received_at":"2026-11-22T08:00:00Z","route":"events","instance_id":"x\u001b[2J","size":56,"errors":1,"first_error":{"item":0,"field":"","error":"the body\tis empty"}}]}`,
	}
}

// join undoes the line breaks of twoPages.
func join(answers map[string]string) map[string]string {
	for asked, text := range answers {
		answers[asked] = strings.ReplaceAll(text, "\n", "")
	}
	return answers
}

func TestList(t *testing.T) {
	r := &recorder{answers: join(twoPages(""))}
	status, out, err := r.ops(t, "quarantine", "list")
	require.Equal(t, 0, status, err)
	require.Empty(t, err)
	require.Equal(t, `RECEIVED (UTC)       ROUTE   INSTANCE  BYTES  ERRORS  FIRST ERROR                        ID
2026-11-22 08:00:00  events  x?[2J     56     1       item 0: the body?is empty          `+third+`
2026-11-22 07:00:00  emqx    prod      1234   2       item 1, clientid: is missing       `+first+`
unknown                                7      0       the item is damaged in the bucket  `+second+`
2026-11-22: 3 items in quarantine.
`, out)

	r = &recorder{answers: map[string]string{"GET ?after=&day=2026-11-21&limit=200": `200 {"day":"2026-11-21","items":[]}`}}
	status, out, err = r.ops(t, "quarantine", "list", "-day", "2026-11-21")
	require.Equal(t, 0, status, err)
	require.Equal(t, "2026-11-21: 0 items in quarantine.\n", out)
}

func TestShow(t *testing.T) {
	about := `"id":"` + first + `","received_at":"2026-11-22T07:00:00Z","route":"mosquitto","instance_id":"prod"`
	r := &recorder{answers: map[string]string{
		"GET /" + first + "?from=0": `200 {` + about + `,"hook":"h\u0007","position":"log:5","encoding":"gzip","errors":[{"item":0,"field":"","error":"is bad"},{"item":4,"field":"x","error":"too"}],"body":"one\n","next_from":4}`,
		"GET /" + first + "?from=4": `200 {` + about + `,"errors":[],"body_base64":"` + base64.StdEncoding.EncodeToString([]byte("\xff\x00")) + `"}`,
	}}
	status, out, err := r.ops(t, "quarantine", "show", first)
	require.Equal(t, 0, status, err)
	require.Equal(t, "one\n\xff\x00", out)
	require.Equal(t, "received 2026-11-22 07:00:00, route mosquitto, instance prod\nhook h?\nposition log:5\nencoding gzip\nitem 0: is bad\nitem 4, x: too\n", err)
}

func TestReplay(t *testing.T) {
	r := &recorder{answers: map[string]string{
		"POST /" + first + "/replay":  `200 {"recorded":3,"rejected":[]}`,
		"POST /" + second + "/replay": `422 {"recorded":1,"rejected":[{"item":1,"field":"action","error":"must be a word"},{"item":2,"field":"","error":"no"}]}`,
		"POST /" + third + "/replay":  `404 {"code":"NoSuchItem","error":"there is no such item in quarantine"}`,
	}}
	status, out, err := r.ops(t, "quarantine", "replay", first)
	require.Equal(t, 0, status, err)
	require.Equal(t, "[1/1] "+first+"  recorded 3 events\n1 item replayed, 1 understood, 3 events recorded.\n", out)
	require.Empty(t, err)

	status, out, err = r.ops(t, "quarantine", "replay", third, second, first)
	require.Equal(t, 1, status)
	require.Equal(t, "[1/3] "+third+"  there is no such item in quarantine\n"+
		"[2/3] "+second+"  recorded 1 event, still not understood: item 1, action: must be a word\n"+
		"[3/3] "+first+"  recorded 3 events\n"+
		"3 items replayed, 1 understood, 4 events recorded.\n", out)
	require.Equal(t, "ops: not all of it is understood; it stays in quarantine\n", err)
}

func TestReplayOfADay(t *testing.T) {
	r := &recorder{answers: join(twoPages(day))}
	r.answers["POST /"+first+"/replay"] = `200 {"recorded":1,"rejected":[]}`
	r.answers["POST /"+third+"/replay"] = `200 {"recorded":0,"rejected":[]}`
	r.answers["POST /"+second+"/replay"] = `500 {"code":"Damaged","error":"the item is damaged"}`
	status, out, err := r.ops(t, "quarantine", "replay", "-day", day)
	require.Equal(t, 1, status, err)
	require.Equal(t, "[1/3] "+third+"  recorded 0 events\n[2/3] "+first+"  recorded 1 event\n[3/3] "+second+"  the item is damaged\n"+
		"3 items replayed, 2 understood, 1 event recorded.\n", out)
}

// TestReplayStopsWhereTheRecorderFails, and says how far it came.
func TestReplayStopsWhereTheRecorderFails(t *testing.T) {
	r := &recorder{answers: map[string]string{
		"POST /" + first + "/replay":  `200 {"recorded":3,"rejected":[]}`,
		"POST /" + second + "/replay": `500 {"code":"InternalError","error":"the function failed"}`,
	}}
	status, out, err := r.ops(t, "quarantine", "replay", first, second, third)
	require.Equal(t, 1, status)
	require.Equal(t, "[1/3] "+first+"  recorded 3 events\n", out)
	require.Equal(t, "ops: replay "+second+", after 1 of 3: the function failed\n", err)
	require.Len(t, r.asked, 2)
}

func TestRefusals(t *testing.T) {
	for text, want := range map[string]string{
		`404 {"code":"NotFound","error":"there is no such path"}`:         "the recorder has no ADMIN_TOKEN, or DEVICE_TRACE_URL is not its address",
		`401 {"code":"Unauthorized","error":"send the right token"}`:      "the recorder has another ADMIN_TOKEN",
		`400 {"code":"InvalidParameter","error":"day must be a\u0007 d"}`: "day must be a? d",
		`404 page not found`: "the answer is 404 Not Found, and not the recorder's: is DEVICE_TRACE_URL right?",
		`200 page`:           "understand the answer: invalid character 'p' looking for beginning of value",
	} {
		r := &recorder{answers: map[string]string{"GET ?after=&day=&limit=200": text}}
		status, out, err := r.ops(t, "quarantine", "list")
		require.Equal(t, 1, status)
		require.Empty(t, out)
		require.Equal(t, "ops: "+want+"\n", err)
	}
	status, _, err := opsWith(t, map[string]string{"DEVICE_TRACE_URL": "http://127.0.0.1:1"}, "quarantine", "list")
	require.Equal(t, 1, status)
	require.Contains(t, err, "connection refused")
}

// TestPutOff: what the recorder puts off is asked again, a few times.
func TestPutOff(t *testing.T) {
	const busy = `429 {"code":"Busy","error":"too much is waiting"}`
	r := &recorder{answers: map[string]string{"GET /x": busy + "\n" + `503 {"code":"StoreUnavailable","error":"later"}` + "\n" + `200 {"recorded":1}`}}
	server := httptest.NewServer(r)
	defer server.Close()
	a := api{base: server.URL + quarantinePath, token: "secret", client: server.Client(), unit: time.Millisecond}
	var got replayed
	require.NoError(t, a.call(t.Context(), "GET", "/x", &got, 200))
	require.Equal(t, 1, got.Recorded)
	require.Len(t, r.asked, 3)

	r.asked, r.answers["GET /x"] = nil, busy
	require.EqualError(t, a.call(t.Context(), "GET", "/x", &got, 200), "too much is waiting")
	require.Len(t, r.asked, maxTries)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	a.unit = time.Hour
	require.ErrorIs(t, a.pause(ctx, "1"), context.Canceled)
}

func TestUsage(t *testing.T) {
	for _, c := range []struct {
		arguments []string
		want      string
	}{
		{nil, "a command is missing"},
		{[]string{"other"}, `there is no command "other"`},
		{[]string{"quarantine"}, "quarantine: say list, show or replay"},
		{[]string{"quarantine", "other"}, "quarantine other: that is no form of this command"},
		{[]string{"quarantine", "list", first}, "quarantine list: that is no form of this command"},
		{[]string{"quarantine", "show"}, "quarantine show: that is no form of this command"},
		{[]string{"quarantine", "show", first, second}, "quarantine show: that is no form of this command"},
		{[]string{"quarantine", "show", "-day", day, first}, "quarantine show: that is no form of this command"},
		{[]string{"quarantine", "replay"}, "quarantine replay: that is no form of this command"},
		{[]string{"quarantine", "replay", "-day", day, first}, "quarantine replay: that is no form of this command"},
		{[]string{"quarantine", "list", "-other"}, "quarantine list: flag provided but not defined: -other"},
	} {
		status, out, err := opsWith(t, nil, c.arguments...)
		require.Equal(t, 2, status, c.arguments)
		require.Empty(t, out)
		require.True(t, strings.HasPrefix(err, "ops: "+c.want+"\n\nusage:\n  ops quarantine list"), err)
	}
	status, _, err := opsWith(t, map[string]string{"DEVICE_TRACE_URL": "trace.example.com"}, "quarantine", "list")
	require.Equal(t, 2, status)
	require.Contains(t, err, "DEVICE_TRACE_URL must be like https://trace.example.com")
}
