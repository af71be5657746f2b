package fc

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"strconv"
	"time"

	"devicetrace/infra/local/syaml"
)

// kind is the type of a call, as the runtime API numbers them.
type kind int

const (
	invoke     kind = 0
	initialize kind = 1
	preStop    kind = 2
)

// call is one invocation of a process.
type call struct {
	id      string
	kind    kind
	payload []byte
	timeout time.Duration
	retry   int

	// deadline is set when the call is handed to a process.
	deadline time.Time
	// done gets the one reply of the process; it has room for it.
	done chan reply
}

// reply is what a process posted.
type reply struct {
	payload  []byte
	failed   bool // posted to /error
	tooLarge bool
}

func newCall(k kind, payload []byte, timeout time.Duration) *call {
	return &call{id: newID(), kind: k, payload: payload, timeout: timeout, done: make(chan reply, 1)}
}

// newID is safe in a URL.
func newID() string {
	id := make([]byte, 16)
	rand.Read(id)
	return "1-" + hex.EncodeToString(id)
}

// describe writes the headers that tell the SDK about a call. It cannot do without
// the deadline and the timeout: a call that lacks one is never answered.
func (c *call) describe(header http.Header, function syaml.Function, keys Credentials) {
	for name, value := range map[string]string{
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
	} {
		header.Set(name, value)
	}
}
