package wire

import (
	"bytes"
	"net/http"
	"strconv"
)

// reply is a recorded response.
type reply struct {
	status int
	header http.Header
	body   bytes.Buffer
}

var _ http.ResponseWriter = (*reply)(nil)

func (r *reply) Header() http.Header         { return r.header }
func (r *reply) WriteHeader(status int)      { r.status = status }
func (r *reply) Write(p []byte) (int, error) { return r.body.Write(p) }

// announce sets the Content-Length header.
func (r *reply) announce(length int) { r.header.Set("Content-Length", strconv.Itoa(length)) }

// page returns a response that comes from a gateway instead of the store.
func page(status int, contentType, body string) *reply {
	r := &reply{status: status, header: http.Header{"Content-Type": {contentType}}}
	r.body.WriteString(body)
	return r
}

// refusal returns an error response in the format of OSS.
func refusal(status int, code string) *reply {
	r := page(status, "application/xml", `<?xml version="1.0" encoding="UTF-8"?><Error><Code>`+code+`</Code><Message>injected</Message></Error>`)
	r.header.Set("X-Oss-Request-Id", "injected")
	return r
}
