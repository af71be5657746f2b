package proof_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/verify/figures"
	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/query"
	"devicetrace/pkg/record"
)

// waiting is a schedule in which many senders deliver at the same time to recorders that linger.
// Puts take time, fail or take effect late. Senders give up and recorders crash at random times,
// often while calls linger. Recorders are also closed, and their clocks are set forward and back.
//
// A waiting schedule runs in a synctest bubble, so its time is simulated. The order of actors that
// act at the same instant is not fixed, so the same seed may lead to slightly different schedules.
type waiting struct {
	*world
	// longest is the maximum duration of a put. rate is the percentage of puts that fail.
	longest time.Duration
	rate    int
	span    time.Duration // the time within which senders begin their deliveries
	tally   tally

	mu        sync.Mutex
	random    *rand.Rand
	recorders []*recorder
	wrong     []error // the violations that actors noticed
}

// tally counts what happened in schedules. A crash or close counts only if calls of the recorder
// were lingering. left is the number of calls whose sender gave up.
type tally struct{ faults, crashes, closes, left, deliveries, puts, checked int }

func (t *tally) add(o tally) {
	t.faults += o.faults
	t.crashes += o.crashes
	t.closes += o.closes
	t.left += o.left
	t.deliveries += o.deliveries
	t.puts += o.puts
	t.checked += o.checked
}

// recorder is one process of a recorder, and the store that this process uses. After a crash, calls
// to the store have no effect, and no sender gets a response.
type recorder struct {
	objstore.Store
	schedule *waiting
	writer   *record.Writer
	linger   time.Duration
	ahead    atomic.Int64 // how far the process's clock is ahead, in nanoseconds
	dead     atomic.Bool

	mu    sync.Mutex
	calls int // the number of calls to Append in progress
	puts  int // the number of puts in flight
	// confirmed maps each event to the time at which the last put with the event was confirmed.
	confirmed map[identity]time.Time
}

func newWaiting(t *testing.T, dir string, seed uint64) *waiting {
	random := rand.New(rand.NewPCG(seed, 2))
	s := &waiting{
		world:   newWorld(t, dir),
		longest: []time.Duration{20 * time.Millisecond, 300 * time.Millisecond, 3 * time.Second, 20 * time.Second}[random.IntN(4)],
		rate:    []int{0, 5, 20}[random.IntN(3)],
		span:    []time.Duration{time.Second, 5 * time.Second}[random.IntN(2)],
		random:  random,
	}
	for range 1 + random.IntN(2) {
		s.recorders = append(s.recorders, s.newRecorder())
	}
	return s
}

// draw returns a random number less than n.
func (s *waiting) draw(n int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.random.IntN(n)
}

// drawTime returns a random duration of at most limit.
func (s *waiting) drawTime(limit time.Duration) time.Duration {
	return time.Duration(s.draw(int(limit/time.Microsecond)+1)) * time.Microsecond
}

func (s *waiting) note(n *int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	*n++
}

func (s *waiting) fail(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wrong = append(s.wrong, fmt.Errorf(format, args...))
}

func (s *waiting) newRecorder() *recorder {
	r := &recorder{Store: s.store, schedule: s, confirmed: map[identity]time.Time{}}
	r.linger = []time.Duration{time.Millisecond, 250 * time.Millisecond, time.Second, record.MaxLinger}[s.random.IntN(4)]
	now := func() time.Time { return noon.Add(time.Duration(r.ahead.Load())) }
	config := record.Config{
		Linger: r.linger, RunRows: 2 + s.random.IntN(20), Now: now, Background: func(f func()) { go f() },
	}
	r.writer = s.newWriter(r, config)
	require.NoError(s.t, r.writer.Claim(s.t.Context()))
	return r
}

// Put takes some time. It then succeeds, or it fails. A put that fails takes effect at once, later
// or never. If ctx ends or the process crashes in the meantime, the put fails.
func (r *recorder) Put(ctx context.Context, key string, body io.ReaderAt, size int64) error {
	if !strings.HasPrefix(key, layout.EventsPrefix) {
		return r.unlessDead(func() error { return r.Store.Put(ctx, key, body, size) })
	}
	defer r.count(&r.puts)()
	data, err := io.ReadAll(io.NewSectionReader(body, 0, size))
	if err != nil {
		return err
	}
	s := r.schedule
	s.note(&s.tally.puts)
	effect := func() error { return r.Store.Put(context.WithoutCancel(ctx), key, bytes.NewReader(data), size) }
	err = r.wait(ctx, s.drawTime(s.longest))
	if err == nil && s.draw(100) >= s.rate {
		if err := effect(); err != nil {
			return err
		}
		return r.confirm(key, data)
	}
	s.note(&s.tally.faults)
	switch s.draw(3) {
	case 0:
		_ = effect()
	case 1:
		time.AfterFunc(s.drawTime(10*time.Second), func() { _ = effect() })
	}
	return errors.Join(objstore.ErrFault, err)
}

