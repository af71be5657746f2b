package proof_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"devicetrace/pkg/objstore"
)

// scheduler runs actors and releases their store calls one at a time. An actor is a job in a
// goroutine of its own. Once every actor is waiting with a call, the scheduler draws one of the
// waiting calls at random. A seed therefore determines the whole schedule, unless an actor makes
// several calls at the same time. Such calls arrive in no fixed order, so the same seed may lead to
// a slightly different schedule.
//
// testing/synctest cannot replace the scheduler, because the Parquet library keeps compressors for
// reuse by later tests. These compressors contain channels, and a channel that was made in one
// synctest bubble must not be used in another.
type scheduler struct {
	random *rand.Rand
	// rate is the percentage of calls that go wrong.
	rate int
	log  func(format string, args ...any)
	// patience is how long a step may take. A step that takes longer fails the schedule.
	patience time.Duration
	// clock shows the time of the actor whose turn it is. The actors' clocks are hours apart, and
	// so are the times of the objects in a store that uses clock.
	clock clock

	mu      sync.Mutex
	changed *sync.Cond
	hangs   bool
	live    []*actor
	// busy is true from the release of a call until the call has had its effect.
	busy bool
	// late holds the postponed calls, which have not yet taken effect.
	late []func()
	// outage is the number of further calls that fail because of the store's current outage.
	outage  int
	faults  int
	crashes int
}

func newScheduler(random *rand.Rand, rate int) *scheduler {
	s := &scheduler{random: random, rate: rate, log: func(string, ...any) {}, patience: 2 * time.Minute}
	s.changed = sync.NewCond(&s.mu)
	return s
}

// clock is a clock that only the scheduler moves. It is safe for concurrent use.
type clock struct{ ms atomic.Int64 }

func (c *clock) now() time.Time          { return time.UnixMilli(c.ms.Load()).UTC() }
func (c *clock) set(t time.Time)         { c.ms.Store(t.UnixMilli()) }
func (c *clock) advance(d time.Duration) { c.ms.Add(d.Milliseconds()) }

// actor is a job whose store calls are scheduled. Its clock advances with each of its turns.
type actor struct {
	clock
	scheduler *scheduler
	name      string
	random    *rand.Rand
	source    io.Reader // random bytes for run identifiers
	waiting   []*turn
	frozen    int // number of turns until this actor thaws, or 0 if it is not frozen
}

// sharedReader makes a reader safe for concurrent use. A recorder may begin several runs at the same
// time after its calls have lingered.
type sharedReader struct {
	mu     sync.Mutex
	reader io.Reader
}

func (s *sharedReader) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reader.Read(p)
}

// turn is a store call that waits until the scheduler releases it.
type turn struct {
	call    objstore.Call
	outcome outcome
	release chan struct{}
}

// outcome is what happens to a call. The scheduler draws either a fault or the normal outcome.
type outcome struct {
	kind  string
	fault objstore.Fault
	late  bool
	crash bool
}

// outcomes lists the ways in which a call can go wrong. All are equally likely.
var outcomes = []outcome{
	{kind: "fails before", fault: objstore.Fault{Before: objstore.ErrFault}},
	{kind: "fails midway", fault: objstore.Fault{Midway: objstore.ErrFault}},
	{kind: "fails after", fault: objstore.Fault{After: objstore.ErrFault}},
	{kind: "is late", late: true},
	{kind: "crashes before", crash: true, fault: objstore.Fault{Before: errCrash}},
	{kind: "crashes after", crash: true, fault: objstore.Fault{After: errCrash}},
}

// start starts an actor, whose clock begins at noon plus offset. After its first turn, in which it
// makes no call, the actor runs act.
func (s *scheduler) start(name string, offset time.Duration, act func(*actor)) {
	var seed [32]byte
	s.mu.Lock()
	for i := range seed {
		seed[i] = byte(s.random.Uint32())
	}
	a := &actor{scheduler: s, name: name, random: rand.New(rand.NewChaCha8(seed)), source: &sharedReader{reader: rand.NewChaCha8(seed)}}
	a.set(noon.Add(offset))
	s.live = append(s.live, a)
	s.mu.Unlock()
	go func() {
		defer s.end(a)
		a.pause(1)
		act(a)
	}()
}

