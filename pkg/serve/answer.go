package serve

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
)

// answer is a response that is written whole before any of it is sent.
type answer struct {
	header http.Header
	status int // 0 until WriteHeader
	body   bytes.Buffer
}

var _ http.ResponseWriter = (*answer)(nil)

func newAnswer() *answer { return &answer{header: http.Header{}} }

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	if a.status == 0 && status >= http.StatusOK {
		a.status = status
	}
}

func (a *answer) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(b)
}

// respond calls the handler and returns its answer, or 500 where it panicked.
func respond(handler http.Handler, r *http.Request) (a *answer) {
	defer func() {
		if p := recover(); p != nil {
			a = panicked(r, p)
		}
		a.finish(r)
	}()
	a = newAnswer()
	handler.ServeHTTP(a, r)
	return a
}

func panicked(r *http.Request, p any) *answer {
	slog.ErrorContext(r.Context(), "handler panicked", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
	a := newAnswer()
	Fail(a, http.StatusInternalServerError, "InternalError", "the function failed; its log says why")
	return a
}

// finish completes the header fields that a handler may leave out.
func (a *answer) finish(r *http.Request) {
	a.WriteHeader(http.StatusOK)
	if a.header.Get("Content-Type") == "" && a.body.Len() > 0 {
		a.header.Set("Content-Type", http.DetectContentType(a.body.Bytes()))
	}
	a.header.Del("Content-Length") // the front knows it
	// Client identifiers are of the devices' own choosing: a browser must not take an
	// answer that holds one for a page (Fetch Standard, X-Content-Type-Options).
	a.header.Set("X-Content-Type-Options", "nosniff")
	a.header.Set("X-Request-Id", RequestID(r.Context()))
	if r.Method == http.MethodHead {
		a.body.Reset()
	}
}

// send writes the answer to a real connection.
func (a *answer) send(w http.ResponseWriter) error {
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.status)
	if a.body.Len() == 0 {
		return nil
	}
	_, err := w.Write(a.body.Bytes())
	return err
}
