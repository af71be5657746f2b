package record_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/memstore"
	"devicetrace/pkg/record"
)

const (
	linger  = 250 * time.Millisecond
	latency = 12 * time.Millisecond // of each put
)

// distant is a store whose puts each take the time latency.
type distant struct{ objstore.Store }

func (s distant) Put(ctx context.Context, key string, body io.ReaderAt, size int64) error {
	time.Sleep(latency)
	return s.Store.Put(ctx, key, body, size)
}

// lingering is a writer and its store in a synctest bubble. The clock of the bubble advances only
// while all callers wait.
type lingering struct {
	*record.Writer
	t       *testing.T
	store   *objstore.Counting
	began   time.Time
	callers sync.WaitGroup
}

// newLingering returns a lingering writer that has claimed its layout.
func newLingering(t *testing.T, config record.Config) *lingering {
	store := objstore.NewCounting(distant{memstore.New()})
	l := &lingering{Writer: newWriter(t, store, config), t: t, store: store}
	require.NoError(t, l.Claim(t.Context()))
	store.Reset()
	l.began = time.Now()
	return l
}

// call calls Append at the time after, and checks that Append returns at the time want. Both times
// are measured from the start of the test. Append must succeed unless ctx is done, and must
// otherwise return the error of ctx.
func (l *lingering) call(ctx context.Context, after, want time.Duration, events ...event.Event) {
	l.callers.Go(func() {
		time.Sleep(after)
		if err := l.Append(ctx, events); !errors.Is(err, ctx.Err()) {
			l.t.Errorf("called after %v: %v", after, err)
		}
		if got := time.Since(l.began); got != want {
			l.t.Errorf("called after %v: returned after %v, want %v", after, got, want)
		}
	})
}

// wait waits for all callers. It returns the number of rows of each object that was put.
func (l *lingering) wait() (sizes []int) {
	l.callers.Wait()
	for _, put := range l.store.Of(objstore.OpPut) {
		sizes = append(sizes, len(rows(l.t, l.store, put.Key)))
	}
	return sizes
}

// lingerTest runs a test in a synctest bubble, with a writer that lingers for 250 ms.
func lingerTest(t *testing.T, test func(*testing.T, *lingering)) {
	synctest.Test(t, func(t *testing.T) { test(t, newLingering(t, record.Config{Linger: linger})) })
}

func TestCallsWithinTheLingerShareAPut(t *testing.T) {
	lingerTest(t, func(t *testing.T, w *lingering) {
		for i := range 100 {
			w.call(t.Context(), time.Duration(i)*2*time.Millisecond, linger+latency, at("c", i))
		}
		require.Equal(t, []int{100}, w.wait())
	})
}

func TestCallsOfSixteenShardsMakeSixteenPuts(t *testing.T) {
	lingerTest(t, func(t *testing.T, w *lingering) {
		for _, e := range clients(100) {
			w.call(t.Context(), 0, linger+latency, e)
		}
		w.callers.Wait()
		require.Len(t, w.store.Of(objstore.OpPut), 16)
		require.Equal(t, 16, w.store.Requests())
	})
}

// If a caller makes its calls one at a time, as in a function instance of the go1 runtime, the calls
// cannot share a put. Each of them is only delayed.
func TestSequentialCallsAreOnlyDelayed(t *testing.T) {
	for _, linger := range []time.Duration{0, linger} {
		synctest.Test(t, func(t *testing.T) {
			w := newLingering(t, record.Config{Linger: linger})
			for i := range 5 {
				require.NoError(t, w.Append(t.Context(), []event.Event{at("c", i)}))
				require.Equal(t, time.Duration(1+i)*(linger+latency), time.Since(w.began))
			}
			require.Equal(t, []int{1, 2, 3, 4, 5}, w.wait())
		})
	}
}

