package traceapi

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/query"
	"devicetrace/pkg/serve"
)

// canned opens streams with a fixed result and records the requests that it receives.
type canned struct {
	answer query.Result
	err    error
	asked  []query.Request
}

func (c *canned) open(_ context.Context, request query.Request) (stream, error) {
	c.asked = append(c.asked, request)
	f := &fixed{result: c.answer}
	if request.Descending {
		f.result.Events = slices.Clone(f.result.Events)
		slices.Reverse(f.result.Events)
	}
	return f, c.err
}

func (c *canned) get(path string) *httptest.ResponseRecorder {
	return c.do("GET", path, "Bearer secret")
}

func (c *canned) do(method, path, authorization string) *httptest.ResponseRecorder {
	return do(c.api(), method, path, "Authorization", authorization)
}

func (c *canned) api() api {
	return newAPI(everything{}, c.open, func() time.Time { return now }, 30*day)
}

// do sends a request to the complete handler and returns the response. header holds alternating
// names and values. The token "secret" covers all instances, the token "narrow" only the instance
// "i", and the token "several" the instances "a", "b" and "c".
func do(api api, method, path string, header ...string) *httptest.ResponseRecorder {
	return doIn(context.Background(), api, method, path, header...)
}

// doIn is like do, but the request has the given context.
func doIn(ctx context.Context, api api, method, path string, header ...string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	serveTo(w, ctx, api, method, path, header...)
	return w
}

func serveTo(w http.ResponseWriter, ctx context.Context, api api, method, path string, header ...string) {
	tokens, err := serve.ParseTokens("secret=*;narrow=i;several=b,c,a")
	if err != nil {
		panic(err)
	}
	r := httptest.NewRequestWithContext(ctx, method, path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	front{api: api, tokens: tokens, alibaba: http.NotFoundHandler()}.handler().ServeHTTP(w, r)
}

func ask(api api, path string, header ...string) *httptest.ResponseRecorder {
	return do(api, "GET", path, append(header, "Authorization", "Bearer secret")...)
}

// fetch requests a path and decodes the response, which must have status 200.
func fetch(t testing.TB, a api, path string, into any) {
	t.Helper()
	w := ask(a, path)
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), into), w.Body)
}

const trace = "/api/v1/trace?instance=i&client=c"

// full is an event with a value in every field. sparse has values only in the fields that
// every event has.
var full = event.Event{
	InstanceID: "prod", ClientID: "g@@@d", ChannelID: "ch", Action: event.Close, ActionInfo: event.NoHeart,
	Time: at("2026-11-22T08:00:00Z"), TimeOrigin: event.FromBroker, ReceivedAt: at("2026-11-22T08:00:00.5Z"),
	Source: "emqx", SourceEventID: "e1", NativeEvent: "client.disconnected", NativeReason: "keepalive_timeout",
	ReasonCode: event.Some[int32](141), PeerAddress: "192.0.2.1", PeerPort: 1024, Username: "device", Node: "n1",
	Protocol: "MQTT", ProtocolVersion: 5, KeepAlive: event.Some(time.Duration(0)), CleanStart: event.Some(true),
	ConnectedAt: at("2026-11-22T07:00:00.001Z"),
}

var sparse = event.Event{
	InstanceID: "prod", ClientID: "=1+\"2\",\n<é>", Action: event.Connect, ActionInfo: event.Accepted,
	Time: at("2026-11-22T09:00:00Z"), TimeOrigin: event.FromReceiver, ReceivedAt: at("2026-11-22T09:00:00Z"), Source: "events",
}

var receipt = query.Receipt{Objects: 1, Requests: 2, Bytes: 3, MS: 4.5, Partitions: []string{"p"}}

