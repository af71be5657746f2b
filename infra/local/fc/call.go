package fc

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"strconv"
	"time"

	"devicetrace/infra/local/syaml"
)

// callKind is the type of a call, numbered as in the runtime API.
type callKind int

const (
	invocation callKind = 0
	preStop    callKind = 2
)

// call is one invocation of a function or of its preStop hook.
type call struct {
	id      string
	kind    callKind
	payload []byte // in a custom runtime, the request's body if request is not nil
	timeout time.Duration
	retry   int
	request *http.Request // the HTTP request that caused the call; nil for an event and for preStop

	deadline time.Time   // set when a process gets the call
	done     chan result // gets one result; buffered, so that the sender never waits
}

// result is the outcome of a finished call.
type result struct {
	payload []byte
	http    *httpResponse // a custom runtime's response to an HTTP request; otherwise nil
	fault   *Error        // nil if the call succeeded
}

func newCall(kind callKind, payload []byte, timeout time.Duration) *call {
	return &call{id: newID(), kind: kind, payload: payload, timeout: timeout, done: make(chan result, 1)}
}

// newID returns a random identifier that is safe in a URL.
func newID() string {
	id := make([]byte, 16)
	rand.Read(id)
	return "1-" + hex.EncodeToString(id)
}

// describe returns the headers of a call. They state its id, kind and deadline, the function, and the
// credentials. The SDK never responds to a call without a deadline and a timeout.
func (c *call) describe(function syaml.Function, keys Credentials) map[string]string {
	return map[string]string{
		"x-fc-request-id":        c.id,
		"x-fc-function-type":     strconv.Itoa(int(c.kind)),
		"x-fc-function-deadline": strconv.FormatInt(c.deadline.UnixMilli(), 10),
		"x-fc-function-timeout":  strconv.Itoa(int(c.timeout / time.Second)),
		"x-fc-function-name":     function.Name,
		"x-fc-function-handler":  function.Handler,
		"x-fc-function-memory":   strconv.Itoa(function.MemoryMB),
		"x-fc-region":            function.Region,
		"x-fc-account-id":        accountID,
		"x-fc-qualifier":         "LATEST",
		"x-fc-retry-count":       strconv.Itoa(c.retry),
		"x-fc-access-key-id":     keys.AccessKeyID,
		"x-fc-access-key-secret": keys.AccessKeySecret,
		"x-fc-security-token":    keys.SecurityToken,
	}
}
