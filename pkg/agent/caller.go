package agent

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"

	"devicetrace/pkg/serve"
)

// caller runs tools: it sends their requests to the API, in the same process.
type caller struct {
	api http.Handler
	// slots has an element for each call in progress.
	slots chan struct{}
}

// run runs a tool and returns its result as JSON. r is the HTTP request that the call arrived in.
func (c *caller) run(r *http.Request, t tool, arguments json.RawMessage) (text string, isError bool) {
	values, wrong := t.parse(arguments)
	if wrong != nil {
		return failure{Problem: *wrong}.text(), true
	}
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-r.Context().Done():
		return failure{Problem: busy, RetryAfter: "1"}.text(), true
	}
	reply := c.get(r, t.path, t.query(values))
	if reply.status != http.StatusOK {
		return c.failureOf(r, reply, values.Get("instance") == "").text(), true
	}
	a, err := t.answer(question{r, values}, reply.body.Bytes())
	if err != nil {
		slog.ErrorContext(r.Context(), "API response not understood", "tool", t.name, "error", err.Error())
		return failure{Problem: failed}.text(), true
	}
	return a.text(), false
}

var (
	busy   = serve.Problem{Code: "Busy", Error: "too many tool calls are in progress: try again later"}
	failed = serve.Problem{Code: "InternalError", Error: "the function failed: check its log"}
)

// get sends a request to the API with the token of r. A panic of the API becomes a response with
// status 500. It must be caught here, because it happens in a goroutine of the SDK, where it would
// end the process.
func (c *caller) get(r *http.Request, path, query string) (reply *reply) {
	reply = newReply()
	defer func() {
		if p := recover(); p != nil {
			slog.ErrorContext(r.Context(), "handler panicked", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			reply = newReply()
			serve.Fail(reply, http.StatusInternalServerError, failed.Code, failed.Error)
		}
	}()
	c.api.ServeHTTP(reply, apiRequest(r, path, query))
	if reply.isCut {
		slog.ErrorContext(r.Context(), "API response too long", "path", path)
		reply = newReply()
		serve.Fail(reply, http.StatusInternalServerError, failed.Code, failed.Error)
	}
	return reply
}

// apiRequest returns a request for the API. Its only header is the token.
func apiRequest(r *http.Request, path, query string) *http.Request {
	request := &http.Request{
		Method: http.MethodGet, URL: &url.URL{Path: path, RawQuery: query}, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Authorization": {r.Header.Get("Authorization")}}, Body: http.NoBody,
		Host: r.Host, RemoteAddr: r.RemoteAddr, TLS: r.TLS,
	}
	return request.WithContext(r.Context())
}
