// Package forward delivers a log to a recorder, in order. It repeats each request until the
// recorder confirms that the lines or events are durable, for hours if necessary. Package brokerlog
// decides what to send.
package forward

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"time"

	"devicetrace/infra/operate/forwarder/brokerlog"
	"devicetrace/infra/operate/forwarder/follow"
)

// Config configures a Forwarder.
type Config struct {
	// LinesURL is the URL of the webhook for the log's lines. It may be empty if the reader sends
	// only events. EventsURL is the URL of the webhook for events in the project's own form. Both
	// end with the instance identifier.
	LinesURL, EventsURL string
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
	// maxRetryAfter is the longest pause that the forwarder grants if the recorder requests one.
	maxRetryAfter = 10 * time.Minute
	// reportInterval is the interval between progress reports in the log.
	reportInterval = time.Minute
	// fullSize is the size of a batch in bytes. A maximum request size of fullSize is no limit.
	fullSize = follow.DefaultMaxBytes
	// growAfter is the number of requests that must be accepted in a row before the maximum request
	// size is doubled again after a 413.
	growAfter = 8
)

// Forwarder takes lines from a Follower and passes them to a Reader. It delivers the requests that
// the Reader returns to a recorder.
type Forwarder struct {
	config   Config
	follower *follow.Follower
	reader   brokerlog.Reader
	progress *progress
	batch    follow.Chunk     // the lines that the reader has read most recently
	pending  []brokerlog.Body // the requests for these lines that are still to be delivered
	ticker   *time.Ticker     // ticks every poll while Run runs
	limit    int              // the maximum request size in bytes; 0 means the size of the batches
	accepted int              // number of requests of the maximum size that were accepted in a row
	waiting  time.Time        // when the oldest undelivered line began to wait; zero if no line is waiting
	failures int              // number of failed requests in a row
}

// New returns a Forwarder. It sends nothing before Run is called. The reader must also be the State
// in the follower's Config.
func New(follower *follow.Follower, reader brokerlog.Reader, config Config) *Forwarder {
	if config.Client == nil {
		config.Client = &http.Client{Timeout: time.Minute, CheckRedirect: noRedirect}
	}
	return &Forwarder{config: config, follower: follower, reader: reader, progress: newProgress()}
}

func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// Run delivers lines until ctx ends. If ctx ends during a request, the next Forwarder sends the
// request again. The recorder recognizes repeated lines and events by their positions in the log.
func (f *Forwarder) Run(ctx context.Context) {
	f.ticker = time.NewTicker(poll)
	defer f.ticker.Stop()
	for ctx.Err() == nil {
		f.progress.report(reportInterval, f.follower.Behind(), f.reader.Counts())
		if f.step(ctx) {
			continue
		}
		select {
		case <-f.ticker.C:
		case <-ctx.Done():
		}
	}
	if len(f.pending) == 0 {
		f.progress.note("save the position", f.follower.Flush())
	}
}

// step sends one request, or reads the next lines if they are due. It returns false if there is
// nothing to do yet.
func (f *Forwarder) step(ctx context.Context) bool {
	if len(f.pending) > 0 {
		f.deliver(ctx)
		return true
	}
	batch := f.next()
	if !f.isDue(batch) {
		f.progress.note("save the position", f.follower.Save())
		return false
	}
	f.pending, f.batch = f.reader.Read(batch)
	switch {
	case len(f.pending) > 0:
	case f.batch.Empty():
		return false // the reader waits for the rest of a message
	default:
		f.done()
	}
	return true
}

func (f *Forwarder) next() follow.Chunk {
	batch, err := f.follower.Next()
	f.progress.note("read the log", err)
	return batch
}

// isDue reports whether to read the batch now: either the batch is full, or its first line has
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

// deliver sends the first pending request, or only its first lines if it exceeds the maximum request
// size, and acts on the outcome:
//   - If the recorder confirms that the lines are durable, deliver removes them from the pending
//     requests. When no request is left, it saves the position after the batch.
//   - If the recorder refuses a request of more than one line as too large, deliver lowers the
//     maximum request size. From the second refusal in a row on, it also pauses.
//   - After any other failure, deliver pauses, unless ctx has ended.
//
// After a failure, the lines remain pending, so they are sent again.
func (f *Forwarder) deliver(ctx context.Context) {
	body, rest := f.pending[0], brokerlog.Body{}
	if f.limit > 0 {
		body, rest = body.Split(f.limit)
	}
	switch o := await(f, f.post(ctx, body)); {
	case o.verdict == recorded || o.verdict == partlyRecorded:
		f.failures = 0
		f.progress.delivered(body, o)
		f.deliverRest(rest)
	case ctx.Err() != nil:
	case o.verdict == tooLarge && body.Count() > 1:
		f.limit, f.accepted = len(body.Lines)/2, 0
		slog.Info("request too large: sending smaller ones for now", "max_bytes", f.limit)
		if f.failures++; f.failures > 1 {
			f.fail(ctx, o)
		}
	default:
		f.fail(ctx, o)
	}
}

// deliverRest goes on after a request was accepted. rest is the part of the first pending request that
// exceeded the maximum request size, if any.
func (f *Forwarder) deliverRest(rest brokerlog.Body) {
	if len(rest.Lines) > 0 {
		f.pending[0] = rest
		f.grow()
		return
	}
	f.pending = f.pending[1:]
	if len(f.pending) == 0 {
		f.done()
	}
}

// grow raises the maximum request size once enough requests of that size were accepted. The 413 that
// lowered it may have been a passing fault.
func (f *Forwarder) grow() {
	if f.accepted++; f.accepted < growAfter {
		return
	}
	f.limit, f.accepted = f.limit*2, 0
	if f.limit >= fullSize {
		f.limit = 0
	}
}

// fail logs a failure and pauses.
func (f *Forwarder) fail(ctx context.Context, o outcome) {
	f.progress.note("deliver", errors.New(o.reason))
	f.pause(ctx, o.retryAfter)
}

// done saves the position after the batch, which has been delivered.
func (f *Forwarder) done() {
	f.waiting = time.Time{}
	f.progress.read(f.batch)
	f.progress.note("save the position", f.follower.Done(f.batch))
	f.batch = follow.Chunk{}
}

// pause waits after a failure. The pause is random, between half of the current bound and the full
// bound. The bound starts at firstPause and doubles with each failure in a row, up to maxPause. If
// the recorder requested a longer pause, pause waits that long instead, but no longer than
// maxRetryAfter.
func (f *Forwarder) pause(ctx context.Context, requested time.Duration) {
	bound := min(firstPause<<min(f.failures, 16), maxPause)
	f.failures++
	ctx, cancel := context.WithTimeout(ctx, max(bound/2+rand.N(bound/2+1), min(requested, maxRetryAfter)))
	defer cancel()
	await(f, ctx.Done())
}

// await waits for a value, or until the channel is closed. In the meantime, it looks for new logs, so
// that the follower opens each log before it can be compressed or removed.
func await[T any](f *Forwarder, values <-chan T) T {
	for {
		select {
		case v := <-values:
			return v
		case <-f.ticker.C:
			f.progress.note("read the log", f.follower.Look())
		}
	}
}
