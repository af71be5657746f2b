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

// RetryPolicy bounds the attempts of one call. A zero field means its default.
type RetryPolicy struct {
	// Attempts is the most times that a call is tried. Default 5.
	Attempts int
	// Base and Max are the pause after the first failure and the longest pause; in
	// between it doubles. Each pause is drawn evenly from zero to that (full
	// jitter), so that callers which failed together do not return together.
	// Default 50 ms and 2 s.
	Base, Max time.Duration
	// AttemptTimeout ends an attempt that hangs, as the first one on a connection
	// that died while the process was frozen may. Default none: the store's own limits hold.
	AttemptTimeout time.Duration
}

// Retrying is store with every call tried again as policy says. Repeating is
// always safe: a key has only ever one content, and what is gone stays gone.
//
// It does not repeat fs.ErrNotExist, ErrRange, errors marked Permanent, and
// anything once ctx has ended; then the error is both the last attempt's and the
// context's. A time limit that fired while ctx still had time is no end of ctx.
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
	return p
}

// pause is drawn for the time after the given failure, counted from 1.
func (p RetryPolicy) pause(failures int) time.Duration {
	limit := p.Base
	for i := 1; i < failures && limit < p.Max; i++ {
		limit *= 2
	}
	return rand.N(min(limit, p.Max) + 1)
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

// final says whether trying again cannot change err.
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
