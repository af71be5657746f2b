package agent

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
	"devicetrace/pkg/serve"
)

// failureFrom calls a tool, requires the call to fail, and decodes the failure.
func failureFrom(t *testing.T, session *mcp.ClientSession, name string, given arguments) (f failure) {
	t.Helper()
	text, isError := call(t, session, name, given)
	require.True(t, isError, text)
	require.NoError(t, json.Unmarshal([]byte(text), &f))
	return f
}

func TestErrors(t *testing.T) {
	t.Parallel()
	session := connect(t, newServer(t, story()...), "narrow")
	for _, c := range []struct {
		name  string
		given arguments
		want  serve.Problem
	}{
		{"device_trace", arguments{"instance": "i"}, serve.Problem{Code: "MissingParameter", Error: "client is missing: send a client identifier, or group and device"}},
		{"device_trace", arguments{"instance": "j", "client": "c"}, serve.Problem{Code: "Forbidden", Error: "this token is not authorized for the instance"}},
		{"device_trace", arguments{"instance": "i", "client": "c", "limit": "9"}, serve.Problem{Code: "UnknownParameter", Error: `"limit" is not an argument of device_trace; use client, instance, from, to`}},
		{"device_trace", arguments{"instance": "i", "client": 7}, serve.Problem{Code: "InvalidParameter", Error: "client must be a string"}},
		{"device_trace", arguments{"instance": "i", "client": []string{"c"}}, serve.Problem{Code: "InvalidParameter", Error: "client must be a string"}},
		{"device_trace", arguments{"instance": "i", "client": "c", "from": 1.5}, serve.Problem{Code: "InvalidParameter", Error: "from must be a time in RFC 3339 or Unix milliseconds"}},
		{"device_trace", arguments{"instance": "i&client=d", "client": "c"}, serve.Problem{Code: "InvalidParameter", Error: "instance must be 1 to 128 letters, digits, '_', '-' or '.'"}},
		{"device_trace", arguments{"instance": []string{"i", "j"}, "client": "c"}, serve.Problem{Code: "InvalidParameter", Error: "instance must be a string"}},
		{"device_status", arguments{"instance": "i", "client": "c", "at": "2026-11-22T10:00:00." + strings.Repeat("0", 100) + "Z"}, serve.Problem{Code: "InvalidParameter", Error: "at must be a time in RFC 3339 or Unix milliseconds"}},
		{"who_else_dropped", arguments{"instance": "i"}, serve.Problem{Code: "MissingParameter", Error: "at is missing: send the time of the drop, in RFC 3339 or Unix milliseconds"}},
		{"why_did_device_drop", arguments{"instance": "i", "client": "c", "from": "yesterday"}, serve.Problem{Code: "InvalidParameter", Error: "from must be a time since 1973, in RFC 3339 (2026-11-22T08:00:00Z) or Unix milliseconds, not seconds"}},
	} {
		require.Equal(t, c.want, failureFrom(t, session, c.name, c.given).Problem, c.given)
	}
}

// An error about the instance must list the instances that have events and that the token covers.
func TestErrorsNameTheInstances(t *testing.T) {
	t.Parallel()
	server := newServer(t, twoInstances()...)
	for _, token := range []string{"all", "several"} {
		for _, instance := range []any{nil, ""} {
			f := failureFrom(t, connect(t, server, token), "fleet_summary", arguments{"instance": instance})
			require.Equal(t, serve.Problem{Code: "MissingParameter", Error: "instance is missing: name the broker instance"}, f.Problem)
			require.Equal(t, []string{"i", "j"}, f.Instances, token)
		}
	}
	f := failureFrom(t, connect(t, server, "narrow"), "fleet_summary", arguments{"instance": "j"})
	require.Equal(t, []string{"i"}, f.Instances)
	f = failureFrom(t, connect(t, newServer(t), "narrow"), "fleet_summary", nil)
	require.Equal(t, "MissingParameter", f.Code)
	require.Empty(t, f.Instances)
}

// twoInstances returns the story in the instances "i" and "j".
func twoInstances() []event.Event {
	events := story()
	for _, e := range events {
		e.InstanceID = "j"
		events = append(events, e)
	}
	return events
}

