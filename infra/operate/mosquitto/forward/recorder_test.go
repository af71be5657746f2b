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
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/broker"
)

const token = "secret"

// recorder is a fake one that records with the real decoder. It is reached without a
// network, so that it can live in a test's own time.
type recorder struct {
	t *testing.T
	// before may answer in place of the recorder; n counts requests from 1.
	before func(n int, w http.ResponseWriter, r *http.Request) bool
	// loseAnswers makes the sender see an error after the lines are recorded.
	loseAnswers func(n int) bool

	mu       sync.Mutex
	requests []sentRequest
	rows     map[string]int    // client identifiers by how often they are recorded
	identity map[string]string // what makes a row another one: the client of each
}

// sentRequest is what came, and when.
type sentRequest struct {
	position, body string
	at             time.Time
}

func newRecorder(t *testing.T) *recorder {
	return &recorder{t: t, rows: map[string]int{}, identity: map[string]string{}}
}

func (r *recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	if err := request.Context().Err(); err != nil {
		return nil, err
	}
	w := httptest.NewRecorder()
	n := r.serve(w, request)
	if r.loseAnswers != nil && r.loseAnswers(n) {
		return nil, errors.New("connection reset by peer")
	}
	return w.Result(), nil
}

func (r *recorder) serve(w http.ResponseWriter, request *http.Request) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	body := r.read(request)
	r.requests = append(r.requests, sentRequest{request.Header.Get("X-Log-Position"), string(body), time.Now()})
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
	require.Equal(r.t, "text/plain; charset=utf-8", request.Header.Get("Content-Type"))
	body, err := io.ReadAll(request.Body)
	require.NoError(r.t, err)
	if request.Header.Get("Content-Encoding") == "gzip" {
		unpacked, err := gzip.NewReader(bytes.NewReader(body))
		require.NoError(r.t, err)
		body, err = io.ReadAll(unpacked)
		require.NoError(r.t, err)
	}
	require.True(r.t, bytes.HasSuffix(body, []byte("\n")), "half a line was sent")
	return body
}

func (r *recorder) record(w http.ResponseWriter, request *http.Request, body []byte) {
	decode, _ := broker.Lookup("mosquitto")
	batch := decode(body, broker.Meta{InstanceID: "i", ReceivedAt: time.Now(), Position: request.Header.Get("X-Log-Position")})
	for _, e := range batch.Events {
		row := fmt.Sprint(e.ClientID, e.Time, e.SourceEventID, e.NativeEvent, e.NativeReason)
		if _, again := r.identity[row]; !again {
			r.identity[row] = e.ClientID
			r.rows[e.ClientID]++
		}
	}
	if len(batch.Rejected) > 0 {
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(map[string]any{"recorded": len(batch.Events), "rejected": batch.Rejected})
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]int{"recorded": len(batch.Events)})
}

// requireOnce checks that every client from 1 to n has exactly one row.
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

// answer is a fault: always the same answer.
func answer(status int, header ...string) func(int, http.ResponseWriter, *http.Request) bool {
	return func(_ int, w http.ResponseWriter, _ *http.Request) bool {
		if len(header) == 2 {
			w.Header().Set(header[0], header[1])
		}
		w.WriteHeader(status)
		return true
	}
}

// until is a fault that ends at a moment.
func until(end time.Time, fault func(int, http.ResponseWriter, *http.Request) bool) func(int, http.ResponseWriter, *http.Request) bool {
	return func(n int, w http.ResponseWriter, r *http.Request) bool {
		return time.Now().Before(end) && fault(n, w, r)
	}
}

// running is a forwarder that runs.
type running struct {
	cancel context.CancelFunc
	ended  chan struct{}
}

func (r running) stop() {
	r.cancel()
	<-r.ended
}

// captureLog is what is said from now on until the test ends.
func captureLog(t *testing.T) *bytes.Buffer {
	said, before := new(bytes.Buffer), slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(said, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	return said
}
