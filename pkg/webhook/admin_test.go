package webhook

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/objstore"
	"devicetrace/pkg/quarantine"
	"devicetrace/pkg/serve"
)

// admin sends a request with the admin token.
func (b *harness) admin(method, path string) *httptest.ResponseRecorder {
	return b.do(method, "/webhooks/quarantine"+path, nil, bearer("admin")...)
}

// keep stores an item that has the given body and was received the given duration before now. It
// returns the item's id.
func (b *harness) keep(t *testing.T, before time.Duration, body string) quarantine.ID {
	t.Helper()
	id, err := quarantine.Keep(t.Context(), b, quarantine.Item{
		ReceivedAt: now.Add(-before), Route: "events", InstanceID: "prod", Body: []byte(body),
		Errors: []quarantine.Error{{Item: 1, Field: "action", Error: "must be a word"}, {Item: 2, Error: "is bad too"}},
	})
	require.NoError(t, err)
	return id
}

// decoded checks the status of a response and decodes its JSON body.
func decoded[T any](t *testing.T, w *httptest.ResponseRecorder, status int) (response T) {
	t.Helper()
	require.Equal(t, status, w.Code, w.Body)
	decoder := json.NewDecoder(w.Body)
	decoder.DisallowUnknownFields()
	require.NoError(t, decoder.Decode(&response))
	return response
}

func TestDamagedItem(t *testing.T) {
	b := &harness{}
	id := b.keep(t, 0, "x").String()
	for key, data := range b.quarantined {
		b.quarantined[key] = []byte(strings.Repeat("?", len(data)))
	}
	require.Equal(t, []listedItem{{ID: id, Size: 211, Damaged: true}}, decoded[listResponse](t, b.admin("GET", ""), 200).Items)
	for method, path := range map[string]string{"GET": "/" + id, "POST": "/" + id + "/replay"} {
		log := captureLog(t, func() {
			require.Equal(t, "Damaged", decoded[serve.Problem](t, b.admin(method, path), 500).Code)
		})
		require.Contains(t, log, "its bytes have another digest")
	}
	require.Empty(t, b.recorded)
}

func TestAdminRefuses(t *testing.T) {
	b := &harness{}
	id := b.keep(t, 0, "x").String()
	absent := "2026-11-22-0123456789abcdef0123456789abcdef"
	for _, c := range []struct {
		method, path string
		status       int
		code         string
	}{
		{"GET", "?day=yesterday", 400, "InvalidParameter"},
		{"GET", "?day=2026-02-30", 400, "InvalidParameter"},
		{"GET", "?limit=0", 400, "InvalidParameter"},
		{"GET", "?limit=201", 400, "InvalidParameter"},
		{"GET", "?after=x", 400, "InvalidParameter"},
		{"GET", "?day=2026-11-21&after=" + id, 400, "InvalidParameter"},
		{"GET", "/x", 400, "InvalidID"},
		{"POST", "/x/replay", 400, "InvalidID"},
		{"GET", "/" + absent, 404, "NoSuchItem"},
		{"POST", "/" + absent + "/replay", 404, "NoSuchItem"},
		{"GET", "/" + id + "/", 404, "NotFound"},
		{"GET", "/" + id + "/other", 404, "NotFound"},
		{"GET", "//", 404, "NotFound"},
		{"POST", "", 405, "MethodNotAllowed"},
		{"POST", "/" + id, 405, "MethodNotAllowed"},
		{"DELETE", "/" + id, 405, "MethodNotAllowed"},
		{"GET", "/" + id + "/replay", 405, "MethodNotAllowed"},
	} {
		t.Run(c.method+" "+c.path, func(t *testing.T) {
			require.Equal(t, c.code, decoded[serve.Problem](t, b.admin(c.method, c.path), c.status).Code)
		})
	}
}

func TestAdminNeedsItsToken(t *testing.T) {
	b := &harness{}
	id := b.keep(t, 0, "["+ownEvent+"]").String()
	config := b.config()
	config.AdminToken = ""
	handler := mustNew(config)
	for method, path := range map[string]string{"GET": "", "HEAD": "/" + id, "POST": "/" + id + "/replay"} {
		for _, header := range [][]string{nil, bearer("secret"), bearer("Admin"), basic("any", "admin")} {
			w := b.do(method, "/webhooks/quarantine"+path, nil, header...)
			require.Equal(t, http.StatusUnauthorized, w.Code)
			require.NotContains(t, w.Body.String(), "prod")
		}
		w := call(handler, method, "/webhooks/quarantine"+path, nil, bearer("")...)
		require.Equal(t, http.StatusNotFound, w.Code, "without an admin token, the path does not exist")
		require.Contains(t, w.Body.String(), "there is no such path; send events to ")
	}
	require.Empty(t, b.recorded)
}

// failing returns a handler whose store fails every operation of the given kind with err.
func (b *harness) failing(t *testing.T, op objstore.Op, err error) *Handler {
	config := b.config()
	config.Store = objstore.NewFaulty(b.memory(t.Context()), func(c objstore.Call) (fault objstore.Fault) {
		if c.Op == op {
			fault.Before = err
		}
		return fault
	})
	return mustNew(config)
}

var errDown = errors.New("down")

func TestAdminStoreDown(t *testing.T) {
	b := &harness{}
	id := b.keep(t, 0, ownEvent).String()
	for _, op := range []objstore.Op{objstore.OpList, objstore.OpRead} {
		handler := b.failing(t, op, errDown)
		for method, path := range map[string]string{"GET": "", "HEAD": "/" + id, "POST": "/" + id + "/replay"} {
			w := call(handler, method, "/webhooks/quarantine"+path, nil, bearer("admin")...)
			require.Equal(t, http.StatusServiceUnavailable, w.Code)
			require.NotContains(t, w.Body.String(), "down")
		}
	}
	w := call(b.failing(t, objstore.OpList, fmt.Errorf("%w (down)", objstore.ErrForbidden)), "GET", "/webhooks/quarantine", nil, bearer("admin")...)
	require.Equal(t, "StoreForbidden", decoded[serve.Problem](t, w, 503).Code)
	b.appendErr = errDown
	require.Equal(t, "StoreUnavailable", decoded[serve.Problem](t, b.admin("POST", "/"+id+"/replay"), 503).Code)
}

// If an item expires between the list request and its read, the listing must omit it. A request for
// that item must get 404.
func TestAdminOmitsExpiredItems(t *testing.T) {
	b := &harness{}
	id := b.keep(t, 0, ownEvent).String()
	handler := b.failing(t, objstore.OpRead, fs.ErrNotExist)
	w := call(handler, "GET", "/webhooks/quarantine", nil, bearer("admin")...)
	require.Empty(t, decoded[listResponse](t, w, 200).Items)
	require.Equal(t, 404, call(handler, "GET", "/webhooks/quarantine/"+id, nil, bearer("admin")...).Code)
}
