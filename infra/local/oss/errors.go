package oss

import (
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"syscall"
)

// apiError is an error response that the service's API defines.
type apiError struct {
	status        int
	code, message string
}

func (e *apiError) Error() string { return fmt.Sprintf("%d %s: %s", e.status, e.code, e.message) }

func refuse(status int, code, message string) error { return &apiError{status, code, message} }

func notImplemented(message string) error {
	return refuse(http.StatusNotImplemented, "NotImplemented", message)
}

var errNoSpace = errors.New("no space left for objects")

// asAPIError returns the response for an error. It hides the details of internal errors.
func asAPIError(err error) *apiError {
	var e *apiError
	switch {
	case errors.As(err, &e):
		return e
	case errors.Is(err, errNoSpace), errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return &apiError{http.StatusServiceUnavailable, "ServiceUnavailable", "There is no space left."}
	}
	return &apiError{http.StatusInternalServerError, "InternalError", "We encountered an internal error."}
}

type errorBody struct {
	XMLName   xml.Name `xml:"Error"`
	Code      string
	Message   string
	RequestID string `xml:"RequestId"`
}

// fail sends the response for err, and logs err if the server is at fault.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	e := asAPIError(err)
	if e.status >= http.StatusInternalServerError && e.status != http.StatusNotImplemented {
		s.cfg.Log.Error("serve request", "method", r.Method, "path", r.URL.Path, "err", err)
	}
	_ = writeXML(w, e.status, errorBody{Code: e.code, Message: e.message, RequestID: w.Header().Get("X-Oss-Request-Id")})
}

func writeXML(w http.ResponseWriter, status int, v any) error {
	body, err := xml.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode response: %w", err)
	}
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	_, _ = w.Write(append([]byte(xml.Header), body...))
	return nil
}
