package fc

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"strings"
)

// httpResponse is a function's response to an HTTP request.
type httpResponse struct {
	status int
	header http.Header
	body   []byte
}

// decodeResponse decodes the response to an httpEvent. Unlike the platform, it also refuses a
// response without a status, because our functions should always set one.
func decodeResponse(payload []byte) (httpResponse, *Error) {
	var response struct {
		StatusCode      int               `json:"statusCode"`
		Headers         map[string]string `json:"headers"`
		IsBase64Encoded bool              `json:"isBase64Encoded"`
		Body            string            `json:"body"`
	}
	if err := json.Unmarshal(payload, &response); err != nil {
		return httpResponse{}, errBadResponse("is not an HTTP response in JSON")
	}
	if response.StatusCode < 200 || response.StatusCode > 599 {
		return httpResponse{}, errBadResponse("has no valid statusCode")
	}
	decoded := httpResponse{response.StatusCode, http.Header{}, []byte(response.Body)}
	for name, value := range response.Headers {
		decoded.header.Set(name, value)
	}
	if response.IsBase64Encoded {
		body, err := base64.StdEncoding.DecodeString(response.Body)
		if err != nil {
			return httpResponse{}, errBadResponse("has a body that is not base64")
		}
		decoded.body = body
	}
	return decoded, nil
}

// write sends the response without the headers that a function cannot set. If the headers are too
// long, it sends nothing and returns an error.
func (r httpResponse) write(w http.ResponseWriter, requestID string) *Error {
	header := http.Header{}
	for name, values := range r.header {
		if !reserved(name, values[0]) {
			header[name] = values
		}
	}
	if headerSize(header) > maxHeader {
		return errBadResponse("has headers of more than 8 KB")
	}
	maps.Copy(w.Header(), header)
	w.Header().Set("X-Fc-Request-Id", requestID)
	w.WriteHeader(r.status)
	w.Write(r.body)
	return nil
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
