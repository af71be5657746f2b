package objstore_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/memstore"
)

// failing returns a store that records its calls. The first n calls fail with the given fault.
func failing(n int, fault objstore.Fault) *objstore.Counting {
	return objstore.NewCounting(objstore.NewFaulty(memstore.New(), func(call objstore.Call) objstore.Fault {
		if call.Seq <= n {
			return fault
		}
		return objstore.Fault{}
	}))
}

func TestRetryingSucceedsInTheEnd(t *testing.T) {
	for name, fault := range map[string]objstore.Fault{
		"before": {Before: objstore.ErrFault},
		"midway": {Midway: objstore.ErrFault},
		"after":  {After: objstore.ErrFault},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				counted := failing(3, fault)
				store := objstore.Retrying(counted, objstore.RetryPolicy{})
				require.NoError(t, store.Put(t.Context(), "k", strings.NewReader("v"), 1))
				require.Equal(t, 4, counted.Requests())

				b, err := store.Read(t.Context(), "k", 0, 1)
				require.NoError(t, err)
				require.Equal(t, "v", string(b))
			})
		})
	}
}

func TestRetryingGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		counted := failing(100, objstore.Fault{Before: objstore.ErrFault})
		store := objstore.Retrying(counted, objstore.RetryPolicy{Attempts: 4, Base: time.Second, Max: 3 * time.Second})
		begin := time.Now()
		_, err := store.List(t.Context(), "", "")
		require.ErrorIs(t, err, objstore.ErrFault)
		require.ErrorContains(t, err, "tried 4 times")
		require.Equal(t, 4, counted.Requests())
		require.LessOrEqual(t, time.Since(begin), (1+2+3)*time.Second)
	})
}

func TestRetryingPausesForItsJitter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		longest := func(bound time.Duration) time.Duration { return bound }
		store := objstore.Retrying(failing(4, objstore.Fault{Before: objstore.ErrFault}),
			objstore.RetryPolicy{Base: time.Second, Max: 3 * time.Second, Jitter: longest})
		begin := time.Now()
		_, err := store.List(t.Context(), "", "")
		require.NoError(t, err)
		require.Equal(t, (1+2+3+3)*time.Second, time.Since(begin))
	})
}

func TestRetryingLeavesFinalErrorsAlone(t *testing.T) {
	for _, final := range []error{fs.ErrNotExist, objstore.ErrRange, objstore.Permanent(objstore.ErrFault)} {
		counted := failing(100, objstore.Fault{Before: final})
		_, err := objstore.Retrying(counted, objstore.RetryPolicy{}).Read(t.Context(), "k", 0, 1)
		require.Equal(t, final, err)
		require.Equal(t, 1, counted.Requests())
	}
}

func TestRetryingEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		counted := failing(100, objstore.Fault{Before: objstore.ErrFault})
		steady := func(bound time.Duration) time.Duration { return bound }
		store := objstore.Retrying(counted, objstore.RetryPolicy{Attempts: 1000, Base: time.Second, Max: time.Second, Jitter: steady})
		ctx, cancel := context.WithTimeout(t.Context(), 9500*time.Millisecond)
		defer cancel()
		err := store.Delete(ctx, "k")
		require.ErrorIs(t, err, objstore.ErrFault)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		deadline, _ := ctx.Deadline()
		require.Equal(t, deadline, time.Now())
		require.Equal(t, 10, counted.Requests(), "no attempt may begin after the end of the context")
	})
}

// If the context ends during an attempt that fails for another reason, both errors must reach the
// caller.
func TestRetryingEndsWithItsContextDuringAnAttempt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	store := objstore.Retrying(objstore.NewFaulty(memstore.New(), func(objstore.Call) objstore.Fault {
		cancel()
		return objstore.Fault{Before: objstore.ErrFault}
	}), objstore.RetryPolicy{})
	err := store.Put(ctx, "k", strings.NewReader("v"), 1)
	require.ErrorIs(t, err, objstore.ErrFault)
	require.ErrorIs(t, err, context.Canceled)
}

