package proof_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/verify/figures"
	"devicetrace/pkg/compact"
	"devicetrace/pkg/event"
	"devicetrace/pkg/objstore/objstoretest"
	"devicetrace/pkg/query"
)

// guessSchedule is a schedule in which readers make as many wrong guesses as possible. A guess
// assumes that a compacted object in the reader's last listing still exists. Here, compactors merge
// these objects all the time, a vandal damages them or replaces them with objects of other sizes,
// and the bucket's lifecycle rule deletes the events of the first day. A reader survives crashes,
// so it keeps its cache during the whole schedule.
type guessSchedule struct {
	*schedule
	harm    harm
	guesses guessCount
}

// guessCount counts guesses by their fates.
type guessCount map[string]int

// The fates of guesses. A fate in drops means that a complete listing did not confirm the guess.
const (
	confirmed  = "confirmed"
	damaged    = "confirmed, but damaged"
	superseded = "superseded"
	expired    = "expired"
	resized    = "of another size"
	unlisted   = "not decided, because a listing failed"
	// severalPages is counted in addition if the listing that dropped the guess had several pages.
	severalPages = "dropped by several pages"
)

var drops = []string{superseded, expired, resized}

// dropped returns the number of guesses that a complete listing did not confirm.
func (c guessCount) dropped() (n int) {
	for _, fate := range drops {
		n += c[fate]
	}
	return n
}

// newGuessSchedule returns a schedule whose parcels and actors are drawn from the seed.
func newGuessSchedule(t *testing.T, dir string, seed uint64) *guessSchedule {
	random := rand.New(rand.NewPCG(seed, 3))
	s := &guessSchedule{schedule: emptySchedule(t, dir, random), harm: harm{until: map[string]int{}}, guesses: guessCount{}}
	s.rate = min(s.rate, 2) // a guess is not dropped if its listing fails
	for n := range 40 {
		p := task{patience: 1 + random.IntN(5)}
		for range 1 + random.IntN(3) {
			e := at([]string{clientA, clientB}[random.IntN(2)], 10*n+len(p.events)-dayMS*random.IntN(2))
			p.events = append(p.events, e)
		}
		p.events = on(drawInstance(random), p.events...)
		s.queue = append(s.queue, p)
	}
	offset := func() time.Duration { return time.Duration(random.IntN(72)-36) * time.Hour }
	for n := range 2 {
		s.start(fmt.Sprint("recorder ", n), offset(), s.record)
		s.start(fmt.Sprint("compactor ", n), offset(), s.compactOften)
		s.start(fmt.Sprint("reader ", n), offset(), s.readOften)
	}
	s.start("vandal", offset(), s.vandalize)
	if random.IntN(2) == 0 {
		s.start("lifecycle rule", offset(), s.expire)
	}
	return s
}

// compactOften runs compactors that merge as soon as there are two objects.
func (s *guessSchedule) compactOften(a *actor) {
	for range 12 {
		a.pause(a.random.IntN(30))
		_, store := s.newProcess(a)
		config := compact.Config{Fanout: 2, MaxInputs: 2 + a.random.IntN(2), Now: a.now, IntN: a.random.IntN, RunAge: time.Minute}
		_, err := s.newCompactor(store, config).Run(s.t.Context(), compact.Share{})
		if err != nil && !injected(err) {
			s.fail(fmt.Errorf("%s: %w", a.name, err))
		}
	}
}

// readOften makes queries with one reader. If its process crashes, the reader continues with its
// cache, as if the process had only been frozen.
func (s *guessSchedule) readOften(a *actor) {
	p, store := s.newProcess(a)
	watched := &watch{Store: objstoretest.Paged(store, s.pages), known: map[string]int64{}}
	config := query.Config{WholeBytes: []int64{1, 1 << 20}[a.random.IntN(2)]}
	if a.random.IntN(4) == 0 {
		config = little(config.WholeBytes)
	}
	config.Parallel = 8
	reader := s.newReader(watched, config)
	for range 25 {
		a.pause(a.random.IntN(6))
		q := all(drawInstance(a.random), []string{clientA, clientB}[a.random.IntN(2)])
		q.Descending, q.Limit = a.random.IntN(2) == 0, a.random.IntN(3)*7
		err := s.askWatched(reader, watched, q)
		if err != nil && !injected(err) && !errors.Is(err, query.ErrUnsettled) {
			s.fail(fmt.Errorf("%s: %w", a.name, err))
		}
		p.dead.Store(false)
	}
}

