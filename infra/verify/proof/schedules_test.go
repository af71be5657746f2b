package proof_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/verify/figures"
	"devicetrace/pkg/compact"
	"devicetrace/pkg/event"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/objstoretest"
	"devicetrace/pkg/query"
	"devicetrace/pkg/record"
)

// schedule runs recorders, compactors, readers and sometimes an operator on one partition per
// instance, mostly on prod's. The clocks of these actors are hours apart. A seed determines the
// order of their store calls, which calls fail, which calls take effect late, and when processes
// crash.
type schedule struct {
	*world
	*scheduler
	// pages is the maximum number of objects in a listing page.
	pages int
	// atOnce is the number of parcels that a recorder takes at the same time. It is also the
	// number of requests that a query may make in parallel.
	atOnce int

	sending sync.Mutex
	queue   []task
	wrong   []error // the violations that actors noticed
}

// task is a parcel that waits for its next delivery. patience is the number of deliveries that are
// left before its sender gives up.
type task struct {
	parcel
	patience int
}

// newSchedule returns a schedule whose parcels and actors are drawn from the seed.
func newSchedule(t *testing.T, dir string, seed uint64) *schedule {
	random := rand.New(rand.NewPCG(seed, 0))
	s := emptySchedule(t, dir, random)
	if seed%8 == 0 {
		s.atOnce = 4
	}
	next := map[event.InstanceID]int{} // the time of the next event, in milliseconds after noon
	for n := 5 + random.IntN(10); len(s.queue) < n; {
		p := task{patience: 1 + random.IntN(5)}
		p.junk = random.IntN(3) == 0
		instance := drawInstance(random)
		for range 1 + random.IntN(3) {
			client := []string{clientA, clientB}[random.IntN(2)]
			if random.IntN(3) == 0 {
				p.events = append(p.events, timeless(client))
				continue
			}
			p.events = append(p.events, at(client, next[instance]))
			next[instance]++
		}
		p.events = on(instance, p.events...)
		s.queue = append(s.queue, p)
	}
	s.cast(random)
	return s
}

// emptySchedule returns a schedule without parcels and actors.
func emptySchedule(t *testing.T, dir string, random *rand.Rand) *schedule {
	rates := []int{0, 2, 5, 10, 20}
	s := &schedule{
		world:     newWorld(t, dir),
		scheduler: newScheduler(random, rates[random.IntN(len(rates))]),
		pages:     1 + random.IntN(6),
		atOnce:    1,
	}
	if random.IntN(2) == 0 { // so that some runs are too young to be merged
		s.world = newWorldAt(t, dir, s.clock.now)
	}
	return s
}

// drawInstance draws prod three times out of four, so that schedules keep one partition busy.
func drawInstance(random *rand.Rand) event.InstanceID {
	if random.IntN(4) == 0 {
		return staging
	}
	return prod
}

func (s *schedule) cast(random *rand.Rand) {
	offset := func() time.Duration { return time.Duration(random.IntN(72)-36) * time.Hour }
	for n := range 1 + random.IntN(3) {
		s.start(fmt.Sprint("recorder ", n), offset(), s.record)
	}
	for n := range 1 + random.IntN(3) {
		s.start(fmt.Sprint("compactor ", n), offset(), s.compact)
	}
	for n := range 1 + random.IntN(2) {
		s.start(fmt.Sprint("reader ", n), offset(), s.read)
	}
	if random.IntN(3) == 0 {
		s.start("operator", offset(), s.operate)
	}
}

// newProcess returns a new process of the actor, and the store that the process uses. In about half
// of the processes, this store retries failed calls.
func (s *schedule) newProcess(a *actor) (*process, objstore.Store) {
	p := &process{actor: a, store: objstoretest.Paged(s.store, s.pages)}
	if a.random.IntN(2) == 0 {
		return p, objstore.Retrying(p, objstore.RetryPolicy{Attempts: 3, Base: 1, Max: 1})
	}
	return p, p
}

// take removes and returns the first task in the queue. It returns false if the queue is empty.
func (s *schedule) take() (task, bool) {
	s.sending.Lock()
	defer s.sending.Unlock()
	if len(s.queue) == 0 {
		return task{}, false
	}
	p := s.queue[0]
	s.queue = s.queue[1:]
	return p, true
}

// requeue decrements patience, the number of deliveries that the task has left. If any are left,
// requeue puts the task back into the queue, where any recorder may take it.
func (s *schedule) requeue(p task) {
	s.sending.Lock()
	defer s.sending.Unlock()
	if p.patience--; p.patience > 0 {
		s.queue = append(s.queue, p)
	}
}

func (s *schedule) fail(err error) {
	s.sending.Lock()
	defer s.sending.Unlock()
	s.wrong = append(s.wrong, err)
}

