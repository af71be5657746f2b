// Package agent serves the Model Context Protocol (MCP), so that the agents of on-call people can ask
// the API. README.md describes the endpoint, its tools and its limits.
//
// Invariants:
//
//   - The package has no data of its own. Each tool sends one request to the API, with the caller's
//     bearer token. Tokens, instances, limits and errors are therefore those of the API.
//   - The result of a tool is at most maxResult bytes long. Lists are cut, and say so.
//   - Texts from devices are JSON strings without invisible characters. The package never puts them into
//     its own sentences.
//   - The same response of the API always becomes the same result.
//
// This is the only package that may import the MCP SDK.
package agent

import (
	"errors"
	"net/http"

	"devicetrace/pkg/serve"
)

// Path is the path of the endpoint.
const Path = "/mcp"

// maxCalls is the maximum number of tool calls in progress. It limits the memory for responses of
// the API: each call buffers one, of at most maxResponse bytes.
const maxCalls = 8

// Config configures the handler.
type Config struct {
	// API handles the requests that the tools send, and all requests outside Path. Required.
	API http.Handler
	// Tokens are the API's tokens. A request to Path with any other token gets 401 before its body
	// is read.
	Tokens serve.Tokens
}

// Validate reports a missing field.
func (c Config) Validate() error {
	if c.API == nil {
		return errors.New("agent: API is missing")
	}
	return nil
}

// New returns a handler that serves MCP at Path and passes all other requests to Config.API, or an
// error that names the invalid field. It makes no request. The handler is safe for concurrent use.
func New(config Config) (http.Handler, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	c := &caller{api: config.API, slots: make(chan struct{}, maxCalls)}
	endpoint := entrance{tokens: config.Tokens, next: newEndpoint(c)}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == Path {
			endpoint.ServeHTTP(w, r)
			return
		}
		config.API.ServeHTTP(w, r)
	}), nil
}
