package openapi

import (
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
)

const (
	// maxBody is the maximum length of a body in bytes. It leaves space for ten client identifiers
	// of 65,535 bytes each, even if they are percent-encoded.
	maxBody = 2 << 20
	// maxParameters is the maximum number of parameters in a query or a form; a valid
	// request has at most about 25.
	maxParameters = 100
)

// request is an API request whose body has been read.
type request struct {
	method, host string
	header       http.Header
	query        parameters
	all          parameters // from both the query and the form
	body         []byte
}

func readRequest(r *http.Request) (request, error) {
	if r.Method != http.MethodGet && r.Method != http.MethodPost {
		return request{}, apiError{http.StatusMethodNotAllowed, "UnsupportedHTTPMethod", "send a GET or a POST"}
	}
	query, err := parseParameters(r.URL.RawQuery)
	if err != nil {
		return request{}, err
	}
	body, err := readBody(r)
	if err != nil {
		return request{}, err
	}
	form, err := parseForm(r.Header.Get("Content-Type"), body)
	if err != nil {
		return request{}, err
	}
	all, err := query.merged(form)
	return request{method: r.Method, host: r.Host, header: r.Header, query: query, all: all, body: body}, err
}

func readBody(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	switch {
	case err != nil:
		return nil, badRequest("InvalidRequest", "the body could not be read completely: sign and send the request again")
	case len(body) > maxBody:
		return nil, apiError{http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "the body is longer than 2 MiB"}
	}
	return body, nil
}

// parseForm parses the body of a request. The body must be empty or a form.
func parseForm(contentType string, body []byte) (parameters, error) {
	if len(body) == 0 {
		return nil, nil
	}
	if kind, _, _ := mime.ParseMediaType(contentType); kind != "application/x-www-form-urlencoded" {
		return nil, invalid("the body is not a form: send the parameters in the query, or as application/x-www-form-urlencoded")
	}
	return parseParameters(string(body))
}

// parameters maps decoded names to decoded values. A repeated name is an error, because it is
// unclear which of its values is meant.
type parameters map[string]string

// parseParameters parses a query or a form.
func parseParameters(encoded string) (parameters, error) {
	if strings.Count(encoded, "&") >= maxParameters {
		return nil, invalid("there are more than %d parameters", maxParameters)
	}
	values, err := url.ParseQuery(encoded)
	if err != nil {
		return nil, invalid("the parameters are not properly percent-encoded")
	}
	p := make(parameters, len(values))
	for name, given := range values {
		if len(given) > 1 {
			return nil, repeated(name)
		}
		p[name] = given[0]
	}
	return p, nil
}

func repeated(name string) error { return invalid("%.64q is given more than once", name) }

// merged returns the union of the parameters in p and others. A name that occurs in both is an
// error.
func (p parameters) merged(others parameters) (parameters, error) {
	all := make(parameters, len(p)+len(others))
	for _, some := range []parameters{p, others} {
		for name, value := range some {
			if _, taken := all[name]; taken {
				return nil, repeated(name)
			}
			all[name] = value
		}
	}
	return all, nil
}
