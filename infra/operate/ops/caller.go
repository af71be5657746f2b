package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// caller sends requests to the server that DEVICE_TRACE_URL names.
type caller struct {
	base, token string
	client      *http.Client
	notices     io.Writer // where call reports its pauses
}

const callTimeout = time.Minute

// newCaller returns a caller that uses the token in the named environment variable. It makes no
// request.
func newCaller(t terminal, variable string) (caller, error) {
	base, err := serverURL(t)
	if err != nil {
		return caller{}, err
	}
	value, err := token(t, variable, base)
	if err != nil {
		return caller{}, err
	}
	client := &http.Client{Timeout: callTimeout, CheckRedirect: followNone}
	return caller{base, value, client, t.stderr}, nil
}

// followNone stops a client from following redirects, so that the token is not sent to another server.
func followNone(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// call sends a request and returns the complete response. While the server is busy, call retries as
// described at patiently.
func (c caller) call(ctx context.Context, method, path string) (reply, error) {
	return patiently(ctx, c.notices, func() (reply, error) { return c.send(ctx, method, path) })
}

func (c caller) send(ctx context.Context, method, path string) (reply, error) {
	request, err := newRequest(ctx, method, c.base, path, c.token)
	if err != nil {
		return reply{}, err
	}
	response, err := c.client.Do(request)
	if err != nil {
		return reply{}, c.unreachable(ctx, err)
	}
	got, err := readReply(response)
	switch {
	case errors.Is(err, errTooLong):
		return reply{}, fmt.Errorf("%s does not seem to be Device Trace: %w. Check DEVICE_TRACE_URL", c.base, err)
	case err != nil:
		return reply{}, fmt.Errorf("the response from %s was cut off: %w. Try again", c.base, err)
	case got.isRedirect():
		return reply{}, fmt.Errorf("%s redirects (%d) to %q: set DEVICE_TRACE_URL to the address of Device Trace itself", c.base, got.status, got.header.Get("Location"))
	}
	return got, nil
}

// newRequest returns a request to the server at base. The header X-Forwarded-Proto makes the links in
// the response use the scheme of base, which the server cannot know otherwise.
func newRequest(ctx context.Context, method, base, path, token string) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, method, base+path, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	if request.URL.Scheme != "" {
		request.Header.Set("X-Forwarded-Proto", request.URL.Scheme)
	}
	return request, nil
}

// unreachable returns the error for a request that got no response.
func (c caller) unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var failed *url.Error
	if errors.As(err, &failed) {
		err = failed.Err // without the URL, which contains the client identifier
	}
	hint := "Check DEVICE_TRACE_URL, or run `ops smoke` to find out what is wrong"
	if isLoopback(c.base) {
		hint = "Start `make run`, or set DEVICE_TRACE_URL to use another server"
	}
	return fmt.Errorf("%s does not respond: %w. %s", c.base, err, hint)
}
