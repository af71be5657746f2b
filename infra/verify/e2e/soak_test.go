package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/oss"
	"devicetrace/infra/verify/figures"
	"devicetrace/pkg/check"
)

const (
	// soakLasts is how long TestSoak makes trouble where DURATION does not say it, and the
	// least.
	soakLasts = 45 * time.Second
	// soakSettles is how long it may take after that to come to a verdict, of a soak of up
	// to ten minutes.
	soakSettles = 90 * time.Second
	// progressEvery is how often it says how far it is.
	progressEvery = 5 * time.Second
)

// soak is one stack after the other on the same data, who sends to it, who asks it, and
// who troubles it. What it finds wrong ends it.
type soak struct {
	ctx    context.Context // ends with the verdict, at an interrupt, when something is wrong
	wrong  context.CancelCauseFunc
	seed   uint64
	lasts  time.Duration
	began  time.Time
	ledger *ledger
	stack  atomic.Pointer[stack] // the one that is up, or was last
	doomed atomic.Pointer[stack] // the one that is killed, or was last

	// What happened.
	delivered, again                           atomic.Int64 // deliveries acknowledged, and not
	connections                                atomic.Int64 // of MQTT clients, whole in an answer
	answered, refused, cut                     atomic.Int64 // questions
	kills, freezes, long, outages, compactions atomic.Int64
	disturbed, clouds                          atomic.Int64 // compactions that did not end well; whole clouds killed
}

// TestSoak: everything at once, for a long time. Many senders and MQTT clients, readers
// that ask all along, compaction, and meanwhile processes that are killed or frozen,
// a store that is down or full, and once everything killed together. What was
// acknowledged before a question is in its answer exactly once, and nothing else.
//
// DURATION is how long (`make soak`), SEED repeats the choices of an earlier one.
func TestSoak(t *testing.T) {
	needsProc(t)
	k := newSoak(t)
	k.run(t)
	k.requireTrouble(t)
	before := k.requireAll(t)
	k.requireBucket(t, before)
	k.age(t)
	k.startAgain(t)
	k.compactAll(t)
	require.Equal(t, before, k.requireAll(t))
	k.requireBucket(t, before)
	k.report(t, before)
}

func newSoak(t *testing.T) *soak {
	t.Helper()
	k := &soak{lasts: soakLasts, seed: rand.Uint64(), ledger: newLedger()}
	var err error
	if text := os.Getenv("DURATION"); text != "" {
		k.lasts, err = time.ParseDuration(text)
		require.NoError(t, err, "DURATION")
		require.GreaterOrEqual(t, k.lasts, soakLasts, "DURATION: too short for every kind of trouble")
	}
	if text := os.Getenv("SEED"); text != "" {
		k.seed, err = strconv.ParseUint(text, 10, 64)
		require.NoError(t, err, "SEED")
	}
	t.Logf("SEED=%d DURATION=%v", k.seed, k.lasts)
	k.stack.Store(&stack{data: keptIfFailed(t)})
	k.stack.Load().start(t)
	k.began = time.Now()
	ctx, cancel := context.WithTimeoutCause(t.Context(), k.lasts+k.settles(), fmt.Errorf("no verdict within %v after the trouble", k.settles()))
	t.Cleanup(cancel)
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	t.Cleanup(stop)
	k.ctx, k.wrong = context.WithCancelCause(ctx)
	return k
}

// settles is soakSettles, or longer where there is more to check.
func (k *soak) settles() time.Duration { return max(soakSettles, k.lasts*15/100) }

// keptIfFailed is a folder that stays for whoever looks into a failure.
func keptIfFailed(t *testing.T) string {
	dir, err := os.MkdirTemp("", "device-trace-soak-")
	require.NoError(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the data is kept in %s", dir)
			return
		}
		require.NoError(t, os.RemoveAll(dir))
	})
	return dir
}

// random is a source of choices of one's own.
func (k *soak) random(who uint64) *rand.Rand { return rand.New(rand.NewPCG(k.seed, who)) }

// problem ends the soak with what is wrong, if it is the first.
func (k *soak) problem(format string, values ...any) { k.wrong(fmt.Errorf(format, values...)) }

func (k *soak) requireNoProblem(t *testing.T) {
	t.Helper()
	require.NoError(t, context.Cause(k.ctx))
}

// run lets everybody work for as long as it lasts; in the middle everything is killed
// together and started again.
func (k *soak) run(t *testing.T) {
	t.Helper()
	busy, end := context.WithCancel(k.ctx)
	troubled, calm := context.WithCancel(busy)
	var running, troubles sync.WaitGroup
	t.Cleanup(func() { k.wrong(nil); end(); calm(); troubles.Wait(); running.Wait() })
	for i := range soakPosters {
		running.Go(func() { k.post(busy, uint64(i)) })
	}
	for i := range soakClients {
		running.Go(func() { k.connect(busy, uint64(i)) })
	}
	for i := range soakAskers {
		running.Go(func() { k.keepAsking(busy, uint64(i)) })
	}
	for _, trouble := range []func(context.Context){k.killAlong, k.freezeAlong, k.freezeLong, k.stopStore, k.compactAlong} {
		troubles.Go(func() { trouble(troubled) })
	}
	running.Go(func() { k.progress(t, busy) })
	sleep(k.ctx, between(k.random(killingCloud), k.lasts*2/5, k.lasts*3/5))
	k.killCloud(t)
	sleep(k.ctx, k.lasts-time.Since(k.began))
	calm()
	troubles.Wait()
	end()
	running.Wait()
	k.requireNoProblem(t)
	t.Logf("%3.0f s: the trouble is over, and all that was sent is acknowledged", k.elapsed())
}