// record acts as a recorder that takes parcels from the queue until none are left. A process
// receives its parcels either all through webhooks or all directly. After a crash, record starts
// a new process.
func (s *schedule) record(a *actor) {
	var p *process
	var writer *record.Writer
	var send func(parcel) bool
	for {
		if p == nil || p.dead.Load() {
			var store objstore.Store
			p, store = s.newProcess(a)
			writer = s.newWriter(store, record.Config{
				RunRows: 2 + a.random.IntN(5), RunAge: time.Duration(1+a.random.IntN(180)) * time.Minute,
				Now: a.now, Random: a.source, PutTimeout: time.Hour, Background: p.background, Linger: s.drawLinger(a),
			})
			send = func(p parcel) bool { return s.append(a, writer, p) }
			if a.random.IntN(2) == 0 {
				send = func(p parcel) bool { return s.receive(a, writer, store, p) }
			}
		}
		if !s.sendSome(a, send) {
			return
		}
		if a.random.IntN(6) == 0 {
			p.awaitDeleter()
			_ = writer.Close(s.t.Context())
		}
	}
}

// drawLinger returns a random time of less than a millisecond. If recorders take only one parcel at
// a time, it returns 0, because a linger would only slow the schedule down.
func (s *schedule) drawLinger(a *actor) time.Duration {
	if s.atOnce == 1 {
		return 0
	}
	return time.Duration(a.random.IntN(1000)) * time.Microsecond
}

// sendSome takes up to atOnce parcels from the queue and delivers them at the same time. It returns
// false if the queue was empty.
func (s *schedule) sendSome(a *actor, send func(parcel) bool) (any bool) {
	var all sync.WaitGroup
	defer all.Wait()
	for range s.atOnce {
		p, found := s.take()
		if !found {
			return any
		}
		any = true
		responseLost := a.random.IntN(8) == 0
		all.Go(func() {
			if !send(p.parcel) || responseLost {
				s.requeue(p)
			}
		})
	}
	return any
}

// append delivers the events of a parcel directly to a writer and reports whether they were
// acknowledged.
func (s *schedule) append(a *actor, writer *record.Writer, p parcel) bool {
	delivery := s.deliver(p.events, a.received(p), s.nextID(p.instance()))
	if err := writer.Append(s.t.Context(), delivery); err != nil {
		return false
	}
	s.acknowledge(delivery)
	return true
}

// receive delivers a parcel through webhooks and reports whether the parcel was acknowledged.
// Each delivery gets its own webhook handler, whose clock stands still. The test therefore knows
// the received time.
func (s *schedule) receive(a *actor, writer *record.Writer, store objstore.Store, p parcel) bool {
	received := a.received(p)
	if received.Before(noon) {
		received = noon // otherwise the recorder would quarantine the events as too far in the future
	}
	acknowledged, err := s.post(s.newDoor(writer, store, func() time.Time { return received }), p, received)
	if err != nil {
		s.fail(fmt.Errorf("%s: %w", a.name, err))
	}
	return acknowledged
}

// received returns the time at which the actor receives a parcel. Normally, this is the time on the
// actor's clock. An event without a time, however, is filed under its day of receipt, so actors
// with different clocks would spread the schedule over several partitions. A parcel with such
// events is therefore received in one of the first ten milliseconds after noon. This also makes
// many of the times equal.
func (a *actor) received(p parcel) time.Time {
	for _, e := range p.events {
		if e.TimeOrigin == event.FromReceiver {
			return noon.Add(time.Duration(a.now().UnixMilli()%10) * time.Millisecond)
		}
	}
	return a.now()
}

// operate acts as an operator who replays the quarantine a few times.
func (s *schedule) operate(a *actor) {
	for range 1 + a.random.IntN(3) {
		a.pause(a.random.IntN(20))
		_, store := s.newProcess(a)
		writer := s.newWriter(store, record.Config{Now: a.now, Random: a.source, PutTimeout: time.Hour})
		if _, err := s.replay(s.newDoor(writer, store, a.now), store); err != nil {
			s.fail(fmt.Errorf("%s: %w", a.name, err))
		}
	}
}

// compact runs a compactor one to three times, each time with a random Fanout, MaxInputs and
// RunAge.
func (s *schedule) compact(a *actor) {
	for range 1 + a.random.IntN(3) {
		a.pause(a.random.IntN(12))
		config := compact.Config{
			Fanout: 2 + a.random.IntN(3), MaxInputs: 2 + a.random.IntN(3), Now: a.now, IntN: a.random.IntN,
			RunAge: time.Duration(1+a.random.IntN(24*60)) * time.Minute,
		}
		_, store := s.newProcess(a)
		_, err := s.newCompactor(store, config).Run(s.t.Context(), compact.Share{})
		if err != nil && !injected(err) {
			s.fail(fmt.Errorf("%s: %w", a.name, err))
		}
	}
}

