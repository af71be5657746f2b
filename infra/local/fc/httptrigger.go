package fc

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
)

// Limits on a request, in bytes.
const (
	maxTarget = 4 << 10 // path and query together
	maxHeader = 8 << 10 // all header names and values together
	maxBody   = 32 << 20
	// maxAsyncBody is the maximum size, in bytes, of the body of a request for an asynchronous
	// call.
	maxAsyncBody = 128 << 10
)

// serve calls the function with a request and writes the function's response. If the request has
// the header X-Fc-Invocation-Type: Async, serve responds with 202 at once and calls the function in
// the background.
func (h *Host) serve(to route, w http.ResponseWriter, r *http.Request) {
	c, respond := to.pool.newCall(nil), to.call
	if strings.EqualFold(r.Header.Get("X-Fc-Invocation-Type"), "Async") {
		respond = func(w http.ResponseWriter, r *http.Request, c *call) *Error { return h.accept(to, w, r, c.id) }
	}
	if fault := respond(w, r, c); fault != nil {
		fault.RequestID = c.id
		writeError(w, fault)
	}
}

// accept responds with 202 to a request for an asynchronous call, and makes the call in the
// background. It retries only after errors of the platform, not after a response such as 503.
func (h *Host) accept(to route, w http.ResponseWriter, r *http.Request, id string) *Error {
	if fault := to.admit(r); fault != nil {
		return fault
	}
	body, fault := readBody(w, r)
	if fault != nil {
		return fault
	}
	if len(body) > maxAsyncBody {
		return newError(http.StatusRequestEntityTooLarge, "EntityTooLarge", "the body of an asynchronous call is longer than 128 KB")
	}
	kept := r.Clone(context.Background())
	h.retryAsync(to.pool, func(c *call) *Error {
		_, fault := to.pool.request(kept, body, to.trigger.Name, c)
		return fault
	})
	w.Header().Set("X-Fc-Request-Id", id)
	w.WriteHeader(http.StatusAccepted)
	return nil
}

func (to route) call(w http.ResponseWriter, r *http.Request, c *call) *Error {
	if fault := to.admit(r); fault != nil {
		return fault
	}
	body, fault := readBody(w, r)
	if fault != nil {
		return fault
	}
	response, fault := to.pool.request(r, body, to.trigger.Name, c)
	if fault != nil {
		return fault
	}
	return response.write(w, c.id)
}

// request calls the function with an HTTP request and returns the response. triggerID is the name
// of the trigger that received the request.
func (p *pool) request(r *http.Request, body []byte, triggerID string, c *call) (httpResponse, *Error) {
	c.request, c.payload = r, body
	if p.function.Server == nil {
		c.payload = httpEvent(r, body, c.id, triggerID)
	}
	result, fault := p.invoke(r.Context(), c)
	switch {
	case fault != nil:
		return httpResponse{}, fault
	case result.http != nil:
		return *result.http, nil
	}
	return decodeResponse(result.payload)
}

// admit refuses a request if Function Compute would refuse it before reading its body.
func (to route) admit(r *http.Request) *Error {
	switch {
	case !slices.Contains(to.trigger.Config.Methods, r.Method):
		return newError(http.StatusMethodNotAllowed, "MethodNotAllowed", "the trigger does not allow method %s", r.Method)
	case len(r.URL.RequestURI()) > maxTarget:
		return errInvalid("path and query are longer than 4 KB")
	case headerSize(r.Header) > maxHeader:
		return errInvalid("headers are longer than 8 KB")
	}
	return nil
}

func errInvalid(message string) *Error {
	return newError(http.StatusBadRequest, "InvalidArgument", "%s", message)
}

func headerSize(header http.Header) int {
	size := 0
	for name, values := range header {
		for _, value := range values {
			size += len(name) + len(value)
		}
	}
	return size
}

func readBody(w http.ResponseWriter, r *http.Request) ([]byte, *Error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return nil, newError(http.StatusRequestEntityTooLarge, "EntityTooLarge", "the body is longer than 32 MB")
	}
	if err != nil {
		return nil, errInvalid("the body cannot be read to its end")
	}
	return body, nil
}
