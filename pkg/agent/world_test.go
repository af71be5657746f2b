package agent

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
	"devicetrace/pkg/objstore/memstore"
	"devicetrace/pkg/query"
	"devicetrace/pkg/record"
	"devicetrace/pkg/serve"
	"devicetrace/pkg/traceapi"
)

// All events happen on day. All requests are made at now.
var (
	day = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	now = day.Add(12 * time.Hour)
)

// tokensOf returns the tokens of the tests: "all" covers every instance, "narrow" only the instance
// "i", and "several" the instances "i" and "j".
func tokensOf(t testing.TB) serve.Tokens {
	tokens, err := serve.ParseTokens("all=*;narrow=i;several=i,j")
	require.NoError(t, err)
	return tokens
}

// newServer returns a server whose API has the given events.
func newServer(t testing.TB, events ...event.Event) *httptest.Server {
	store := memstore.New()
	writer, err := record.New(store, record.Config{})
	require.NoError(t, err)
	require.NoError(t, writer.Append(t.Context(), events))
	require.NoError(t, writer.Close(t.Context()))
	reader, err := query.New(store, query.Config{})
	require.NoError(t, err)
	api, err := traceapi.New(traceapi.Config{Reader: reader, Tokens: tokensOf(t), Now: func() time.Time { return now }})
	require.NoError(t, err)
	return newServerOf(t, api)
}

// newServerOf returns a server with the given API.
func newServerOf(t testing.TB, api http.Handler) *httptest.Server {
	handler, err := New(Config{API: api, Tokens: tokensOf(t)})
	require.NoError(t, err)
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

// bearer adds a token to each request.
type bearer string

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+string(b))
	return http.DefaultTransport.RoundTrip(r)
}

// connect connects the official client to a server.
func connect(t testing.TB, server *httptest.Server, token string) *mcp.ClientSession {
	client := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil)
	session, err := client.Connect(t.Context(), &mcp.StreamableClientTransport{
		Endpoint: server.URL + Path, HTTPClient: &http.Client{Transport: bearer(token)}, MaxRetries: -1,
	}, nil)
	require.NoError(t, err)
	t.Cleanup(func() { session.Close() })
	return session
}

type arguments = map[string]any

// call calls a tool and returns the text of its result.
func call(t testing.TB, session *mcp.ClientSession, name string, given arguments) (text string, isError bool) {
	t.Helper()
	result, err := session.CallTool(t.Context(), &mcp.CallToolParams{Name: name, Arguments: given})
	require.NoError(t, err)
	require.Len(t, result.Content, 1)
	require.Nil(t, result.StructuredContent)
	return result.Content[0].(*mcp.TextContent).Text, result.IsError
}

// answerOf calls a tool, requires the call to succeed, and decodes the result.
func answerOf(t testing.TB, session *mcp.ClientSession, name string, given arguments) (found map[string]any) {
	t.Helper()
	text, isError := call(t, session, name, given)
	require.False(t, isError, text)
	require.NoError(t, json.Unmarshal([]byte(text), &found), text)
	return found
}

// response is an HTTP response with its whole body.
type response struct {
	status int
	header http.Header
	body   string
}

// post sends a body to the endpoint as an MCP client does. header contains additional headers, as
// alternating names and values.
func post(t testing.TB, server *httptest.Server, token, body string, header ...string) response {
	return send(t, server, http.MethodPost, token, strings.NewReader(body), header...)
}

func send(t testing.TB, server *httptest.Server, method, token string, body io.Reader, header ...string) response {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, server.URL+Path, body)
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json, text/event-stream")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	got, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer got.Body.Close()
	read, err := io.ReadAll(got.Body)
	require.NoError(t, err)
	return response{got.StatusCode, got.Header, string(read)}
}

// callBody returns the body of a request that calls a tool.
func callBody(name string, given arguments) string {
	body, err := json.Marshal(map[string]any{
		"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": map[string]any{"name": name, "arguments": given},
	})
	if err != nil {
		panic(err)
	}
	return string(body)
}

// story returns the events of client "c" and of 20 neighbors on the same node. "c" exceeds its keep
// alive at 10:05 and at 10:20. The neighbors also drop at 10:20.
func story() (events []event.Event) {
	events = append(events, connected("c", "10:00:00"), dropped("c", "10:05:00", "10:00:00"), connected("c", "10:06:00"), dropped("c", "10:20:00", "10:06:00"))
	for i := range 20 {
		neighbor := event.ClientID("neighbor-" + string(rune('a'+i)))
		events = append(events, connected(neighbor, "09:00:00"), dropped(neighbor, "10:20:01", "09:00:00"))
	}
	return events
}

func connected(client event.ClientID, clock string) event.Event {
	return happened(client, clock, event.Connect, event.Accepted)
}

// dropped returns the end, at the time clock, of the connection that began at the time since.
func dropped(client event.ClientID, clock, since string) event.Event {
	e := happened(client, clock, event.Close, event.NoHeart)
	e.ChannelID, e.NativeReason = "ch-"+since, "keepalive_timeout"
	return e
}

func happened(client event.ClientID, clock string, action event.Action, info event.ActionInfo) event.Event {
	at, err := time.Parse("15:04:05", clock)
	if err != nil {
		panic(err)
	}
	at = day.Add(at.Sub(at.Truncate(24 * time.Hour)))
	return event.Event{
		InstanceID: "i", ClientID: client, ChannelID: "ch-" + clock, Action: action, ActionInfo: info,
		Time: at, TimeOrigin: event.FromBroker, ReceivedAt: at.Add(time.Millisecond), Source: "events",
		SourceEventID: string(client) + clock, PeerAddress: "192.0.2.7", Username: "user-" + string(client[:1]), Node: "n1",
		KeepAlive: event.Some(60 * time.Second),
	}
}

// drop holds arguments for a question about client "c" in the hour of its drops.
var drop = arguments{"instance": "i", "client": "c", "from": "2026-11-22T10:00:00Z", "to": "2026-11-22T11:00:00Z"}

// argumentsOf returns the given arguments without the ones that the tool does not have.
func argumentsOf(t tool, given arguments) arguments {
	found := arguments{}
	for _, name := range t.arguments {
		if value, ok := given[name]; ok {
			found[name] = value
		}
	}
	return found
}