// read makes a few queries. Each query must show every event that was acknowledged before the
// query began, and no event that was never sent.
func (s *schedule) read(a *actor) {
	// WholeBytes is the maximum size, in bytes, of an object that a query reads whole. With 1, the
	// query reads the footer and the rows of every object separately. With 1 MiB, it reads every
	// object whole.
	config := query.Config{WholeBytes: []int64{1, 1 << 20}[a.random.IntN(2)]}
	if a.random.IntN(3) == 0 {
		config = little(config.WholeBytes)
	}
	config.CacheBytes, config.Parallel = 4096, s.atOnce
	var p *process
	var reader *query.Reader
	for range 2 + a.random.IntN(5) {
		if p == nil || p.dead.Load() {
			var store objstore.Store
			p, store = s.newProcess(a)
			reader = s.newReader(store, config)
		}
		a.pause(a.random.IntN(8))
		request := today(drawInstance(a.random), []string{clientA, clientB}[a.random.IntN(2)])
		if s.atOnce > 1 {
			request = all(request.InstanceID, string(request.ClientID)) // makes the query list several partitions in parallel
		}
		request.Descending, request.Limit = a.random.IntN(2) == 0, a.random.IntN(3)*7
		err := s.ask(reader, request)
		if err != nil && !injected(err) && !errors.Is(err, query.ErrUnsettled) {
			s.fail(fmt.Errorf("%s: %w", a.name, err))
		}
	}
}

// play runs the schedule and then checks the world with sound. Some calls of the schedule may then
// still be postponed. play lets half of these calls take effect, compacts the bucket, and checks
// the world again. Finally, it lets the other half take effect, and checks the world before and
// after another compaction.
func (s *schedule) play() error {
	if err := s.run(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	errs := append(s.wrong, s.sound())
	s.letLoose(len(s.late) / 2)
	errs = append(errs, s.settle(), s.sound())
	if len(s.late) > 0 {
		s.letLoose(len(s.late))
		errs = append(errs, s.sound(), s.settle(), s.sound())
	}
	return errors.Join(errs...)
}

// TestSchedules plays PROOF_SCHEDULES schedules, each with its own seed. If PROOF_SEED is set, it
// plays only the schedule with that seed and logs each step.
func TestSchedules(t *testing.T) {
	dir := t.TempDir()
	if seed, err := strconv.ParseUint(os.Getenv("PROOF_SEED"), 10, 64); err == nil {
		s := newSchedule(t, dir, seed)
		s.log = t.Logf
		require.NoError(t, s.play())
		return
	}
	schedules := uint64(2000 / everyNth)
	if n, err := strconv.ParseUint(os.Getenv("PROOF_SCHEDULES"), 10, 64); err == nil {
		schedules = n
	}
	var next, faults, crashes, checked, acknowledged atomic.Int64
	first := rand.Uint64() >> 24
	var all sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for n := next.Add(1) - 1; uint64(n) < schedules && !t.Failed(); n = next.Add(1) - 1 {
				seed := first + uint64(n)
				s := newSchedule(t, dir, seed)
				if err := s.play(); err != nil {
					t.Errorf("PROOF_SEED=%d: %v", seed, err)
				}
				faults.Add(int64(s.faults))
				crashes.Add(int64(s.crashes))
				checked.Add(int64(s.checked))
				acknowledged.Add(int64(len(s.acknowledged)))
			}
		})
	}
	all.Wait()
	t.Logf("%d schedules from %d: %d faults, %d crashes, %d acknowledged, %d events checked",
		schedules, first, faults.Load(), crashes.Load(), acknowledged.Load(), checked.Load())
	figures.Add(t, "schedules run", int(schedules))
	figures.Add(t, "faults injected", int(faults.Load()))
	figures.Add(t, "crashes", int(crashes.Load()))
	figures.Add(t, "events checked", int(checked.Load()))
}

// If a schedule is played twice with the same seed, it must take the same steps both times.
// Schedules whose actors make several calls at the same time are exempt.
func TestASeedRepeats(t *testing.T) {
	dir := t.TempDir()
	for seed := range uint64(max(2, 16/everyNth)) {
		if seed%8 == 0 {
			continue // the actors of this schedule make several calls at the same time
		}
		var played [2][]string
		for n := range played {
			s := newSchedule(t, dir, seed)
			s.log = func(format string, args ...any) { played[n] = append(played[n], fmt.Sprintf(format, args...)) }
			require.NoError(t, s.play(), "PROOF_SEED=%d", seed)
		}
		require.NotEmpty(t, played[0])
		require.Equal(t, played[0], played[1], "PROOF_SEED=%d", seed)
	}
}

// If an actor neither returns nor makes a call, the schedule must fail with an error that names the
// actor.
func TestAScheduleThatHangsFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScheduler(rand.New(rand.NewPCG(1, 1)), 0)
		stuck := make(chan struct{})
		s.start("sleeper", 0, func(*actor) { <-stuck })
		s.start("other", 0, func(a *actor) { a.pause(3) })
		require.ErrorContains(t, s.run(), `waiting for ["sleeper"]`)
		close(stuck)
		require.NoError(t, s.run())
	})
}
