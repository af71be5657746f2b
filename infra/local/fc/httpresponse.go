package fc

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
)

// httpResponse is a function's response to an httpEvent.
type httpResponse struct {
	StatusCode      int               `json:"statusCode"`
	Headers         map[string]string `json:"headers"`
	IsBase64Encoded bool              `json:"isBase64Encoded"`
	Body            string            `json:"body"`
}

// writeResponse writes a function's response. If the response is invalid, writeResponse writes
// nothing and returns an error that says why. Unlike the platform, it also refuses a response
// without a status, because our functions should always set one.
func writeResponse(w http.ResponseWriter, payload []byte, requestID string) *Error {
	var response httpResponse
	if err := json.Unmarshal(payload, &response); err != nil {
		return errBadResponse("is not an HTTP response in JSON")
	}
	if response.StatusCode < 200 || response.StatusCode > 599 {
		return errBadResponse("has no valid statusCode")
	}
	body, err := response.body()
	if err != nil {
		return errBadResponse("has a body that is not base64")
	}
	header := response.header()
	if headerSize(header) > maxHeader {
		return errBadResponse("has headers of more than 8 KB")
	}
	for name, values := range header {
		w.Header()[name] = values
	}
	w.Header().Set("X-Fc-Request-Id", requestID)
	w.WriteHeader(response.StatusCode)
	w.Write(body)
	return nil
}

func (r httpResponse) body() ([]byte, error) {
	if !r.IsBase64Encoded {
		return []byte(r.Body), nil
	}
	return base64.StdEncoding.DecodeString(r.Body)
}

// header returns the headers of the response, except the headers that a function cannot
// set.
func (r httpResponse) header() http.Header {
	header := http.Header{}
	for name, value := range r.Headers {
		if !reserved(http.CanonicalHeaderKey(name), value) {
			header.Set(name, value)
		}
	}
	return header
}

func reserved(name, value string) bool {
	switch name {
	case "Connection", "Content-Length", "Date", "Keep-Alive", "Server", "Upgrade":
		return true
	case "Content-Disposition":
		return strings.HasPrefix(strings.ToLower(strings.TrimSpace(value)), "attachment")
	}
	return strings.HasPrefix(name, "X-Fc-")
}