// sleep reports whether the time went by before ctx ended.
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

// killCloud ends infra/local without notice, and with it all functions, the store and
// the broker, and starts it again on the same data.
func (k *soak) killCloud(t *testing.T) {
	if k.ctx.Err() != nil {
		return
	}
	old := k.stack.Load()
	k.doomed.Store(old)
	old.kill(t)
	k.startAgain(t)
	k.clouds.Add(1)
}

// progress says now and then how far it is.
func (k *soak) progress(t *testing.T, ctx context.Context) {
	for sleep(ctx, progressEvery) {
		t.Log(k.line())
	}
}

func (k *soak) elapsed() float64 { return time.Since(k.began).Seconds() }

func (k *soak) line() string {
	return fmt.Sprintf("%3.0f s: %d events acknowledged, %d deliveries (%d not acknowledged), %d MQTT connections, "+
		"%d queries checked (%d refused, %d cut), %d kills, %d freezes (%d past a deadline), %d outages, %d compactions (%d cut short), %d clouds killed",
		k.elapsed(), k.ledger.events(), k.delivered.Load()+k.again.Load(), k.again.Load(), k.connections.Load(),
		k.answered.Load(), k.refused.Load(), k.cut.Load(), k.kills.Load(), k.freezes.Load(), k.long.Load(), k.outages.Load(),
		k.compactions.Load(), k.disturbed.Load(), k.clouds.Load())
}

// requireTrouble checks that there was some of every kind.
func (k *soak) requireTrouble(t *testing.T) {
	t.Helper()
	for name, n := range map[string]*atomic.Int64{
		"deliveries": &k.delivered, "deliveries again": &k.again, "MQTT connections": &k.connections,
		"queries checked": &k.answered, "queries refused": &k.refused, "kills": &k.kills, "freezes": &k.freezes,
		"freezes past a deadline": &k.long, "outages": &k.outages, "compactions": &k.compactions, "clouds killed": &k.clouds,
	} {
		require.NotZero(t, n.Load(), name)
	}
}

// compactAll compacts until nothing is left to do, and that is one object a partition of
// days that are over.
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
	over := 0
	for partition, objects := range perPartition {
		if _, day, _ := strings.Cut(partition, "/day="); day < k.began.UTC().Format(time.DateOnly) {
			require.Equal(t, 1, objects, partition)
			over++
		}
	}
	require.NotZero(t, over)
	t.Logf("%3.0f s: compacted from %d to %d objects, of %d partitions of days that are over one each",
		k.elapsed(), first, len(s.objects(t, "events/")), over)
}

// soakCheckers ask at the same time in the end.
const soakCheckers = 4

// requireAll asks for every device and holds the answer to the ledger, and says how many
// events there are.
func (k *soak) requireAll(t *testing.T) int {
	t.Helper()
	accounts := make(chan *account)
	var events atomic.Int64
	var running sync.WaitGroup
	for range soakCheckers {
		running.Go(func() {
			for a := range accounts {
				events.Add(int64(k.checkInTheEnd(a)))
			}
		})
	}
	for _, a := range k.ledger.all() {
		accounts <- a
	}
	close(accounts)
	running.Wait()
	k.requireNoProblem(t)
	t.Logf("%3.0f s: %d events of %d devices checked", k.elapsed(), events.Load(), len(k.ledger.all()))
	return int(events.Load())
}

// checkInTheEnd asks until it is answered.
func (k *soak) checkInTheEnd(a *account) int {
	for k.ctx.Err() == nil {
		if rows, ok := k.check(k.ctx, a, endPage); ok {
			return len(rows)
		}
	}
	return 0
}

// endPage is the longest page there is.
const endPage = 5000

// age makes all objects of the stack that was stopped an hour old, so that the days that
// are over are quiet as well, and compaction brings their partitions down to one object.
func (k *soak) age(t *testing.T) {
	t.Helper()
	old := time.Now().Add(-time.Hour)
	for _, file := range k.stack.Load().objects(t, "events/") {
		require.NoError(t, os.Chtimes(file, old, old))
	}
}

// startAgain starts the stack that was stopped, on the same data.
func (k *soak) startAgain(t *testing.T) {
	t.Helper()
	s := &stack{data: k.stack.Load().data}
	s.start(t)
	k.stack.Store(s)
}

// requireBucket stops the stack in order and reads the whole bucket: it keeps every
// rule, and holds the events that were answered and no other.
func (k *soak) requireBucket(t *testing.T, events int) {
	t.Helper()
	s := k.stack.Load()
	s.interrupt(t)
	bucket, err := oss.OpenStore(filepath.Join(s.data, "oss"))
	require.NoError(t, err)
	report, err := check.Bucket(k.ctx, bucket, check.Options{})
	require.NoError(t, err)
	require.NoError(t, report.Err())
	require.EqualValues(t, events, report.Events)
	require.Zero(t, report.Quarantined)
}

func (k *soak) report(t *testing.T, events int) {
	t.Helper()
	t.Log(k.line())
	t.Logf("PASS in %.0f s: %d events, each exactly once, before and after the last compaction; SEED=%d",
		k.elapsed(), events, k.seed)
	figures.Add(t, "kills survived", int(k.kills.Load()+k.clouds.Load()))
	figures.Add(t, "freezes survived", int(k.freezes.Load()))
	figures.Add(t, "outages survived", int(k.outages.Load()))
	figures.Add(t, "events checked", events)
	figures.Add(t, "queries checked", int(k.answered.Load()))
}

// isRefusal says whether an answer asks to try again. A connection that breaks, as
// when the stack is killed, counts as one.
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
