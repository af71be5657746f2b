package serve

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"
)

// response is the response to one request. It buffers the body. Whenever the buffer would exceed
// maxBuffered, it sends to the client what the handler has written so far. The rest is sent after
// the handler has returned.
type response struct {
	request *http.Request
	header  http.Header
	status  int // 0 until WriteHeader
	body    bytes.Buffer

	// client receives the response. If it is nil, the buffer takes the whole body.
	client  http.ResponseWriter
	isBegun bool  // whether the header was sent to client
	err     error // the first error from client
}

var _ http.ResponseWriter = (*response)(nil)

// maxBuffered is the maximum number of bytes that are buffered for a client.
const maxBuffered = 64 << 10

func (resp *response) Header() http.Header { return resp.header }

func (resp *response) WriteHeader(status int) {
	if resp.status == 0 && status >= http.StatusOK {
		resp.status = status
	}
}

func (resp *response) Write(b []byte) (n int, err error) {
	resp.WriteHeader(http.StatusOK)
	if resp.client == nil || resp.body.Len()+len(b) <= maxBuffered {
		return resp.body.Write(b)
	}
	if resp.flush() == nil {
		n, resp.err = resp.client.Write(b)
	}
	return n, resp.err
}

// flush sends the header and the buffered part of the body to the client, if there is one.
func (resp *response) flush() error {
	if resp.client == nil {
		return nil
	}
	if !resp.isBegun {
		resp.begin()
	}
	if resp.err == nil {
		_, resp.err = resp.body.WriteTo(resp.client)
	}
	return resp.err
}

// begin sends the header. The client must receive the whole response within responseLimit.
func (resp *response) begin() {
	resp.isBegun = true
	resp.finish()
	for name, values := range resp.header {
		resp.client.Header()[name] = values
	}
	http.NewResponseController(resp.client).SetWriteDeadline(time.Now().Add(responseLimit))
	resp.client.WriteHeader(resp.status)
}

// finish sets the header fields that all responses have, and empties the body of a response to a
// HEAD request.
func (resp *response) finish() {
	resp.WriteHeader(http.StatusOK)
	if resp.header.Get("Content-Type") == "" && resp.body.Len() > 0 {
		resp.header.Set("Content-Type", http.DetectContentType(resp.body.Bytes()))
	}
	resp.header.Del("Content-Length") // each front computes the length itself
	// A response may contain client identifiers, which devices choose. Browsers must not guess
	// that such a response is a web page (Fetch Standard, X-Content-Type-Options).
	resp.header.Set("X-Content-Type-Options", "nosniff")
	resp.header.Set("X-Request-Id", RequestID(resp.request.Context()))
	if resp.request.Method == http.MethodHead {
		resp.body.Reset()
	}
}

// respond calls the handler and returns the response, a part of which may already have been sent to
// the client. If the handler panics before anything was sent, the response gets status 500. If it
// panics later, respond panics with http.ErrAbortHandler, so that the client notices the missing
// part.
func respond(handler http.Handler, r *http.Request, client http.ResponseWriter) (resp *response) {
	resp = &response{request: r, header: http.Header{}, client: client}
	defer func() {
		if p := recover(); p != nil {
			resp.panicked(p)
		}
	}()
	handler.ServeHTTP(resp, r)
	return resp
}

func (resp *response) panicked(p any) {
	slog.ErrorContext(resp.request.Context(), "handler panicked", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
	if resp.isBegun {
		panic(http.ErrAbortHandler)
	}
	resp.header, resp.status = http.Header{}, 0
	resp.body.Reset()
	Fail(resp, http.StatusInternalServerError, "InternalError", "the function failed: check its log")
}
