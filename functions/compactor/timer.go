package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"devicetrace/pkg/compact"
)

// tick handles a timer event. It compacts the share of the bucket that the event's payload names,
// or the whole bucket if the payload is empty.
func tick(ctx context.Context, compactor *compact.Compactor, event []byte) error {
	share, err := shareOf(event)
	if err != nil {
		return err
	}
	return run(ctx, func(ctx context.Context) (compact.Report, error) { return compactor.Run(ctx, share) })
}

// shareOf returns the share that a timer event's payload names. An empty event or payload means the
// whole bucket, so that an operator can invoke the function by hand.
func shareOf(event []byte) (compact.Share, error) {
	var timer struct {
		Payload string `json:"payload"`
	}
	if len(event) > 0 {
		if err := json.Unmarshal(event, &timer); err != nil {
			return compact.Share{}, fmt.Errorf("decode timer event: %w", err)
		}
	}
	share, err := compact.ParseShare(timer.Payload)
	if err != nil {
		return compact.Share{}, fmt.Errorf("timer payload: %w", err)
	}
	return share, nil
}

// margin is the part of an invocation's time that is reserved for finishing the work in
// progress.
const margin = 10 * time.Second

// run starts a compaction with a context that expires shortly before ctx does, and logs the report.
// If the time runs out, the next invocation continues the work.
func run(ctx context.Context, work func(context.Context) (compact.Report, error)) error {
	ctx, cancel := withMargin(ctx)
	defer cancel()
	report, err := work(ctx)
	slog.InfoContext(ctx, "compacted", "report", report)
	return err
}

// withMargin returns a context that expires earlier than ctx, by the smaller of margin and a fifth
// of the remaining time. If ctx has no deadline, the result has none.
func withMargin(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, limited := ctx.Deadline()
	if !limited {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, deadline.Add(-min(margin, time.Until(deadline)/5)))
}
