package mqtt

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"time"
)

// tryTimeout is the time limit for one request to the recorder.
const tryTimeout = 30 * time.Second

// post sends a body once. If final is true, the caller need not send the body again.
func (d *delivery) post(body []byte) (final bool, err error) {
	request, err := http.NewRequestWithContext(d.ctx, http.MethodPost, d.url, bytes.NewReader(body))
	if err != nil {
		return true, err
	}
	request.Header.Set("Authorization", "Bearer "+d.token)
	request.Header.Set("Content-Type", "application/json")
	response, err := d.client.Do(request)
	if err != nil {
		return false, err
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<20))
	if response.StatusCode/100 == 2 {
		return true, nil
	}
	return isFinal(response.StatusCode), fmt.Errorf("the recorder responds with %s", response.Status)
}

// isFinal reports whether a status is final. If so, a retry would be useless, because the recorder
// has quarantined the body, rejects the token, or refuses the body as too large.
func isFinal(status int) bool {
	switch status {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusRequestEntityTooLarge:
		return true
	}
	return false
}
