// Compactor merges the bucket's small objects into fewer, larger ones each time its timer fires.
// Repeated or simultaneous runs are harmless. The README in the parent folder lists its
// environment variables.
package main

import (
	"context"
	"log/slog"

	"devicetrace/functions/internal/env"
	"devicetrace/pkg/compact"
	"devicetrace/pkg/serve"
)

func main() { serve.Main("compactor", wire) }

// wire builds the function from the environment. It makes no network requests.
func wire(getenv func(string) string) (serve.Function, error) {
	vars := env.Reader{Getenv: getenv}
	bucket := vars.Bucket(0)
	if err := vars.Err(); err != nil {
		return serve.Function{}, err
	}
	compactor, err := compact.New(bucket.Store, compact.Config{Log: slog.Default()})
	if err != nil {
		return serve.Function{}, err
	}
	return serve.Function{
		Event:       func(ctx context.Context, event []byte) error { return tick(ctx, compactor, event) },
		Credentials: bucket.Credentials,
	}, nil
}
