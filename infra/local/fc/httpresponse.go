package fc

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
)

// httpReply is a function's answer to an httpEvent.
type httpReply struct {
	StatusCode      int               `json:"statusCode"`
	Headers         map[string]string `json:"headers"`
	IsBase64Encoded bool              `json:"isBase64Encoded"`
	Body            string            `json:"body"`
}

// writeReply answers with what the function said, or tells what is wrong with it.
// The platform accepts a reply without a status; whoever relies on that is told here.
func writeReply(w http.ResponseWriter, payload []byte, c *call) *Error {
	var reply httpReply
	if err := json.Unmarshal(payload, &reply); err != nil {
		return errReply(c, "the function's answer is not that of an HTTP function")
	}
	if reply.StatusCode < 200 || reply.StatusCode > 599 {
		return errReply(c, "the function's answer has no valid statusCode")
	}
	body, err := reply.body()
	if err != nil {
		return errReply(c, "the function's answer has a body that is not base64")
	}
	header := reply.header()
	if headerSize(header) > maxHeader {
		return errReply(c, "the function's headers are longer than 8 KB")
	}
	for name, values := range header {
		w.Header()[name] = values
	}
	w.Header().Set("X-Fc-Request-Id", c.id)
	w.WriteHeader(reply.StatusCode)
	w.Write(body)
	return nil
}

func (r httpReply) body() ([]byte, error) {
	if !r.IsBase64Encoded {
		return []byte(r.Body), nil
	}
	return base64.StdEncoding.DecodeString(r.Body)
}

// header leaves out what a function cannot set.
func (r httpReply) header() http.Header {
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