const fullJSON = `{"client_id":"g@@@d","instance_id":"prod","group_id":"g","device_id":"d","time":"2026-11-22T08:00:00.000Z",` +
	`"action":"close","action_info":"no heart","channel_id":"ch","native_event":"client.disconnected","native_reason":"keepalive_timeout",` +
	`"reason_code":141,"connected_at":"2026-11-22T07:00:00.001Z","received_at":"2026-11-22T08:00:00.500Z","peer_address":"192.0.2.1",` +
	`"peer_port":1024,"username":"device","node":"n1","protocol":"MQTT","protocol_version":5,"keep_alive":0,"clean_start":true,` +
	`"source":"emqx","source_event_id":"e1","time_origin":"broker"}`

const sparseJSON = `{"client_id":"=1+\"2\",\n<é>","instance_id":"prod","group_id":"","device_id":"=1+\"2\",\n<é>","time":"2026-11-22T09:00:00.000Z",` +
	`"action":"connect","action_info":"accepted","channel_id":"","native_event":"","native_reason":"",` +
	`"reason_code":null,"connected_at":null,"received_at":"2026-11-22T09:00:00.000Z","peer_address":"",` +
	`"peer_port":0,"username":"","node":"","protocol":"","protocol_version":0,"keep_alive":null,"clean_start":null,` +
	`"source":"events","source_event_id":"","time_origin":"received"}`

const receiptJSON = `{"objects":1,"requests":2,"bytes":3,"ms":4.5,"partitions":["p"]}`

func TestJSON(t *testing.T) {
	c := &canned{answer: query.Result{Events: []event.Event{full, sparse, full}, Receipt: receipt}}
	w := c.get(trace + "&limit=2")
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	require.Equal(t, "application/json", w.Header().Get("Content-Type"))
	require.Equal(t, "private, no-cache", w.Header().Get("Cache-Control"))
	require.Equal(t, `{"events":[`+fullJSON+"\n,"+sparseJSON+`],"next_cursor":"`+query.CursorAfter(&sparse)+`","receipt":`+receiptJSON+"}\n", w.Body.String())
	require.Equal(t, 2, c.asked[0].Limit)
}

func TestUnknownDeviceIsAnEmptyList(t *testing.T) {
	w := (&canned{answer: query.Result{Receipt: receipt}}).get(trace)
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, `{"events":[],"receipt":`+receiptJSON+"}\n", w.Body.String())
}

func TestIncomplete(t *testing.T) {
	c := &canned{answer: query.Result{Receipt: receipt, Unreadable: []query.Unreadable{{Key: "k", Error: "bad <footer>"}}}}
	require.Equal(t, `{"events":[],"incomplete":true,"unreadable":[{"key":"k","error":"bad <footer>"}],"receipt":`+receiptJSON+"}\n",
		c.get(trace).Body.String())
	for _, format := range []string{"csv", "ndjson"} {
		require.Equal(t, "true", c.get(trace+"&format="+format).Header().Get("X-Incomplete"))
	}
}

func TestNDJSON(t *testing.T) {
	c := &canned{answer: query.Result{Events: []event.Event{full, sparse, full}, Receipt: receipt}}
	w := c.get(trace + "&limit=2&format=ndjson")
	require.Equal(t, "application/x-ndjson", w.Header().Get("Content-Type"))
	require.Equal(t, fullJSON+"\n"+sparseJSON+"\n", w.Body.String())
	require.Equal(t, query.CursorAfter(&sparse), w.Header().Get("X-Next-Cursor"))
	require.Equal(t, receiptJSON, w.Header().Get("X-Receipt"))
	require.Empty(t, w.Header().Get("X-Incomplete"))
}

