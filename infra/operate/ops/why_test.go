package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/query"
	"devicetrace/pkg/record"
	"devicetrace/pkg/serve"
	"devicetrace/pkg/traceapi"
)

const odd = "GID@@@d 1\x1b[2J\n\u202eé"

// queried starts a bucket with events of two instances, and a query function that reads it. It returns
// the environment for both. The token "narrow" covers only the instance "i".
func queried(t *testing.T) map[string]string {
	t.Helper()
	environment, store := usedBucket(t)
	recordDrops(t, store)
	reader, err := query.New(store, query.Config{})
	require.NoError(t, err)
	tokens, err := serve.ParseTokens("secret=*;narrow=i")
	require.NoError(t, err)
	handler, err := traceapi.New(traceapi.Config{Reader: reader, Tokens: tokens, Retention: 10 * 365 * 24 * time.Hour})
	require.NoError(t, err)
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	environment["DEVICE_TRACE_URL"], environment["QUERY_TOKEN"], environment["RETENTION_DAYS"] = server.URL, "secret", "3650"
	return environment
}

// recordDrops records three connections that end without a heartbeat.
func recordDrops(t *testing.T, store objstore.Store) {
	t.Helper()
	writer, err := record.New(store, record.Config{})
	require.NoError(t, err)
	var events []event.Event
	for hour := range 3 {
		start := time.Date(2025, 11, 21, 1+hour, 0, 0, 0, time.UTC)
		e := event.Event{
			InstanceID: "prod", ClientID: odd, Time: start, ReceivedAt: start, ChannelID: fmt.Sprint("ch\x07", hour),
			Action: event.Connect, ActionInfo: event.Accepted, Source: "emqx", TimeOrigin: event.FromBroker,
		}
		end := e
		end.Time, end.Action, end.ActionInfo, end.NativeReason = start.Add(20*time.Minute), event.Close, event.NoHeart, "keepalive\x1b]0;x\atimeout"
		events = append(events, e, end)
	}
	require.NoError(t, writer.Append(t.Context(), events))
}

// The command must print exactly the bytes of the API, over HTTP and from the bucket, wherever the
// flags stand.
func TestTextsAreTheBytesOfTheAPI(t *testing.T) {
	environment := queried(t)
	device := "instance=prod&client=" + url.QueryEscape(odd) + "&format=text"
	for _, c := range []struct {
		line string
		path string
	}{
		{"why CLIENT -instance prod -day 2025-11-21", "diagnosis?" + device + "&from=2025-11-21T00:00:00Z&to=2025-11-21T23:59:59.999Z"},
		{"why -instance=prod -lang zh -tz Asia/Shanghai CLIENT -day 2025-11-21", "diagnosis?" + device + "&lang=zh&tz=Asia/Shanghai&from=2025-11-20T16:00:00Z&to=2025-11-21T15:59:59.999Z"},
		{"why CLIENT -instance prod -from 2025-11-21T02:00 -to 1763694000000 -tz Europe/Berlin", "diagnosis?" + device + "&tz=Europe/Berlin&from=2025-11-21T01:00:00Z&to=1763694000000"},
		{"why CLIENT -instance prod -since -from 2025-11-21T02:00:00+01:00", "diagnosis?" + device + "&since=1&from=2025-11-21T01:00:00Z"},
		{"status CLIENT -instance prod -at 2025-11-21T01:10:00Z", "status?" + device + "&at=2025-11-21T01:10:00Z"},
		{"trace CLIENT -instance prod -day 2025-11-21 -action close -order desc -limit 2", "trace?" + device + "&from=2025-11-21T00:00:00Z&to=2025-11-21T23:59:59.999Z&action=close&order=desc&limit=2"},
	} {
		line := strings.Fields(c.line)
		for i, word := range line {
			if word == "CLIENT" {
				line[i] = odd
			}
		}
		status, overHTTP, err := opsWith(t, environment, line...)
		require.Zero(t, status, err)
		require.Equal(t, get(t, environment, "/api/v1/"+c.path), overHTTP)
		require.Contains(t, overHTTP, "GID@@@d 1U+001B[2JU+000AU+202Eé\n")
		require.NotContains(t, overHTTP, "\x1b")
		status, direct, err := opsWith(t, environment, append(line, "-bucket")...)
		require.Zero(t, status, err)
		require.Equal(t, overHTTP, direct)
	}
}

