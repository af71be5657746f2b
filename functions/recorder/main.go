// Recorder takes what brokers report, over webhooks and triggers, and answers 2xx
// only when it is durable in the bucket.
//
// Environment: the bucket (package env) and WEBHOOK_TOKEN, a token for all
// instances, or WEBHOOK_TOKENS, tokens for some ("token=instance,instance;…"), are
// required; both may be set. ADMIN_TOKEN opens the quarantine to an operator.
// TRIGGER_INSTANCE (default apsaramq) is the instance of what triggers deliver. SHARDS
// (16, 256 or 4096; default 16) counts when the bucket is first used and must not
// change; RETENTION_DAYS (default 30) is the age from which event times are refused.
package main

import (
	"log/slog"
	"time"

	"devicetrace/functions/internal/env"
	"devicetrace/pkg/record"
	"devicetrace/pkg/serve"
	"devicetrace/pkg/webhook"
)

func main() { serve.Main("recorder", wire) }

// wire builds the function. It makes no request.
func wire(getenv func(string) string) (serve.Function, error) {
	vars := env.Reader{Getenv: getenv}
	bucket := vars.Bucket(env.AttemptTimeout)
	tokens := vars.Tokens("WEBHOOK_TOKEN", "WEBHOOK_TOKENS")
	adminToken := vars.Token("ADMIN_TOKEN")
	instance := vars.Instance("TRIGGER_INSTANCE")
	shards := vars.Int("SHARDS", 16, 16, 4096)
	days := vars.Int("RETENTION_DAYS", 30, 1, 36_500)
	if err := vars.Err(); err != nil {
		return serve.Function{}, err
	}
	writer, err := record.New(bucket.Store, record.Config{Shards: shards, Log: slog.Default()})
	if err != nil {
		return serve.Function{}, err
	}
	handler, err := webhook.New(webhook.Config{
		Recorder:        writer,
		Store:           bucket.Store,
		Tokens:          tokens,
		AdminToken:      adminToken,
		TriggerInstance: instance,
		Retention:       time.Duration(days) * 24 * time.Hour,
	})
	if err != nil {
		return serve.Function{}, err
	}
	return serve.Function{
		Handler:     handler,
		Event:       handler.Event,
		Start:       writer.Claim, // so that an event has its put as the only request
		Stop:        writer.Close,
		Credentials: bucket.Credentials,
	}, nil
}
