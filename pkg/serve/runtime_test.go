package serve

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// runtimeAPI simulates Function Compute's runtime API: it sends invocations and receives their
// results.
type runtimeAPI struct {
	t       *testing.T
	work    chan invocation
	results chan result
	nextID  int
}

type invocation struct {
	id, kind string
	payload  string
}

type result struct {
	id, outcome string // outcome is "response" or "error"
	body        string
}

const runtimePath = "/2020-11-11/runtime/invocation/"

// startFunction runs the test binary as a serverless function against a simulated runtime API.
func startFunction(t *testing.T, env ...string) *runtimeAPI {
	api := &runtimeAPI{t: t, work: make(chan invocation), results: make(chan result, 1)}
	server := httptest.NewServer(api)
	self, err := os.Executable()
	require.NoError(t, err)
	child := exec.Command(self)
	child.Env = append(append(os.Environ(), "SERVE_TEST_FUNCTION=1",
		"FC_RUNTIME_API="+strings.TrimPrefix(server.URL, "http://")), env...)
	require.NoError(t, child.Start())
	t.Cleanup(func() { // stop the child first, because it would poll a closed server without pause
		child.Process.Kill()
		child.Wait()
		server.CloseClientConnections()
		server.Close()
	})
	return api
}

func (api *runtimeAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, runtimePath)
	if path == "next" {
		api.next(w, r)
		return
	}
	id, outcome, _ := strings.Cut(path, "/")
	body, _ := io.ReadAll(r.Body)
	api.results <- result{id, outcome, string(body)}
}

func (api *runtimeAPI) next(w http.ResponseWriter, r *http.Request) {
	select {
	case work := <-api.work:
		for name, value := range map[string]string{
			"request-id": work.id, "function-type": work.kind, "function-timeout": "60",
			"function-deadline":  strconv.FormatInt(time.Now().Add(time.Minute).UnixMilli(), 10),
			"access-key-id":      "id-" + work.id,
			"access-key-secret":  "secret",
			"security-token":     "token",
			"function-memory":    "512",
			"function-name":      "echo",
			"region":             "test",
			"account-id":         "1",
			"qualifier":          "LATEST",
			"function-handler":   "echo",
			"service-logproject": "",
		} {
			w.Header().Set("x-fc-"+name, value)
		}
		io.WriteString(w, work.payload)
	case <-r.Context().Done():
	}
}

// invoke sends one invocation and waits for its result.
func (api *runtimeAPI) invoke(kind, payload string) result {
	api.nextID++
	id := fmt.Sprintf("request-%d", api.nextID)
	timeout := time.After(patience)
	select {
	case api.work <- invocation{id, kind, payload}:
	case <-timeout:
		require.FailNow(api.t, "the function does not ask for work")
	}
	select {
	case got := <-api.results:
		require.Equal(api.t, id, got.id)
		return got
	case <-timeout:
		require.FailNow(api.t, "the function returns no result")
	}
	return result{}
}

// call sends an HTTP request through the runtime API and returns the response.
func (api *runtimeAPI) call(event string) runtimeResponse {
	got := api.invoke("0", event)
	require.Equal(api.t, "response", got.outcome, got.body)
	var fields map[string]any
	require.NoError(api.t, json.Unmarshal([]byte(got.body), &fields))
	require.Len(api.t, fields, 4, "all four fields are required")
	require.NotNil(api.t, fields["headers"])
	var reply runtimeResponse
	require.NoError(api.t, json.Unmarshal([]byte(got.body), &reply))
	return reply
}

func TestRuntimeHTTP(t *testing.T) {
	api := startFunction(t)
	reply := api.call(`{"version":"v1","rawPath":"/a%20b","body":"aGk=","isBase64Encoded":true,
		"headers":{"X-ASK":"one,two","host":"trace.example"},"queryParameters":{"q":"x&y=z"},
		"requestContext":{"requestId":"r","http":{"method":"PUT","path":"/a b","protocol":"HTTP/1.1","sourceIp":"192.0.2.1"}}}`)
	require.Equal(t, http.StatusOK, reply.StatusCode)
	require.False(t, reply.IsBase64Encoded)
	require.Equal(t, "application/json", reply.Headers["Content-Type"])
	require.Equal(t, "request-1", reply.Headers["X-Request-Id"])
	require.Equal(t, seen{Method: "PUT", Path: "/a b", Query: "x&y=z", Header: "one,two", Body: "hi", Host: "trace.example",
		Peer: "192.0.2.1:0", Keys: "id-request-1/secret/token", RequestID: "request-1", Starts: 1, Deadline: true}, decode(t, reply.Body))
}

