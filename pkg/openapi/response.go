package openapi

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// maxResponse is the maximum length of a response body in bytes. Function Compute allows 6 MB for
// the body encoded as a JSON string. The body is itself JSON, so the encoding only escapes
// quotation marks and backslashes, and at most doubles the length. A limit of 2.5 MiB leaves some
// headroom.
const maxResponse = 5 << 19

// recommend is the URL that every error response contains for further help. It leads to the
// vendor's page about error codes.
const recommend = "https://www.alibabacloud.com/help/en/apsaramq-for-mqtt/mqtt-upgraded/developer-reference/control-sdk-reference-error-codes"

// response is the body of a response. Its fields are named as in the API.
type response interface{ identify(id string) }

// identified holds the RequestId, which is the first field of every response.
type identified struct {
	RequestID string `json:"RequestId"`
}

func (i *identified) identify(id string) { i.RequestID = id }

// errorResponse is the body of an error response.
type errorResponse struct {
	identified
	HostID    string `json:"HostId"`
	Code      string
	Message   string
	Recommend string
}

// send writes a response. If the body is too long, it writes nothing and returns an error.
func send(w http.ResponseWriter, result response, id string) error {
	result.identify(id)
	body := encodeResponse(result)
	if len(body) > maxResponse {
		return invalid("the response would be longer than 2.5 MiB: request less at once")
	}
	if t, ok := result.(*traceResponse); ok && t.incomplete {
		w.Header().Set("X-Incomplete", "true")
	}
	write(w, http.StatusOK, id, body)
	return nil
}

func sendError(w http.ResponseWriter, f apiError, host, id string) {
	switch f.status {
	case http.StatusMethodNotAllowed:
		w.Header().Set("Allow", "GET, POST")
	case http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", "1")
	}
	write(w, f.status, id, encodeResponse(&errorResponse{identified{id}, host, f.code, f.message, recommend}))
}

func encodeResponse(result response) []byte {
	body, err := json.Marshal(result)
	if err != nil {
		panic(err) // responses contain only strings, numbers and booleans
	}
	return body
}

func write(w http.ResponseWriter, status int, id string, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("x-acs-request-id", id)
	w.WriteHeader(status)
	w.Write(body)
}

// newRequestID returns a random UUID (RFC 9562, 5.4) in upper case.
func newRequestID() string {
	var id [16]byte
	rand.Read(id[:]) // never fails (crypto/rand)
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return strings.ToUpper(fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:]))
}
