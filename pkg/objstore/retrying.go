package objstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"time"
)

// RetryPolicy bounds the attempts of one call. The zero value of a field means the field's
// default.
type RetryPolicy struct {
	// Attempts is the maximum number of attempts, including the first. Default 5.
	Attempts int
	// Base is the upper bound of the pause after the first failure. Each further failure
	// doubles the bound, up to Max. The defaults are 50 ms for Base and 2 s for Max.
	Base, Max time.Duration
	// Jitter draws each pause: at least zero and at most bound. Default: evenly distributed
	// (full jitter), so that callers that failed together do not retry together.
	Jitter func(bound time.Duration) time.Duration
	// AttemptTimeout ends an attempt that hangs. The first attempt on a connection can hang
	// if the connection died while the process was frozen. Default none: only the store's
	// own timeouts apply.
	AttemptTimeout time.Duration
}

// Retrying returns a Store that repeats the failed calls of store according to policy. It is
// always safe to repeat a call, because a key only ever gets one content and a deleted object
// is never put again. The result is safe for concurrent use.
//
// Retrying does not repeat a call after fs.ErrNotExist, ErrRange, an error marked Permanent,
// or the end of ctx. When ctx ends, the returned error wraps both the last attempt's error
// and the context's error. After a timeout of the store, a call is repeated if ctx has not
// ended.
func Retrying(store Store, policy RetryPolicy) Store {
	return &retrying{store, policy.withDefaults()}
}

func (p RetryPolicy) withDefaults() RetryPolicy {
	if p.Attempts == 0 {
		p.Attempts = 5
	}
	if p.Base == 0 {
		p.Base = 50 * time.Millisecond
	}
	if p.Max == 0 {
		p.Max = 2 * time.Second
	}
	if p.Jitter == nil {
		p.Jitter = fullJitter
	}
	return p
}

func fullJitter(bound time.Duration) time.Duration { return rand.N(bound + 1) }

// pause draws the pause after the n-th failure, counted from 1.
func (p RetryPolicy) pause(n int) time.Duration {
	bound := p.Base
	for i := 1; i < n && bound < p.Max; i++ {
		bound *= 2
	}
	return p.Jitter(min(bound, p.Max))
}

type retrying struct {
	store  Store
	policy RetryPolicy
}

func (r *retrying) Put(ctx context.Context, key string, body io.ReaderAt, size int64) error {
	return r.try(ctx, func(ctx context.Context) error {
		return r.store.Put(ctx, key, body, size)
	})
}

func (r *retrying) Read(ctx context.Context, key string, off, n int64) (b []byte, err error) {
	err = r.try(ctx, func(ctx context.Context) error {
		b, err = r.store.Read(ctx, key, off, n)
		return err
	})
	return b, err
}

func (r *retrying) List(ctx context.Context, prefix, after string) (page Page, err error) {
	err = r.try(ctx, func(ctx context.Context) error {
		page, err = r.store.List(ctx, prefix, after)
		return err
	})
	return page, err
}

func (r *retrying) Delete(ctx context.Context, keys ...string) error {
	return r.try(ctx, func(ctx context.Context) error {
		return r.store.Delete(ctx, keys...)
	})
}

func (r *retrying) try(ctx context.Context, attempt func(context.Context) error) error {
	for failures := 1; ; failures++ {
		err := r.once(ctx, attempt)
		switch {
		case err == nil || final(err) || errors.Is(err, ctx.Err()):
			return err
		case ctx.Err() != nil:
			return fmt.Errorf("%w (%w)", err, ctx.Err())
		case failures >= r.policy.Attempts:
			return fmt.Errorf("%w (tried %d times)", err, failures)
		}
		if wait(ctx, r.policy.pause(failures)) != nil {
			return fmt.Errorf("%w (%w)", err, ctx.Err())
		}
	}
}

func (r *retrying) once(ctx context.Context, attempt func(context.Context) error) error {
	if r.policy.AttemptTimeout == 0 {
		return attempt(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, r.policy.AttemptTimeout)
	defer cancel()
	return attempt(ctx)
}

// final reports whether err would be the same after another attempt.
func final(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrRange) || IsPermanent(err)
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
