package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// asker sends a request to the HTTP API and returns its complete response.
type asker interface {
	ask(ctx context.Context, path string, parameters url.Values) (reply, error)
	// refused returns the error for a response whose status is not 200. instance is the instance of the
	// request, or "".
	refused(r reply, instance string) error
}

// queryServer calls a query function over HTTP.
type queryServer struct{ caller }

// ask implements asker.
func (s queryServer) ask(ctx context.Context, path string, parameters url.Values) (reply, error) {
	return s.call(ctx, http.MethodGet, path+"?"+parameters.Encode())
}

// refused implements asker.
func (s queryServer) refused(r reply, instance string) error {
	refused := r.problem()
	switch {
	case r.status == http.StatusUnauthorized:
		return fmt.Errorf("%s refuses this QUERY_TOKEN: set it to a token of the query function", s.base)
	case r.status == http.StatusForbidden && refused.Code == "Forbidden":
		return fmt.Errorf("this QUERY_TOKEN does not cover the instance %q: check -instance, or use another token", instance)
	case r.status == http.StatusNotFound, refused.Code == "UnknownParameter":
		return fmt.Errorf("%s does not support this command: check that DEVICE_TRACE_URL is the query function's address. If it is, deploy the current version", s.base)
	case refused.Text == "":
		return r.late(fmt.Errorf("%s responded with %d %s, which does not come from Device Trace: check DEVICE_TRACE_URL", s.base, r.status, http.StatusText(r.status)))
	default:
		return r.late(errors.New(clean(refused.Text)))
	}
}

// invalidParameter returns an errUsage if the response refuses the value of a parameter, and nil for any
// other response. The server's text fits the command line, because each flag has the name of its
// parameter.
func (r reply) invalidParameter() error {
	switch refused := r.problem(); refused.Code {
	case "InvalidParameter", "MissingParameter":
		return errUsage(clean(refused.Text))
	default:
		return nil
	}
}
