package agent

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/serve"
)

const listBody = `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`

// requireProblem checks that a response is an error in the API's form.
func requireProblem(t *testing.T, r response, status int, code string) {
	t.Helper()
	require.Equal(t, status, r.status, r.body)
	require.Equal(t, "application/json", r.header.Get("Content-Type"))
	var p serve.Problem
	require.NoError(t, json.Unmarshal([]byte(r.body), &p), r.body)
	require.Equal(t, code, p.Code)
	require.NotEmpty(t, p.Error)
}

func TestConfigIsChecked(t *testing.T) {
	t.Parallel()
	_, err := New(Config{})
	require.EqualError(t, err, "agent: API is missing")
}

func TestOtherPathsGoToTheAPI(t *testing.T) {
	t.Parallel()
	api := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write([]byte(r.URL.Path)) })
	handler, err := New(Config{API: api})
	require.NoError(t, err)
	for _, path := range []string{"/", "/mcp/", "/mcp/x", "/MCP", "//mcp", "/api/v1/trace"} {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "http://example.com"+path, nil))
		require.Equal(t, path, w.Body.String())
	}
}

func TestOtherMethods(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	for _, method := range []string{http.MethodGet, http.MethodDelete, http.MethodPut, http.MethodOptions} {
		r := send(t, server, method, "all", nil)
		requireProblem(t, r, http.StatusMethodNotAllowed, "MethodNotAllowed")
		require.Equal(t, "POST", r.header.Get("Allow"))
	}
	require.Equal(t, http.StatusMethodNotAllowed, send(t, server, http.MethodHead, "all", nil).status)
}

// A request without a valid token must be refused before its body is read.
func TestWithoutAToken(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	for _, token := range []string{"", "wrong", "ALL", "all,all"} {
		for _, body := range []string{listBody, "not JSON", strings.Repeat(" ", 2*maxBody)} {
			r := post(t, server, token, body)
			requireProblem(t, r, http.StatusUnauthorized, "Unauthorized")
			require.Contains(t, r.header.Get("WWW-Authenticate"), "Bearer")
		}
	}
}

func TestOrigin(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	host := strings.TrimPrefix(server.URL, "http://")
	for _, origin := range []string{"https://evil.example", "null", "http://" + host + ".evil.example", "://", "file:///x"} {
		requireProblem(t, post(t, server, "all", listBody, "Origin", origin), http.StatusForbidden, "Forbidden")
	}
	for _, origin := range []string{"", "http://" + host, "https://" + host} {
		require.Equal(t, http.StatusOK, post(t, server, "all", listBody, "Origin", origin).status, origin)
	}
}

// A request to a loopback address may name another host, because a proxy on the same machine can keep
// the client's Host header.
func TestAnotherHostOnALoopbackAddress(t *testing.T) {
	t.Parallel()
	server := newServer(t, story()...)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+Path, strings.NewReader(callBody("device_trace", drop)))
	require.NoError(t, err)
	r.Host = "trace.example.com"
	r.Header = http.Header{
		"Content-Type": {"application/json"}, "Accept": {"application/json, text/event-stream"},
		"Authorization": {"Bearer all"}, "X-Forwarded-Proto": {"https"},
	}
	got, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer got.Body.Close()
	var body struct {
		Result struct{ Content []struct{ Text string } }
	}
	require.NoError(t, json.NewDecoder(got.Body).Decode(&body))
	require.Contains(t, body.Result.Content[0].Text, `"link":"https://trace.example.com/?client=c&from=`)
}

func TestBodies(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	padded := listBody + strings.Repeat(" ", maxBody-len(listBody))
	require.Equal(t, http.StatusOK, post(t, server, "all", padded).status)
	requireProblem(t, post(t, server, "all", padded+" "), http.StatusRequestEntityTooLarge, "TooLarge")
	requireProblem(t, send(t, server, http.MethodPost, "all", struct{ *strings.Reader }{strings.NewReader(padded + " ")}), http.StatusRequestEntityTooLarge, "TooLarge")
	requireProblem(t, post(t, server, "all", " \n["+listBody+","+listBody+"]"), http.StatusBadRequest, "InvalidRequest")
	for _, body := range []string{"", "{", "null", "7", `{"jsonrpc":"2.0"}`, strings.Repeat(`{"a":`, 10_000)} {
		r := post(t, server, "all", body)
		require.Equal(t, http.StatusBadRequest, r.status, r.body)
		require.Less(t, len(r.body), 1000)
	}
}

