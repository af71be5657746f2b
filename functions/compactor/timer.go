package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"devicetrace/pkg/compact"
	"devicetrace/pkg/layout"
)

// tick handles a timer event: it compacts the shards named in the event's payload, or all shards
// if the payload is empty.
func tick(ctx context.Context, compactor *compact.Compactor, event []byte) error {
	shards, err := shardsOf(event)
	if err != nil {
		return err
	}
	return run(ctx, func(ctx context.Context) (compact.Report, error) { return compactor.Run(ctx, shards) })
}

// shardsOf returns the shards named in a timer event. An empty event means all shards, so that an
// operator can invoke the function by hand.
func shardsOf(event []byte) (layout.ShardRange, error) {
	var timer struct {
		Payload string `json:"payload"`
	}
	if len(event) > 0 {
		if err := json.Unmarshal(event, &timer); err != nil {
			return layout.ShardRange{}, fmt.Errorf("decode timer event: %w", err)
		}
	}
	text, named := strings.CutPrefix(timer.Payload, "shards=")
	if !named && timer.Payload != "" {
		return layout.ShardRange{}, fmt.Errorf("timer payload is %q, want nothing or shards=0-7", timer.Payload)
	}
	return layout.ParseShardRange(text)
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