// If the token covers only one instance that has events, callers can omit its name.
func TestTheOnlyInstance(t *testing.T) {
	t.Parallel()
	session := connect(t, newServer(t, twoInstances()...), "narrow")
	for _, tool := range tools {
		given := argumentsOf(tool, arguments{"client": "c", "at": "2026-11-22T10:20:00Z"})
		want, _ := call(t, session, tool.name, given)
		require.Contains(t, want, `"instance":"i"`)
		given["instance"] = "i"
		found, isError := call(t, session, tool.name, given)
		require.False(t, isError, found)
		require.Equal(t, want, found)
	}
}

// Every tool must refuse an instance that the token does not cover, even if that instance has events.
func TestNoToolReadsAnotherInstance(t *testing.T) {
	t.Parallel()
	events := story()
	for i := range events {
		events[i].InstanceID = "secret"
	}
	session := connect(t, newServer(t, events...), "several")
	for _, tool := range tools {
		given := argumentsOf(tool, arguments{"instance": "secret", "client": "c", "at": "2026-11-22T10:20:00Z"})
		text, isError := call(t, session, tool.name, given)
		require.True(t, isError)
		require.JSONEq(t, `{"code":"Forbidden","error":"this token is not authorized for the instance"}`, text)
	}
}

func TestUnknownTool(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	_, err := connect(t, server, "all").CallTool(t.Context(), &mcp.CallToolParams{Name: "delete_device"})
	require.ErrorContains(t, err, `"delete_device" is not a tool; use one of why_did_device_drop, device_trace, device_status, who_else_dropped, fleet_summary`)
	require.Less(t, len(post(t, server, "all", callBody(strings.Repeat("x", 50_000), nil)).body), 1000)
}

// Arguments that are not a JSON object must be reported as an error of the tool.
func TestArgumentsOfAnotherType(t *testing.T) {
	t.Parallel()
	for _, arguments := range []string{`"c"`, `[1]`, `7`, `{"client":`} {
		_, wrong := traceTool.parse(json.RawMessage(arguments))
		require.Equal(t, &serve.Problem{Code: "InvalidParameter", Error: "arguments must be a JSON object with client, instance, from, to"}, wrong)
	}
	for _, arguments := range []string{``, `null`, `{}`, `{"client":null}`} {
		values, wrong := traceTool.parse(json.RawMessage(arguments))
		require.Nil(t, wrong)
		require.Empty(t, values)
	}
}

// TestFailuresOfTheAPI checks that the agent gets the API's error messages, but no other bodies and no
// panic messages.
func TestFailuresOfTheAPI(t *testing.T) {
	t.Parallel()
	for want, api := range map[string]http.HandlerFunc{
		`{"code":"TimedOut","error":"the request took too long","retry_after_seconds":"1"}`: func(w http.ResponseWriter, _ *http.Request) {
			serve.TryLater(w, http.StatusServiceUnavailable, "TimedOut", "the request took too long")
		},
		`{"code":"InternalError","error":"the function failed: check its log"}`: func(http.ResponseWriter, *http.Request) { panic("secret") },
		`{"code": "InternalError","error":"the function failed: check its log"}`: func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadGateway)
			w.Write([]byte("<html>secret"))
		},
		`{"code":  "InternalError","error":"the function failed: check its log"}`: func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("secret")) },
		`{"code":   "InternalError","error":"the function failed: check its log"}`: func(w http.ResponseWriter, _ *http.Request) {
			for range 7 {
				w.Write(make([]byte, 1<<20))
			}
		},
	} {
		session := connect(t, newServerOf(t, api), "all")
		for _, tool := range tools {
			text, isError := call(t, session, tool.name, argumentsOf(tool, arguments{"instance": "i", "client": "c"}))
			require.True(t, isError)
			require.JSONEq(t, want, text)
		}
	}
}

// TestCallsAreLimited checks that at most maxCalls calls are in progress, and that a waiting call stops
// waiting when its request ends.
func TestCallsAreLimited(t *testing.T) {
	t.Parallel()
	started, release := make(chan struct{}), make(chan struct{})
	api := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		started <- struct{}{}
		<-release
		serve.JSON(w, http.StatusOK, map[string]any{})
	})
	c := &caller{api: api, slots: make(chan struct{}, maxCalls)}
	ended := make(chan bool)
	for range maxCalls {
		go func() {
			_, isError := c.run(httptest.NewRequest(http.MethodPost, Path, nil), fleetTool, json.RawMessage(`{"instance":"i"}`))
			ended <- isError
		}()
		<-started
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	text, isError := c.run(httptest.NewRequestWithContext(ctx, http.MethodPost, Path, nil), fleetTool, json.RawMessage(`{"instance":"i"}`))
	require.True(t, isError)
	require.JSONEq(t, `{"code":"Busy","error":"too many tool calls are in progress: try again later","retry_after_seconds":"1"}`, text)
	close(release)
	for range maxCalls {
		require.False(t, <-ended)
	}
}

