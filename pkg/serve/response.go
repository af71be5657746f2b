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

func (resp *response) Header() http.Header { return resp.header }

func (resp *response) WriteHeader(status int) {
	if resp.status == 0 && status >= http.StatusOK {
		resp.status = status
	}
}

func (resp *response) Write(b []byte) (int, error) {
	resp.WriteHeader(http.StatusOK)
	return resp.body.Write(b)
}

// respond calls the handler and returns its response. If the handler panics, respond returns a
// response with status 500.
func respond(handler http.Handler, r *http.Request) (resp *response) {
	defer func() {
		if p := recover(); p != nil {
			resp = panicked(r, p)
		}
		resp.finish(r)
	}()
	resp = newResponse()
	handler.ServeHTTP(resp, r)
	return resp
}

func panicked(r *http.Request, p any) *response {
	slog.ErrorContext(r.Context(), "handler panicked", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
	resp := newResponse()
	Fail(resp, http.StatusInternalServerError, "InternalError", "the function failed: check its log")
	return resp
}

// finish completes a response after its handler has returned: it sets the header fields that
// all responses have, and removes the body of a response to a HEAD request.
func (resp *response) finish(r *http.Request) {
	resp.WriteHeader(http.StatusOK)
	if resp.header.Get("Content-Type") == "" && resp.body.Len() > 0 {
		resp.header.Set("Content-Type", http.DetectContentType(resp.body.Bytes()))
	}
	resp.header.Del("Content-Length") // each front computes the length itself
	// A response may contain client identifiers, which devices choose. Browsers must not guess
	// that such a response is a web page (Fetch Standard, X-Content-Type-Options).
	resp.header.Set("X-Content-Type-Options", "nosniff")
	resp.header.Set("X-Request-Id", RequestID(r.Context()))
	if r.Method == http.MethodHead {
		resp.body.Reset()
	}
}

// send writes the buffered response to the client.
func (resp *response) send(w http.ResponseWriter) error {
	for name, values := range resp.header {
		w.Header()[name] = values
	}
	w.WriteHeader(resp.status)
	if resp.body.Len() == 0 {
		return nil
	}
	_, err := w.Write(resp.body.Bytes())
	return err
}
