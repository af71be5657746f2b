package oss

import (
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"syscall"
)

// apiError is an answer that the service gives on purpose.
type apiError struct {
	status        int
	code, message string
}

func (e *apiError) Error() string { return fmt.Sprintf("%d %s: %s", e.status, e.code, e.message) }

func answer(status int, code, message string) error { return &apiError{status, code, message} }

func invalid(message string) error {
	return answer(http.StatusBadRequest, "InvalidArgument", message)
}

func notImplemented(message string) error {
	return answer(http.StatusNotImplemented, "NotImplemented", message)
}

func methodNotAllowed() error {
	return answer(http.StatusMethodNotAllowed, "MethodNotAllowed", "The specified method is not allowed.")
}

func noSuchKey() error {
	return answer(http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
}

var errNoSpace = errors.New("no space left for objects")

// asAnswer is what a fault of ours looks like from outside: no more than that
// there was one, and that trying again may help.
func asAnswer(err error) *apiError {
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
	HostID    string `xml:"HostId"`
}

// fail answers with err. The answer to HEAD has no body: it says the same in a header.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	e := asAnswer(err)
	if e.status >= http.StatusInternalServerError && e.status != http.StatusNotImplemented {
		s.cfg.Log.Error("answered with a fault", "method", r.Method, "path", r.URL.Path, "err", err)
	}
	body, _ := xml.Marshal(errorBody{
		Code: e.code, Message: e.message, RequestID: w.Header().Get("X-Oss-Request-Id"), HostID: r.Host,
	})
	body = append([]byte(xml.Header), body...)
	w.Header().Set("Content-Type", "application/xml")
	if r.Method == http.MethodHead {
		w.Header().Set("X-Oss-Err", base64.StdEncoding.EncodeToString(body))
	}
	w.WriteHeader(e.status)
	_, _ = w.Write(body)
}

// writeXML is an answer that went well.
func writeXML(w http.ResponseWriter, v any) error {
	body, err := xml.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	w.Header().Set("Content-Type", "application/xml")
	_, _ = w.Write(append([]byte(xml.Header), body...))
	return nil
}
