package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"
)

// recorder is a client for a recorder's administrative routes.
type recorder struct {
	base, token string
	client      *http.Client
	notices     io.Writer // where call reports its pauses
}

const callTimeout = time.Minute

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
// recorder is busy, call tries again; see patiently. If the recorder stays busy or responds with any
// other status, call returns an error that wraps a refusal.
func (r recorder) call(ctx context.Context, method, path string, into any, statuses ...int) error {
	got, err := patiently(ctx, r.notices, func() (reply, error) { return r.send(ctx, method, path) })
	switch {
	case err != nil:
		return err
	case slices.Contains(statuses, got.status):
		return decode(got.body, into)
	default:
		return got.late(newRefusal(got.status, got.body))
	}
}

func (r recorder) send(ctx context.Context, method, path string) (reply, error) {
	request, err := http.NewRequestWithContext(ctx, method, r.base+path, nil)
	if err != nil {
		return reply{}, err
	}
	request.Header.Set("Authorization", "Bearer "+r.token)
	response, err := r.client.Do(request)
	if err != nil {
		return reply{}, err
	}
	return readReply(response)
}

func decode(body []byte, into any) error {
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("decode response: %w", err)
	}
	return nil
}
