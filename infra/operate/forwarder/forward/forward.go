// Package forward delivers the lines of a log to a recorder, in order. It repeats each request
// until the recorder confirms that the lines are durable, for hours if necessary. The recorder, not
// this package, interprets the lines.
package forward

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"time"

	"devicetrace/infra/operate/forwarder/follow"
)

// Config configures a Forwarder.
type Config struct {
	// URL is the URL of the webhook. It ends with the instance identifier.
	URL string
	// Token is the webhook's bearer token.
	Token string
	// Gzip says whether to compress request bodies with gzip.
	Gzip bool
	// MaxAge is the maximum time that a line waits for more lines to join it in a request.
	MaxAge time.Duration
	// Client sends the requests. The default client times out after a minute. It follows no
	// redirects, because the target of a redirect may accept any request without recording the
	// lines.
	Client *http.Client
}

const (
	// poll is the interval at which the log is checked for new lines.
	poll = 200 * time.Millisecond
	// firstPause is the upper bound of the pause after the first failure in a row. Each further
	// failure doubles the bound, up to maxPause.
	firstPause, maxPause = time.Second, time.Minute
	// maxRetryAfter is the maximum pause that a recorder can request.
	maxRetryAfter = 10 * time.Minute
	// reportInterval is the interval between progress reports in the log.
	reportInterval = time.Minute
)

// Forwarder takes lines from a Follower and delivers them to a recorder.
type Forwarder struct {
	config   Config
	follower *follow.Follower
	progress *progress
	limit    int       // the maximum request size in bytes; 0 means the follower's own limit
	waiting  time.Time // when the oldest undelivered line began to wait; zero if no line is waiting
	failures int       // number of failed requests in a row
}

// New returns a Forwarder. It sends nothing before Run is called.
func New(follower *follow.Follower, config Config) *Forwarder {
	if config.Client == nil {
		config.Client = &http.Client{Timeout: time.Minute, CheckRedirect: noRedirect}
	}
	return &Forwarder{config: config, follower: follower, progress: newProgress()}
}

func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// Run delivers lines until ctx ends. If ctx ends during a request, the next call to Run sends the
// lines again. The recorder recognizes repeated lines by their positions in the log.
func (f *Forwarder) Run(ctx context.Context) {
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	for ctx.Err() == nil {
		f.progress.report(reportInterval, f.follower.Behind())
		if batch := f.next(); f.isDue(batch) {
			f.deliver(ctx, batch)
			continue
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
		}
	}
}

func (f *Forwarder) next() follow.Chunk {
	batch, err := f.follower.Next(f.limit)
	f.progress.note("read the log", err)
	return batch
}

// isDue reports whether to send the batch now: either the batch is full, or its first line has
// waited for MaxAge. When isDue first sees a line waiting, it stores the current time as the start
// of the wait.
func (f *Forwarder) isDue(batch follow.Chunk) bool {
	switch {
	case batch.Empty():
		f.waiting = time.Time{}
		return false
	case f.waiting.IsZero():
		f.waiting = time.Now()
	}
	return batch.Full || time.Since(f.waiting) >= f.config.MaxAge
}

// deliver sends a batch once and acts on the outcome:
//   - If the recorder confirms that the batch is durable, deliver saves the position after the
//     batch.
//   - If the recorder refuses a batch of several lines as too large, deliver lowers the maximum
//     request size.
//   - After any other failure, deliver pauses, unless ctx has ended.
//
// After a failure, the position stays the same, so the next batch begins with the same line as the
// failed batch. However, it may contain more or fewer lines.
func (f *Forwarder) deliver(ctx context.Context, batch follow.Chunk) {
	switch o := f.post(ctx, batch); {
	case o.verdict == recorded || o.verdict == partlyRecorded:
		f.failures, f.waiting = 0, time.Time{}
		f.progress.delivered(batch, o)
		f.progress.note("save the position", f.follower.Done(batch))
	case ctx.Err() != nil:
	case o.verdict == tooLarge && bytes.Count(batch.Lines, []byte("\n")) > 1:
		f.limit = len(batch.Lines) / 2
		slog.Info("request too large: sending smaller ones from now on", "max_bytes", f.limit)
	default:
		f.progress.note("deliver", errors.New(o.reason))
		f.pause(ctx, o.retryAfter)
	}
}

// pause waits after a failure. The pause is random, between half of the current bound and the full
// bound. The bound starts at firstPause and doubles with each failure in a row, up to maxPause. If
// the recorder requested a longer pause, pause waits that long instead, but no longer than
// maxRetryAfter.
func (f *Forwarder) pause(ctx context.Context, requested time.Duration) {
	bound := min(firstPause<<min(f.failures, 16), maxPause)
	f.failures++
	timer := time.NewTimer(max(bound/2+rand.N(bound/2+1), min(requested, maxRetryAfter)))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
