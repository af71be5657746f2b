package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/verify/figures"
)

const (
	// minSoak is both the default and the minimum of DURATION, the time for which TestSoak disturbs
	// the system.
	minSoak = 45 * time.Second
	// minVerdictTime is the time limit for the final checks after a soak of at most ten minutes.
	minVerdictTime = 90 * time.Second
	// progressEvery is the interval between progress messages.
	progressEvery = 5 * time.Second
)

// soak runs one stack after another on the same data, while senders and readers use the system and
// other goroutines disturb it. The first failure ends the soak.
type soak struct {
	ctx      context.Context // canceled at the time limit, by an interrupt or by the first failure
	cancel   context.CancelCauseFunc
	seed     uint64
	duration time.Duration
	began    time.Time
	ledger   *ledger
	stack    atomic.Pointer[stack] // the newest stack; it may have been killed
	killed   atomic.Pointer[stack] // the last stack that was killed or is being killed

	delivered, retries                         atomic.Int64 // acknowledged and failed deliveries
	connections                                atomic.Int64 // MQTT connections whose rows have all been returned
	checked, refused, interrupted              atomic.Int64 // numbers of queries
	kills, freezes, long, outages, compactions atomic.Int64
	disturbed, hostKills                       atomic.Int64 // failed compactions, killed stacks
}

// TestSoak attacks the whole system for a long time. Senders, MQTT clients, readers and the
// compactor are at work. Meanwhile, processes are killed or frozen, and the store is temporarily
// down or full. Once, the whole stack is killed. Each query must return every event that was
// acknowledged before the query, exactly once. No query may return an event that was never sent.
//
// DURATION sets the length of the soak; `make soak` uses 10m by default. SEED sets the seed of the
// random choices, for example to repeat the choices of an earlier soak.
func TestSoak(t *testing.T) {
	needsProc(t)
	k := newSoak(t)
	k.run(t)
	k.requireTrouble(t)
	before := k.requireAll(t)
	k.requireBucket(t, before)
	k.startAgain(t)
	k.compactAll(t)
	require.Equal(t, before, k.requireAll(t))
	k.requireBucket(t, before)
	k.report(t, before)
}

func newSoak(t *testing.T) *soak {
	t.Helper()
	k := &soak{duration: minSoak, seed: rand.Uint64(), ledger: newLedger()}
	var err error
	if text := os.Getenv("DURATION"); text != "" {
		k.duration, err = time.ParseDuration(text)
		require.NoError(t, err, "DURATION")
		require.GreaterOrEqual(t, k.duration, minSoak, "DURATION is too short for every kind of trouble")
	}
	if text := os.Getenv("SEED"); text != "" {
		k.seed, err = strconv.ParseUint(text, 10, 64)
		require.NoError(t, err, "SEED")
	}
	t.Logf("SEED=%d DURATION=%v", k.seed, k.duration)
	k.stack.Store(&stack{data: keptIfFailed(t)})
	k.stack.Load().start(t)
	k.stack.Load().age(t) // otherwise a soak would end before the compactor merges anything
	k.began = time.Now()
	ctx, cancel := context.WithTimeoutCause(t.Context(), k.duration+k.verdictTime(), fmt.Errorf("no verdict within %v after the trouble", k.verdictTime()))
	t.Cleanup(cancel)
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	t.Cleanup(stop)
	k.ctx, k.cancel = context.WithCancelCause(ctx)
	return k
}

// verdictTime returns the time limit for the final checks. A longer soak gets more time, because it
// has more events to check.
func (k *soak) verdictTime() time.Duration { return max(minVerdictTime, k.duration*15/100) }

// keptIfFailed creates a folder and removes it after the test, unless the test fails.
func keptIfFailed(t *testing.T) string {
	dir, err := os.MkdirTemp("", "device-trace-soak-")
	require.NoError(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the data of the failed test is in %s", dir)
			return
		}
		require.NoError(t, os.RemoveAll(dir))
	})
	return dir
}

