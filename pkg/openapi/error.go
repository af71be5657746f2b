package openapi

import (
	"fmt"
	"net/http"
)

// apiError is an error response. If Alibaba Cloud's gateway or ApsaraMQ for MQTT defines a suitable
// code, the error response uses that code.
type apiError struct {
	status        int
	code, message string
}

func (f apiError) Error() string { return f.code + ": " + f.message }

func badRequest(code, format string, args ...any) error {
	return apiError{http.StatusBadRequest, code, fmt.Sprintf(format, args...)}
}

// missing returns the error for a required parameter that is absent. Its message ends with the
// given description of the expected value.
func missing(name, what string) error {
	return badRequest("Missing"+name, "%s is missing: %s", name, what)
}

// invalid returns the error for a parameter with an invalid value.
func invalid(format string, args ...any) error {
	return badRequest("ParameterCheckFailed", format, args...)
}

// incompleteSignature returns the error for a signature with an absent or malformed part.
func incompleteSignature(format string, args ...any) error {
	return badRequest("IncompleteSignature", format, args...)
}

// ErrTooMany means that a range has more than 300,000 rows, the maximum that a Backend counts.
var ErrTooMany = invalid("the device has more than 300,000 rows between BeginTime and EndTime: choose a shorter range")

var (
	errInternal = apiError{http.StatusInternalServerError, "InternalError",
		"the service failed: search its log for this RequestId"}
	errUnavailable = apiError{http.StatusServiceUnavailable, "ServiceUnavailable",
		"the store could not be read: sign and send the request again later"}
)