// get returns the body of a response of the API.
func get(t *testing.T, environment map[string]string, path string) string {
	t.Helper()
	c, err := newCaller(terminal{getenv: func(name string) string { return environment[name] }}, "QUERY_TOKEN")
	require.NoError(t, err)
	got, err := c.send(t.Context(), http.MethodGet, path)
	require.NoError(t, err)
	require.Equal(t, 200, got.status, string(got.body))
	return string(got.body)
}

// With -bucket and without DEVICE_TRACE_URL, links must begin with a slash.
func TestBucketNeedsNoServer(t *testing.T) {
	environment := queried(t)
	environment["DEVICE_TRACE_URL"], environment["QUERY_TOKEN"] = "", ""
	status, out, err := opsWith(t, environment, "why", odd, "-instance", "prod", "-day", "2025-11-21", "-bucket")
	require.Zero(t, status, err)
	require.Contains(t, out, "\n\nProblem: ")
	require.Contains(t, out, "\n/?instance=prod&client=GID%40%40%40d+1")
	require.Empty(t, err)
	environment["DEVICE_TRACE_URL"] = "https://trace.example.com/sub/"
	status, out, err = opsWith(t, environment, "why", odd, "-instance", "prod", "-day", "2025-11-21", "-bucket")
	require.Zero(t, status, err)
	require.Contains(t, out, "\nhttps://trace.example.com/?instance=prod&client=GID%40%40%40d+1")
	environment["OSS_BUCKET"] = ""
	status, _, err = opsWith(t, environment, "why", odd, "-instance", "prod", "-bucket")
	require.Equal(t, statusFailed, status)
	require.Equal(t, "ops: open bucket: set these environment variables: OSS_BUCKET\n", err)
	environment["OSS_BUCKET"], environment["ALIBABA_CLOUD_ACCESS_KEY_ID"] = "trace", "unknown"
	status, _, err = opsWith(t, environment, "why", odd, "-instance", "prod", "-bucket")
	require.Equal(t, statusFailed, status)
	require.Contains(t, err, "ops: OSS refuses this access key: check OSS_BUCKET and ALIBABA_CLOUD_…")
	environment["SHARDS"] = "17"
	status, _, err = opsWith(t, environment, "why", odd, "-instance", "prod", "-bucket")
	require.Equal(t, statusUsage, status)
	require.Contains(t, err, `SHARDS is "17"; it must be 16, 256 or 4096`)
}

func TestOtherFormats(t *testing.T) {
	environment := queried(t)
	line := []string{"trace", odd, "-instance", "prod", "-day", "2025-11-21"}
	for format, want := range map[string]string{"csv": "client_id,", "ndjson": `{"client_id":`, "json": `{"events":[`} {
		status, out, err := opsWith(t, environment, append(line, "-format", format)...)
		require.Zero(t, status, err)
		require.True(t, strings.HasPrefix(out, want), out)
	}
	var stdout strings.Builder
	status := run(t.Context(), append(line, "-format", "csv"), terminal{
		getenv: func(name string) string { return environment[name] }, stdout: &stdout, interactive: true,
	})
	require.Zero(t, status)
	require.NotContains(t, stdout.String(), "\x1b", "on a terminal, control characters are escaped")
}

