// Package forward delivers the lines of a log to a recorder, in order, and repeats each
// request until the recorder confirms that the lines are durable, for hours if
// necessary. It does not interpret the lines; the recorder does.
package forward

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"time"

	"devicetrace/infra/operate/mosquitto/follow"
)

// Config is the configuration of a Forwarder.
type Config struct {
	// URL is the address of the webhook. It ends with the name of the instance.
	URL string
	// Token is the webhook's bearer token.
	Token string
	// Gzip compresses requests.
	Gzip bool
	// MaxAge is the longest time that a line waits for further lines to be sent in the same
	// request.
	MaxAge time.Duration
	// Client sends the requests. Default: a client that times out after a minute and
	// follows no redirect, because a redirect may lead to a server that accepts anything.
	Client *http.Client
}

const (
	// poll is the interval at which the log is checked for new lines.
	poll = 200 * time.Millisecond
	// firstPause bounds the pause after a first failure. The bound doubles with each
	// further failure, up to maxPause.
	firstPause, maxPause = time.Second, time.Minute
	// maxRetryAfter bounds the pause that a recorder may request.
	maxRetryAfter = 10 * time.Minute
	// reportInterval is the interval between progress lines.
	reportInterval = time.Minute
)

// Forwarder delivers the lines that a follower hands out.
type Forwarder struct {
	config   Config
	follower *follow.Follower
	progress *progress
	limit    int       // the largest request in bytes; 0 means the follower's limit
	waiting  time.Time // when the next line began to wait; zero if no line waits
	failures int       // number of failed requests in a row
}

// New returns a Forwarder that has not sent anything yet.
func New(follower *follow.Follower, config Config) *Forwarder {
	if config.Client == nil {
		config.Client = &http.Client{Timeout: time.Minute, CheckRedirect: noRedirect}
	}
	return &Forwarder{config: config, follower: follower, progress: newProgress()}
}

func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// Run delivers lines until ctx ends. If a request is interrupted, the next run repeats it;
// the recorder recognizes the lines by their positions in the log.
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

// isDue reports whether a batch is full or its first line has waited long enough.
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

// deliver sends a batch once. If a batch of several lines was too large, deliver lowers the
// limit; after any other failure, deliver pauses. The next attempt may carry more lines or
// fewer, but begins at the same position.
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

// pause waits after a failure. The pause is drawn at random from half the current bound to
// the whole bound, but is at least as long as the recorder requested.
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