func TestCSV(t *testing.T) {
	c := &canned{answer: query.Result{Events: []event.Event{full, sparse}, Receipt: receipt}}
	w := c.get(trace + "&format=csv")
	require.Equal(t, "text/csv; charset=utf-8; header=present", w.Header().Get("Content-Type"))
	require.Empty(t, w.Header().Get("X-Next-Cursor"))
	require.True(t, strings.HasPrefix(w.Body.String(), "client_id,instance_id,group_id,device_id,time,action,action_info,channel_id,"+
		"native_event,native_reason,reason_code,connected_at,received_at,peer_address,peer_port,username,node,protocol,"+
		"protocol_version,keep_alive,clean_start,source,source_event_id,time_origin\r\n"))
	records, err := csv.NewReader(w.Body).ReadAll()
	require.NoError(t, err)
	require.Len(t, records, 3)
	require.Equal(t, []string{"g@@@d", "prod", "g", "d", "2026-11-22T08:00:00.000Z", "close", "no heart", "ch", "client.disconnected",
		"keepalive_timeout", "141", "2026-11-22T07:00:00.001Z", "2026-11-22T08:00:00.500Z", "192.0.2.1", "1024", "device", "n1",
		"MQTT", "5", "0", "true", "emqx", "e1", "broker"}, records[1])
	require.Equal(t, "'=1+\"2\",\n<é>", records[2][0], "the cell must not be a formula")
	for i, name := range records[0] {
		unknown := []string{
			"group_id", "channel_id", "native_event", "native_reason", "reason_code", "connected_at", "peer_address", "peer_port", "username", "node",
			"protocol", "protocol_version", "keep_alive", "clean_start", "source_event_id",
		}
		require.Equal(t, slices.Contains(unknown, name), records[2][i] == "", "an unknown value must be an empty cell: %s", name)
	}
}

// TestKnownZeros checks that CSV keeps a 0 that the source sent.
func TestKnownZeros(t *testing.T) {
	e := sparse
	e.ReasonCode, e.KeepAlive, e.CleanStart = event.Some[int32](0), event.Some[time.Duration](0), event.Some(false)
	records, err := csv.NewReader((&canned{answer: query.Result{Events: []event.Event{e}}}).get(trace + "&format=csv").Body).ReadAll()
	require.NoError(t, err)
	got := map[string]string{}
	for i, name := range records[0] {
		got[name] = records[1][i]
	}
	require.Equal(t, []string{"0", "0", "false", "", ""}, []string{got["reason_code"], got["keep_alive"], got["clean_start"], got["peer_port"], got["protocol_version"]})
}

// TestByteOrderMark checks that CSV begins with a byte order mark if and only if the request has bom=1, and
// that the rest stays the same.
func TestByteOrderMark(t *testing.T) {
	c := &canned{answer: query.Result{Events: []event.Event{full, sparse}, Receipt: receipt}}
	f := fleetWithDevices()
	for path, get := range map[string]func(string) *httptest.ResponseRecorder{
		trace:      func(path string) *httptest.ResponseRecorder { return c.get(path) },
		devicesURL: func(path string) *httptest.ResponseRecorder { return ask(f.api(), path) },
		fleetURL:   func(path string) *httptest.ResponseRecorder { return ask(countedFleet().api(), path) },
	} {
		plain := get(path + "&format=csv").Body.String()
		require.NotContains(t, plain, "\ufeff")
		require.Equal(t, plain, get(path+"&format=csv&bom=0").Body.String())
		require.Equal(t, "\ufeff"+plain, get(path+"&format=csv&bom=1").Body.String())
		require.Contains(t, get(path+"&bom=1").Body.String(), "bom=1 requires format=csv")
		require.Contains(t, get(path+"&format=csv&bom=2").Body.String(), "bom must be 0 or 1")
	}
}

func TestCSVOfNothingHasItsHeader(t *testing.T) {
	w := (&canned{}).get(trace + "&format=csv")
	require.Equal(t, 1, strings.Count(w.Body.String(), "\r\n"))
}