func TestQuestionsThatFail(t *testing.T) {
	environment := queried(t)
	for _, c := range []struct {
		line   string
		change map[string]string
		status int
		want   string
	}{
		{"why", nil, 2, "why: takes exactly one client identifier; quote it if it contains spaces\n\nusage:\n  ops why CLIENT"},
		{"why a b -instance i", nil, 2, "why: takes exactly one client identifier"},
		{"why c", nil, 2, "why: name the instance with -instance; the instances with events are: i, prod\n"},
		{"status c", map[string]string{"QUERY_TOKEN": "narrow"}, 2, "status: name the instance with -instance; the instances with events are: i\n"},
		{"why c -bucket", nil, 2, "why: name the instance with -instance; the instances with events are: i, prod\n"},
		{"why c", map[string]string{"QUERY_TOKEN": "wrong"}, 2, "why: name the instance with -instance. The instances could not be listed: http://127.0.0.1:PORT refuses this QUERY_TOKEN: set it to a token of the query function\n"},
		{"why c -instance i", map[string]string{"QUERY_TOKEN": "wrong"}, 1, "http://127.0.0.1:PORT refuses this QUERY_TOKEN: set it to a token of the query function\n"},
		{"trace c -instance prod", map[string]string{"QUERY_TOKEN": "narrow"}, 1, "this QUERY_TOKEN does not cover the instance \"prod\": check -instance, or use another token\n"},
		{"why c -instance i -day 2025-11-21 -from 1", nil, 2, "why: takes either -day, or -from and -to\n"},
		{"why c -instance i -from yesterday", nil, 2, "why: -from must be a time such as 2026-11-22T08:00:00Z, "},
		{"why c -instance i -tz Mars", nil, 2, "why: -tz \"Mars\" is not a known time zone; use an IANA name such as UTC, Asia/Shanghai or Europe/Berlin\n"},
		{"why c -instance i -tz Local", nil, 2, "why: -tz \"Local\" is not a known time zone"},
		{"why c -instance i -lang fr", nil, 2, "why: lang must be en or zh\n"},
		{"why c -instance a/b", nil, 2, "why: instance must be "},
		{"trace c -instance i -limit 0", nil, 2, "trace: limit must be a whole number from 1 to 5000\n"},
		{"why c -instance i -from 2025-11-20T00:00:00Z -to 2025-11-22T00:00:00Z", nil, 2, "why: from and to are more than 24 hours apart"},
		{"why c -instance i", map[string]string{"DEVICE_TRACE_URL": "http://127.0.0.1:1"}, 1, "http://127.0.0.1:1 does not respond: dial tcp 127.0.0.1:1: connect: connection refused. Start `make run`, or set DEVICE_TRACE_URL to use another server\n"},
		{"why c -instance i -lang fr -bucket", nil, 2, "why: lang must be en or zh\n"},
		{"why c", map[string]string{"DEVICE_TRACE_URL": "http://127.0.0.1:1"}, 2, "why: name the instance with -instance. The instances could not be listed: http://127.0.0.1:1 does not respond"},
		{"why c", map[string]string{"DEVICE_TRACE_URL": "https://trace.example.com", "QUERY_TOKEN": ""}, 2, "why: name the instance with -instance. The instances could not be listed: set the environment variable QUERY_TOKEN"},
		{"why -dev1 -instance i", nil, 2, "why: \"-dev1\" is not a flag of this command; if it is an argument, put -- before it and after all flags\n"},
		{"why c -instance i", map[string]string{"DEVICE_TRACE_URL": "ftp://trace.example.com"}, 2, "why: DEVICE_TRACE_URL must be an http or https URL"},
		{"why c -instance i", map[string]string{"DEVICE_TRACE_URL": "https://user:pass@trace.example.com"}, 2, "why: DEVICE_TRACE_URL must be a URL without a user, query or fragment"},
		{"why c -instance i", map[string]string{"DEVICE_TRACE_URL": "https://trace.example.com", "QUERY_TOKEN": ""}, 1, "set the environment variable QUERY_TOKEN to the token of the server at https://trace.example.com\n"},
	} {
		changed := map[string]string{}
		for _, variables := range []map[string]string{environment, c.change} {
			for name, value := range variables {
				changed[name] = value
			}
		}
		status, out, err := opsWith(t, changed, strings.Fields(c.line)...)
		require.Equal(t, c.status, status, "%s: %s", c.line, err)
		require.Empty(t, out, c.line)
		want := strings.ReplaceAll("ops: "+c.want, "http://127.0.0.1:PORT", environment["DEVICE_TRACE_URL"])
		require.True(t, strings.HasPrefix(err, want), "%s: %s", c.line, err)
	}
}

// A response that is cut off or does not come from Device Trace must not appear on standard output.
func TestStrangeServers(t *testing.T) {
	text := func(status int, contentType, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			w.WriteHeader(status)
			fmt.Fprint(w, body)
		}
	}
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		want    string
	}{
		"another server":   {text(200, "text/html", "<html>\n"), "the response does not come from Device Trace: check DEVICE_TRACE_URL"},
		"an older version": {text(400, "application/json", `{"code":"UnknownParameter","error":"format"}`), "BASE does not support this command: check that DEVICE_TRACE_URL is the query function's address. If it is, deploy the current version"},
		"no such path":     {text(404, "text/plain", "404 page not found"), "BASE does not support this command: check that DEVICE_TRACE_URL"},
		"a strange error":  {text(502, "text/html", "<html>"), "BASE responded with 502 Bad Gateway, which does not come from Device Trace: check DEVICE_TRACE_URL"},
		"a hostile error":  {text(400, "application/json", `{"code":"X","error":"a\u001b[2Jb\nc"}`), "a?[2Jb?c"},
		"a stranger's 403": {text(403, "text/html", "no"), "BASE responded with 403 Forbidden, which does not come from Device Trace"},
		"a redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://login.example.com/", http.StatusFound)
		}, `BASE redirects (302) to "https://login.example.com/": set DEVICE_TRACE_URL to the address of Device Trace itself`},
		"a long response": {endless, "BASE does not seem to be Device Trace: the response is longer than 16 MiB. Check DEVICE_TRACE_URL"},
		"half a text":     {half, "the response from BASE was cut off: unexpected EOF. Try again"},
		"half, in chunks": {halfChunked, "the response from BASE was cut off: unexpected EOF. Try again"},
		"a text cut before": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Receipt", "{}")
			fmt.Fprint(w, "Device Tr")
		}, "the response was cut off: its last line has no line end. Try again"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(c.handler)
			t.Cleanup(server.Close)
			status, out, err := opsWith(t, map[string]string{"DEVICE_TRACE_URL": server.URL}, "why", "c", "-instance", "i")
			require.Equal(t, statusFailed, status)
			require.Empty(t, out)
			require.True(t, strings.HasPrefix(err, "ops: "+strings.ReplaceAll(c.want, "BASE", server.URL)), err)
		})
	}
}

