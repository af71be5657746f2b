// Package openapi serves three query operations of the ApsaraMQ for MQTT API, version 2020-04-20:
// QueryMqttTraceDevice, QuerySessionByClientId and BatchQuerySessionByClientIds. Alibaba Cloud's
// own clients can use this service; they need only a different endpoint.
//
// Invariants:
//   - A request is served only if it is signed with one of the configured keys. Both of Alibaba
//     Cloud's signature styles are accepted: ACS3-HMAC-SHA256 in headers, and HMAC-SHA1 in
//     parameters. The request's time must be within 15 minutes of our clock, and its nonce must be
//     new.
//   - Parameters may be in the query string or in a form body. Signatures are checked against the
//     decoded parameters, because clients encode parameters differently. An ACS3 signature,
//     however, covers the hash of the body, so a form body must arrive exactly as it was signed.
//   - Every response is a JSON object with a RequestId, repeated in the header x-acs-request-id. A
//     success has status 200 and no Code. An error has status 4xx or 5xx, a Code for programs and a
//     Message for people.
//   - No response or log line contains a secret or the expected signature.
//
// References, below https://www.alibabacloud.com/help/en/: the operations in
// apsaramq-for-mqtt/api-querymqtttracedevice, …/api-querysessionbyclientid and
// …/api-batchquerysessionbyclientids; the signatures in
// sdk/product-overview/v3-request-structure-and-signature and …/rpc-mechanism.
package openapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"devicetrace/pkg/event"
)

// version is the API version that every request must name.
const version = "2020-04-20"

// Config configures the API.
type Config struct {
	// Keys are the accepted AccessKeys. If Keys is empty, every request is refused.
	Keys []Key
	// Now is the clock. Default time.Now.
	Now func() time.Time
	// Backend reads traces and statuses. Required.
	Backend Backend
}

// Validate reports a missing or invalid field. No error contains a secret.
func (c Config) Validate() error {
	if c.Backend == nil {
		return errors.New("openapi: Backend is missing")
	}
	seen := map[string]bool{}
	for i, key := range c.Keys {
		switch {
		case key.AccessKeyID == "" || key.Secret == "":
			return fmt.Errorf("openapi: Keys: key %d needs both an id and a secret", i+1)
		case seen[key.AccessKeyID]:
			return fmt.Errorf("openapi: Keys: key %d has the same id as an earlier key", i+1)
		}
		seen[key.AccessKeyID] = true
	}
	return nil
}

// Backend reads the data that the operations return. Its methods are called concurrently.
// ErrTooMany is reported to the client as it is. Any other error becomes a 503, because a retry may
// succeed.
type Backend interface {
	Trace(ctx context.Context, request TraceRequest) (TracePage, error)
	// Online reports whether each of the clients is connected now, in the order of clientIDs.
	Online(ctx context.Context, instanceID event.InstanceID, clientIDs []event.ClientID) ([]bool, error)
}

// TraceRequest selects one page of a client's events.
type TraceRequest struct {
	InstanceID event.InstanceID
	ClientID   event.ClientID
	// From and To are event times in whole milliseconds, both inclusive, at most 24
	// hours apart.
	From, To time.Time
	// Newest asks for the newest row first instead of the oldest.
	Newest bool
	// Offset is the number of rows before the page; Limit is the maximum number of rows on
	// it, 1 to 100.
	Offset, Limit int
}

// TracePage is a page of a trace.
type TracePage struct {
	// Total is the number of rows on all pages.
	Total int
	// Rows is empty if the requested page lies past the last page.
	Rows []Row
	// Incomplete is true if rows may be missing because objects could not be read. The response
	// then has the header X-Incomplete: true, because the API has no field for this warning.
	Incomplete bool
}

// Row is one event of a client.
type Row struct {
	Time       time.Time
	ChannelID  string
	Action     event.Action
	ActionInfo event.ActionInfo
}

// New returns the API's handler for the path "/". Pass it only requests for which Is returns true.
// The handler is safe for concurrent use.
//
// The handler keeps the nonces of the last half hour only in memory. Therefore, if several function
// instances run, a request that one instance has served can be replayed to another.
func New(c Config) (http.Handler, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	h := &handler{keys: map[string]Key{}, now: c.Now, backend: c.Backend, nonces: newNonces()}
	if h.now == nil {
		h.now = time.Now
	}
	for _, key := range c.Keys {
		h.keys[key.AccessKeyID] = key
	}
	return h, nil
}

// Is reports whether a request is for the API, which shares the path "/" with a page. A
// request is for the API if it is signed in either style, names an Action, or is a POST.
func Is(r *http.Request) bool {
	if r.URL.Path != "/" {
		return false
	}
	query := r.URL.Query()
	return r.Method == http.MethodPost || query.Has("Action") || query.Has("Signature") ||
		strings.HasPrefix(r.Header.Get("Authorization"), acs3)
}
