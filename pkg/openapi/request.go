package openapi

import (
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
)

const (
	// mostBody is the longest body: ten client identifiers of 65,535 bytes fit,
	// percent-encoded as they are.
	mostBody = 2 << 20
	// mostParameters is the most parameters of a query or a form; the longest request
	// has some 25.
	mostParameters = 100
)

// request is a request of the API, read to its end.
type request struct {
	method, host string
	header       http.Header
	query        parameters
	all          parameters // of the query and of the form together
	body         []byte
}

func readRequest(r *http.Request) (request, error) {
	if r.Method != http.MethodGet && r.Method != http.MethodPost {
		return request{}, fault{http.StatusMethodNotAllowed, "UnsupportedHTTPMethod", "send a GET or a POST"}
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
	all, err := query.and(form)
	return request{method: r.Method, host: r.Host, header: r.Header, query: query, all: all, body: body}, err
}

func readBody(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, mostBody+1))
	switch {
	case err != nil:
		return nil, badRequest("InvalidRequest", "the body could not be read to its end: send the request again, signed anew")
	case len(body) > mostBody:
		return nil, fault{http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "the body is longer than 2 MiB"}
	}
	return body, nil
}

// parseForm reads a body, which is a form or empty.
func parseForm(contentType string, body []byte) (parameters, error) {
	if len(body) == 0 {
		return nil, nil
	}
	if kind, _, _ := mime.ParseMediaType(contentType); kind != "application/x-www-form-urlencoded" {
		return nil, unfit("the body is not a form: send the parameters in the query, or as application/x-www-form-urlencoded")
	}
	return parseParameters(string(body))
}

// parameters are decoded names and values. None comes twice, since it could not be told
// which of the two is meant.
type parameters map[string]string

// parseParameters reads a query or a form.
func parseParameters(encoded string) (parameters, error) {
	if strings.Count(encoded, "&") >= mostParameters {
		return nil, unfit("there are more than %d parameters", mostParameters)
	}
	values, err := url.ParseQuery(encoded)
	if err != nil {
		return nil, unfit("the parameters are not properly percent-encoded")
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

func repeated(name string) error { return unfit("%.64q is given more than once", name) }

// and joins the parameters of query and form.
func (p parameters) and(others parameters) (parameters, error) {
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