// Every operation must be repeated after a failure. If all attempts fail, it must return the last
// error.
func TestRetryingRepeatsEveryOperation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, call := range map[string]func(objstore.Store) error{
			"put":  func(s objstore.Store) error { return s.Put(t.Context(), "a/k", strings.NewReader("v"), 1) },
			"read": func(s objstore.Store) error { _, err := s.Read(t.Context(), "a/k", 0, 1); return err },
			"list": func(s objstore.Store) error { _, err := s.List(t.Context(), "", ""); return err },
			"prefixes": func(s objstore.Store) error {
				page, err := s.Prefixes(t.Context(), "", "")
				if err == nil {
					require.Equal(t, []string{"a/"}, page.Prefixes)
				}
				return err
			},
			"delete": func(s objstore.Store) error { return s.Delete(t.Context(), "a/k") },
		} {
			for fails, requests := range map[int]int{1: 2, 100: 3} {
				memory := memstore.New()
				require.NoError(t, memory.Put(t.Context(), "a/k", strings.NewReader("v"), 1))
				counted := objstore.NewCounting(objstore.NewFaulty(memory, func(call objstore.Call) objstore.Fault {
					if call.Seq <= fails {
						return objstore.Fault{After: objstore.ErrFault}
					}
					return objstore.Fault{}
				}))
				err := call(objstore.Retrying(counted, objstore.RetryPolicy{Attempts: 3}))
				require.Equal(t, fails == 100, errors.Is(err, objstore.ErrFault), name)
				require.Equal(t, requests, counted.Requests(), name)
			}
		}
	})
}

func TestRetryingEndsAnAttemptThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		counted := failing(2, objstore.Fault{Until: make(chan struct{})})
		store := objstore.Retrying(counted, objstore.RetryPolicy{AttemptTimeout: time.Second})
		require.NoError(t, store.Put(t.Context(), "k", strings.NewReader("v"), 1))
		require.Equal(t, 3, counted.Requests())
		require.ErrorIs(t, counted.Calls()[0].Err, context.DeadlineExceeded)
	})
}

// slow is a store whose puts and reads take two seconds per MiB.
type slow struct{ objstore.Store }

func (s slow) Put(ctx context.Context, key string, body io.ReaderAt, size int64) error {
	if err := transfer(ctx, size); err != nil {
		return err
	}
	return s.Store.Put(ctx, key, body, size)
}

func (s slow) Read(ctx context.Context, key string, off, n int64) ([]byte, error) {
	if err := transfer(ctx, n); err != nil {
		return nil, err
	}
	return s.Store.Read(ctx, key, off, n)
}

func transfer(ctx context.Context, n int64) error {
	select {
	case <-time.After(time.Duration(n) * 2 * time.Second >> 20): // on the fake clock of synctest
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func TestRetryingGivesLongTransfersMoreTime(t *testing.T) {
	const size = 4 << 20
	body := strings.Repeat("v", size)
	for _, c := range []struct {
		bytesPerSecond int64
		requests       int
		succeeds       bool
	}{
		{1 << 19, 1, true},         // limit 9 s; the transfer takes 8 s
		{size * 10 / 71, 1, true},  // limit 8.1 s
		{size * 10 / 69, 2, false}, // limit 7.9 s, so each attempt is canceled
		{0, 2, false},              // limit 5 s, by default
	} {
		synctest.Test(t, func(t *testing.T) {
			memory := memstore.New()
			require.NoError(t, memory.Put(t.Context(), "old", strings.NewReader(body), size))
			counted := objstore.NewCounting(slow{memory})
			store := objstore.Retrying(counted, objstore.RetryPolicy{Attempts: 2, AttemptTimeout: time.Second, BytesPerSecond: c.bytesPerSecond})
			put := store.Put(t.Context(), "k", strings.NewReader(body), size)
			require.Equal(t, c.succeeds, put == nil, "%v", put)
			require.Equal(t, c.requests, counted.Requests())
			_, read := store.Read(t.Context(), "old", 0, size)
			require.Equal(t, c.succeeds, read == nil, "%v", read)
			require.Equal(t, 2*c.requests, counted.Requests())
		})
	}
}

func TestPermanent(t *testing.T) {
	require.NoError(t, objstore.Permanent(nil))
	require.False(t, objstore.IsPermanent(objstore.ErrFault))
	err := errors.Join(objstore.Permanent(objstore.ErrFault))
	require.True(t, objstore.IsPermanent(err))
	require.ErrorIs(t, err, objstore.ErrFault)
}

func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		require.NoError(t, objstore.Wait(t.Context(), time.Minute))
		require.Equal(t, time.Minute, time.Since(began))

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, objstore.Wait(ctx, time.Minute), context.DeadlineExceeded)
		require.Equal(t, time.Minute+time.Second, time.Since(began))
	})
}
