package fc

import (
	"errors"
	"io"
	"net/http"
	"slices"
)

// What a request may have, in bytes.
const (
	maxTarget    = 4 << 10 // path and query
	maxHeader    = 8 << 10 // all names and values
	maxBody      = 32 << 20
	maxAsyncBody = 128 << 10
)

// serve turns a request into an event, calls the function, and turns its answer back.
func (h *Host) serve(w http.ResponseWriter, r *http.Request, to route) {
	c := to.pool.newCall(nil)
	if fault := h.call(w, r, to, c); fault != nil {
		fault.RequestID = c.id
		writeError(w, fault)
	}
}

func (h *Host) call(w http.ResponseWriter, r *http.Request, to route, c *call) *Error {
	async := r.Header.Get("X-Fc-Invocation-Type") == "Async"
	if fault := admit(r, to); fault != nil {
		return fault
	}
	body, fault := readBody(w, r, async)
	if fault != nil {
		return fault
	}
	c.payload = newHTTPEvent(r, body, c.id, to.trigger.Name).encode()
	if async {
		h.later(to.pool, c.payload)
		w.Header().Set("X-Fc-Request-Id", c.id)
		w.WriteHeader(http.StatusAccepted)
		return nil
	}
	answer, err := to.pool.invoke(r.Context(), c)
	if err != nil {
		return asError(err)
	}
	return writeReply(w, answer, c)
}

func asError(err error) *Error {
	var fault *Error
	if errors.As(err, &fault) {
		return fault
	}
	return &Error{Status: http.StatusInternalServerError, Code: "InternalServerError", Message: err.Error()}
}

// admit refuses what the platform refuses before it looks at the body.
func admit(r *http.Request, to route) *Error {
	if !slices.Contains(to.trigger.Config.Methods, r.Method) {
		return &Error{Status: http.StatusMethodNotAllowed, Code: "MethodNotAllowed", Message: "the trigger does not have this method"}
	}
	if len(r.URL.RequestURI()) > maxTarget {
		return invalid("path and query are longer than 4 KB")
	}
	if headerSize(r.Header) > maxHeader {
		return invalid("headers are longer than 8 KB")
	}
	return nil
}

func invalid(message string) *Error {
	return &Error{Status: http.StatusBadRequest, Code: "InvalidArgument", Message: message}
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

func readBody(w http.ResponseWriter, r *http.Request, async bool) ([]byte, *Error) {
	most := int64(maxBody)
	if async {
		most = maxAsyncBody
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return nil, &Error{Status: http.StatusRequestEntityTooLarge, Code: "EntityTooLarge", Message: "the body is too long"}
	}
	if err != nil {
		return nil, invalid("the body cannot be read to its end")
	}
	return body, nil
}
