package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
)

// problem is an error response of Device Trace. Both fields are empty if the body has another
// format.
type problem struct{ Code, Text string }

// problem returns the code and the sentence of an error response. The keys must be in lower case,
// because Function Compute's own error responses have capitalized keys.
func (r reply) problem() problem {
	var fields map[string]json.RawMessage
	var p problem
	if json.Unmarshal(r.body, &fields) != nil || json.Unmarshal(fields["code"], &p.Code) != nil ||
		json.Unmarshal(fields["error"], &p.Text) != nil || p.Code == "" || p.Text == "" {
		return problem{}
	}
	return p
}

// refusal is the error for a response of the recorder with an unexpected status.
type refusal struct {
	status int
	problem
}

func (r refusal) Error() string {
	switch r.Code {
	case "":
		return fmt.Sprintf("the response %d %s is not from a recorder: check DEVICE_TRACE_URL", r.status, http.StatusText(r.status))
	case "Unauthorized":
		return "the recorder refuses this ADMIN_TOKEN: set it to the recorder's ADMIN_TOKEN"
	case "NotFound":
		return "this server does not serve the quarantine: set ADMIN_TOKEN on the recorder and deploy it, or check that DEVICE_TRACE_URL is the recorder's address"
	default:
		return clean(r.Text)
	}
}

// isAboutItem reports whether the refusal applies only to the requested item, so that requests for
// other items may succeed.
func (r refusal) isAboutItem() bool {
	return slices.Contains([]string{"NoSuchItem", "Damaged", "InvalidID"}, r.Code)
}
