// Package traceapi serves the page, the HTTP API and Alibaba's OpenAPI. README.md and openapi.yaml
// describe the API.
//
// Invariants:
//
//   - The package never writes to the store. A request whose token or AccessKey does not cover the
//     instance does not read from the store either.
//   - A response of the HTTP API is at most about 5 MB long and states its cost in a receipt.
//   - If objects could not be read, the response is marked as incomplete or is an error.
//   - Store errors appear in the log, never in a response.
package traceapi

import (
	_ "embed"
	"net/http"
	"strings"

	"devicetrace/pkg/console"
	"devicetrace/pkg/openapi"
	"devicetrace/pkg/serve"
)

// front serves the page, the API and Alibaba's OpenAPI.
type front struct {
	api     api
	tokens  serve.Tokens
	alibaba http.Handler
}

// New returns the handler for the page and both APIs, or an error that names the invalid field.
// It makes no request. The handler is safe for concurrent use.
func New(config Config) (http.Handler, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	config = config.withDefaults()
	api := newAPI(config.Reader, openerOf(config.Reader), config.Now, config.Retention)
	api.count = config.Reader.Fleet
	signed, err := openapi.New(openapi.Config{Keys: config.Keys, Backend: alibaba{api}, Now: config.Now})
	if err != nil {
		return nil, err
	}
	return front{api: api, tokens: config.Tokens, alibaba: signed}.handler(), nil
}

const (
	// consolePath is the prefix of the page's files; the page itself is at "/".
	consolePath = "/console/"
	// descriptionPath is the path of the API's description.
	descriptionPath = "/api/v1/openapi.yaml"
)

// handler routes each request. The page and the description need no token, because they
// contain nothing about devices.
func (f front) handler() http.Handler {
	page := console.Handler()
	endpoints := f.api.endpoints()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := r.URL.Path
		endpoint, found := endpoints[path]
		switch {
		case found:
			readOnly(f.authorized(endpoint)).ServeHTTP(w, r)
		case path == "/" && openapi.Is(r):
			f.alibaba.ServeHTTP(w, r)
		case path == "/" || strings.HasPrefix(path, consolePath):
			page.ServeHTTP(w, r)
		case path == descriptionPath:
			readOnly(http.HandlerFunc(describe)).ServeHTTP(w, r)
		default:
			serve.Fail(w, http.StatusNotFound, "NotFound", "there is no such path; the page is at /, and "+descriptionPath+" describes the API")
		}
	})
}

// authorized returns a handler that lets requests with a valid token through to the given endpoint,
// and refuses all others with 401.
func (f front) authorized(next endpoint) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		grant, found := f.tokens.Find(serve.BearerToken(r))
		if !found {
			serve.Unauthorized(w)
			return
		}
		next.serve(w, r, grant, slot{of: f.api.large})
	})
}

//go:embed openapi.yaml
var description []byte

// describe responds with the API's description (OpenAPI 3.1).
func describe(w http.ResponseWriter, r *http.Request) {
	if notModified(w, r, tagOf(description)) {
		return
	}
	w.Header().Set("Content-Type", "application/yaml")
	w.Write(description)
}
