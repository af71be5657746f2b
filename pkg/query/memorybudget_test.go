package query

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

func TestABudgetGrantsMemoryInTheOrderOfTheRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newMemoryBudget(10)
		held, err := b.acquire(t.Context(), 7)
		require.NoError(t, err)
		require.EqualValues(t, 7, held)
		granted := make(chan int, 3)
		for i, n := range []int64{9, 8, 2} {
			go func() {
				_, err := b.acquire(t.Context(), n)
				require.NoError(t, err)
				granted <- i
			}()
			synctest.Wait()
		}
		require.Empty(t, granted, "3 bytes are free, but the first request is for 9")
		require.False(t, b.tryAcquire(1))
		b.release(7)
		synctest.Wait()
		require.Equal(t, 0, <-granted)
		require.Empty(t, granted)
		b.release(9)
		require.ElementsMatch(t, []int{1, 2}, []int{<-granted, <-granted})
		require.False(t, b.tryAcquire(1))
		b.release(8)
		require.True(t, b.tryAcquire(8))
	})
}

func TestMoreThanTheBudgetIsTheWholeBudget(t *testing.T) {
	b := newMemoryBudget(10)
	held, err := b.acquire(t.Context(), 1000)
	require.NoError(t, err)
	require.EqualValues(t, 10, held)
	require.False(t, b.tryAcquire(1))
}

// A request whose context ends must acquire no memory and must not delay later requests.
func TestAnEndedWaitTakesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newMemoryBudget(10)
		require.True(t, b.tryAcquire(7))
		ctx, cancel := context.WithCancel(t.Context())
		errs := make(chan error, 2)
		go func() { _, err := b.acquire(ctx, 9); errs <- err }()
		synctest.Wait()
		go func() { _, err := b.acquire(t.Context(), 3); errs <- err }()
		synctest.Wait()
		cancel()
		require.ErrorIs(t, <-errs, context.Canceled)
		require.NoError(t, <-errs)
		b.release(10)
		require.EqualValues(t, 10, b.free)
	})
}

// If memory is granted just before its request is abandoned, the memory must be released.
func TestMemoryGrantedTooLateIsReturned(t *testing.T) {
	b := newMemoryBudget(10)
	require.True(t, b.tryAcquire(10))
	w := &waiter{8, make(chan struct{})}
	b.waiting = append(b.waiting, w)
	b.release(10)
	require.EqualValues(t, 2, b.free)
	b.abandon(w)
	require.EqualValues(t, 10, b.free)
}