// random returns a source of random numbers for one participant, derived from the soak's seed.
func (k *soak) random(participant uint64) *rand.Rand {
	return rand.New(rand.NewPCG(k.seed, participant))
}

// fail ends the soak with a failure. Only the first failure counts.
func (k *soak) fail(format string, values ...any) { k.cancel(fmt.Errorf(format, values...)) }

func (k *soak) requireNoFailure(t *testing.T) {
	t.Helper()
	require.NoError(t, context.Cause(k.ctx))
}

// run lets all participants work for k.duration. Near the middle, it kills the whole stack and
// starts a new one.
func (k *soak) run(t *testing.T) {
	t.Helper()
	busy, end := context.WithCancel(k.ctx)
	troubled, calm := context.WithCancel(busy)
	var running, troubles sync.WaitGroup
	t.Cleanup(func() { k.cancel(nil); end(); calm(); troubles.Wait(); running.Wait() })
	for i := range soakPosters {
		running.Go(func() { k.post(busy, uint64(i)) })
	}
	for i := range soakClients {
		running.Go(func() { k.connect(busy, uint64(i)) })
	}
	for i := range soakReaders {
		running.Go(func() { k.keepQuerying(busy, uint64(i)) })
	}
	for _, trouble := range []func(context.Context){k.keepKilling, k.keepFreezing, k.freezeLong, k.stopStore, k.keepCompacting} {
		troubles.Go(func() { trouble(troubled) })
	}
	running.Go(func() { k.progress(t, busy) })
	sleep(k.ctx, between(k.random(killingHost), k.duration*2/5, k.duration*3/5))
	k.killHost(t)
	sleep(k.ctx, k.duration-time.Since(k.began))
	calm()
	troubles.Wait()
	end()
	running.Wait()
	k.requireNoFailure(t)
	t.Logf("%3.0f s: the trouble is over, and everything sent is acknowledged", k.elapsed())
}

// sleep waits until d has passed or ctx ends. It reports whether the whole time has passed.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// killHost kills the infra/local process, and with it all functions, the store and the broker. Then
// it starts a new stack on the same data.
func (k *soak) killHost(t *testing.T) {
	if k.ctx.Err() != nil {
		return
	}
	old := k.stack.Load()
	k.killed.Store(old)
	old.killHost(t)
	k.startAgain(t)
	k.hostKills.Add(1)
}

// progress logs the counters every progressEvery until ctx ends.
func (k *soak) progress(t *testing.T, ctx context.Context) {
	for sleep(ctx, progressEvery) {
		t.Log(k.line())
	}
}

func (k *soak) elapsed() float64 { return time.Since(k.began).Seconds() }

func (k *soak) line() string {
	return fmt.Sprintf("%3.0f s: %d events acknowledged, %d deliveries (%d not acknowledged), %d MQTT connections, "+
		"%d queries checked (%d refused, %d interrupted), %d kills, %d freezes (%d past a deadline), %d outages, %d compactions (%d cut short), %d stacks killed",
		k.elapsed(), k.ledger.events(), k.delivered.Load()+k.retries.Load(), k.retries.Load(), k.connections.Load(),
		k.checked.Load(), k.refused.Load(), k.interrupted.Load(), k.kills.Load(), k.freezes.Load(), k.long.Load(), k.outages.Load(),
		k.compactions.Load(), k.disturbed.Load(), k.hostKills.Load())
}

// requireTrouble checks that every kind of work and every kind of fault occurred.
func (k *soak) requireTrouble(t *testing.T) {
	t.Helper()
	for name, n := range map[string]*atomic.Int64{
		"deliveries": &k.delivered, "retries": &k.retries, "MQTT connections": &k.connections,
		"queries checked": &k.checked, "queries refused": &k.refused, "kills": &k.kills, "freezes": &k.freezes,
		"freezes past a deadline": &k.long, "outages": &k.outages, "compactions": &k.compactions, "stacks killed": &k.hostKills,
	} {
		require.NotZero(t, n.Load(), name)
	}
}

