package broker

import (
	"bytes"
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
)

// azureHandshake recognizes the request that Event Grid makes before it sends events. With the
// CloudEvents schema, the request asks whether Event Grid may send events to this URL. With the
// Event Grid schema, it validates the URL of a new subscription.
func azureHandshake(r HandshakeRequest) (HandshakeResponse, bool) {
	switch r.Method {
	case http.MethodOptions:
		return azureAllowSender(r)
	case http.MethodPost:
		return azureValidate(r)
	default:
		return HandshakeResponse{}, false
	}
}

// hostName matches a DNS name (RFC 1123, 2.1).
var hostName = regexp.MustCompile(`^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$`)

const maxHostName = 253

// azureAllowSender permits a sender of CloudEvents to send at any rate that it requests. The
// request and the response follow HTTP 1.1 Web Hooks for Event Delivery 1.0, section 4. The
// permission does not replace the token, which every delivery of events still needs.
func azureAllowSender(r HandshakeRequest) (HandshakeResponse, bool) {
	origin := r.Header.Get("WebHook-Request-Origin")
	if origin == "" {
		return HandshakeResponse{}, false
	}
	if len(origin) > maxHostName || !hostName.MatchString(origin) {
		return refuseHandshake("InvalidOrigin", "WebHook-Request-Origin must be a host name"), true
	}
	header := http.Header{}
	header.Set("Allow", http.MethodPost)
	header.Set("WebHook-Allowed-Origin", origin)
	if rate := r.Header.Get("WebHook-Request-Rate"); rate != "" {
		header.Set("WebHook-Allowed-Rate", azureAllowedRate(rate))
	}
	return HandshakeResponse{Status: http.StatusOK, Header: header, Body: struct{}{}}, true
}

// azureAllowedRate returns the requested rate, in requests per minute. If the sender does not
// request a positive number, azureAllowedRate returns "*", which means no limit.
func azureAllowedRate(requested string) string {
	if rate, err := strconv.ParseUint(requested, 10, 32); err == nil && rate > 0 {
		return strconv.FormatUint(rate, 10)
	}
	return "*"
}

// azureValidate responds to the event with which Event Grid validates a new subscription's URL.
// Event Grid sends this event only for subscriptions with the Event Grid schema
// (https://learn.microsoft.com/azure/event-grid/end-point-validation-event-grid-events-schema).
func azureValidate(r HandshakeRequest) (HandshakeResponse, bool) {
	code := azureValidationCode(r.Body)
	if code == "" {
		return HandshakeResponse{}, false
	}
	return HandshakeResponse{Status: http.StatusOK, Body: map[string]string{"validationResponse": code}}, true
}

const (
	azureValidation = "Microsoft.EventGrid.SubscriptionValidationEvent"
	// maxAzureCode is the maximum length of a validation code in bytes. The limit is generous:
	// Azure's codes are UUIDs, which have only 36 bytes.
	maxAzureCode = 256
)

// azureValidationCode returns the validation code if the body is exactly one validation
// event. It returns "" for any other body.
func azureValidationCode(body []byte) string {
	if len(body) > MaxHandshakeBody || !bytes.Contains(body, []byte(azureValidation)) {
		return ""
	}
	var events []struct {
		EventType string `json:"eventType"`
		Data      struct {
			ValidationCode string `json:"validationCode"`
		} `json:"data"`
	}
	if json.Unmarshal(body, &events) != nil || len(events) != 1 || events[0].EventType != azureValidation {
		return ""
	}
	code := events[0].Data.ValidationCode
	if len(code) > maxAzureCode || !isPrintableASCII(code) {
		return ""
	}
	return code
}

func isPrintableASCII(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
