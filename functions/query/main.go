// Query serves the page, the HTTP API, an API compatible with Alibaba Cloud's and an MCP endpoint, all
// from the data in the bucket. It never writes to the bucket. The README in the parent folder lists its
// environment variables.
package main

import (
	"devicetrace/functions/internal/env"
	"devicetrace/pkg/agent"
	"devicetrace/pkg/openapi"
	"devicetrace/pkg/query"
	"devicetrace/pkg/serve"
	"devicetrace/pkg/traceapi"
)

func main() { serve.Main("query", wire) }

// wire builds the function from the environment. It makes no request to the bucket.
func wire(getenv func(string) string) (serve.Function, error) {
	vars := env.Reader{Getenv: getenv}
	bucket := vars.Bucket(env.AttemptTimeout)
	tokens := vars.Tokens("QUERY_TOKEN", "QUERY_TOKENS")
	keys := parseKeys(&vars)
	retention := vars.Retention()
	shards := vars.Shards()
	requests := vars.Int("MAX_REQUESTS", 64, 1, 10_000)
	if err := vars.Err(); err != nil {
		return serve.Function{}, err
	}
	reader, err := query.New(bucket.Store, query.Config{Shards: shards})
	if err != nil {
		return serve.Function{}, err
	}
	handler, err := traceapi.New(traceapi.Config{
		Reader:    reader,
		Tokens:    tokens,
		Keys:      keys,
		Retention: retention,
	})
	if err != nil {
		return serve.Function{}, err
	}
	handler, err = agent.New(agent.Config{API: handler, Tokens: tokens})
	if err != nil {
		return serve.Function{}, err
	}
	return serve.Function{Handler: handler, MaxRequests: requests, Credentials: bucket.Credentials}, nil
}

func parseKeys(vars *env.Reader) []openapi.Key {
	keys, err := openapi.ParseKeys(vars.Optional("OPENAPI_KEYS"))
	if err != nil {
		vars.Reject("OPENAPI_KEYS", "is wrong: "+err.Error())
	}
	return keys
}
