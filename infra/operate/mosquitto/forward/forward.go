// Package forward delivers the lines of a log to a recorder, each until it is
// durable there: for hours if need be, and never out of order. It does not look at
// the lines, the recorder knows what they mean.
package forward

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"time"

	"devicetrace/infra/operate/mosquitto/follow"
)

// Source is the log: follow.Follower.
type Source interface {
	Next(limit int) (follow.Chunk, error)
	Done(follow.Chunk) error
	Behind() int64
}

// Config of a Forwarder. Zero means the default.
type Config struct {
	// URL is the webhook, with the instance at its end.
	URL string
	// Token is its bearer token.
	Token string
	// Gzip packs what is sent.
	Gzip bool
	// MaxAge is how long a line waits for others to go with it. Default 1 s.
	MaxAge time.Duration
	// Poll is how often the log is looked at. Default 200 ms.
	Poll time.Duration
	// FirstWait is the longest first pause after a failure; it doubles each time up to
	// MaxWait. The pause is drawn at random, from half of that to all of it. Default 1 s and 1 min.
	FirstWait, MaxWait time.Duration
	// MaxRetryAfter bounds what a recorder may ask to wait. Default 10 min.
	MaxRetryAfter time.Duration
	// Report is how often a line about the progress is written. Default 1 min.
	Report time.Duration
	// Client sends. Default: one that gives up after a minute, and follows no redirect,
	// since that may lead to somebody who takes anything.
	Client *http.Client
}

func (c Config) withDefaults() Config {
	c.MaxAge = cmp.Or(c.MaxAge, time.Second)
	c.Poll = cmp.Or(c.Poll, 200*time.Millisecond)
	c.FirstWait = cmp.Or(c.FirstWait, time.Second)
	c.MaxWait = cmp.Or(c.MaxWait, time.Minute)
	c.MaxRetryAfter = cmp.Or(c.MaxRetryAfter, 10*time.Minute)
	c.Report = cmp.Or(c.Report, time.Minute)
	if c.Client == nil {
		c.Client = &http.Client{Timeout: time.Minute, CheckRedirect: noRedirect}
	}
	return c
}

func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// Forwarder delivers what a source has.
type Forwarder struct {
	config   Config
	source   Source
	progress progress
	limit    int       // of a batch's bytes; 0 is the source's own
	waiting  time.Time // since when the next line waits; zero: there is none
	failures int       // one after the other
}

// New is a forwarder that has done nothing yet.
func New(source Source, config Config) *Forwarder {
	return &Forwarder{config: config.withDefaults(), source: source}
}

// Run delivers until ctx ends. What is under way then is delivered again by the next
// run; the recorder knows it by its place in the log.
func (f *Forwarder) Run(ctx context.Context) {
	poll := time.NewTicker(f.config.Poll)
	defer poll.Stop()
	f.progress.reported = time.Now()
	for ctx.Err() == nil {
		f.progress.report(f.config.Report, f.source.Behind())
		if batch := f.next(); f.isDue(batch) {
			f.deliver(ctx, batch)
			continue
		}
		select {
		case <-poll.C:
		case <-ctx.Done():
		}
	}
}

func (f *Forwarder) next() follow.Chunk {
	batch, err := f.source.Next(f.limit)
	f.progress.trouble("read the log", err)
	return batch
}

// isDue reports whether a batch is full, or its first line has waited long enough.
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

// deliver sends a batch once, and waits if it was not delivered. It may have grown by
// the time it is sent again, or be cut; its place is what stays.
func (f *Forwarder) deliver(ctx context.Context, batch follow.Chunk) {
	switch o := f.post(ctx, batch); {
	case o.verdict == recorded || o.verdict == partly:
		f.failures, f.waiting = 0, time.Time{}
		f.progress.delivered(batch, o)
		f.progress.trouble("save the place", f.source.Done(batch))
	case ctx.Err() != nil:
	case o.verdict == tooLarge && bytes.Count(batch.Lines, []byte("\n")) > 1:
		f.limit = len(batch.Lines) / 2
		slog.Info("the recorder takes less at once", "bytes", f.limit)
	default:
		f.progress.trouble("deliver", errors.New(o.why))
		f.wait(ctx, o.wait)
	}
}

// wait lets time pass after a failure, more each time, and no less than was asked for.
func (f *Forwarder) wait(ctx context.Context, asked time.Duration) {
	longest := min(f.config.FirstWait<<min(f.failures, 16), f.config.MaxWait)
	f.failures++
	pause := max(longest/2+rand.N(longest/2+1), min(asked, f.config.MaxRetryAfter))
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
