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
		store := objstore.Retrying(counted, objstore.RetryPolicy{Attempts: 1000, Base: time.Second, Max: time.Second})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		err := store.Delete(ctx, "k")
		require.ErrorIs(t, err, objstore.ErrFault)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		deadline, _ := ctx.Deadline()
		require.Equal(t, deadline, time.Now())
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

// slow is a store that transfers a mebibyte in two seconds.
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
	case <-time.After(time.Duration(n) * 2 * time.Second >> 20): // on the bubble's fake clock
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
		{1 << 19, 1, true},         // eight seconds, and one
		{size * 10 / 71, 1, true},  // 7.1 seconds, and one
		{size * 10 / 69, 2, false}, // 6.9 seconds, and one: each attempt is canceled
		{0, 2, false},              // by default, a mebibyte per second
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