func TestRuntimeBinaryResponse(t *testing.T) {
	reply := startFunction(t).call(httpGet("/binary"))
	require.True(t, reply.IsBase64Encoded)
	body, err := base64.StdEncoding.DecodeString(reply.Body)
	require.NoError(t, err)
	require.Equal(t, []byte{0xff, 0x00, 0xfe}, body)
}

func TestRuntimeSurvivesPanic(t *testing.T) {
	api := startFunction(t)
	reply := api.call(httpGet("/panic"))
	require.Equal(t, http.StatusInternalServerError, reply.StatusCode)
	require.JSONEq(t, `{"code":"InternalError","error":"the function failed: check its log"}`, reply.Body)
	require.Equal(t, http.StatusOK, api.call(httpGet("/")).StatusCode)
}

func TestRuntimeMalformedHTTPEventIsAnswered(t *testing.T) {
	api := startFunction(t)
	for _, event := range []string{
		`{"rawPath":"/%zz","requestContext":{"http":{"method":"GET"}}}`,
		`{"body":"***","isBase64Encoded":true,"requestContext":{"http":{}}}`,
		`{"headers":{"a":["b"]},"requestContext":{"http":{}}}`,
	} {
		require.Equal(t, http.StatusBadRequest, api.call(event).StatusCode, event)
	}
}

func TestRuntimeEvents(t *testing.T) {
	api := startFunction(t)
	require.Equal(t, "response", api.invoke("0", `{"triggerName":"t","payload":"good"}`).outcome)
	require.Equal(t, "response", api.invoke("0", `not JSON`).outcome)
	got := api.invoke("0", `{"payload":"bad"}`)
	require.Equal(t, "error", got.outcome)
	require.Contains(t, got.body, "bad event")
}

// TestMargin checks how much time an invocation reserves for sending its response.
func TestMargin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for limit, want := range map[time.Duration]time.Duration{
			time.Second: 900 * time.Millisecond, 5 * time.Second: 4500 * time.Millisecond, time.Minute: time.Minute - responseMargin,
		} {
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			ctx, cancel = withMargin(ctx)
			defer cancel()
			deadline, _ := ctx.Deadline()
			require.Equal(t, want, time.Until(deadline))
		}
		ctx, cancel := withMargin(t.Context())
		require.NoError(t, ctx.Err(), "an invocation without a deadline")
		cancel()
		require.Error(t, ctx.Err())
	})
}

func TestRuntimeEventNeedsAHandler(t *testing.T) {
	err := new(lifecycle).event(t.Context(), nil)
	require.EqualError(t, err, "this function accepts only HTTP requests")
}

func TestRuntimePreStop(t *testing.T) {
	require.Equal(t, "response", startFunction(t).invoke("2", "").outcome)
}

func TestRuntimeStartsAgainAfterAFailure(t *testing.T) {
	api := startFunction(t, "FAIL_FIRST_START=1")
	reply := api.call(httpGet("/"))
	require.Equal(t, http.StatusServiceUnavailable, reply.StatusCode)
	require.Equal(t, "1", reply.Headers["Retry-After"])
	reply = api.call(httpGet("/"))
	require.Equal(t, http.StatusOK, reply.StatusCode)
	require.Equal(t, 2, decode(t, reply.Body).Starts)
}

// A function with an invalid configuration must keep running and respond with 503. If its process
// exited, the platform would send its own error response instead.
func TestRuntimeMiswired(t *testing.T) {
	api := startFunction(t, "MISWIRED=1")
	reply := api.call(httpGet("/"))
	require.Equal(t, http.StatusServiceUnavailable, reply.StatusCode)
	require.NotContains(t, reply.Body, "MISWIRED")
	got := api.invoke("0", `{}`)
	require.Equal(t, "error", got.outcome)
	require.Contains(t, got.body, "MISWIRED is set")
}

func httpGet(path string) string {
	return fmt.Sprintf(`{"rawPath":%q,"requestContext":{"http":{"method":"GET"}}}`, path)
}

func decode(t *testing.T, body string) seen {
	var s seen
	require.NoError(t, json.Unmarshal([]byte(body), &s), body)
	return s
}
