package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"devicetrace/pkg/objstore"
)

// recorder is a client for a recorder's administrative routes.
type recorder struct {
	base, token string
	client      *http.Client
	notices     io.Writer // where call reports its pauses
}

const (
	callTimeout = time.Minute
	// maxAttempts is the maximum number of times that a request is sent to a busy recorder.
	maxAttempts = 5
	// maxResponse is the maximum number of bytes read from a response.
	maxResponse = 16 << 20
)

// newRecorder returns a client that uses the recorder's address and token from the environment. It
// makes no request.
func newRecorder(t terminal) (recorder, error) {
	base, err := serverURL(t)
	if err != nil {
		return recorder{}, err
	}
	adminToken, err := token(t, "ADMIN_TOKEN", base)
	if err != nil {
		return recorder{}, err
	}
	return recorder{base: base, token: adminToken, client: &http.Client{Timeout: callTimeout}, notices: t.stderr}, nil
}

// call sends a request and decodes a response that has one of the given statuses. While the
// recorder is busy (429 or 503), call retries after the pauses that the recorder requests, up to
// maxAttempts attempts in total. If the recorder stays busy, requests a pause longer than maxPause,
// or responds with any other status, call returns an error that wraps a refusal.
func (r recorder) call(ctx context.Context, method, path string, into any, statuses ...int) error {
	for attempt := 1; ; attempt++ {
		status, header, body, err := r.send(ctx, method, path)
		if err != nil {
			return err
		}
		if slices.Contains(statuses, status) {
			return decode(body, into)
		}
		isBusy := status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable
		if !isBusy || attempt == maxAttempts {
			return newRefusal(status, body)
		}
		wait := requestedPause(header.Get("Retry-After"), time.Now())
		if wait > maxPause {
			return fmt.Errorf("%w (the response requests a pause of %v: run the command again afterwards)", newRefusal(status, body), wait)
		}
		fmt.Fprintf(r.notices, "ops: the response was %d %s; trying again in %v\n", status, http.StatusText(status), wait)
		if err := objstore.Wait(ctx, wait); err != nil {
			return err
		}
	}
}

func (r recorder) send(ctx context.Context, method, path string) (status int, header http.Header, body []byte, err error) {
	request, err := http.NewRequestWithContext(ctx, method, r.base+path, nil)
	if err != nil {
		return 0, nil, nil, err
	}
	request.Header.Set("Authorization", "Bearer "+r.token)
	response, err := r.client.Do(request)
	if err != nil {
		return 0, nil, nil, err
	}
	defer response.Body.Close()
	body, err = io.ReadAll(io.LimitReader(response.Body, maxResponse))
	return response.StatusCode, response.Header, body, err
}

func decode(body []byte, into any) error {
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("decode response: %w", err)
	}
	return nil
}
