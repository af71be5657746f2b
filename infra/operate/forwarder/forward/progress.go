package forward

import (
	"bytes"
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"devicetrace/infra/operate/forwarder/brokerlog"
	"devicetrace/infra/operate/forwarder/follow"
)

// progress counts the lines and requests that were delivered, and logs the counts and the current
// problems.
type progress struct {
	lines, requests, partlyRejected int
	problems                        map[string]string // the latest error of each task that is failing
	reported                        time.Time
}

func newProgress() *progress {
	return &progress{problems: map[string]string{}, reported: time.Now()}
}

// read counts the lines of a batch that has been delivered.
func (p *progress) read(batch follow.Chunk) { p.lines += bytes.Count(batch.Lines, []byte("\n")) }

// delivered counts a request. It logs the first request, so that an operator who sets up the
// forwarder sees that deliveries arrive. If the recorder did not understand some of its lines,
// delivered also logs a warning.
func (p *progress) delivered(body brokerlog.Body, o outcome) {
	p.requests++
	p.note("deliver", nil)
	if p.requests == 1 {
		slog.Info("first delivery succeeded: the recorder has stored it", unit(body), body.Count())
	}
	if o.verdict == partlyRecorded {
		p.partlyRejected++
		slog.Warn("the recorder did not understand some lines and keeps them in quarantine", "position", body.Position(), "response", o.reason)
	}
}

// unit returns the log key for the number of events or lines in a body.
func unit(body brokerlog.Body) string {
	if body.IsEvents {
		return "events"
	}
	return "lines"
}

// note logs that a task has failed or, if err is nil, that it has recovered. It logs only changes:
// nothing if the previous attempt had the same result.
func (p *progress) note(what string, err error) {
	before, isKnown := p.problems[what]
	switch {
	case err != nil && before != err.Error():
		p.problems[what] = err.Error()
		slog.Error("cannot "+what+": trying again", "error", err.Error())
	case err == nil && isKnown:
		delete(p.problems, what)
		slog.Info("can " + what + " again")
	}
}

// report logs the progress and the reader's counts, unless the given interval has not yet passed
// since the last report.
func (p *progress) report(interval time.Duration, behind int64, counts []slog.Attr) {
	if time.Since(p.reported) < interval {
		return
	}
	p.reported = time.Now()
	var problems []string
	for _, what := range slices.Sorted(maps.Keys(p.problems)) {
		problems = append(problems, what+": "+p.problems[what])
	}
	slog.LogAttrs(context.Background(), slog.LevelInfo, "progress", slices.Concat([]slog.Attr{
		slog.Int("lines", p.lines), slog.Int("requests", p.requests), slog.Int("partly_rejected", p.partlyRejected),
		slog.Int64("bytes_behind", behind), slog.String("error", strings.Join(problems, "; ")),
	}, counts)...)
}
