package fc

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// Error is what the platform answers in a function's place. Where the vendor's
// documents leave the status open, a fault of the function is 502 and a late one 504.
type Error struct {
	Status  int // of HTTP
	Code    string
	Message string
	// RequestID is the call's; empty if there was none yet.
	RequestID string
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// statusCanceled is for a caller that has gone; nobody sees it.
const statusCanceled = 499

func errBusy(function string) *Error {
	return &Error{Status: http.StatusTooManyRequests, Code: "ResourceExhausted",
		Message: fmt.Sprintf("all processes of function %q are busy", function)}
}

func errStopped() *Error {
	return &Error{Status: http.StatusServiceUnavailable, Code: "ServiceUnavailable", Message: "the host is stopping"}
}

func errCanceled(c *call) *Error {
	return &Error{Status: statusCanceled, Code: "InvocationCanceled", Message: "invocation canceled by client", RequestID: c.id}
}

func errTimeout(c *call) *Error {
	return &Error{Status: http.StatusGatewayTimeout, Code: "FunctionTimeout",
		Message: fmt.Sprintf("the function did not finish within %s; its process was killed", c.timeout), RequestID: c.id}
}

func errExited(c *call, how string) *Error {
	return &Error{Status: http.StatusBadGateway, Code: "ProcessExited",
		Message: "the function's process exited: " + how, RequestID: c.id}
}

func errUnhandled(c *call, payload []byte) *Error {
	var reported struct {
		Message string `json:"errorMessage"`
		Type    string `json:"errorType"`
	}
	if err := json.Unmarshal(payload, &reported); err != nil {
		reported.Message = "the function reported an error in no known form"
	}
	return &Error{Status: http.StatusBadGateway, Code: "UnhandledInvocationError",
		Message: reported.Message, RequestID: c.id}
}

// errInit: a caller gets 200 where the initializer failed, and a header that says so. The
// vendor's page on lifecycle hooks has it for every runtime.
func errInit(c *call, err error) *Error {
	return &Error{Status: http.StatusOK, Code: "InitializationError", Message: err.Error(), RequestID: c.id}
}

func errReply(c *call, message string) *Error {
	return &Error{Status: http.StatusBadGateway, Code: "BadResponse", Message: message, RequestID: c.id}
}
