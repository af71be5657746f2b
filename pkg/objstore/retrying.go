package objstore

import (
	"cmp"
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
	// Jitter returns a random pause in the range [0, bound]. By default, pauses are uniformly
	// distributed (full jitter), so that callers that failed at the same time retry at different
	// times.
	Jitter func(bound time.Duration) time.Duration
	// AttemptTimeout is the time after which an attempt is canceled, extended by n/BytesPerSecond
	// for an attempt that puts or reads n bytes. If AttemptTimeout is zero, Retrying cancels no
	// attempt, and only the store's own timeouts apply. An attempt can then hang if its connection
	// died while the process was frozen.
	AttemptTimeout time.Duration
	// BytesPerSecond is the lowest expected transfer rate; see AttemptTimeout. Default 1 MiB/s.
	BytesPerSecond int64
}

// Retrying returns a Store that passes calls to store and repeats failed calls according to policy.
// The result is safe for concurrent use.
//
// Repeating a call is always safe. A repeated put can only replace an object with the same bytes,
// because the jobs never put different content under the same key. A repeated delete cannot remove
// a newer object, because the jobs never put a deleted object again.
//
// Retrying does not repeat a call after fs.ErrNotExist, ErrRange or an error marked by Permanent.
// It also stops once ctx is done. The returned error then wraps both the last attempt's error and
// the context's error. A timeout of the store itself does not end ctx, so Retrying then repeats the
// call.
func Retrying(store Store, policy RetryPolicy) Store {
	return &retrying{store, policy.withDefaults()}
}

func (p RetryPolicy) withDefaults() RetryPolicy {
	p.Attempts = cmp.Or(p.Attempts, 5)
	p.Base = cmp.Or(p.Base, 50*time.Millisecond)
	p.Max = cmp.Or(p.Max, 2*time.Second)
	p.BytesPerSecond = cmp.Or(p.BytesPerSecond, 1<<20)
	if p.Jitter == nil {
		p.Jitter = fullJitter
	}
	return p
}

func fullJitter(bound time.Duration) time.Duration { return rand.N(bound + 1) }

// pause returns the random pause to make after the n-th failure, counted from 1.
func (p RetryPolicy) pause(n int) time.Duration {
	bound := p.Base
	for i := 1; i < n && bound < p.Max; i++ {
		bound *= 2
	}
	return p.Jitter(min(bound, p.Max))
}

// attemptLimit returns the time limit of an attempt that transfers n bytes, or 0 if there is no
// limit.
func (p RetryPolicy) attemptLimit(n int64) time.Duration {
	if p.AttemptTimeout == 0 {
		return 0
	}
	return p.AttemptTimeout + time.Duration(float64(n)/float64(p.BytesPerSecond)*float64(time.Second))
}

type retrying struct {
	store  Store
	policy RetryPolicy
}

func (r *retrying) Put(ctx context.Context, key string, body io.ReaderAt, size int64) error {
	return r.try(ctx, size, func(ctx context.Context) error {
		return r.store.Put(ctx, key, body, size)
	})
}

func (r *retrying) Read(ctx context.Context, key string, off, n int64) (b []byte, err error) {
	err = r.try(ctx, n, func(ctx context.Context) error {
		b, err = r.store.Read(ctx, key, off, n)
		return err
	})
	return b, err
}

func (r *retrying) List(ctx context.Context, prefix, after string) (page Page, err error) {
	err = r.try(ctx, 0, func(ctx context.Context) error {
		page, err = r.store.List(ctx, prefix, after)
		return err
	})
	return page, err
}

func (r *retrying) Prefixes(ctx context.Context, prefix, after string) (page PrefixPage, err error) {
	err = r.try(ctx, 0, func(ctx context.Context) error {
		page, err = r.store.Prefixes(ctx, prefix, after)
		return err
	})
	return page, err
}

func (r *retrying) Delete(ctx context.Context, keys ...string) error {
	return r.try(ctx, 0, func(ctx context.Context) error {
		return r.store.Delete(ctx, keys...)
	})
}

// try repeats attempt until it succeeds, or fails in a way that allows no further attempt. Each
// attempt transfers n bytes.
func (r *retrying) try(ctx context.Context, n int64, attempt func(context.Context) error) error {
	limit := r.policy.attemptLimit(n)
	for failures := 1; ; failures++ {
		err := once(ctx, limit, attempt)
		switch {
		case err == nil || final(err) || errors.Is(err, ctx.Err()):
			return err
		case ctx.Err() != nil:
			return fmt.Errorf("%w (%w)", err, ctx.Err())
		case failures >= r.policy.Attempts:
			return fmt.Errorf("%w (tried %d times)", err, failures)
		}
		if Wait(ctx, r.policy.pause(failures)) != nil {
			return fmt.Errorf("%w (%w)", err, ctx.Err())
		}
	}
}

func once(ctx context.Context, limit time.Duration, attempt func(context.Context) error) error {
	if limit == 0 {
		return attempt(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return attempt(ctx)
}

// final reports whether another attempt would end with the same error.
func final(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrRange) || IsPermanent(err)
}

// Wait waits for the duration d. If ctx ends first, Wait returns the error of ctx.
func Wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