func (s *scheduler) end(a *actor) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.live = slices.DeleteFunc(s.live, func(other *actor) bool { return other == a })
	s.changed.Signal()
}

// enter waits until the call is released, and returns its outcome.
func (a *actor) enter(call objstore.Call) outcome {
	s := a.scheduler
	t := &turn{call: call, release: make(chan struct{})}
	s.mu.Lock()
	a.waiting = append(a.waiting, t)
	s.changed.Signal()
	s.mu.Unlock()
	<-t.release
	return t.outcome
}

// idle marks a turn without a call.
const idle objstore.Op = "idle"

// pause takes the given number of turns without making a call, so that other actors can make
// progress.
func (a *actor) pause(turns int) {
	for range turns {
		a.enter(objstore.Call{Op: idle})
		a.scheduler.leave()
	}
}

// leave ends a turn. The actor calls it after the released call has had its effect.
func (s *scheduler) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy = false
	s.changed.Signal()
}

// run releases one call after another until every actor has ended.
func (s *scheduler) run() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		if !s.allWait() {
			return s.hanging()
		}
		if len(s.live) == 0 {
			return nil
		}
		s.step()
	}
}

// allWait waits until every actor is waiting for a turn. It returns false if this takes longer than
// s.patience. The caller must hold mu.
func (s *scheduler) allWait() bool {
	limit := time.AfterFunc(s.patience, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.hangs = true
		s.changed.Signal()
	})
	defer limit.Stop()
	s.hangs = false
	for !s.settled() && !s.hangs {
		s.changed.Wait()
	}
	return s.settled()
}

// hanging returns an error that names the actors that are not waiting for a turn.
func (s *scheduler) hanging() error {
	var names []string
	for _, a := range s.live {
		if len(a.waiting) == 0 {
			names = append(names, a.name)
		}
	}
	return fmt.Errorf("the schedule hangs, waiting for %q (a call under way: %v)", names, s.busy)
}

// settled reports whether every actor is waiting and no call is under way.
func (s *scheduler) settled() bool {
	return !s.busy && !slices.ContainsFunc(s.live, func(a *actor) bool { return len(a.waiting) == 0 })
}

func (s *scheduler) step() {
	if len(s.late) > 0 && s.random.IntN(12) == 0 {
		s.letLoose(1)
		return
	}
	a := s.choose()
	at := s.random.IntN(len(a.waiting))
	t := a.waiting[at]
	a.waiting = slices.Delete(a.waiting, at, at+1)
	a.advance(time.Duration(s.random.Int64N(120_000)) * time.Millisecond)
	s.clock.set(a.now())
	t.outcome = s.draw(t.call)
	s.log("%s at %s: %s %q %s", a.name, a.now().Format(time.DateTime), t.call.Op, t.call.Key, t.outcome.kind)
	s.busy = true
	close(t.release)
}

// letLoose lets n of the postponed calls take effect, in random order. The caller must hold
// mu.
func (s *scheduler) letLoose(n int) {
	for range n {
		at := s.random.IntN(len(s.late))
		effect := s.late[at]
		s.late = slices.Delete(s.late, at, at+1)
		s.log("late effect")
		effect()
	}
}

// choose draws the actor for the next turn from the actors that are not frozen. Occasionally, it
// freezes an actor for a number of turns. When a frozen actor thaws, its clock advances by an hour.
// If all actors are frozen, all of them thaw at once.
func (s *scheduler) choose() *actor {
	var awake []*actor
	for _, a := range s.live {
		if a.frozen > 0 {
			if a.frozen--; a.frozen == 0 {
				a.advance(time.Hour)
			}
		}
		if a.frozen == 0 {
			awake = append(awake, a)
		}
	}
	if len(awake) == 0 {
		for _, a := range s.live {
			a.frozen = 1
		}
		return s.choose()
	}
	a := awake[s.random.IntN(len(awake))]
	if len(awake) > 1 && s.random.IntN(40) == 0 {
		s.log("%s freezes", a.name)
		a.frozen = 5 + s.random.IntN(60)
		return s.choose()
	}
	return a
}