// A batch lingers while the previous put of its partition is in flight, so the two waits overlap.
func TestABatchLingersDuringAPut(t *testing.T) {
	lingerTest(t, func(t *testing.T, w *lingering) {
		w.call(t.Context(), 0, linger+latency, at("c", 0))
		w.call(t.Context(), linger+time.Millisecond, 2*linger+time.Millisecond+latency, at("c", 1))
		require.Equal(t, []int{1, 2}, w.wait())
	})
}

// A call lingers only once, even if it touches so many partitions that their puts cannot all begin
// at the same time.
func TestACallLingersOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newLingering(t, record.Config{Linger: linger, Shards: 4096})
		w.call(t.Context(), 0, linger+4*latency, clients(200)...) // at most 64 puts at a time
		require.Greater(t, len(w.wait()), 190)
	})
}

// If the first caller of a batch gives up, the others wait for the rest of the time. The events of
// the caller that gave up are not recorded.
func TestALingeringCallerLeaves(t *testing.T) {
	lingerTest(t, func(t *testing.T, w *lingering) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(100*time.Millisecond, cancel)
		w.call(ctx, 0, 100*time.Millisecond, at("c", 0))
		w.call(t.Context(), 50*time.Millisecond, linger+latency, at("c", 1))
		w.call(t.Context(), 150*time.Millisecond, linger+latency, at("c", 2))
		require.Equal(t, []int{2}, w.wait())
		require.Zero(t, w.Gathered())
	})
}

func TestTheOnlyLingeringCallerLeaves(t *testing.T) {
	lingerTest(t, func(t *testing.T, w *lingering) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(100*time.Millisecond, cancel)
		w.call(ctx, 0, 100*time.Millisecond, at("c", 0))
		w.call(t.Context(), 150*time.Millisecond, 150*time.Millisecond+linger+latency, at("c", 1))
		require.Equal(t, []int{1}, w.wait())
	})
}

// A call with a deadline lingers only until PutTimeout before its deadline. The other calls of its
// batch share the early put.
func TestADeadlineEndsTheLinger(t *testing.T) {
	for remaining, lingers := range map[time.Duration]time.Duration{
		time.Second:              0,
		record.DefaultPutTimeout: 0,
		record.DefaultPutTimeout + time.Millisecond:          time.Millisecond,
		record.DefaultPutTimeout + linger - time.Millisecond: linger - time.Millisecond,
		record.DefaultPutTimeout + linger + time.Millisecond: linger,
	} {
		lingerTest(t, func(t *testing.T, w *lingering) {
			ctx, cancel := context.WithTimeout(t.Context(), remaining)
			defer cancel()
			w.call(t.Context(), 0, lingers+latency, at("c", 0))
			synctest.Wait() // so that the other call is the first one of the batch
			w.call(ctx, 0, lingers+latency, at("c", 1))
			require.Equal(t, []int{2}, w.wait())
		})
	}
}

// A call whose deadline is far away lingers no longer than a call without a deadline. On a plain
// server, every webhook is such a call.
func TestADistantDeadlineDoesNotProlongTheLinger(t *testing.T) {
	lingerTest(t, func(t *testing.T, w *lingering) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		w.call(ctx, 0, linger+latency, at("c", 0))
		require.Equal(t, []int{1}, w.wait())
	})
}

// If a put never succeeds, a call must fail after Linger plus PutTimeout.
func TestALingeringPutGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWriter(t, stuck{memstore.New()}, record.Config{Linger: record.MaxLinger})
		began := time.Now()
		require.ErrorIs(t, w.Append(t.Context(), []event.Event{at("c", 0)}), context.DeadlineExceeded)
		require.Equal(t, record.MaxLinger+record.DefaultPutTimeout, time.Since(began))
	})
}

// Close ends the linger of waiting calls, but later calls must linger again. Close also ends the
// runs of partitions in which calls linger.
func TestCloseEndsTheLinger(t *testing.T) {
	lingerTest(t, func(t *testing.T, w *lingering) {
		require.NoError(t, w.Append(t.Context(), []event.Event{at("c", 0)}))
		w.began = time.Now()
		for i := range 10 {
			w.call(t.Context(), 0, 100*time.Millisecond+latency, at("c", 1+i))
		}
		time.Sleep(100 * time.Millisecond)
		require.NoError(t, w.Close(t.Context()))
		require.Zero(t, w.Open())
		require.NoError(t, w.Close(t.Context()))
		w.call(t.Context(), time.Millisecond, 101*time.Millisecond+linger+latency, at("d", 0))
		require.Equal(t, []int{1, 10, 1}, w.wait())
	})
}