// compactAll runs the compactor until nothing is left to do. After that, each partition of a past
// day must have exactly one object.
func (k *soak) compactAll(t *testing.T) {
	t.Helper()
	s := k.stack.Load()
	first := len(s.objects(t, "events/"))
	for objects := -1; objects != len(s.objects(t, "events/")); {
		objects = len(s.objects(t, "events/"))
		require.NoError(t, s.invoke(k.ctx, "compactor"))
	}
	perPartition := map[string]int{}
	for key := range s.objects(t, "events/") {
		perPartition[partitionOf(key)]++
	}
	past := 0
	for partition, objects := range perPartition {
		if _, day, _ := strings.Cut(partition, "/day="); day < k.began.UTC().Format(time.DateOnly) {
			require.Equal(t, 1, objects, partition)
			past++
		}
	}
	require.NotZero(t, past)
	t.Logf("%3.0f s: compacted from %d to %d objects; %d partitions of past days have one each",
		k.elapsed(), first, len(s.objects(t, "events/")), past)
}

// soakCheckers is the number of queries that run at the same time during the final checks.
const soakCheckers = 4

// requireAll queries every device and compares the responses with the ledger. It returns the number
// of events.
func (k *soak) requireAll(t *testing.T) int {
	t.Helper()
	accounts := make(chan *account)
	var events atomic.Int64
	var running sync.WaitGroup
	for range soakCheckers {
		running.Go(func() {
			for a := range accounts {
				events.Add(int64(k.checkAtTheEnd(a)))
			}
		})
	}
	for _, a := range k.ledger.all() {
		accounts <- a
	}
	close(accounts)
	running.Wait()
	k.requireNoFailure(t)
	t.Logf("%3.0f s: %d events of %d devices checked", k.elapsed(), events.Load(), len(k.ledger.all()))
	return int(events.Load())
}

// checkAtTheEnd repeats the query for a device until it succeeds, and returns the number of rows.
// It returns 0 if k.ctx ends before that.
func (k *soak) checkAtTheEnd(a *account) int {
	for k.ctx.Err() == nil {
		if rows, ok := k.check(k.ctx, a, maxLimit); ok {
			return len(rows)
		}
	}
	return 0
}

// maxLimit is the maximum number of rows on a page.
const maxLimit = 5000

// startAgain starts a new stack on the data of the previous one.
func (k *soak) startAgain(t *testing.T) {
	t.Helper()
	s := &stack{data: k.stack.Load().data}
	s.start(t)
	s.age(t)
	k.stack.Store(s)
}

// requireBucket stops the stack cleanly and checks the whole bucket. The bucket must satisfy every
// invariant and hold exactly the given number of events.
func (k *soak) requireBucket(t *testing.T, events int) {
	t.Helper()
	report := k.stack.Load().checkBucket(t, k.ctx)
	require.EqualValues(t, events, report.Events)
	require.Zero(t, report.Quarantined)
}

func (k *soak) report(t *testing.T, events int) {
	t.Helper()
	t.Log(k.line())
	t.Logf("PASS in %.0f s: %d events, each exactly once before and after the last compaction; SEED=%d",
		k.elapsed(), events, k.seed)
	figures.Add(t, "kills survived", int(k.kills.Load()+k.hostKills.Load()))
	figures.Add(t, "freezes survived", int(k.freezes.Load()))
	figures.Add(t, "outages survived", int(k.outages.Load()))
	figures.Add(t, "events checked", events)
	figures.Add(t, "queries checked", int(k.checked.Load()))
}

// isRefusal reports whether a request failed in a way that allows a retry. A broken connection
// counts as a refusal, because killing the stack breaks connections.
func isRefusal(r response, err error) bool {
	if err != nil {
		return true
	}
	switch r.status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}