// TestResponseStaysBelowTheLimit checks that a response stays below the platform's limit even
// after the runtime has encoded it as a JSON string.
func TestResponseStaysBelowTheLimit(t *testing.T) {
	for name, id := range map[string]string{
		"plain": strings.Repeat("x", 65_000), "quotes": strings.Repeat(`"`, 65_000), "control": strings.Repeat("\x01", 65_000),
		"tags": strings.Repeat("<", 65_000), "separators": strings.Repeat("\u2028", 21_000), "short": "x",
	} {
		for _, format := range []string{"json", "csv"} {
			t.Run(name+" "+format, func(t *testing.T) {
				c := &canned{}
				for i := range 5000 {
					e := full
					e.ClientID, e.Time = event.ClientID(id), at("2026-11-22T08:00:00Z").Add(time.Duration(i)*time.Millisecond)
					c.answer.Events = append(c.answer.Events, e)
				}
				w := c.get(trace + "&limit=5000&format=" + format)
				encoded, err := json.Marshal(w.Body.String())
				require.NoError(t, err)
				require.Less(t, len(encoded), 6_000_000)
				rows := strings.Count(w.Body.String(), "keepalive_timeout")
				require.Positive(t, rows)
				cursor := w.Header().Get("X-Next-Cursor")
				if format == "json" {
					var answer struct {
						Events     []json.RawMessage
						NextCursor string `json:"next_cursor"`
					}
					require.NoError(t, json.Unmarshal(w.Body.Bytes(), &answer))
					require.Len(t, answer.Events, rows)
					cursor = answer.NextCursor
				}
				want := ""
				if rows < 5000 {
					require.Greater(t, len(encoded), 3_000_000)
					want = query.CursorAfter(&c.answer.Events[rows-1])
				}
				require.Equal(t, want, cursor)
			})
		}
	}
}

func TestErrors(t *testing.T) {
	w := (&canned{err: fmt.Errorf("parse: %w", query.ErrCursor)}).get(trace + "&cursor=x")
	require.Equal(t, http.StatusBadRequest, w.Code)
	require.Contains(t, w.Body.String(), `{"code":"InvalidCursor","error":"`)

	w = (&canned{err: errors.New("oss: secret detail")}).get(trace)
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.NotEmpty(t, w.Header().Get("Retry-After"))
	require.Contains(t, w.Body.String(), `"code":"StoreUnavailable"`)
	require.NotContains(t, w.Body.String(), "secret detail")

	w = (&canned{err: fmt.Errorf("read: %w (secret detail)", objstore.ErrForbidden)}).get(trace)
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.Contains(t, w.Body.String(), `{"code":"StoreForbidden","error":"the bucket could not be read, because OSS refuses the function: `)
	require.NotContains(t, w.Body.String(), "secret detail")

	ctx, cancel := context.WithTimeout(t.Context(), -time.Second)
	defer cancel()
	late := &canned{err: fmt.Errorf("read: %w", ctx.Err())}
	w = doIn(ctx, late.api(), "GET", trace, "Authorization", "Bearer secret")
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.NotEmpty(t, w.Header().Get("Retry-After"))
	require.Contains(t, w.Body.String(), `{"code":"TimedOut","error":"the request took too long: choose a shorter range`)
	w = late.get(trace) // only an attempt of the store timed out
	require.Contains(t, w.Body.String(), `"code":"StoreUnavailable"`)

	w = (&canned{err: fmt.Errorf("read: %w: two markers", query.ErrLayout)}).get(trace)
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.Contains(t, w.Body.String(), `{"code":"LayoutMismatch","error":"`)

	c := &canned{}
	w = c.get("/api/v1/trace?instance=i")
	require.Equal(t, http.StatusBadRequest, w.Code)
	require.Equal(t, "application/json", w.Header().Get("Content-Type"))
	require.Contains(t, w.Body.String(), `{"code":"MissingParameter","error":"`)
	require.Empty(t, c.asked)
}

