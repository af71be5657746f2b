package fc

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// Error is a response from the platform itself, which sends one if the function has returned no
// valid response. The vendor does not document the status of some failures. For these failures,
// this package uses 504 after a timeout, and 502 if the function exited, reported an error or
// returned an invalid response.
type Error struct {
	Status  int // HTTP status
	Code    string
	Message string
	// RequestID is the identifier of the call. It is empty if there was no call.
	RequestID string
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

func newError(status int, code, format string, arguments ...any) *Error {
	return &Error{Status: status, Code: code, Message: fmt.Sprintf(format, arguments...)}
}

// statusCanceled is the status of a call whose caller has disconnected. The caller never sees it.
const statusCanceled = 499

func errCanceled() *Error {
	return newError(statusCanceled, "InvocationCanceled", "invocation canceled by client")
}

func errStopped() *Error {
	return newError(http.StatusServiceUnavailable, "ServiceUnavailable", "the host is stopping")
}

func errTimeout(limit time.Duration) *Error {
	return newError(http.StatusGatewayTimeout, "FunctionTimeout",
		"the function did not finish within %s; its process gets no more calls", limit)
}

func errExited(how string) *Error {
	return newError(http.StatusBadGateway, "ProcessExited", "the function's process exited: %s", how)
}

func errBadResponse(message string) *Error {
	return newError(http.StatusBadGateway, "BadResponse", "the function's response %s", message)
}

func errTooLong() *Error { return errBadResponse("is longer than 6 MB") }

// errUnhandled returns an Error with the message of the error that the function reported.
func errUnhandled(payload []byte) *Error {
	var reported struct {
		Message string `json:"errorMessage"`
	}
	if err := json.Unmarshal(payload, &reported); err != nil {
		reported.Message = "the function reported an error in an unknown form"
	}
	return errReported(reported.Message)
}

func errReported(message string) *Error {
	return newError(http.StatusBadGateway, "UnhandledInvocationError", "%s", message)
}