func (s *scheduler) draw(call objstore.Call) outcome {
	switch {
	case call.Op == idle:
		return outcome{kind: "goes well"}
	case s.outage > 0:
		s.outage--
		s.faults++
		return outcomes[s.random.IntN(3)]
	case s.random.IntN(100) >= s.rate:
		return outcome{kind: "goes well"}
	case s.random.IntN(10) == 0:
		s.outage = 5 + s.random.IntN(20)
	}
	drawn := outcomes[s.random.IntN(len(outcomes))]
	if drawn.crash {
		s.crashes++
	} else {
		s.faults++
	}
	return drawn
}

// process is one process of an actor, and the store that this process uses. Once the process has
// crashed, its calls have no effect, and the actor continues with a new process.
type process struct {
	actor *actor
	store objstore.Store
	dead  atomic.Bool
	// deleter is the actor that deletes objects in the background for this process, or nil if no
	// delete is in progress. While that actor is being started, deleter is the process's own actor.
	deleter atomic.Pointer[actor]
}

// background implements record.Config.Background: it runs f, which deletes objects, in an actor of
// its own. The scheduler can then interleave the delete with all other calls, even with later calls
// of the same process. A process has at most one such actor at a time.
func (p *process) background(f func()) {
	p.deleter.Store(p.actor)
	p.actor.scheduler.start(p.actor.name+", deleting", 0, func(a *actor) {
		p.deleter.Store(a)
		f()
		p.deleter.Store(nil)
	})
}

// awaitDeleter pauses until no delete is running in the background.
func (p *process) awaitDeleter() {
	for p.deleter.Load() != nil {
		p.actor.pause(1)
	}
}

// actorOf returns the actor that makes a call.
func (p *process) actorOf(c objstore.Call) *actor {
	if deleter := p.deleter.Load(); deleter != nil && c.Op == objstore.OpDelete {
		return deleter
	}
	return p.actor
}

// do waits for its turn. It then makes the call, and gives it the outcome that the scheduler chose
// at random.
func (p *process) do(c objstore.Call, call func(objstore.Store) error) error {
	if p.dead.Load() {
		return errCrash
	}
	out := p.actorOf(c).enter(c)
	defer p.actor.scheduler.leave()
	switch {
	case p.dead.Load():
		return errCrash
	case out.late:
		if c.Op == objstore.OpPut || c.Op == objstore.OpDelete {
			p.actor.scheduler.postpone(func() { _ = call(p.store) })
		}
		return objstore.ErrFault
	case out.crash:
		p.dead.Store(true)
	}
	return call(objstore.NewFaulty(p.store, func(objstore.Call) objstore.Fault { return out.fault }))
}

func (s *scheduler) postpone(effect func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.late = append(s.late, effect)
}

func (p *process) Put(ctx context.Context, key string, body io.ReaderAt, size int64) error {
	// The body is copied here, because a late put takes effect after the caller has returned.
	data, err := io.ReadAll(io.NewSectionReader(body, 0, size))
	if err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	return p.do(objstore.Call{Op: objstore.OpPut, Key: key}, func(store objstore.Store) error {
		return store.Put(ctx, key, bytes.NewReader(data), size)
	})
}

func (p *process) Read(ctx context.Context, key string, off, n int64) (data []byte, err error) {
	err = p.do(objstore.Call{Op: objstore.OpRead, Key: key}, func(store objstore.Store) (err error) {
		data, err = store.Read(ctx, key, off, n)
		return err
	})
	return data, err
}

func (p *process) List(ctx context.Context, prefix, after string) (page objstore.Page, err error) {
	err = p.do(objstore.Call{Op: objstore.OpList, Key: prefix, After: after}, func(store objstore.Store) (err error) {
		page, err = store.List(ctx, prefix, after)
		return err
	})
	return page, err
}

func (p *process) Prefixes(ctx context.Context, prefix, after string) (page objstore.PrefixPage, err error) {
	err = p.do(objstore.Call{Op: objstore.OpPrefixes, Key: prefix, After: after}, func(store objstore.Store) (err error) {
		page, err = store.Prefixes(ctx, prefix, after)
		return err
	})
	return page, err
}

func (p *process) Delete(ctx context.Context, keys ...string) error {
	if len(keys) == 0 {
		return nil
	}
	keys, ctx = slices.Clone(keys), context.WithoutCancel(ctx)
	return p.do(objstore.Call{Op: objstore.OpDelete, Key: keys[0]}, func(store objstore.Store) error {
		return store.Delete(ctx, keys...)
	})
}
