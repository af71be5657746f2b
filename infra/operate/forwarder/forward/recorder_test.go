package forward

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
)

const token = "secret"

// recorder is a fake recorder that uses the real decoders. Tests call it without a network, so that
// it can run on a test's fake clock.
type recorder struct {
	t *testing.T
	// before is called first for each request. It may respond in place of the recorder, and reports
	// whether it did. n is the number of the request, counted from 1.
	before func(n int, w http.ResponseWriter, r *http.Request) bool
	// loseResponses reports whether the response to request number n is lost. The recorder then
	// records the lines, but the sender gets an error.
	loseResponses func(n int) bool

	mu       sync.Mutex
	requests []sentRequest
	rows     map[string]int  // number of rows by client identifier
	events   []event.Event   // the rows, in the order of receipt
	known    map[string]bool // the identities of the rows
}

// sentRequest is a request that the recorder received, with its log position and its time.
type sentRequest struct {
	route, position, body string
	at                    time.Time
}

func newRecorder(t *testing.T) *recorder {
	return &recorder{t: t, rows: map[string]int{}, known: map[string]bool{}}
}

func (r *recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	if err := request.Context().Err(); err != nil {
		return nil, err
	}
	w := httptest.NewRecorder()
	n := r.serve(w, request)
	if r.loseResponses != nil && r.loseResponses(n) {
		return nil, errors.New("connection reset by peer")
	}
	return w.Result(), nil
}

func (r *recorder) serve(w http.ResponseWriter, request *http.Request) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	body := r.read(request)
	r.requests = append(r.requests, sentRequest{routeOf(request), request.Header.Get("X-Log-Position"), string(body), time.Now()})
	n = len(r.requests)
	switch {
	case r.before != nil && r.before(n, w, request):
	case request.Header.Get("Authorization") != "Bearer "+token:
		w.WriteHeader(http.StatusUnauthorized)
	default:
		r.record(w, request, body)
	}
	return n
}

func (r *recorder) read(request *http.Request) []byte {
	require.Equal(r.t, http.MethodPost, request.Method)
	contentType := "text/plain; charset=utf-8"
	if routeOf(request) == broker.Events {
		contentType = "application/x-ndjson"
	}
	require.Equal(r.t, contentType, request.Header.Get("Content-Type"))
	body, err := io.ReadAll(request.Body)
	require.NoError(r.t, err)
	if request.Header.Get("Content-Encoding") == "gzip" {
		decompressed, err := gzip.NewReader(bytes.NewReader(body))
		require.NoError(r.t, err)
		body, err = io.ReadAll(decompressed)
		require.NoError(r.t, err)
	}
	require.True(r.t, bytes.HasSuffix(body, []byte("\n")), "a request ends with an incomplete line")
	return body
}

// identityOf returns a text that is equal for two rows if and only if they are the same event.
func identityOf(e *event.Event) string {
	var key []any
	for _, column := range event.Columns() {
		if column.Identity > 0 {
			key = append(key, column.Value(e))
		}
	}
	return fmt.Sprintf("%q", key)
}

func routeOf(request *http.Request) string { return path.Base(path.Dir(request.URL.Path)) }

func (r *recorder) record(w http.ResponseWriter, request *http.Request, body []byte) {
	source, _ := broker.Find(routeOf(request))
	batch := source.Decode(body, broker.Meta{InstanceID: "i", ReceivedAt: time.Now(), Position: request.Header.Get("X-Log-Position")})
	for _, e := range batch.Events {
		if key := identityOf(&e); !r.known[key] {
			r.known[key] = true
			r.events = append(r.events, e)
			r.rows[string(e.ClientID)]++
		}
	}
	if len(batch.Rejected) > 0 {
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(map[string]any{"recorded": len(batch.Events), "rejected": batch.Rejected})
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]int{"recorded": len(batch.Events)})
}

// requireOnce checks that the clients numbered 1 to n have exactly one row each. It also checks
// that no other client has a row.
func (r *recorder) requireOnce(n int) {
	r.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	require.Len(r.t, r.rows, n)
	for i := 1; i <= n; i++ {
		require.Equal(r.t, 1, r.rows[client(i)], client(i))
	}
}

func client(i int) string { return fmt.Sprintf("client-%d", i) }

func (r *recorder) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.requests)
}

// respond returns a fault for recorder.before. The fault always responds with the given status and,
// optionally, one header field.
func respond(status int, header ...string) func(int, http.ResponseWriter, *http.Request) bool {
	return func(_ int, w http.ResponseWriter, _ *http.Request) bool {
		if len(header) == 2 {
			w.Header().Set(header[0], header[1])
		}
		w.WriteHeader(status)
		return true
	}
}

// until returns a fault that acts like the given fault before the end time, and has no effect
// afterwards.
func until(end time.Time, fault func(int, http.ResponseWriter, *http.Request) bool) func(int, http.ResponseWriter, *http.Request) bool {
	return func(n int, w http.ResponseWriter, r *http.Request) bool {
		return time.Now().Before(end) && fault(n, w, r)
	}
}

// running is a handle for stopping a forwarder.
type running struct {
	cancel context.CancelFunc
	ended  chan struct{}
}

func (r running) stop() {
	r.cancel()
	<-r.ended
}

// captureLog returns a buffer that receives all log output until the test ends.
func captureLog(t *testing.T) *bytes.Buffer {
	logged, before := new(bytes.Buffer), slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(logged, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	return logged
}
