package webhook

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/memstore"
	"devicetrace/pkg/quarantine"
	"devicetrace/pkg/serve"
)

var now = time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)

// harness runs the handler with a recorder and a store that keep everything in memory. The token is
// "secret" unless the tokens field is set; the admin token is "admin".
type harness struct {
	tokens    string // in the format of the environment variable WEBHOOK_TOKENS
	appendErr error
	putErr    error
	// outside responds to the requests that the handler sends.
	outside func(*http.Request) (*http.Response, error)

	recorded    []event.Event
	quarantined map[string][]byte
}

func (b *harness) Append(ctx context.Context, events []event.Event) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if b.appendErr != nil {
		return b.appendErr
	}
	b.recorded = append(b.recorded, events...)
	return nil
}

func (b *harness) Put(_ context.Context, key string, body io.ReaderAt, size int64) error {
	if b.putErr != nil {
		return b.putErr
	}
	data := make([]byte, size)
	_, err := body.ReadAt(data, 0)
	if b.quarantined == nil {
		b.quarantined = map[string][]byte{}
	}
	b.quarantined[key] = data
	return err
}

// Read and List serve the quarantined objects from an in-memory copy that they make on each call.

func (b *harness) Read(ctx context.Context, key string, off, n int64) ([]byte, error) {
	return b.memory(ctx).Read(ctx, key, off, n)
}

func (b *harness) List(ctx context.Context, prefix, after string) (objstore.Page, error) {
	return b.memory(ctx).List(ctx, prefix, after)
}

func (b *harness) memory(ctx context.Context) *memstore.Store {
	store := memstore.New()
	for key, data := range b.quarantined {
		store.Put(ctx, key, bytes.NewReader(data), int64(len(data)))
	}
	return store
}

// config returns a Config in which b is both the recorder and the store.
func (b *harness) config() Config {
	tokens, err := serve.ParseTokens(b.tokens)
	if b.tokens == "" {
		err = tokens.Add("secret")
	}
	if err != nil {
		panic(err)
	}
	return Config{
		Recorder: b, Store: b, Tokens: tokens, AdminToken: "admin", Retention: 30 * 24 * time.Hour,
		Transport: transport(b.outside), Now: func() time.Time { return now },
	}
}

func (b *harness) handler() *Handler { return mustNew(b.config()) }

func mustNew(config Config) *Handler {
	handler, err := New(config)
	if err != nil {
		panic(err)
	}
	return handler
}

// transport turns a function into an http.RoundTripper.
type transport func(*http.Request) (*http.Response, error)

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }

// post sends a body with the valid token. header holds alternating names and values.
func (b *harness) post(path, body string, header ...string) *httptest.ResponseRecorder {
	return b.do("POST", path, strings.NewReader(body), append(header, "Authorization", "Bearer secret")...)
}

func (b *harness) do(method, path string, body io.Reader, header ...string) *httptest.ResponseRecorder {
	return call(b.handler(), method, path, body, header...)
}

// call sends a request to the handler. header holds alternating names and values.
func call(h *Handler, method, path string, body io.Reader, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, body)
	setHeader(r, header...)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// setHeader adds alternating names and values to the request's header.
func setHeader(r *http.Request, header ...string) {
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
}

// kept returns the item in quarantine. It fails the test unless there is exactly one.
func (b *harness) kept(t *testing.T) quarantine.Item {
	t.Helper()
	item, err := quarantine.Get(t.Context(), b, b.keptID(t))
	require.NoError(t, err)
	return item
}

func (b *harness) keptID(t *testing.T) quarantine.ID {
	t.Helper()
	require.Len(t, b.quarantined, 1)
	entries, _, err := quarantine.List(t.Context(), b, layout.DayOf(now), quarantine.ID{}, 1)
	require.NoError(t, err)
	require.Len(t, entries, 1)
	for _, data := range b.quarantined {
		require.NotContains(t, string(data), "secret")
	}
	return entries[0].ID
}

// requireUnauthorized checks that a request was refused with 401 and that nothing was stored.
func (b *harness) requireUnauthorized(t *testing.T, w *httptest.ResponseRecorder) {
	t.Helper()
	require.Equal(t, http.StatusUnauthorized, w.Code, w.Body)
	require.Contains(t, w.Body.String(), `"code":"Unauthorized"`)
	require.Equal(t, `Bearer realm="device trace", Basic realm="device trace"`, w.Header().Get("WWW-Authenticate"))
	require.Empty(t, b.recorded)
	require.Empty(t, b.quarantined)
}

func gzipped(t *testing.T, text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write([]byte(text))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.String()
}