// askWatched is like ask, but allows for damaged and expired objects. The result must name each
// object whose events it lacks, and may name only damaged objects.
func (s *guessSchedule) askWatched(reader *query.Reader, watched *watch, q query.Request) error {
	begun, due := s.harm.now(), s.due(q.InstanceID, string(q.ClientID))
	var events []event.Event
	for {
		watched.begin()
		result, err := reader.Trace(s.t.Context(), q)
		if err := s.judge(watched, begun); err != nil {
			return err
		}
		if err != nil {
			return err
		}
		for _, u := range result.Unreadable {
			if !s.harm.since(u.Key, begun) {
				return fmt.Errorf("named as unreadable, but sound: %v", u)
			}
			for _, id := range s.store.identitiesUnder(u.Key, q.InstanceID) {
				delete(due, id)
			}
		}
		events = append(events, result.Events...)
		if q.Cursor = result.NextCursor; q.Cursor == "" {
			break
		}
	}
	if q.Descending {
		slices.Reverse(events)
	}
	s.forgive(due)
	return s.check(due, events)
}

// identitiesUnder returns the identities of the events that the object under a key originally held.
func (h *historian) identitiesUnder(key string, instance event.InstanceID) (ids []identity) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, row := range h.rowsUnder(key) {
		ids = append(ids, identityOf(row.Event(instance)))
	}
	return ids
}

// judge counts the guesses of the trace that has just returned, by their fates. begun is the time
// in harm at which the query began. judge returns an error if the trace read an unlisted object
// more than once.
func (s *guessSchedule) judge(watched *watch, begun int) error {
	watched.mu.Lock()
	defer watched.mu.Unlock()
	s.sending.Lock()
	defer s.sending.Unlock()
	for _, key := range watched.guesses() {
		fate := watched.fate(key)
		switch {
		case fate == confirmed && s.harm.since(key, begun):
			fate = damaged
		case fate == superseded && s.store.isExpired(key):
			fate = expired
		}
		s.guesses[fate]++
		if slices.Contains(drops, fate) && watched.paged[prefixOf(key)] {
			s.guesses[severalPages]++
		}
		if reads := watched.reads[key]; reads > 1 && (fate == superseded || fate == expired) {
			return fmt.Errorf("%q is not listed, but was read %d times", key, reads)
		}
	}
	return nil
}

// TestGuessSchedules plays random schedules. Every result must be right, and each fate of a guess
// must occur often. If PROOF_SEED is set, the test plays only the schedule with that seed and logs
// each step.
func TestGuessSchedules(t *testing.T) {
	dir := t.TempDir()
	if seed, err := strconv.ParseUint(os.Getenv("PROOF_SEED"), 10, 64); err == nil {
		s := newGuessSchedule(t, dir, seed)
		s.log = t.Logf
		require.NoError(t, s.play())
		return
	}
	first := rand.Uint64() >> 24
	schedules := 100 / everyNth
	if n, err := strconv.Atoi(os.Getenv("PROOF_SCHEDULES")); err == nil {
		schedules = n
	}
	var next, checked, faults, crashes atomic.Int64
	counted := guessCount{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for n := next.Add(1) - 1; n < int64(schedules) && !t.Failed(); n = next.Add(1) - 1 {
				seed := first + uint64(n)
				s := newGuessSchedule(t, dir, seed)
				if err := s.play(); err != nil {
					t.Errorf("PROOF_SEED=%d: %v", seed, err)
				}
				checked.Add(int64(s.checked))
				faults.Add(int64(s.faults))
				crashes.Add(int64(s.crashes))
				mu.Lock()
				for fate, n := range s.guesses {
					counted[fate] += n
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	t.Logf("%d schedules from %d: %d guesses dropped, %v, %d faults, %d crashes, %d events checked",
		schedules, first, counted.dropped(), counted, faults.Load(), crashes.Load(), checked.Load())
	if everyNth == 1 {
		require.GreaterOrEqual(t, counted.dropped(), 1000)
		for _, fate := range []string{confirmed, damaged, superseded, expired, resized, severalPages} {
			require.GreaterOrEqual(t, counted[fate], 30, fate)
		}
	}
	figures.Add(t, "schedules run", schedules)
	figures.Add(t, "guesses dropped", counted.dropped())
	figures.Add(t, "events checked", int(checked.Load()))
	figures.Add(t, "faults injected", int(faults.Load()))
	figures.Add(t, "crashes", int(crashes.Load()))
}
