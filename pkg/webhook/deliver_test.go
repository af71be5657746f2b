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

	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/quarantine"
)

// connected returns the body that EMQX sends when the given client connects.
func connected(client string) string {
	return fmt.Sprintf(`{"event":"client.connected","clientid":%q,"connected_at":%d,"timestamp":%d,"peername":"192.0.2.1:1024"}`,
		client, now.UnixMilli(), now.UnixMilli())
}

func TestRecorded(t *testing.T) {
	b := &harness{}
	w := b.post("/webhooks/emqx/prod-1", connected("c1"))
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	require.JSONEq(t, `{"recorded":1}`, w.Body.String())
	require.Len(t, b.recorded, 1)
	require.Equal(t, "prod-1", string(b.recorded[0].InstanceID))
	require.Equal(t, "c1", string(b.recorded[0].ClientID))
	require.Equal(t, now, b.recorded[0].ReceivedAt)
	require.Empty(t, b.quarantined)
}

// What a response reports as recorded or rejected must be in the bucket. This test uses the real
// writer.
func TestAcknowledgedMeansDurable(t *testing.T) {
	s := newSystem(t)
	require.Equal(t, http.StatusOK, s.do("POST", "/webhooks/emqx/prod", connected("c1"), "secret").Code)
	require.Len(t, s.trace("c1"), 1)
	item, err := quarantine.Get(t.Context(), s.store, s.post("junk"))
	require.NoError(t, err)
	require.Equal(t, "junk", string(item.Body))
}

func TestNoEvents(t *testing.T) {
	b := &harness{}
	w := b.post("/webhooks/events/local", "[]")
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	require.JSONEq(t, `{"recorded":0}`, w.Body.String())
	require.Empty(t, b.recorded)
}

func TestGoodItemsOfABatchAreRecorded(t *testing.T) {
	b := &harness{}
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
		"not JSON":              {"hello", ""},
		"empty":                 {"", ""},
		"not gzip":              {"hello", "gzip"},
		"unknown encoding":      {"hello", "br"},
		"not UTF-8":             {"\xff\xfe", ""},
		"lines that end in NUL": {connected("a") + "\x00\n" + connected("b") + "\x00\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := &harness{}
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

func TestUnauthorizedStoresNothing(t *testing.T) {
	for _, token := range []string{"", "Bearer wrong", "Basic secret"} {
		for _, body := range []string{connected("c1"), "junk"} {
			b := &harness{}
			b.requireUnauthorized(t, b.do("POST", "/webhooks/emqx/local", strings.NewReader(body), "Authorization", token))
		}
	}
}

func TestNotDurableMustBeSentAgain(t *testing.T) {
	for _, c := range []struct {
		name    string
		harness harness
		body    string
		status  int
		code    string
	}{
		{"store down", harness{appendErr: errors.New("timeout")}, connected("c"), 503, "StoreUnavailable"},
		{"busy", harness{appendErr: fmt.Errorf("append: %w", errBusy)}, connected("c"), 429, "Busy"},
		{"another number of shards", harness{appendErr: fmt.Errorf("open: %w", layout.ErrConflict)}, connected("c"), 503, "LayoutMismatch"},
		{"forbidden", harness{appendErr: fmt.Errorf("put: %w (timeout)", objstore.ErrForbidden)}, connected("c"), 503, "StoreForbidden"},
		{"no bucket", harness{putErr: objstore.ErrNoBucket}, "junk", 503, "NoSuchBucket"},
		{"another region", harness{appendErr: objstore.ErrAddress}, connected("c"), 503, "WrongEndpoint"},
		{"quarantine down", harness{putErr: errors.New("timeout")}, "junk", 503, "StoreUnavailable"},
		{"quarantine down for one of two", harness{putErr: errors.New("timeout")}, "[" + connected("c") + ",1]", 503, "StoreUnavailable"},
		{"client gone", harness{appendErr: context.Canceled}, connected("c"), 503, "StoreUnavailable"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := c.harness.post("/webhooks/emqx/local", c.body)
			require.Equal(t, c.status, w.Code)
			require.NotEmpty(t, w.Header().Get("Retry-After"))
			require.Contains(t, w.Body.String(), `"code":"`+c.code+`"`)
			require.NotContains(t, w.Body.String(), "timeout")
			require.Empty(t, c.harness.quarantined)
		})
	}
}

// cut is a body whose sender disconnects before the end of the body.
type cut struct{ io.Reader }

func (c cut) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func TestSenderDisconnectsBeforeTheEnd(t *testing.T) {
	b := &harness{}
	w := b.do("POST", "/webhooks/emqx/local", cut{strings.NewReader(connected("c1"))}, "Authorization", "Bearer secret")
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.Empty(t, b.recorded)
	require.Empty(t, b.quarantined)
}

// TestSenderDisconnectsAfterTheRequest checks that a complete request is recorded even after its
// sender has disconnected. For example, NanoMQ does not wait for the response. The request's
// deadline must still apply.
func TestSenderDisconnectsAfterTheRequest(t *testing.T) {
	b := &harness{}
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
	require.Equal(t, http.StatusServiceUnavailable, w.Code, "the deadline applies")
}
