// Package agent serves the Model Context Protocol (MCP), so that the AI agents of on-call engineers can
// query the API. README.md describes the endpoint, its tools and its limits.
//
// Invariants:
//
//   - The package has no data of its own. Each tool sends one request to the API, with the caller's
//     bearer token. Tokens, instances, limits and errors are therefore the API's own.
//   - A tool's result has at most maxResult bytes. If a list does not fit, the result says how many of
//     its entries are missing.
//   - Texts from devices are JSON strings without invisible characters. The package never puts them into
//     its own sentences.
//   - Equal responses of the API always become equal results.
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

// maxCalls is the maximum number of tool calls in progress. It limits the memory for API responses,
// because each call buffers one response of at most maxResponse bytes.
const maxCalls = 8

// Config configures the handler that New returns.
type Config struct {
	// API handles the requests that the tools send, and all requests outside Path. Required.
	API http.Handler
	// Tokens are the API's tokens. A request to Path without one of them gets 401 before its body is
	// read.
	Tokens serve.Tokens
}

// Validate returns an error that names a missing field.
func (c Config) Validate() error {
	if c.API == nil {
		return errors.New("agent: API is missing")
	}
	return nil
}

// New returns a handler that serves MCP at Path and passes all other requests to Config.API. The
// handler is safe for concurrent use. New sends no requests. Its error names the invalid field.
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
