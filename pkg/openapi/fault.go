package openapi

import (
	"fmt"
	"net/http"
)

// fault is a request that is answered with an error. Codes are those of Alibaba
// Cloud's gateway and of ApsaraMQ for MQTT where there is one that fits.
type fault struct {
	status        int
	code, message string
}

func (f fault) Error() string { return f.code + ": " + f.message }

func badRequest(code, format string, args ...any) error {
	return fault{http.StatusBadRequest, code, fmt.Sprintf(format, args...)}
}

// missing is a parameter that must be there; what says what it is.
func missing(name, what string) error {
	return badRequest("Missing"+name, "%s is missing: %s", name, what)
}

// unfit is a parameter that cannot be right.
func unfit(format string, args ...any) error {
	return badRequest("ParameterCheckFailed", format, args...)
}

// incompleteSignature is one that lacks something.
func incompleteSignature(format string, args ...any) error {
	return badRequest("IncompleteSignature", format, args...)
}

// ErrTooMany is what a Backend answers where there are too many rows to count them all.
var ErrTooMany = unfit("the device has more rows between BeginTime and EndTime than fit into memory: ask for a shorter span")

var (
	errInternal = fault{http.StatusInternalServerError, "InternalError",
		"the service failed; its log says why, below this RequestId"}
	errUnavailable = fault{http.StatusServiceUnavailable, "ServiceUnavailable",
		"the store could not be read: send the request again later, signed anew"}
)