func TestPathsMethodsTokens(t *testing.T) {
	for _, c := range []struct {
		method, path, authorization string
		want                        int
	}{
		{"GET", trace, "Bearer secret", 200},
		{"HEAD", trace, "Bearer secret", 200},
		{"POST", trace, "Bearer secret", 405},
		{"GET", trace, "Bearer wrong", 401},
		{"GET", trace, "", 401},
		{"GET", trace, "Bearer narrow", 200},
		{"GET", "/api/v1/trace?instance=j&client=c", "Bearer narrow", 403},
		{"GET", "/api/v1/status?instance=j&client=c", "Bearer narrow", 403},
		{"GET", "/api/v1/diagnosis?instance=j&client=c", "Bearer narrow", 403},
		{"GET", "/api/v1/status?instance=j&client=c", "", 401},
		{"GET", "/api/v1/diagnosis?instance=j&client=c", "Bearer wrong", 401},
		{"POST", "/api/v1/status?instance=j&client=c", "Bearer secret", 405},
		{"GET", "/api/v1/instances", "Bearer narrow", 200},
		{"HEAD", "/api/v1/instances", "Bearer secret", 200},
		{"POST", "/api/v1/instances", "Bearer secret", 405},
		{"GET", "/api/v1/instances", "Bearer wrong", 401},
		{"GET", "/api/v1/instances", "", 401},
		{"GET", "/api/v1/openapi.yaml", "", 200},
		{"PUT", "/api/v1/openapi.yaml", "", 405},
		{"GET", "/", "", 200},
		{"DELETE", "/", "", 405},
		{"GET", "/favicon.ico", "", 404},
		{"GET", "/api/v1/trace/", "Bearer secret", 404},
	} {
		t.Run(c.method+" "+c.path+" "+c.authorization, func(t *testing.T) {
			reader := &canned{}
			w := reader.do(c.method, c.path, c.authorization)
			require.Equal(t, c.want, w.Code)
			if c.want != 200 {
				require.Empty(t, reader.asked)
			}
			if c.want != 200 && c.path != "/" {
				require.Contains(t, w.Body.String(), `"code":`)
			}
			if c.want == 405 {
				require.Equal(t, "GET, HEAD", w.Header().Get("Allow"))
			}
		})
	}
}

// TestEntityTags checks that the entity tag covers the content of a response but not its receipt.
func TestEntityTags(t *testing.T) {
	get := func(c *canned, path, known string) *httptest.ResponseRecorder {
		return ask(c.api(), path, "If-None-Match", known)
	}
	answer := query.Result{Events: []event.Event{full}, Receipt: receipt}
	first := get(&canned{answer: answer}, trace, "")
	tag := first.Header().Get("ETag")
	require.Regexp(t, `^W/"[0-9a-f]{32}"$`, tag)
	answer.Receipt.MS = 99
	for _, known := range []string{tag, `"other", ` + tag, strings.TrimPrefix(tag, "W/"), "*"} {
		again := get(&canned{answer: answer}, trace, known)
		require.Equal(t, http.StatusNotModified, again.Code)
		require.Empty(t, again.Body.String())
		require.Equal(t, tag, again.Header().Get("ETag"))
	}
	require.Equal(t, http.StatusOK, get(&canned{answer: answer}, trace, `"other"`).Code)
	for _, other := range []query.Result{
		{Events: []event.Event{full, sparse}},
		{Events: []event.Event{full}, Unreadable: []query.Unreadable{{Key: "k"}}}, {},
	} {
		require.NotEqual(t, tag, get(&canned{answer: other}, trace, "").Header().Get("ETag"))
	}
	require.NotEqual(t, tag, get(&canned{answer: answer}, trace+"&format=csv", "").Header().Get("ETag"))
	more := query.Result{Events: []event.Event{full, sparse}}
	require.NotEqual(t, tag, get(&canned{answer: more}, trace+"&limit=1", "").Header().Get("ETag"), "the same rows, but another cursor")
}

func TestExplain(t *testing.T) {
	c := &canned{answer: query.Result{Receipt: receipt, Steps: []query.Step{{Request: "list", Key: "p/", AtMS: 0.1, MS: 0.2}}}}
	w := c.get(trace + "&explain=1")
	require.True(t, c.asked[0].Explain)
	require.Equal(t, `{"events":[],"receipt":`+receiptJSON+`,"plan":[{"request":"list","key":"p/","at_ms":0.1,"ms":0.2}]}`+"\n", w.Body.String())
}