// A subscription must be refused, because it would stay open until it times out.
func TestSubscriptionsAreRefused(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	const meta = `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"t","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}`
	const params = `"params":{"notifications":{"toolsListChanged":true,"promptsListChanged":true}`
	for _, c := range []struct{ version, params string }{{"2025-11-25", params + "}"}, {"2026-07-28", params + "," + meta + "}"}} {
		r := post(t, server, "all", `{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen",`+c.params+`}`,
			"Mcp-Protocol-Version", c.version, "Mcp-Method", "subscriptions/listen")
		require.Contains(t, r.body, `method not found: \"subscriptions/listen\"`, c.version)
	}
}

// The endpoint must accept each protocol version that the SDK negotiates.
func TestProtocolVersions(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	for _, version := range []string{"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"} {
		body := `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"` + version + `","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`
		r := post(t, server, "all", body)
		require.Equal(t, http.StatusOK, r.status, r.body)
		require.Contains(t, r.body, `"protocolVersion":"`+version+`"`)
		require.Equal(t, "application/json", r.header.Get("Content-Type"))
		require.Empty(t, r.header.Get("Mcp-Session-Id"))
		r = post(t, server, "all", listBody, "Mcp-Protocol-Version", version)
		require.Contains(t, r.body, "why_did_device_drop")
	}
	require.Equal(t, http.StatusBadRequest, post(t, server, "all", listBody, "Mcp-Protocol-Version", "1999-01-01").status)
}

// Some clients accept only JSON, or send no Accept header. Every response is JSON, so they must work, too.
func TestAccept(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	for _, accept := range []string{"application/json", "text/event-stream", "text/html", "", "application/json;charset=utf-8, */*;q=0.1"} {
		r := post(t, server, "all", listBody, "Accept", accept)
		require.Equal(t, http.StatusOK, r.status, r.body)
		require.Equal(t, "application/json", r.header.Get("Content-Type"))
	}
	require.Equal(t, http.StatusOK, post(t, server, "all", listBody, "Content-Type", "application/json; charset=utf-8").status)
	require.Equal(t, http.StatusUnsupportedMediaType, post(t, server, "all", listBody, "Content-Type", "text/plain").status)
}

// TestMessages checks the response to each kind of message, without an initialization.
func TestMessages(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	for body, want := range map[string]response{
		`{"jsonrpc":"2.0","id":"a","method":"ping"}`:                                                                                 {status: 200, body: `{"jsonrpc":"2.0","id":"a","result":{}}`},
		`{"jsonrpc":"2.0","method":"notifications/initialized"}`:                                                                     {status: 202},
		`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1,"reason":"x"}}`:                                 {status: 202},
		`{"jsonrpc":"2.0","id":1,"result":{}}`:                                                                                       {status: 202},
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"fleet_summary","arguments":[1]}}`:                           {status: 200, body: `InvalidParameter`},
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"fleet_summary","arguments":null}}`:                          {status: 200, body: `MissingParameter`},
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"fleet_summary"}}`:                                           {status: 200, body: `MissingParameter`},
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"fleet_summary","_meta":{"progressToken":1}}}`:               {status: 200, body: `MissingParameter`},
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"fleet_summary","arguments":{"instance":"j","instance":7}}}`: {status: 200, body: `instance must be a string`},
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":7}}`:                                                         {status: 200, body: `"error"`},
		`{"jsonrpc":"2.0","id":1,"method":"tools/call"}`:                                                                             {status: 400},
		`{"jsonrpc":"2.0","id":1,"method":"resources/list"}`:                                                                         {status: 200, body: `"resources":[]`},
		`{"jsonrpc":"2.0","id":1,"method":"nonsense"}`:                                                                               {status: 400},
		`{"jsonrpc":"2.0","id":null,"method":"tools/list"}`:                                                                          {status: 400},
	} {
		r := post(t, server, "all", body)
		require.Equal(t, want.status, r.status, "%s: %s", body, r.body)
		require.Contains(t, r.body, want.body, body)
		if want.status == http.StatusAccepted {
			require.Empty(t, r.body)
		}
	}
}
