package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// asker sends a request to the HTTP API and returns its complete response.
type asker interface {
	ask(ctx context.Context, path string, parameters url.Values) (reply, error)
	// refused returns the error for a response without status 200. instance is the instance of the
	// request, or "".
	refused(r reply, instance string) error
}

// queryServer is a query function that is reached over HTTP.
type queryServer struct {
	base, token string
	client      *http.Client
	notices     io.Writer
}

// newQueryServer returns a client that uses the address and the token from the environment. It makes
// no request.
func newQueryServer(t terminal) (queryServer, error) {
	base, err := serverURL(t)
	if err != nil {
		return queryServer{}, err
	}
	queryToken, err := token(t, "QUERY_TOKEN", base)
	if err != nil {
		return queryServer{}, err
	}
	return queryServer{base, queryToken, &http.Client{Timeout: callTimeout}, t.stderr}, nil
}

// ask implements asker. While the server is busy, it tries again; see patiently.
func (s queryServer) ask(ctx context.Context, path string, parameters url.Values) (reply, error) {
	return patiently(ctx, s.notices, func() (reply, error) { return s.send(ctx, path+"?"+parameters.Encode()) })
}

func (s queryServer) send(ctx context.Context, path string) (reply, error) {
	request, err := newQuestion(ctx, s.base, path, s.token)
	if err != nil {
		return reply{}, err
	}
	response, err := s.client.Do(request)
	if err != nil {
		return reply{}, s.unreachable(ctx, err)
	}
	got, err := readReply(response)
	if err != nil {
		return reply{}, fmt.Errorf("the response of %s was cut off: %w", s.base, err)
	}
	return got, nil
}

// newQuestion returns a request to the server at base. The header X-Forwarded-Proto makes the links in
// the response use the scheme of base, which the server does not know otherwise.
func newQuestion(ctx context.Context, base, path, token string) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, base+path, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	if request.URL.Scheme != "" {
		request.Header.Set("X-Forwarded-Proto", request.URL.Scheme)
	}
	return request, nil
}

// unreachable returns the error for a request without a response.
func (s queryServer) unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var failed *url.Error
	if errors.As(err, &failed) {
		err = failed.Err // without the URL, which contains the client identifier
	}
	return fmt.Errorf("%s does not respond: %w. Is `make run` up? To ask another server, set DEVICE_TRACE_URL", s.base, err)
}

// refused implements asker.
func (s queryServer) refused(r reply, instance string) error {
	refused := apiError(r)
	switch {
	case r.status == http.StatusUnauthorized:
		return fmt.Errorf("%s refuses this QUERY_TOKEN: set it to a token of the query function", s.base)
	case r.status == http.StatusForbidden && refused.Code == "Forbidden":
		return fmt.Errorf("this QUERY_TOKEN does not cover the instance %q: check -instance, or use another token", instance)
	case r.status == http.StatusNotFound, refused.Code == "UnknownParameter":
		return fmt.Errorf("%s cannot do this: check that DEVICE_TRACE_URL is the query function's address. If it is, the function is an older version", s.base)
	case refused.Text == "":
		return r.late(fmt.Errorf("%s responded with %d %s, which does not come from Device Trace: check DEVICE_TRACE_URL", s.base, r.status, http.StatusText(r.status)))
	default:
		return r.late(errors.New(clean(refused.Text)))
	}
}

// apiError returns the code and the sentence in an error response of the API. Both are empty if the
// response has another form.
func apiError(r reply) refusal {
	var parsed refusal
	if errors.As(newRefusal(r.status, r.body), &parsed) && parsed.Code != "" && parsed.Text != "" {
		return parsed
	}
	return refusal{status: r.status}
}