// endless sends a response that is longer than maxResponse.
func endless(w http.ResponseWriter, _ *http.Request) {
	for block := make([]byte, 1<<20); ; {
		if _, err := w.Write(block); err != nil {
			return
		}
	}
}

// half sends fewer bytes than its Content-Length says.
func half(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("X-Receipt", "{}")
	w.Header().Set("Content-Length", "100")
	fmt.Fprint(w, "Device Trace: c\n")
}

// halfChunked closes the connection in the middle of a chunked response.
func halfChunked(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("X-Receipt", "{}")
	fmt.Fprint(w, "Device Trace: c\n")
	w.(http.Flusher).Flush()
	panic(http.ErrAbortHandler)
}

func TestDays(t *testing.T) {
	for _, c := range []struct{ date, zone, from, to string }{
		{"2026-11-22", "UTC", "2026-11-22T00:00:00.000Z", "2026-11-22T23:59:59.999Z"},
		{"2026-11-22", "Asia/Shanghai", "2026-11-21T16:00:00.000Z", "2026-11-22T15:59:59.999Z"},
		{"2026-03-29", "Europe/Berlin", "2026-03-28T23:00:00.000Z", "2026-03-29T21:59:59.999Z"},
		{"2026-10-25", "Europe/Berlin", "2026-10-24T22:00:00.000Z", "2026-10-25T22:00:00.000Z"},
	} {
		zone, err := zoneOf(c.zone)
		require.NoError(t, err)
		from, to := dayIn(c.date, zone)
		require.Equal(t, [2]string{c.from, c.to}, [2]string{apiTime(from), apiTime(to)}, c)
	}
}

// Without -day, -from and -to, the range must be the last 24 hours.
func TestDefaultRange(t *testing.T) {
	var s spanFlags
	empty := ""
	s.day, s.from, s.to = new(dayValue), &empty, &empty
	parameters := url.Values{}
	require.NoError(t, s.set(parameters, time.UTC, time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)))
	require.Equal(t, url.Values{"from": {"2026-11-21T08:00:00.000Z"}, "to": {"2026-11-22T08:00:00.000Z"}}, parameters)
}

// busyServer responds to the first left requests that it is busy, and then with a text.
type busyServer struct{ left, requests int }

func (b *busyServer) RoundTrip(*http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	b.requests++
	if b.left--; b.left >= 0 {
		w.Header().Set("Retry-After", "2")
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprint(w, `{"code":"StoreUnavailable","error":"the bucket could not be read: try again later"}`)
	} else {
		fmt.Fprint(w, "text\n")
	}
	return w.Result(), nil
}

// While the query function is busy, a question must be sent again, as the quarantine commands do with
// the recorder.
func TestBusyQueryServer(t *testing.T) {
	for busy, want := range map[int]string{2: "", maxAttempts: "the bucket could not be read: try again later"} {
		synctest.Test(t, func(t *testing.T) {
			var notices strings.Builder
			b := &busyServer{left: busy}
			s := queryServer{caller{"http://query.test", "secret", &http.Client{Transport: b}, &notices}}
			began := time.Now()
			got, err := s.ask(t.Context(), "/x", nil)
			require.NoError(t, err)
			require.Equal(t, min(busy+1, maxAttempts), b.requests)
			require.Equal(t, time.Duration(b.requests-1)*2*time.Second, time.Since(began))
			require.Contains(t, notices.String(), "ops: the response was 503 Service Unavailable; trying again in 2s\n")
			if want == "" {
				require.Equal(t, "text\n", string(got.body))
			} else {
				require.EqualError(t, s.refused(got, ""), want)
			}
		})
	}
}
