package fc

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/syaml"
)

// domain starts a server for a custom domain with routes to two functions.
func domain(t *testing.T) (*Host, string) {
	host := start(t, Config{Functions: []syaml.Function{
		withRoute(testFunction("query"), "/*"),
		withRoute(testFunction("recorder"), "/webhooks/*"),
	}})
	server := httptest.NewServer(host)
	t.Cleanup(server.Close)
	return host, server.URL
}

func send(t *testing.T, method, url string, body []byte, header http.Header) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(body))
	require.NoError(t, err)
	request.Header = header.Clone()
	if request.Header == nil {
		request.Header = http.Header{}
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	received, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response, string(received)
}

// decodedEvent is the payload that an HTTP trigger passes to a function.
type decodedEvent struct {
	Version, RawPath, Body   string
	IsBase64Encoded          bool
	Headers, QueryParameters map[string]string
	RequestContext           struct {
		RequestID string
		HTTP      struct{ Method, Path, Protocol, SourceIP, UserAgent string }
	}
}

func decodeEvent(t *testing.T, payload []byte) (event decodedEvent) {
	t.Helper()
	require.NoError(t, json.Unmarshal(payload, &event))
	return event
}

func TestRequestBecomesAnEvent(t *testing.T) {
	_, url := domain(t)
	response, body := send(t, "POST", url+"/webhooks/a%20b%2Fc?client=x%26y&n=1&n=2", []byte(`{"a":1}`), http.Header{
		"Content-Type": {"application/json; charset=utf-8"}, "X-Twice": {"a", "b"},
		"X-Fc-Injected": {"no"}, "Keep-Alive": {"no"}, "User-Agent": {"test"},
	})
	require.Equal(t, 200, response.StatusCode)
	event := decodeEvent(t, []byte(body))
	require.Equal(t, "v1", event.Version)
	require.Equal(t, "/webhooks/a%20b%2Fc", event.RawPath)
	require.Equal(t, "/webhooks/a b/c", event.RequestContext.HTTP.Path)
	require.Equal(t, "POST", event.RequestContext.HTTP.Method)
	require.Equal(t, "127.0.0.1", event.RequestContext.HTTP.SourceIP)
	require.Equal(t, "test", event.RequestContext.HTTP.UserAgent)
	require.Equal(t, "HTTP/1.1", event.RequestContext.HTTP.Protocol)
	require.Equal(t, response.Header.Get("X-Fc-Request-Id"), event.RequestContext.RequestID)
	require.Equal(t, map[string]string{"client": "x&y", "n": "1,2"}, event.QueryParameters)
	require.Equal(t, "a,b", event.Headers["X-Twice"])
	require.NotEmpty(t, event.Headers["Host"])
	require.NotContains(t, event.Headers, "X-Fc-Injected")
	require.NotContains(t, event.Headers, "Keep-Alive")
	require.False(t, event.IsBase64Encoded)
	require.Equal(t, `{"a":1}`, event.Body)
}

func TestBinaryBodiesBothWays(t *testing.T) {
	_, url := domain(t)
	body := []byte{0, 0xff, 'a', 0xfe}
	response, echoed := send(t, "POST", url+"/webhooks/binary", body, nil)
	require.Equal(t, 201, response.StatusCode)
	require.Equal(t, string(body), echoed)
	require.Equal(t, "y", response.Header.Get("X-Mine"))
	for _, name := range []string{"Server", "X-Fc-Mine", "Content-Disposition"} {
		require.Empty(t, response.Header.Get(name))
	}
}

func TestWhichBodiesAreText(t *testing.T) {
	tests := []struct {
		name, kind, encoding, body string
		text                       bool
	}{
		{"JSON", "application/json", "", "{}", true},
		{"CloudEvents", "application/cloudevents+json", "", "{}", true},
		{"text", "text/plain", "", "é", true},
		{"form", "application/x-www-form-urlencoded", "", "a=b", true},
		{"no type", "", "", "{}", false},
		{"bytes", "application/octet-stream", "", "{}", false},
		{"not UTF-8", "application/json", "", "\xff", false},
		{"gzip", "application/json", "gzip", "{}", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := httptest.NewRequest("POST", "/", nil)
			r.Header = http.Header{"Content-Type": {test.kind}, "Content-Encoding": {test.encoding}}
			event := decodeEvent(t, httpEvent(r, []byte(test.body), "id", "http"))
			require.Equal(t, !test.text, event.IsBase64Encoded)
			if test.text {
				require.Equal(t, test.body, event.Body)
			} else {
				require.Equal(t, base64.StdEncoding.EncodeToString([]byte(test.body)), event.Body)
			}
		})
	}
}