func (r *recorder) Delete(ctx context.Context, keys ...string) error {
	if err := r.wait(ctx, r.schedule.drawTime(r.schedule.longest)); err != nil {
		return err
	}
	return r.Store.Delete(ctx, keys...)
}

// wait waits for the given time. It returns an error if ctx ends first or the process has crashed.
func (r *recorder) wait(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return r.unlessDead(func() error { return nil })
	}
}

func (r *recorder) unlessDead(f func() error) error {
	if r.dead.Load() {
		return errCrash
	}
	return f()
}

// confirm notes that a put has succeeded.
func (r *recorder) confirm(key string, data []byte) error {
	where, _, err := layout.ParseKey(key)
	if err != nil {
		return err
	}
	rows, err := rowsOf(key, data)
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, row := range rows {
		r.confirmed[identityOf(row.Event(where.Instance))] = time.Now()
	}
	return err
}

// count adds 1 to n. The function that it returns subtracts 1.
func (r *recorder) count(n *int) func() {
	add := func(i int) {
		r.mu.Lock()
		defer r.mu.Unlock()
		*n += i
	}
	add(1)
	return func() { add(-1) }
}

// lingers reports whether calls are in progress while no put is in flight. Such calls must be
// lingering.
func (r *recorder) lingers() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.calls > 0 && r.puts == 0
}

// maxWait returns the maximum time that a call may take. A batch lingers while the previous put of
// its partition is in flight, so the call waits only for the longer of the two.
func (r *recorder) maxWait() time.Duration {
	put := min(r.schedule.longest, record.DefaultPutTimeout)
	return max(r.linger, put) + put
}

// deliverTo delivers the events of a parcel directly to the writer and reports whether they were
// acknowledged. The sender gives up once ctx ends.
func (r *recorder) deliverTo(ctx context.Context, p parcel, received time.Time) bool {
	s := r.schedule
	delivery := s.deliver(p.events, received, s.nextID(p.instance()))
	began := time.Now()
	done := r.count(&r.calls)
	err := r.writer.Append(ctx, delivery)
	done()
	switch took := time.Since(began); {
	case took > r.maxWait():
		s.fail("a call took %v, at most %v are allowed", took, r.maxWait())
	case errors.Is(err, ctx.Err()) && err != nil:
		s.note(&s.tally.left)
	}
	if err != nil || r.dead.Load() {
		return false
	}
	r.requireConfirmed(delivery, began)
	s.acknowledge(delivery)
	return true
}

// requireConfirmed checks that a put of each event has been confirmed since the given time.
func (r *recorder) requireConfirmed(delivery []event.Event, since time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range delivery {
		if at, confirmed := r.confirmed[identityOf(e)]; !confirmed || at.Before(since) {
			r.schedule.fail("acknowledged before its put was confirmed: %v", identityOf(e))
		}
	}
}

// postTo delivers a parcel through a webhook and reports whether the parcel was acknowledged.
func (r *recorder) postTo(p parcel, received time.Time) bool {
	defer r.count(&r.calls)()
	acknowledged, err := r.schedule.post(r.schedule.newDoor(r.writer, r, func() time.Time { return received }), p, received)
	if err != nil {
		r.schedule.fail("post: %w", err)
	}
	return acknowledged
}

// send acts as a sender that delivers one parcel until it is acknowledged, up to patience times.
func (s *waiting) send(p parcel) {
	time.Sleep(s.drawTime(s.span))
	for range patience {
		if s.sendOnce(p) {
			return
		}
	}
}

func (s *waiting) sendOnce(p parcel) bool {
	s.note(&s.tally.deliveries)
	s.mu.Lock()
	r := s.recorders[s.random.IntN(len(s.recorders))]
	s.mu.Unlock()
	received := noon.Add(time.Duration(s.draw(10)) * time.Millisecond)
	if s.draw(3) == 0 {
		return r.postTo(p, received)
	}
	ctx, cancel := context.WithCancel(s.t.Context())
	defer cancel()
	switch s.draw(4) {
	case 0:
		time.AfterFunc(s.drawTime(record.MaxLinger), cancel)
	case 1:
		ctx, cancel = context.WithTimeout(ctx, s.drawTime(record.DefaultPutTimeout+record.MaxLinger))
		defer cancel()
	}
	p.junk = false
	return r.deliverTo(ctx, p, received)
}

