package openapi

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// mostAnswer is the longest answer. Function Compute lets 6 MB through, and doubles at
// most what it makes a JSON string of.
const mostAnswer = 5 << 19

// recommend is the vendor's page of error codes.
const recommend = "https://www.alibabacloud.com/help/en/apsaramq-for-mqtt/mqtt-upgraded/developer-reference/control-sdk-reference-error-codes"

// reply is the body of an answer. The names of its fields are the API's.
type reply interface{ identify(id string) }

// identified is what every reply starts with.
type identified struct {
	RequestID string `json:"RequestId"`
}

func (i *identified) identify(id string) { i.RequestID = id }

// faultReply is the body of an error.
type faultReply struct {
	identified
	HostID    string `json:"HostId"`
	Code      string
	Message   string
	Recommend string
}

// send answers, or fails without a trace if the answer would be too long.
func send(w http.ResponseWriter, answer reply, id string) error {
	answer.identify(id)
	body := encodeReply(answer)
	if len(body) > mostAnswer {
		return unfit("the answer would be longer than 2.5 MiB: ask for less at once")
	}
	if t, ok := answer.(*traceReply); ok && t.incomplete {
		w.Header().Set("X-Incomplete", "true")
	}
	write(w, http.StatusOK, id, body)
	return nil
}

func sendFault(w http.ResponseWriter, f fault, host, id string) {
	switch f.status {
	case http.StatusMethodNotAllowed:
		w.Header().Set("Allow", "GET, POST")
	case http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", "1")
	}
	write(w, f.status, id, encodeReply(&faultReply{identified{id}, host, f.code, f.message, recommend}))
}

func encodeReply(answer reply) []byte {
	body, err := json.Marshal(answer)
	if err != nil {
		panic(err) // replies are strings, numbers and flags
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

// newRequestID is a random UUID (RFC 9562, 5.4) in upper case.
func newRequestID() string {
	var id [16]byte
	rand.Read(id[:]) // never fails (crypto/rand)
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return strings.ToUpper(fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:]))
}