func TestRoutesLeadToTheirFunction(t *testing.T) {
	host, url := domain(t)
	tests := []struct{ path, want string }{
		{"/webhooks/emqx/a", "recorder"}, {"/webhooks/", "recorder"}, {"/webhooks", "query"},
		{"/webhooksx", "query"}, {"/", "query"}, {"/api/v1/trace", "query"},
	}
	for _, test := range tests {
		for _, r := range host.routes {
			if r.matches(test.path) {
				require.Equal(t, test.want, r.pool.function.Resource, test.path)
				break
			}
		}
	}
	send(t, "GET", url+"/webhooks/x", nil, nil)
	require.Len(t, processes(host, "recorder"), 1)
	require.Empty(t, processes(host, "query"))

	lonely := start(t, Config{Functions: []syaml.Function{withRoute(testFunction("recorder"), "/webhooks/*")}})
	recorder := httptest.NewRecorder()
	lonely.ServeHTTP(recorder, httptest.NewRequest("GET", "/other", nil))
	require.Equal(t, 404, recorder.Code)
	require.Contains(t, recorder.Body.String(), "DomainRouteNotFound")
}

// A request for an asynchronous call gets 202 without a body, before the function has responded.
func TestAsynchronousRequests(t *testing.T) {
	journal := filepath.Join(t.TempDir(), "journal")
	function := withRoute(testFunction("recorder"), "/*")
	function.Environment["JOURNAL"] = journal
	host := start(t, Config{Functions: []syaml.Function{function}})
	server := httptest.NewServer(host)
	t.Cleanup(server.Close)
	async := http.Header{"X-Fc-Invocation-Type": {"Async"}}
	response, body := send(t, "POST", server.URL+"/x", []byte("{}"), async)
	require.Equal(t, http.StatusAccepted, response.StatusCode)
	require.Empty(t, body)
	require.NotEmpty(t, response.Header.Get("X-Fc-Request-Id"))
	require.Eventually(t, func() bool {
		lines, _ := os.ReadFile(journal)
		return string(lines) == "invoke\n"
	}, patience, 5*time.Millisecond)
	response, body = send(t, "POST", server.URL+"/x", make([]byte, maxAsyncBody+1), async)
	require.Equal(t, http.StatusRequestEntityTooLarge, response.StatusCode, body)
	response, _ = send(t, "PUT", server.URL+"/x", nil, async)
	require.Equal(t, http.StatusMethodNotAllowed, response.StatusCode)
}

func TestPlatformsOwnResponses(t *testing.T) {
	_, url := domain(t)
	tests := []struct {
		name, method, path string
		header             http.Header
		body               []byte
		status             int
		code               string
	}{
		{"method", "PUT", "/", nil, nil, 405, "MethodNotAllowed"},
		{"long query", "GET", "/?a=" + strings.Repeat("x", 4096), nil, nil, 400, "InvalidArgument"},
		{"long header", "GET", "/", http.Header{"A": {strings.Repeat("x", 8192)}}, nil, 400, "InvalidArgument"},
		{"long body", "POST", "/", nil, make([]byte, maxBody+1), 413, "EntityTooLarge"},
		{"response without status", "GET", "/webhooks/bare", nil, nil, 502, "BadResponse"},
		{"response with long header", "GET", "/webhooks/header", nil, nil, 502, "BadResponse"},
		{"crash", "GET", "/webhooks/exit", nil, nil, 502, "ProcessExited"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			response, body := send(t, test.method, url+test.path, test.body, test.header)
			require.Equal(t, test.status, response.StatusCode)
			require.Contains(t, body, `"Code":"`+test.code+`"`)
			require.NotEmpty(t, response.Header.Get("X-Fc-Request-Id"))
		})
	}
}