// While 2,048 or more events wait for their puts, further calls must not linger.
func TestManyWaitingEventsEndTheLinger(t *testing.T) {
	lingerTest(t, func(t *testing.T, w *lingering) {
		w.call(t.Context(), 0, linger+latency, span("other", record.MaxGathered-2)...)
		w.call(t.Context(), time.Millisecond, 2*time.Millisecond+latency, at("c", 1))
		w.call(t.Context(), 2*time.Millisecond, 2*time.Millisecond+latency, at("c", 2))
		w.call(t.Context(), 3*time.Millisecond, 3*time.Millisecond+linger+latency, at("c", 3))
		require.ElementsMatch(t, []int{2, 3, record.MaxGathered - 2}, w.wait())
		require.Zero(t, w.Gathered())
	})
}

// A call with 2,048 or more events must not linger in any of its partitions.
func TestALargeCallDoesNotLinger(t *testing.T) {
	lingerTest(t, func(t *testing.T, w *lingering) {
		w.call(t.Context(), 0, latency, clients(record.MaxGathered)...)
		require.Len(t, w.wait(), 16)
	})
}

// span returns n events of a client, one millisecond apart.
func span(client string, n int) (events []event.Event) {
	for i := range n {
		events = append(events, at(client, i))
	}
	return events
}

// If a put fails, no call of its batch is acknowledged.
func TestALingeringBatchFailsAsAWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		faulty := objstore.NewFaulty(memstore.New(), failPuts(func(n int) bool { return n == 1 }))
		w := newWriter(t, faulty, record.Config{Linger: linger})
		var all sync.WaitGroup
		for i := range 10 {
			all.Go(func() {
				if err := w.Append(t.Context(), []event.Event{at("c", i)}); !errors.Is(err, objstore.ErrFault) {
					t.Errorf("caller %d: %v", i, err)
				}
			})
		}
		all.Wait()
		require.NoError(t, w.Append(t.Context(), []event.Event{at("c", 10)}))
		stored := keys(t, faulty)
		require.Len(t, stored, 1)
		require.Len(t, rows(t, faulty, stored[0]), 11)
	})
}

// If the clock for the age of runs is set back while calls linger, they must not linger longer.
func TestAClockSetBackDoesNotProlongTheLinger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var back time.Duration
		w := newLingering(t, record.Config{Linger: linger, Now: func() time.Time { return time.Now().Add(-back) }})
		w.call(t.Context(), 0, linger+latency, at("c", 0))
		synctest.Wait()
		back = 24 * time.Hour
		w.call(t.Context(), 0, linger+latency, at("c", 1))
		require.Equal(t, []int{2}, w.wait())
	})
}

// Open runs must end when their total size exceeds the budget, even if calls linger in all of their
// partitions.
func TestOpenRunsOfLingeringPartitionsAreBounded(t *testing.T) {
	const budget = 100_000
	synctest.Test(t, func(t *testing.T) {
		w := newLingering(t, record.Config{Linger: linger, MaxOpen: budget})
		var peak int64
		for round := range 40 {
			for i := range 50 {
				w.callers.Go(func() {
					time.Sleep(time.Duration(i) * 5 * time.Millisecond)
					if err := w.Append(t.Context(), []event.Event{at(fmt.Sprint("client", i), round)}); err != nil {
						t.Error(err)
					}
				})
			}
			time.Sleep(linger) // the calls of the next round begin before those of this one end
			peak = max(peak, w.Open())
		}
		w.callers.Wait()
		require.Greater(t, peak, int64(budget)/2)
		require.Less(t, peak, int64(budget)*5/4)
	})
}
