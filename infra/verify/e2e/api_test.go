package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// row is an event as the trace API returns it.
type row struct {
	ClientID        string     `json:"client_id"`
	InstanceID      string     `json:"instance_id"`
	GroupID         string     `json:"group_id"`
	DeviceID        string     `json:"device_id"`
	Time            time.Time  `json:"time"`
	Action          string     `json:"action"`
	ActionInfo      string     `json:"action_info"`
	ChannelID       string     `json:"channel_id"`
	NativeEvent     string     `json:"native_event"`
	NativeReason    string     `json:"native_reason"`
	ReasonCode      *int32     `json:"reason_code"`
	ConnectedAt     *time.Time `json:"connected_at"`
	ReceivedAt      time.Time  `json:"received_at"`
	PeerAddress     string     `json:"peer_address"`
	PeerPort        int32      `json:"peer_port"`
	Username        string     `json:"username"`
	Node            string     `json:"node"`
	Protocol        string     `json:"protocol"`
	ProtocolVersion int32      `json:"protocol_version"`
	KeepAlive       *int32     `json:"keep_alive"`
	CleanStart      *bool      `json:"clean_start"`
	Source          string     `json:"source"`
	SourceEventID   string     `json:"source_event_id"`
	TimeOrigin      string     `json:"time_origin"`
}

// receipt is the part of a response that states the cost of the query.
type receipt struct {
	Objects    int      `json:"objects"`
	Requests   int      `json:"requests"`
	Bytes      int64    `json:"bytes"`
	MS         float64  `json:"ms"`
	Partitions []string `json:"partitions"`
}

// tracePage is one page of a trace. Each event is kept exactly as received, so that tests can
// compare events byte for byte.
type tracePage struct {
	Events     []json.RawMessage `json:"events"`
	NextCursor string            `json:"next_cursor"`
	Incomplete bool              `json:"incomplete"`
	Receipt    receipt           `json:"receipt"`
}

func (p tracePage) rows(t *testing.T) []row {
	t.Helper()
	rows := make([]row, len(p.Events))
	for i, raw := range p.Events {
		decoder := json.NewDecoder(bytes.NewReader(raw))
		decoder.DisallowUnknownFields()
		require.NoError(t, decoder.Decode(&rows[i]), string(raw))
	}
	return rows
}

// client keeps up to 32 idle connections per host, so that 32 concurrent senders can reuse their
// connections. A request fails if it takes longer than patience.
var client = &http.Client{
	Timeout:   patience,
	Transport: &http.Transport{MaxIdleConnsPerHost: 32},
}

// question returns the parameters of a query for a client's events in the given range.
func question(instance, clientID string, from, to time.Time) url.Values {
	return url.Values{
		"instance": {instance}, "client": {clientID},
		"from": {strconv.FormatInt(from.UnixMilli(), 10)}, "to": {strconv.FormatInt(to.UnixMilli(), 10)},
	}
}

// with returns a copy of q in which one parameter has been added or replaced.
func with(q url.Values, name, value string) url.Values {
	more := url.Values{name: {value}}
	for key, values := range q {
		if key != name {
			more[key] = values
		}
	}
	return more
}

// response is an HTTP response with its whole body.
type response struct {
	status int
	header http.Header
	body   []byte
}

func do(ctx context.Context, method, address, token string, header http.Header, body []byte) (response, error) {
	request, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return response{}, err
	}
	for name, values := range header {
		request.Header[name] = values
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	r, err := client.Do(request)
	if err != nil {
		return response{}, err
	}
	defer r.Body.Close()
	read, err := io.ReadAll(r.Body)
	return response{r.StatusCode, r.Header, read}, err
}

// tryAsk queries the trace API. It returns an error if no response arrives.
func (s *stack) tryAsk(ctx context.Context, q url.Values) (response, error) {
	return do(ctx, http.MethodGet, s.url("/api/v1/trace?"+q.Encode()), queryToken, nil, nil)
}

// ask queries the trace API and returns the response, whatever its status.
func (s *stack) ask(t *testing.T, q url.Values) response {
	t.Helper()
	r, err := s.tryAsk(t.Context(), q)
	require.NoError(t, err)
	return r
}

// apiTime is the format of the times in the API's responses.
const apiTime = "2006-01-02T15:04:05.000Z"

