// Query answers for one device and up to 24 hours from the bucket: the page, the HTTP
// API, and Alibaba's OpenAPI. It only reads.
//
// Environment: the bucket (package env) and QUERY_TOKEN or QUERY_TOKENS are required.
// OPENAPI_KEYS are the AccessKey pairs of Alibaba's OpenAPI, which is closed without
// any. STATUS_LOOKBACK (days, default 7) is how far a device's status is looked for. SHARDS
// (default 16) is the recorder's; an instance with another one is slower at first.
package main

import (
	"time"

	"devicetrace/functions/internal/env"
	"devicetrace/pkg/openapi"
	"devicetrace/pkg/query"
	"devicetrace/pkg/serve"
)

func main() { serve.Main("query", wire) }

// wire builds the function. It makes no request.
func wire(getenv func(string) string) (serve.Function, error) {
	vars := env.Reader{Getenv: getenv}
	bucket := vars.Bucket(env.AttemptTimeout)
	tokens := vars.Tokens("QUERY_TOKEN", "QUERY_TOKENS")
	keys := parseKeys(&vars)
	days := vars.Int("STATUS_LOOKBACK", 7, 0, 366)
	shards := vars.Int("SHARDS", 16, 16, 4096)
	if err := vars.Err(); err != nil {
		return serve.Function{}, err
	}
	reader, err := query.New(bucket.Store, query.Config{Shards: shards})
	if err != nil {
		return serve.Function{}, err
	}
	api := api{reader: reader, now: time.Now, lookback: time.Duration(days) * 24 * time.Hour}
	alibaba, err := openapi.New(openapi.Config{Keys: keys, Backend: alibaba{api}})
	if err != nil {
		return serve.Function{}, err
	}
	front := front{api: api, tokens: tokens, alibaba: alibaba}
	return serve.Function{Handler: front.handler(), Credentials: bucket.Credentials}, nil
}

func parseKeys(vars *env.Reader) []openapi.Key {
	keys, err := openapi.ParseKeys(vars.Optional("OPENAPI_KEYS"))
	if err != nil {
		vars.Reject("OPENAPI_KEYS", err.Error())
	}
	return keys
}
