package webhook

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strconv"

	"devicetrace/pkg/serve"
)

// hostName is a name as DNS has them (RFC 1123, 2.1).
var hostName = regexp.MustCompile(`^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$`)

const maxHostName = 253

// allowSender answers the question whether a sender of CloudEvents may send here:
// it may, as often as it asks for (HTTP 1.1 Web Hooks for Event Delivery 1.0, 4).
// That is consent to traffic; events need a token all the same.
func allowSender(w http.ResponseWriter, r *http.Request) bool {
	origin := r.Header.Get("WebHook-Request-Origin")
	if r.Method != http.MethodOptions || origin == "" {
		return false
	}
	if len(origin) > maxHostName || !hostName.MatchString(origin) {
		serve.Fail(w, http.StatusBadRequest, "InvalidOrigin", "WebHook-Request-Origin must be a host name")
		return true
	}
	w.Header().Set("Allow", http.MethodPost)
	w.Header().Set("WebHook-Allowed-Origin", origin)
	if rate := r.Header.Get("WebHook-Request-Rate"); rate != "" {
		w.Header().Set("WebHook-Allowed-Rate", allowedRate(rate))
	}
	serve.JSON(w, http.StatusOK, struct{}{})
	return true
}

// allowedRate is what was asked for, in requests a minute; "*" sets no limit.
func allowedRate(asked string) string {
	if rate, err := strconv.ParseUint(asked, 10, 32); err == nil && rate > 0 {
		return strconv.FormatUint(rate, 10)
	}
	return "*"
}

const (
	validationType = "Microsoft.EventGrid.SubscriptionValidationEvent"
	// A validation is an event of some hundred bytes with a UUID for its code.
	maxValidation     = 16 << 10
	maxValidationCode = 256
)

// validateSubscription answers the event with which Event Grid, in its own schema,
// asks whether a new subscription's address is right.
// (https://learn.microsoft.com/azure/event-grid/end-point-validation-event-grid-events-schema)
func validateSubscription(w http.ResponseWriter, r *http.Request) bool {
	if r.Method != http.MethodPost {
		return false
	}
	code := validationCode(peek(r))
	if code == "" {
		return false
	}
	serve.JSON(w, http.StatusOK, map[string]string{"validationResponse": code})
	return true
}

// peek is the body, if it can be read and is as short as a validation. The request's
// body is whole afterwards.
func peek(r *http.Request) []byte {
	start, err := io.ReadAll(io.LimitReader(r.Body, maxValidation+1))
	rest := r.Body
	if err != nil {
		rest = io.NopCloser(failing{err})
	}
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(start), rest), r.Body}
	if err != nil || len(start) > maxValidation {
		return nil
	}
	return start
}

// failing is a body that cannot be read on.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// validationCode is the code in a body that is a validation and nothing else; empty
// in any other.
func validationCode(body []byte) string {
	if !bytes.Contains(body, []byte(validationType)) {
		return ""
	}
	var events []struct {
		EventType string `json:"eventType"`
		Data      struct {
			ValidationCode string `json:"validationCode"`
		} `json:"data"`
	}
	if json.Unmarshal(body, &events) != nil || len(events) != 1 || events[0].EventType != validationType {
		return ""
	}
	code := events[0].Data.ValidationCode
	if len(code) > maxValidationCode || !printable(code) {
		return ""
	}
	return code
}
