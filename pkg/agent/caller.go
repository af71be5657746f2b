package agent

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"runtime/debug"

	"devicetrace/pkg/serve"
)

// caller runs tools by sending requests to the API in the same process.
type caller struct {
	api http.Handler
	// slots contains one element for each call in progress. Its capacity limits their number.
	slots chan struct{}
}

// run runs a tool and returns its result as JSON. r is the HTTP request that contains the call. If the
// API or the tool panics, run returns an error. It must recover here, because the SDK calls it in
// another goroutine, where a panic would end the process.
func (c *caller) run(r *http.Request, t tool, arguments json.RawMessage) (result string, isError bool) {
	defer func() {
		if p := recover(); p != nil {
			slog.ErrorContext(r.Context(), "tool panicked", "tool", t.name, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			result, isError = failure{Problem: failed}.text(), true
		}
	}()
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
	return c.ask(r, t, values)
}

// ask sends a tool's request to the API and converts the response. If values names no instance, and
// the token covers only one instance that has events, ask uses that instance.
func (c *caller) ask(r *http.Request, t tool, values url.Values) (result string, isError bool) {
	var known instances
	if !values.Has("instance") {
		if known = c.instances(r); known.isOne() {
			values.Set("instance", known.Instances[0])
		}
	}
	maps.Copy(values, t.fixed)
	reply := c.get(r, t.path, values.Encode())
	if reply.status == http.StatusForbidden {
		known = c.instances(r)
	}
	if reply.status != http.StatusOK {
		return failureOf(reply, known).text(), true
	}
	a, err := t.answer(question{r, values}, reply.body.Bytes())
	if err != nil {
		slog.ErrorContext(r.Context(), "API response not understood", "tool", t.name, "bytes", reply.body.Len(), "error", err.Error())
		return failure{Problem: failed}.text(), true
	}
	return a.text(), false
}

var (
	busy   = serve.Problem{Code: "Busy", Error: "too many tool calls are in progress: try again later"}
	failed = serve.Problem{Code: "InternalError", Error: "the function failed: check its log"}
)

// get sends a request to the API with r's token.
func (c *caller) get(r *http.Request, path, query string) *reply {
	got := newReply()
	c.api.ServeHTTP(got, apiRequest(r, path, query))
	return got
}

// apiRequest returns a request to the API. Its only header is r's Authorization.
func apiRequest(r *http.Request, path, query string) *http.Request {
	request := &http.Request{
		Method: http.MethodGet, URL: &url.URL{Path: path, RawQuery: query}, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Authorization": {r.Header.Get("Authorization")}}, Body: http.NoBody,
		Host: r.Host, RemoteAddr: r.RemoteAddr, TLS: r.TLS,
	}
	return request.WithContext(r.Context())
}
