// Package openapi answers the query operations of ApsaraMQ for MQTT's API, version
// 2020-04-20, so that Alibaba Cloud's own clients work with only their endpoint
// changed: QueryMqttTraceDevice, QuerySessionByClientId and
// BatchQuerySessionByClientIds.
//
// What always holds:
//   - A request is answered only if it is signed with one of the configured keys, in
//     either style of Alibaba Cloud: ACS3-HMAC-SHA256 in headers, or HMAC-SHA1 in
//     parameters. It must be at most 15 minutes old or ahead, and its nonce new.
//   - Parameters come from the query and from a form body alike. What is signed is
//     always their decoded values, since clients encode them differently.
//   - Every answer is a JSON object with a RequestId, which the header
//     x-acs-request-id repeats. A success has status 200 and no Code; an error has
//     status 4xx or 5xx, a Code for programs and a Message for people.
//   - No answer or log line holds a secret, nor the signature that would have been right.
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

// version is the one that the API has.
const version = "2020-04-20"

// Config of the API.
type Config struct {
	// Keys are who may ask. Without any, every request is refused.
	Keys []Key
	// Now is the clock. Default time.Now.
	Now func() time.Time
	// Backend has the answers. Required.
	Backend Backend
}

// Validate names the field that is out of order. No error holds a secret.
func (c Config) Validate() error {
	if c.Backend == nil {
		return errors.New("Backend is required")
	}
	seen := map[string]bool{}
	for i, key := range c.Keys {
		switch {
		case key.AccessKeyID == "" || key.Secret == "":
			return fmt.Errorf("Keys: key %d needs both an id and a secret", i+1)
		case seen[key.AccessKeyID]:
			return fmt.Errorf("Keys: key %d has the id of an earlier one", i+1)
		}
		seen[key.AccessKeyID] = true
	}
	return nil
}

// Backend has what the operations tell. Its methods are called concurrently. Their
// errors but ErrTooMany are answered with 503: asking again can help.
type Backend interface {
	Trace(ctx context.Context, request TraceRequest) (TracePage, error)
	// Online reports for each client identifier, in their order, whether the client is
	// connected now.
	Online(ctx context.Context, instanceID event.InstanceID, clientIDs []event.ClientID) ([]bool, error)
}

// TraceRequest asks for a page of what happened to one client of one instance.
type TraceRequest struct {
	InstanceID event.InstanceID
	ClientID   event.ClientID
	// From and To are event times in whole milliseconds, both inclusive, at most 24
	// hours apart.
	From, To time.Time
	// Newest is newest first, else oldest first.
	Newest bool
	// Offset is how many rows to leave out at the start, Limit the most rows of the
	// page, 1 to 100.
	Offset, Limit int
}

// TracePage is a page of a trace.
type TracePage struct {
	// Total is the rows of all pages.
	Total int
	// Rows is empty past the last page.
	Rows []Row
	// Incomplete says that rows may be missing because objects could not be read. The
	// API has no field for that: the answer has the header X-Incomplete: true.
	Incomplete bool
}

// Row is one thing that happened to the client.
type Row struct {
	Time       time.Time
	ChannelID  string
	Action     event.Action
	ActionInfo event.ActionInfo
}

// New is the API as a handler for the path "/"; see Is for what to give it. It is safe
// for concurrent use. The nonces of the last half hour are remembered in this
// handler alone, so that with more than one instance of the function a request can be
// repeated to another one.
func New(c Config) (http.Handler, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("configure openapi: %w", err)
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

// Is reports whether a request is one of the API, which shares the path "/" with a
// page: it is signed in either style, names an Action, or is a POST.
func Is(r *http.Request) bool {
	if r.URL.Path != "/" {
		return false
	}
	query := r.URL.Query()
	return r.Method == http.MethodPost || query.Has("Action") || query.Has("Signature") ||
		strings.HasPrefix(r.Header.Get("Authorization"), acs3)
}
