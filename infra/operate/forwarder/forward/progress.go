package forward

import (
	"bytes"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"devicetrace/infra/operate/forwarder/follow"
)

// progress counts the delivered lines and logs the counts and the current problems.
type progress struct {
	lines, batches, partlyRejected int
	problems                       map[string]string // the latest error of each task that is failing
	reported                       time.Time
}

func newProgress() *progress {
	return &progress{problems: map[string]string{}, reported: time.Now()}
}

// delivered adds a delivered batch to the counts. If the recorder did not understand some of the
// lines, delivered logs a warning.
func (p *progress) delivered(batch follow.Chunk, o outcome) {
	p.lines += bytes.Count(batch.Lines, []byte("\n"))
	p.batches++
	p.note("deliver", nil)
	if o.verdict == partlyRecorded {
		p.partlyRejected++
		slog.Warn("the recorder did not understand some lines and keeps them in quarantine", "position", batch.Position(), "response", o.reason)
	}
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

// report logs the progress, unless the given interval has not yet passed since the last report.
func (p *progress) report(interval time.Duration, behind int64) {
	if time.Since(p.reported) < interval {
		return
	}
	p.reported = time.Now()
	var problems []string
	for _, what := range slices.Sorted(maps.Keys(p.problems)) {
		problems = append(problems, what+": "+p.problems[what])
	}
	slog.Info("progress", "lines", p.lines, "batches", p.batches, "partly_rejected", p.partlyRejected,
		"bytes_behind", behind, "error", strings.Join(problems, "; "))
}