// In every protocol version, a call must end when the context of its HTTP request ends, because this
// context carries Function Compute's time limit.
func TestCallsEndWithTheirRequests(t *testing.T) {
	t.Parallel()
	started, ended := make(chan struct{}), make(chan struct{})
	server := newServerOf(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		started <- struct{}{}
		<-r.Context().Done()
		ended <- struct{}{}
	}))
	for _, version := range []string{"2025-03-26", "2025-11-25"} {
		ctx, cancel := context.WithCancel(t.Context())
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL+Path, strings.NewReader(callBody("fleet_summary", arguments{"instance": "i"})))
		require.NoError(t, err)
		r.Header = http.Header{
			"Content-Type": {"application/json"}, "Accept": {"application/json, text/event-stream"},
			"Authorization": {"Bearer all"}, "Mcp-Protocol-Version": {version},
		}
		go http.DefaultClient.Do(r)
		<-started
		cancel()
		<-ended
	}
}

// A call that reaches the time limit must report it, before the SDK sends an empty response. If a
// goroutine remains, synctest fails.
func TestTimeLimit(t *testing.T) {
	for _, version := range []string{"2025-03-26", "2025-11-25"} {
		synctest.Test(t, func(t *testing.T) {
			handler, err := New(Config{API: http.HandlerFunc(slow), Tokens: tokensOf(t)})
			require.NoError(t, err)
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			want := map[string]int{"TimedOut": maxCalls, "Busy": 1}
			codes := make(chan string)
			for range maxCalls + 1 {
				go func() { codes <- codeOf(ctx, handler, version) }()
			}
			got := map[string]int{}
			for range maxCalls + 1 {
				got[<-codes]++
			}
			require.Equal(t, want, got, version)
		})
	}
}

// slow responds a second after the time limit.
func slow(w http.ResponseWriter, r *http.Request) {
	<-r.Context().Done()
	time.Sleep(time.Second)
	serve.TryLater(w, http.StatusServiceUnavailable, "TimedOut", "the request took too long")
}

// codeOf calls a tool without a network and returns the code of its failure. If the response is not a
// failure, codeOf returns the body.
func codeOf(ctx context.Context, handler http.Handler, version string) string {
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, Path, strings.NewReader(callBody("fleet_summary", arguments{"instance": "i"})))
	r.Header = http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer all"}, "Mcp-Protocol-Version": {version}}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	var body struct {
		Result struct{ Content []struct{ Text string } }
	}
	var f failure
	if json.Unmarshal(w.Body.Bytes(), &body) != nil || json.Unmarshal([]byte(body.Result.Content[0].Text), &f) != nil {
		return w.Body.String()
	}
	return f.Code
}

// The request to the API must carry the caller's token, host and context, and no other header.
func TestRequestToTheAPI(t *testing.T) {
	t.Parallel()
	type key struct{}
	var got *http.Request
	c := &caller{api: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { got = r }), slots: make(chan struct{}, 1)}
	r := httptest.NewRequestWithContext(context.WithValue(t.Context(), key{}, "value"), http.MethodPost, "http://example.com/mcp", strings.NewReader("{}"))
	r.Header.Set("Authorization", "Bearer all")
	r.Header.Set("Cookie", "a=b")
	c.run(r, whyTool, json.RawMessage(`{"instance":"i","client":"a b&instance=j","from":1795341600000}`))
	require.Equal(t, http.MethodGet, got.Method)
	require.Equal(t, "/api/v1/diagnosis", got.URL.Path)
	require.Equal(t, "client=a+b%26instance%3Dj&from=1795341600000&instance=i&lang=en", got.URL.RawQuery)
	require.Equal(t, http.Header{"Authorization": {"Bearer all"}}, got.Header)
	require.Equal(t, "example.com", got.Host)
	require.Equal(t, "value", got.Context().Value(key{}))
}
