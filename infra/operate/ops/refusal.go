package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
)

// refusal is the error for a response with an unexpected status.
type refusal struct {
	status int
	Code   string `json:"code"`
	Text   string `json:"error"`
}

func newRefusal(status int, body []byte) error {
	r := refusal{status: status}
	if json.Unmarshal(body, &r) != nil {
		return refusal{status: status}
	}
	return r
}

func (r refusal) Error() string {
	switch {
	case r.Code == "" || r.Text == "":
		return fmt.Sprintf("the response %d %s is not a recorder's: check DEVICE_TRACE_URL", r.status, http.StatusText(r.status))
	case r.Code == "Unauthorized":
		return "the recorder refuses this ADMIN_TOKEN: set it to the recorder's own"
	case r.Code == "NotFound":
		return "the quarantine is closed: set ADMIN_TOKEN on the recorder, or check that DEVICE_TRACE_URL is the recorder's address"
	default:
		return clean(r.Text)
	}
}

// isAboutItem reports whether the refusal applies only to the requested item. If it does, requests
// for other items may succeed.
func (r refusal) isAboutItem() bool {
	return slices.Contains([]string{"NoSuchItem", "Damaged", "InvalidID"}, r.Code)
}
