// Compactor merges the bucket's small objects into few, whenever its timer fires.
// To run it again, or twice at once, does no harm.
//
// Environment: the bucket (package env) is required.
package main

import (
	"context"
	"log/slog"
	"time"

	"devicetrace/functions/internal/env"
	"devicetrace/pkg/compact"
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
		Event:       func(ctx context.Context, _ []byte) error { return run(ctx, compactor.Run) },
		Credentials: bucket.Credentials,
	}, nil
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
