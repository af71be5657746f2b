package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/record"
)

// connected is an EMQX event of a client.
func connected(client string) string {
	return fmt.Sprintf(`{"event":"client.connected","clientid":%q,"connected_at":%d,"timestamp":%d,"peername":"192.0.2.1:1024"}`,
		client, now.UnixMilli(), now.UnixMilli())
}

func TestRecorded(t *testing.T) {
	b := &bench{}
	w := b.post("/webhooks/emqx/prod-1", connected("c1"))
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	require.JSONEq(t, `{"recorded":1}`, w.Body.String())
	require.Len(t, b.recorded, 1)
	require.Equal(t, "prod-1", string(b.recorded[0].InstanceID))
	require.Equal(t, "c1", string(b.recorded[0].ClientID))
	require.Equal(t, now, b.recorded[0].ReceivedAt)
	require.Empty(t, b.quarantined)
}

func TestNoRow(t *testing.T) {
	b := &bench{}
	w := b.post("/webhooks/events/local", "[]")
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	require.JSONEq(t, `{"recorded":0}`, w.Body.String())
	require.Empty(t, b.recorded)
}

func TestGzip(t *testing.T) {
	b := &bench{}
	w := b.post("/webhooks/emqx/local", packed(t, connected("c1")), "Content-Encoding", "gzip")
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	require.Len(t, b.recorded, 1)
}

func TestGoodItemsOfABatchAreRecorded(t *testing.T) {
	b := &bench{}
	body := "[" + connected("c1") + `,"junk",` + connected("c2") + "]"
	w := b.post("/webhooks/emqx/local", body)
	require.Equal(t, http.StatusBadRequest, w.Code)
	var got rejection
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &got))
	require.Equal(t, 2, got.Recorded)
	require.Len(t, got.Rejected, 1)
	require.Equal(t, 1, got.Rejected[0].Item)
	require.Len(t, b.recorded, 2)
	require.Equal(t, body, string(b.kept(t).Body))
	require.NotContains(t, w.Body.String(), "more_rejected")
}

func TestUnreadableInputIsKept(t *testing.T) {
	for name, c := range map[string]struct{ body, encoding string }{
		"not JSON":         {"hello", ""},
		"empty":            {"", ""},
		"not gzip":         {"hello", "gzip"},
		"unknown encoding": {"hello", "br"},
		"not UTF-8":        {"\xff\xfe", ""},
		"NULs for ends":    {connected("a") + "\x00\n" + connected("b") + "\x00\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := &bench{}
			w := b.post("/webhooks/emqx/local", c.body, "Content-Encoding", c.encoding)
			require.Equal(t, http.StatusBadRequest, w.Code)
			require.Contains(t, w.Body.String(), `"recorded":0,"rejected":[{"item":0,"field":"`)
			kept := b.kept(t)
			require.Equal(t, c.body, string(kept.Body))
			require.Equal(t, c.encoding, kept.Encoding)
			require.Equal(t, []string{"emqx", "local"}, []string{kept.Route, string(kept.InstanceID)})
			require.Equal(t, now, kept.ReceivedAt)
		})
	}
}

func TestDamagedGzipIsKept(t *testing.T) {
	b := &bench{}
	whole := packed(t, connected("c1"))
	w := b.post("/webhooks/emqx/local", whole[:len(whole)-4], "Content-Encoding", "gzip")
	require.Equal(t, http.StatusBadRequest, w.Code)
	require.Len(t, b.quarantined, 1)
	require.Empty(t, b.recorded)
}

func TestTooLarge(t *testing.T) {
	long := strings.Repeat(" ", maxBody+1)
	for name, c := range map[string]struct{ body, encoding string }{
		"as sent":  {long, ""},
		"unpacked": {packed(t, long), "gzip"},
		"packed":   {long, "gzip"},
	} {
		t.Run(name, func(t *testing.T) {
			b := &bench{}
			w := b.post("/webhooks/events/local", c.body, "Content-Encoding", c.encoding)
			require.Equal(t, http.StatusRequestEntityTooLarge, w.Code)
			require.Contains(t, w.Body.String(), `"code":"TooLarge"`)
			require.Empty(t, b.quarantined)
		})
	}
}

func TestLongestBodyIsTaken(t *testing.T) {
	b := &bench{}
	event := connected("c1")
	w := b.post("/webhooks/emqx/local", event+strings.Repeat(" ", maxBody-len(event)))
	require.Equal(t, http.StatusOK, w.Code, w.Body)
}

func TestUnauthorisedStoresNothing(t *testing.T) {
	for _, token := range []string{"", "Bearer wrong", "Basic secret"} {
		for _, body := range []string{connected("c1"), "junk"} {
			b := &bench{}
			b.requireUnauthorised(t, b.do("POST", "/webhooks/emqx/local", strings.NewReader(body), "Authorization", token))
		}
	}
}

