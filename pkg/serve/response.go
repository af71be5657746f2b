package serve

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
)

// response buffers a whole response, so that no part is sent before the handler returns.
type response struct {
	header http.Header
	status int // 0 until WriteHeader
	body   bytes.Buffer
}

var _ http.ResponseWriter = (*response)(nil)

func newResponse() *response { return &response{header: http.Header{}} }

func (a *response) Header() http.Header { return a.header }

func (a *response) WriteHeader(status int) {
	if a.status == 0 && status >= http.StatusOK {
		a.status = status
	}
}

func (a *response) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(b)
}

// respond calls the handler and returns its response. If the handler panics, respond returns a
// response with status 500.
func respond(handler http.Handler, r *http.Request) (a *response) {
	defer func() {
		if p := recover(); p != nil {
			a = panicked(r, p)
		}
		a.finish(r)
	}()
	a = newResponse()
	handler.ServeHTTP(a, r)
	return a
}

func panicked(r *http.Request, p any) *response {
	slog.ErrorContext(r.Context(), "handler panicked", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
	a := newResponse()
	Fail(a, http.StatusInternalServerError, "InternalError", "the function failed: check its log")
	return a
}

// finish completes a response after its handler has returned: it sets the header fields that
// all responses have, and removes the body of a response to a HEAD request.
func (a *response) finish(r *http.Request) {
	a.WriteHeader(http.StatusOK)
	if a.header.Get("Content-Type") == "" && a.body.Len() > 0 {
		a.header.Set("Content-Type", http.DetectContentType(a.body.Bytes()))
	}
	a.header.Del("Content-Length") // each front computes the length itself
	// A response may contain client identifiers, which devices choose. Browsers must not guess
	// that such a response is a web page (Fetch Standard, X-Content-Type-Options).
	a.header.Set("X-Content-Type-Options", "nosniff")
	a.header.Set("X-Request-Id", RequestID(r.Context()))
	if r.Method == http.MethodHead {
		a.body.Reset()
	}
}

// send writes the buffered response to the client.
func (a *response) send(w http.ResponseWriter) error {
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
