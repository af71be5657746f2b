// Compactor merges the bucket's small objects into few, whenever its timer fires.
// To run it again, or twice at once, does no harm.
//
// Environment: the bucket (package env) is required. The timer's payload may name the
// shards to look after, "shards=0-7", so that several timers share the work.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"devicetrace/functions/internal/env"
	"devicetrace/pkg/compact"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/serve"
)

func main() { serve.Main("compactor", wire) }

// wire builds the function. It makes no request.
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

// tick compacts the shards that the timer's payload names, or all.
func tick(ctx context.Context, compactor *compact.Compactor, event []byte) error {
	shards, err := shardsOf(event)
	if err != nil {
		return err
	}
	return run(ctx, func(ctx context.Context) (compact.Report, error) { return compactor.RunWithin(ctx, shards) })
}

// shardsOf reads the event of a timer. Whoever calls by hand may send none.
func shardsOf(event []byte) (layout.ShardRange, error) {
	var timer struct {
		Payload string `json:"payload"`
	}
	if len(event) > 0 {
		if err := json.Unmarshal(event, &timer); err != nil {
			return layout.ShardRange{}, fmt.Errorf("read the timer's event: %w", err)
		}
	}
	text, named := strings.CutPrefix(timer.Payload, "shards=")
	if !named && timer.Payload != "" {
		return layout.ShardRange{}, fmt.Errorf("the timer's payload is %q, want nothing or shards=0-7", timer.Payload)
	}
	return layout.ParseShardRange(text)
}

// margin is kept back of an invocation's time, for what is under way to end.
const margin = 10 * time.Second

// run compacts until it is done or the time is nearly over, and logs what it did.
// The next invocation goes on where this one stops.
func run(ctx context.Context, work func(context.Context) (compact.Report, error)) error {
	ctx, cancel := withMargin(ctx)
	defer cancel()
	report, err := work(ctx)
	slog.InfoContext(ctx, "compacted", "report", report)
	return err
}

// withMargin ends ctx early, by a fifth of the time where that is less than margin.
func withMargin(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, limited := ctx.Deadline()
	if !limited {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, deadline.Add(-min(margin, time.Until(deadline)/5)))
}