func TestWrongPathsAndMethods(t *testing.T) {
	for _, c := range []struct {
		method, path string
		want         int
		code         string
	}{
		{"POST", "/", 404, "NotFound"},
		{"POST", "/webhooks", 404, "NotFound"},
		{"POST", "/webhooks/", 404, "NotFound"},
		{"POST", "/webhooks/nobroker/local", 404, "NotFound"},
		{"GET", "/webhooks/emqx/local", 405, "MethodNotAllowed"},
		{"PUT", "/webhooks/emqx/local", 405, "MethodNotAllowed"},
		{"POST", "/webhooks/emqx", 400, "InvalidInstance"},
		{"POST", "/webhooks/emqx/", 400, "InvalidInstance"},
		{"POST", "/webhooks/emqx/a/b", 400, "InvalidInstance"},
		{"POST", "/webhooks/emqx/a%20b", 400, "InvalidInstance"},
		{"POST", "/webhooks/emqx/" + strings.Repeat("a", 129), 400, "InvalidInstance"},
		{"POST", "/webhooks/emqx/" + strings.Repeat("a", 128), 200, ""},
	} {
		t.Run(c.method+" "+c.path, func(t *testing.T) {
			b := &bench{}
			w := b.do(c.method, c.path, strings.NewReader(connected("c1")), "Authorization", "Bearer secret")
			require.Equal(t, c.want, w.Code, w.Body)
			require.Equal(t, "application/json", w.Header().Get("Content-Type"))
			if c.want == 405 {
				require.Equal(t, "POST", w.Header().Get("Allow"))
			}
			if c.code != "" {
				require.Contains(t, w.Body.String(), `{"code":"`+c.code+`","error":"`)
				require.Empty(t, b.recorded)
			}
		})
	}
}

// TestNotFoundListsTheRoutes, to anyone: the route is the first thing to get right.
func TestNotFoundListsTheRoutes(t *testing.T) {
	w := (&bench{}).do("POST", "/webhooks/nobroker/local", strings.NewReader("{}"))
	require.Equal(t, http.StatusNotFound, w.Code)
	require.JSONEq(t, `{"code":"NotFound","error":"there is no such path; send events to /webhooks/{route}/{instance}, where the route is one of `+
		strings.Join(broker.Names(), ", ")+`"}`, w.Body.String())
	require.NotContains(t, broker.Names(), adminRoute, "the quarantine is in its place")
}

func TestNotDurableIsSentAgain(t *testing.T) {
	for _, c := range []struct {
		name   string
		bench  bench
		body   string
		status int
		code   string
	}{
		{"store down", bench{appendErr: errors.New("timeout")}, connected("c"), 503, "StoreUnavailable"},
		{"busy", bench{appendErr: fmt.Errorf("append: %w", record.ErrBusy)}, connected("c"), 429, "Busy"},
		{"other shards", bench{appendErr: fmt.Errorf("open: %w", layout.ErrConflict)}, connected("c"), 503, "LayoutMismatch"},
		{"quarantine down", bench{putErr: errors.New("timeout")}, "junk", 503, "StoreUnavailable"},
		{"quarantine down for one of two", bench{putErr: errors.New("timeout")}, "[" + connected("c") + ",1]", 503, "StoreUnavailable"},
		{"client gone", bench{appendErr: context.Canceled}, connected("c"), 503, "StoreUnavailable"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := c.bench.post("/webhooks/emqx/local", c.body)
			require.Equal(t, c.status, w.Code)
			require.NotEmpty(t, w.Header().Get("Retry-After"))
			require.Contains(t, w.Body.String(), `"code":"`+c.code+`"`)
			require.NotContains(t, w.Body.String(), "timeout")
			require.Empty(t, c.bench.quarantined)
		})
	}
}

// cut is a body whose sender goes away.
type cut struct{ io.Reader }

func (c cut) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func TestSenderGoesAway(t *testing.T) {
	b := &bench{}
	w := b.do("POST", "/webhooks/emqx/local", cut{strings.NewReader(connected("c1"))}, "Authorization", "Bearer secret")
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.Empty(t, b.recorded)
	require.Empty(t, b.quarantined)
}

func TestRejectionStaysShort(t *testing.T) {
	var batch broker.Batch
	for i := range 1000 {
		batch.Rejected = append(batch.Rejected, broker.Rejected{Item: i, Field: "clientid", Error: strings.Repeat("x", 100)})
	}
	answer := newRejection(batch)
	require.Equal(t, 1000, len(answer.Rejected)+answer.More)
	data, err := json.Marshal(answer)
	require.NoError(t, err)
	require.Less(t, len(data), 16<<10)
	require.Greater(t, len(data), 8<<10)
}

// TestASenderThatGoesAwayLosesNothing: NanoMQ closes the connection behind its request.
func TestASenderThatGoesAwayLosesNothing(t *testing.T) {
	b := &bench{}
	gone, leave := context.WithCancel(t.Context())
	leave()
	w := httptest.NewRecorder()
	request := func(ctx context.Context) *http.Request {
		r := httptest.NewRequest("POST", "/webhooks/emqx/local", strings.NewReader(connected("c1"))).WithContext(ctx)
		r.Header.Set("Authorization", "Bearer secret")
		return r
	}
	b.handler().ServeHTTP(w, request(gone))
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	require.Len(t, b.recorded, 1)

	late, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	w = httptest.NewRecorder()
	b.handler().ServeHTTP(w, request(late))
	require.Equal(t, http.StatusServiceUnavailable, w.Code, "the deadline holds")
}