// get requests a target below /api/v1/, such as "instances", with the given token. It returns the
// body of the response, whose status must be 200.
func (s *stack) get(t *testing.T, token, target string) []byte {
	t.Helper()
	r, err := do(t.Context(), http.MethodGet, s.url("/api/v1/"+target), token, nil, nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, r.status, string(r.body))
	return r.body
}

// read queries an endpoint of the API, such as "status", and decodes the response. The status of
// the response must be 200.
func (s *stack) read(t *testing.T, endpoint string, parameters url.Values, into any) {
	t.Helper()
	require.NoError(t, json.Unmarshal(s.get(t, queryToken, endpoint+"?"+parameters.Encode()), into))
}

// trace queries the trace API and returns one page. It fails the test if the page is marked as
// incomplete.
func (s *stack) trace(t *testing.T, q url.Values) tracePage {
	t.Helper()
	return requireCompletePage(t, s.ask(t, q))
}

func requireCompletePage(t require.TestingT, r response) (a tracePage) {
	require.Equal(t, http.StatusOK, r.status, string(r.body))
	require.NoError(t, json.Unmarshal(r.body, &a))
	require.False(t, a.Incomplete, string(r.body))
	return a
}

// allEvents returns the events of all pages of a trace.
func (s *stack) allEvents(t *testing.T, q url.Values) (events []json.RawMessage) {
	t.Helper()
	for {
		a := s.trace(t, q)
		events = append(events, a.Events...)
		if a.NextCursor == "" {
			return events
		}
		q = with(q, "cursor", a.NextCursor)
	}
}

// await repeats a query until it returns at least n rows. It also repeats a query that was refused.
// Tests need await because the broker delivers some events of a connection only a moment after the
// connection has ended.
func (s *stack) await(t *testing.T, q url.Values, n int) tracePage {
	t.Helper()
	var a tracePage
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		r, err := s.tryAsk(t.Context(), q)
		require.NoError(c, err)
		a = requireCompletePage(c, r)
		require.GreaterOrEqual(c, len(a.Events), n)
	}, patience, pollEvery)
	return a
}

// post sends a body to a webhook and returns the response, whatever its status.
func (s *stack) post(t *testing.T, path string, body []byte, header http.Header) response {
	t.Helper()
	r, err := do(t.Context(), http.MethodPost, s.url(path), webhookToken, header, body)
	require.NoError(t, err)
	return r
}

// send sends a request with the given header fields, in which names and values alternate. It does
// not add a token.
func (s *stack) send(t *testing.T, method, path, body string, header ...string) response {
	t.Helper()
	fields := http.Header{}
	for i := 0; i < len(header); i += 2 {
		fields.Set(header[i], header[i+1])
	}
	r, err := do(t.Context(), method, s.url(path), "", fields, []byte(body))
	require.NoError(t, err)
	return r
}

// record sends events in the project's own format and checks that all of them were recorded.
func (s *stack) record(t *testing.T, instance string, events []inputEvent) {
	t.Helper()
	r := s.post(t, "/webhooks/events/"+instance, encode(events), nil)
	require.Equal(t, http.StatusOK, r.status, string(r.body))
	require.JSONEq(t, `{"recorded":`+strconv.Itoa(len(events))+`}`, string(r.body))
}

// inputEvent is an event in the project's own format, with only the fields that these tests set.
type inputEvent struct {
	ClientID      string `json:"client_id"`
	Action        string `json:"action"`
	ActionInfo    string `json:"action_info,omitempty"`
	Time          int64  `json:"time"` // Unix ms
	SourceEventID string `json:"source_event_id,omitempty"`
	ChannelID     string `json:"channel_id,omitempty"`
	NativeReason  string `json:"native_reason,omitempty"`
	ReasonCode    *int32 `json:"reason_code,omitempty"`
	PeerAddress   string `json:"peer_address,omitempty"`
	PeerPort      int32  `json:"peer_port,omitempty"`
	Username      string `json:"username,omitempty"`
	Node          string `json:"node,omitempty"`
	KeepAlive     *int32 `json:"keep_alive,omitempty"`
	CleanStart    *bool  `json:"clean_start,omitempty"`
	ConnectedAt   int64  `json:"connected_at,omitempty"` // Unix ms
}

// encode encodes events as the JSON body of a delivery.
func encode(events []inputEvent) []byte {
	body, err := json.Marshal(events)
	if err != nil {
		panic(err) // strings, numbers and booleans can always be encoded
	}
	return body
}
