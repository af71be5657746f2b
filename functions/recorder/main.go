// Recorder takes what brokers report, over webhooks, and answers 2xx only when it
// is durable in the bucket.
//
// Environment: WEBHOOK_TOKEN and the bucket (package env) are required; SHARDS
// (16, 256 or 4096; default 16) counts when the bucket is first used and must not
// change; RETENTION_DAYS (default 30) is the age from which event times are refused.
package main

import (
	"context"
	"log/slog"
	"os"
	"time"

	"devicetrace/functions/internal/env"
	"devicetrace/pkg/record"
	"devicetrace/pkg/serve"
)

func main() {
	serve.SetLog("recorder")
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
	token := vars.Required("WEBHOOK_TOKEN")
	shards := vars.Int("SHARDS", 16, 16, 4096)
	days := vars.Int("RETENTION_DAYS", 30, 1, 36_500)
	if err := vars.Err(); err != nil {
		return serve.Function{}, err
	}
	writer, err := record.New(bucket.Store, record.Config{Shards: shards, Log: slog.Default()})
	if err != nil {
		return serve.Function{}, err
	}
	hooks := webhooks{
		writer:    writer,
		store:     bucket.Store,
		retention: time.Duration(days) * 24 * time.Hour,
		now:       time.Now,
	}
	return serve.Function{
		Name:        "recorder",
		Handler:     newHandler(token, hooks),
		Start:       func(ctx context.Context) error { return claim(ctx, writer) },
		Stop:        writer.Close,
		Credentials: bucket.Credentials,
	}, nil
}

// claim refuses to start on a bucket that has another layout. Doing it here leaves
// an event with its put as the only request.
func claim(ctx context.Context, writer *record.Writer) error {
	_, err := writer.Layout(ctx)
	return err
}
