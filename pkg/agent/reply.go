package agent

import (
	"bytes"
	"errors"
	"net/http"
)

// maxResponse is the maximum length, in bytes, of a buffered API response. A longer response is cut, so
// it cannot be decoded. The API itself limits responses to about 5 MiB, counted with the escapes of a
// JSON string.
const maxResponse = 6 << 20

// reply buffers a response of the API.
type reply struct {
	header http.Header
	status int
	body   bytes.Buffer
}

var _ http.ResponseWriter = (*reply)(nil)

func newReply() *reply { return &reply{header: http.Header{}, status: http.StatusOK} }

func (r *reply) Header() http.Header    { return r.header }
func (r *reply) WriteHeader(status int) { r.status = status }

func (r *reply) Write(b []byte) (int, error) {
	if r.body.Len()+len(b) > maxResponse {
		return 0, errors.New("the response is too long")
	}
	return r.body.Write(b)
}
