package fc

import (
	"errors"
	"io"
	"net/http"
	"slices"
)

// Limits on a request, in bytes.
const (
	maxTarget = 4 << 10 // path and query together
	maxHeader = 8 << 10 // all header names and values together
	maxBody   = 32 << 20
)

// serve encodes a request as an event, calls the function with it, and writes the
// function's response.
func (to route) serve(w http.ResponseWriter, r *http.Request) {
	c := to.pool.newCall(nil)
	if fault := to.call(w, r, c); fault != nil {
		fault.RequestID = c.id
		writeError(w, fault)
	}
}

func (to route) call(w http.ResponseWriter, r *http.Request, c *call) *Error {
	if fault := to.admit(r); fault != nil {
		return fault
	}
	body, fault := readBody(w, r)
	if fault != nil {
		return fault
	}
	c.payload = httpEvent(r, body, c.id, to.trigger.Name)
	response, fault := to.pool.invoke(r.Context(), c)
	if fault != nil {
		return fault
	}
	return writeResponse(w, response, c.id)
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
