// Recorder records the events that brokers report through webhooks and triggers. It reports success
// only after the events are durable in the bucket. The README in the parent folder lists its
// environment variables.
package main

import (
	"log/slog"

	"devicetrace/functions/internal/env"
	"devicetrace/pkg/record"
	"devicetrace/pkg/serve"
	"devicetrace/pkg/webhook"
)

// main passes a prefix to serve.Main, so that the function's health can be checked through a custom domain
// that sends only /webhooks/* to it.
func main() { serve.Main("recorder", wire, "/webhooks") }

// wire builds the function from the environment without making a request.
func wire(getenv func(string) string) (serve.Function, error) {
	vars := env.Reader{Getenv: getenv}
	bucket := vars.Bucket(env.AttemptTimeout)
	tokens := vars.SigningTokens("WEBHOOK_TOKEN", "WEBHOOK_TOKENS")
	adminToken := vars.Token("ADMIN_TOKEN")
	instance := vars.Instance("TRIGGER_INSTANCE")
	shards := vars.Shards()
	retention := vars.Retention()
	linger := vars.Milliseconds("LINGER", record.MaxLinger)
	if err := vars.Err(); err != nil {
		return serve.Function{}, err
	}
	writer, err := record.New(bucket.Store, record.Config{Shards: shards, Linger: linger, Log: slog.Default()})
	if err != nil {
		return serve.Function{}, err
	}
	handler, err := webhook.New(webhook.Config{
		Recorder:        writer,
		Store:           bucket.Store,
		Tokens:          tokens,
		AdminToken:      adminToken,
		TriggerInstance: instance,
		Retention:       retention,
	})
	if err != nil {
		return serve.Function{}, err
	}
	return serve.Function{
		Handler:     handler,
		Event:       handler.Event,
		Start:       writer.Claim, // claims the layout at startup, so that recording the first event takes only a put
		Stop:        writer.Close,
		Credentials: bucket.Credentials,
		Unavailable: webhook.Unavailable,
	}, nil
}
