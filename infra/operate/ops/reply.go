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
	// pause is the pause that a busy server requests, if it is longer than maxPause, and otherwise 0.
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

// late adds to an error that the server requests a long pause.
func (r reply) late(err error) error {
	if r.pause == 0 {
		return err
	}
	return fmt.Errorf("%w (the response requests a pause of %v: run the command again afterwards)", err, r.pause)
}

// maxResponse is the maximum number of bytes of a response.
const maxResponse = 16 << 20

var errTooLong = fmt.Errorf("the response is longer than %d MiB", maxResponse>>20)

// readReply reads a response to its end and closes it. The error for a response that is longer than
// maxResponse is errTooLong.
func readReply(response *http.Response) (reply, error) {
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxResponse+1))
	if err == nil && len(body) > maxResponse {
		err = errTooLong
	}
	return reply{status: response.StatusCode, header: response.Header, body: body}, err
}
