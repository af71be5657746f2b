package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"devicetrace/pkg/objstore"
)

// reply is a complete response of a server.
type reply struct {
	status int
	header http.Header
	body   []byte
	// pause is set only if a busy server requested a pause longer than maxPause. Otherwise it is 0.
	pause time.Duration
}

// maxAttempts is the maximum number of times that a request is sent to a busy server.
const maxAttempts = 5

// isBusy reports whether the request may succeed later.
func (r reply) isBusy() bool {
	return r.status == http.StatusTooManyRequests || r.status == http.StatusServiceUnavailable
}

func (r reply) isRedirect() bool { return r.status >= 300 && r.status < 400 }

// patiently calls send until the server is not busy (429 or 503), up to maxAttempts times. It pauses
// between the attempts for as long as the server requests, and announces each pause in notices. If the
// server stays busy or requests a pause longer than maxPause, patiently returns its last reply.
func patiently(ctx context.Context, notices io.Writer, send func() (reply, error)) (reply, error) {
	for attempt := 1; ; attempt++ {
		r, err := send()
		if err != nil || !r.isBusy() || attempt == maxAttempts {
			return r, err
		}
		wait := requestedPause(r.header.Get("Retry-After"), time.Now())
		if wait > maxPause {
			r.pause = wait
			return r, nil
		}
		fmt.Fprintf(notices, "ops: the response was %d %s; trying again in %v\n", r.status, http.StatusText(r.status), wait)
		if err := objstore.Wait(ctx, wait); err != nil {
			return reply{}, err
		}
	}
}

// late adds the pause that the server requested to err, if the pause is longer than maxPause.
func (r reply) late(err error) error {
	if r.pause == 0 {
		return err
	}
	return fmt.Errorf("%w (the server asks for a pause of %v: run the command again after that time)", err, r.pause)
}

// maxResponse is the maximum size of a response's body in bytes.
const maxResponse = 16 << 20

var errTooLong = fmt.Errorf("the response is longer than %d MiB", maxResponse>>20)

// readReply reads a whole response and closes its body. It returns errTooLong if the body is longer than
// maxResponse.
func readReply(response *http.Response) (reply, error) {
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxResponse+1))
	if err == nil && len(body) > maxResponse {
		err = errTooLong
	}
	return reply{status: response.StatusCode, header: response.Header, body: body}, err
}
