// Query answers for one device and up to 24 hours from the bucket. It only reads.
//
// Environment: QUERY_TOKEN and the bucket (package env) are required.
package main

import (
	"os"
	"time"

	"devicetrace/functions/internal/env"
	"devicetrace/pkg/query"
	"devicetrace/pkg/serve"
)

func main() {
	serve.SetLog("query")
	function, err := wire(os.Getenv)
	if err != nil {
		serve.Exit(err)
	}
	serve.Main(function)
}

// wire builds the function. It makes no request.
func wire(getenv func(string) string) (serve.Function, error) {
	vars := env.Reader{Getenv: getenv}
	bucket := vars.Bucket()
	token := vars.Required("QUERY_TOKEN")
	if err := vars.Err(); err != nil {
		return serve.Function{}, err
	}
	reader, err := query.New(bucket.Store, query.Config{})
	if err != nil {
		return serve.Function{}, err
	}
	return serve.Function{
		Name:        "query",
		Handler:     newHandler(token, traces{reader: reader, now: time.Now}),
		Credentials: bucket.Credentials,
	}, nil
}