// disturb repeatedly crashes a recorder, closes it or sets its clock.
func (s *waiting) disturb() {
	for end := time.Now().Add(s.span); time.Now().Before(end); {
		time.Sleep(s.drawTime(s.span / 4))
		s.disturbOne(s.draw(len(s.recorders)), s.draw(3))
	}
}

// disturbOne crashes the recorder with the given index if what is 0, closes it if what is 1, and
// otherwise sets its clock. After a crash, a new recorder replaces it.
func (s *waiting) disturbOne(at, what int) {
	r := s.recorders[at]
	lingers := r.lingers()
	switch what {
	case 0:
		if lingers {
			s.note(&s.tally.crashes)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		r.dead.Store(true)
		s.recorders[at] = s.newRecorder()
	case 1:
		if lingers {
			s.note(&s.tally.closes)
		}
		_ = r.writer.Close(s.t.Context())
	default:
		r.ahead.Store(int64(s.drawTime(time.Hour)) - int64(30*time.Minute))
	}
}

// read acts as a reader, which must find every acknowledged event.
func (s *waiting) read() {
	for range 4 {
		time.Sleep(s.drawTime(s.span / 2))
		request := all(drawInstance(rand.New(rand.NewPCG(uint64(s.draw(1<<30)), 0))), clients[s.draw(len(clients))])
		if err := s.ask(s.newReader(s.store, query.Config{}), request); err != nil && !errors.Is(err, query.ErrUnsettled) {
			s.fail("read: %w", err)
		}
	}
}

// parcels returns random parcels. Most of their events belong to one partition.
func (s *waiting) parcels() (all []parcel) {
	for n := range 10 + s.random.IntN(30) {
		p := parcel{junk: s.random.IntN(4) == 0}
		for i := range 1 + s.random.IntN(2) {
			client := clients[max(0, s.random.IntN(5)-2)]
			e := at(client, 2*n+i)
			if s.random.IntN(4) == 0 {
				e = timeless(client)
			}
			p.events = append(p.events, e)
		}
		p.events = on(drawInstance(s.random), p.events...)
		all = append(all, p)
	}
	return all
}

// play runs the schedule. It returns after all late puts have taken effect.
func (s *waiting) play() {
	parcels := s.parcels()
	var actors sync.WaitGroup
	for _, p := range parcels {
		actors.Go(func() { s.send(p) })
	}
	actors.Go(s.disturb)
	actors.Go(s.read)
	actors.Wait()
	time.Sleep(time.Hour)
}

// TestSchedulesWithLinger plays an eighth as many schedules as TestSchedules. Afterwards, it checks
// the bucket of each schedule before and after a compaction.
func TestSchedulesWithLinger(t *testing.T) {
	dir, first, schedules := t.TempDir(), rand.Uint64()>>24, 250/everyNth
	if seed, err := strconv.ParseUint(os.Getenv("PROOF_SEED"), 10, 64); err == nil {
		first, schedules = seed, 1
	} else if n, err := strconv.Atoi(os.Getenv("PROOF_SCHEDULES")); err == nil {
		schedules = max(1, n/8)
	}
	var total tally
	for seed := range uint64(schedules) {
		var s *waiting
		synctest.Test(t, func(t *testing.T) {
			s = newWaiting(t, dir, first+seed)
			s.play()
		})
		// Compactions must run outside the bubble; see scheduler.
		s.t = t
		errs := append(s.wrong, s.sound(), s.settle(), s.sound())
		require.NoError(t, errors.Join(errs...), "PROOF_SEED=%d", first+seed)
		s.tally.checked = s.checked
		total.add(s.tally)
	}
	t.Logf("%d schedules from %d: %+v", schedules, first, total)
	if schedules > 10 {
		require.NotZero(t, total.crashes)
		require.NotZero(t, total.closes)
		require.NotZero(t, total.left)
		require.Less(t, total.puts, total.deliveries, "deliveries share puts")
	}
	figures.Add(t, "schedules run", schedules)
	figures.Add(t, "faults injected", total.faults)
	figures.Add(t, "crashes", total.crashes)
	figures.Add(t, "events checked", total.checked)
}
