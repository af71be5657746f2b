package proof_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math"
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
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore/objstoretest"
	"devicetrace/pkg/query"
	"devicetrace/pkg/segment"
	"devicetrace/pkg/summary"
)

// fleetSchedule is a schedule in which actors ask about the fleet while recorders and compactors
// work, and a vandal damages summaries.
type fleetSchedule struct {
	*schedule
	questions, exact int // questions answered, and how many of them had exact sums
	damaged          int // number of damaged summaries
}

// newFleetSchedule returns a schedule whose parcels and actors are drawn from the seed.
func newFleetSchedule(t *testing.T, dir string, seed uint64) *fleetSchedule {
	random := rand.New(rand.NewPCG(seed, 1))
	s := &fleetSchedule{schedule: emptySchedule(t, dir, random)}
	next := map[event.InstanceID]int{}
	for n := 5 + random.IntN(10); len(s.queue) < n; {
		p := task{patience: 1 + random.IntN(5)}
		instance := drawInstance(random)
		for range 1 + random.IntN(4) {
			next[instance] += 1 + random.IntN(25_000)
			p.events = append(p.events, drawEvent(random, next[instance]))
		}
		p.events = on(instance, p.events...)
		s.queue = append(s.queue, p)
	}
	offset := func() time.Duration { return time.Duration(random.IntN(72)-36) * time.Hour }
	for n := range 1 + random.IntN(3) {
		s.start(fmt.Sprint("recorder ", n), offset(), s.record)
	}
	for n := range 1 + random.IntN(2) {
		s.start(fmt.Sprint("compactor ", n), offset(), s.compactOften)
	}
	for n := range 1 + random.IntN(2) {
		s.start(fmt.Sprint("asker ", n), offset(), s.askOften)
	}
	if random.IntN(2) == 0 {
		s.start("vandal", offset(), s.damage)
	}
	return s
}

// drawEvent draws an event of one of a few clients, ms milliseconds after noon. One in ten has no
// time of its own.
func drawEvent(random *rand.Rand, ms int) event.Event {
	e := at(clients[random.IntN(len(clients))], ms)
	switch random.IntN(5) {
	case 0, 1:
		e.Action, e.ActionInfo, e.NativeEvent, e.NativeReason = event.Close, event.NoHeart, "close", "no heart"
	case 2:
		e.Action, e.ActionInfo, e.NativeEvent, e.NativeReason = event.Disconnect, event.DisconnectedByClient, "disconnect", "bye"
	case 3:
		e.ActionInfo, e.NativeReason = event.NotAuthorized, "not authorized"
	}
	if random.IntN(10) == 0 {
		return withoutTime(e)
	}
	return e
}

// compactOften runs compactors one after another.
func (s *fleetSchedule) compactOften(a *actor) {
	for range 1 + a.random.IntN(2) {
		s.compact(a)
	}
}

// damage flips bits in the summaries of compacted objects, without telling the historian.
func (s *fleetSchedule) damage(a *actor) {
	for range 3 + a.random.IntN(6) {
		a.pause(1 + a.random.IntN(25))
		if s.store.damageSummary(s.t, a.random) {
			s.damaged++
		}
	}
}

// damageSummary flips a bit in the summaries of one object. It returns false if no object has
// summaries. The historian's record stays right, because the rows do not change.
func (h *historian) damageSummary(t testing.TB, random *rand.Rand) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	var summed []string
	for _, key := range slices.Sorted(maps.Keys(h.there)) {
		if _, name, err := layout.ParseKey(key); err == nil && name.HasSummaries() {
			summed = append(summed, key)
		}
	}
	if len(summed) == 0 {
		return false
	}
	key := summed[random.IntN(len(summed))]
	_, name, _ := layout.ParseKey(key)
	data := bytes.Clone(h.contents[key])
	size := int64(len(data))
	minutes := name.Minutes(size)
	length := minutes.Length + name.DropsLength + name.DevicesLength
	data[minutes.End()-1-random.Int64N(length)] ^= 1 << random.IntN(8)
	require.NoError(t, h.Store.Put(t.Context(), key, bytes.NewReader(data), size))
	return true
}

// askOften asks a few questions about the fleet, and checks each answer.
func (s *fleetSchedule) askOften(a *actor) {
	config := query.Config{Parallel: 1, CacheBytes: int64(a.random.IntN(2)) << 20}
	var p *process
	var reader *query.Reader
	for range 3 + a.random.IntN(6) {
		if p == nil || p.dead.Load() {
			p = &process{actor: a, store: objstoretest.Paged(s.store, s.pages)}
			reader = s.newReader(p, config)
		}
		a.pause(a.random.IntN(8))
		if err := s.askFleet(reader, drawQuestion(a.random)); err != nil && !injected(err) && !errors.Is(err, query.ErrUnsettled) {
			s.fail(fmt.Errorf("%s: %w", a.name, err))
		}
	}
}

// question is a question about the fleet, with the devices and rows that the reader passed to it.
type question struct {
	query.FleetRequest
	devices []summary.Device
	rows    []segment.Row
}

// drawQuestion draws a question about one or several days.
func drawQuestion(random *rand.Rand) *question {
	q := &question{FleetRequest: query.FleetRequest{
		InstanceID: drawInstance(random), From: noon.Add(-36 * time.Hour), To: noon.Add(60 * time.Hour), Drops: random.IntN(2) == 0,
	}}
	if random.IntN(2) == 0 {
		q.From, q.To = noon.Add(-12*time.Hour), noon.Add(12*time.Hour)
		q.Totals = random.IntN(2) == 0
	}
	if random.IntN(3) == 0 {
		q.Devices = func(d *summary.Device) error {
			q.devices = append(q.devices, *d)
			return nil
		}
	}
	if random.IntN(4) == 0 {
		q.RowsFrom, q.RowsTo, q.RowsBytes = q.From, q.To, int64(random.IntN(2))<<20
		q.Rows = func(r *segment.Row) error {
			q.rows = append(q.rows, *r)
			return nil
		}
	}
	return q
}

// askFleet asks a question. It compares the result with all distinct rows in the bucket, as they
// were before and after the question.
func (s *fleetSchedule) askFleet(reader *query.Reader, q *question) error {
	before := s.store.rowsWithin(q)
	result, err := reader.Fleet(s.t.Context(), q.FleetRequest)
	if err != nil {
		return err
	}
	after := s.store.rowsWithin(q)
	s.sending.Lock()
	defer s.sending.Unlock()
	s.questions++
	if result.Exact {
		s.exact++
	}
	s.checked += len(after)
	return q.check(result, before, after)
}

// rowsWithin returns the distinct rows of all objects of the partitions that a question covers.
func (h *historian) rowsWithin(q *question) []segment.Row {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all [][]segment.Row
	for key := range h.there {
		where, _, err := layout.ParseKey(key)
		if err != nil || where.Instance != q.InstanceID || where.Day < layout.DayOf(q.From) || where.Day > layout.DayOf(q.To.Add(-1)) {
			continue
		}
		all = append(all, h.rowsUnder(key))
	}
	return segment.Distinct(all...)
}

// check returns an error if the result of a question is wrong. before and after are the rows in the
// bucket before and after the question.
func (q *question) check(got query.FleetResult, before, after []segment.Row) error {
	if len(got.NotCounted) > 0 || got.Shards != got.OfShards && !got.NoLayout {
		return fmt.Errorf("not counted: %v, in %d shards", got.NotCounted, got.Shards)
	}
	least, most := cellsOf(before), cellsOf(after)
	counted := cells{}
	for _, c := range got.Sums.Cells {
		counted[cellKey{c.Minute, c.Key}] += c.Events
	}
	for key, n := range least {
		if counted[key] < n {
			return fmt.Errorf("below the truth: %+v has %d of %d events", key, counted[key], n)
		}
	}
	for key, n := range counted {
		if got.Exact && n > most[key] {
			return fmt.Errorf("falsely exact: %+v has %d instead of %d events", key, n, most[key])
		}
		if most[key] == 0 {
			return fmt.Errorf("invented: %+v has %d events", key, n)
		}
	}
	if excess := counted.total() - most.total(); excess > got.AtMostTwice {
		return fmt.Errorf("%d events are counted twice, the bound is %d", excess, got.AtMostTwice)
	}
	if got.Exact && got.AtMostTwice != 0 {
		return fmt.Errorf("exact, but %d events may be counted twice", got.AtMostTwice)
	}
	return errors.Join(q.checkTotals(got, before, after), q.checkDevices(got, before, after), q.checkRows(got, before, after))
}

// checkTotals checks the totals. The number of devices must be right even if some of their events are
// counted twice.
func (q *question) checkTotals(got query.FleetResult, before, after []segment.Row) error {
	if !q.Totals {
		return nil
	}
	totals := got.Sums.Totals
	if totals == nil {
		return errors.New("no totals")
	}
	least, most := foldOf(before).Totals, foldOf(after).Totals
	if got.DevicesExact && len(before) == len(after) && !totals.Equal(most) {
		return fmt.Errorf("falsely exact: the totals are %+v instead of %+v", *totals, *most)
	}
	return between("devices", totals.Devices, least.Devices, most.Devices)
}

// checkDevices checks that the question got each device once.
func (q *question) checkDevices(got query.FleetResult, before, after []segment.Row) error {
	if q.Devices == nil {
		return nil
	}
	least, most := devicesOf(before), devicesOf(after)
	var errs []error
	seen := map[string]bool{}
	for _, d := range q.devices {
		from, to := least[d.ClientID], most[d.ClientID]
		if seen[d.ClientID] || to.ClientID == "" {
			errs = append(errs, fmt.Errorf("device %q is shown twice, or invented", d.ClientID))
		}
		seen[d.ClientID] = true
		errs = append(errs, checkDevice(got, d, from, to))
		if len(before) == len(after) && d.State() != to.State() {
			errs = append(errs, fmt.Errorf("device %q is %s instead of %s", d.ClientID, d.State(), to.State()))
		}
	}
	for client := range least {
		if !seen[client] {
			errs = append(errs, fmt.Errorf("device %q is missing", client))
		}
	}
	return errors.Join(errs...)
}

// checkDevice checks the counts of the device d, which the question got. from and to are the same
// device before and after the question.
func checkDevice(got query.FleetResult, d, from, to summary.Device) error {
	more := int64(math.MaxInt32) // some events may be counted several times
	if got.DevicesExact {
		more = 0
	}
	return errors.Join(
		between("connects", d.Connects, from.Connects, to.Connects+more),
		between("drops", d.Drops, from.Drops, to.Drops+more),
		between("disconnects", d.Disconnects, from.Disconnects, to.Disconnects+more),
		between("refusals", d.Refusals, from.Refusals, to.Refusals+more),
		between("last event", d.Last, from.Last, to.Last))
}

// between returns an error unless n is between from and to, inclusive.
func between(what string, n, from, to int64) error {
	if n < from || n > to {
		return fmt.Errorf("%s: %d is not between %d and %d", what, n, from, to)
	}
	return nil
}

// checkRows checks a result that claims that the question got all rows. It must have got each row
// once.
func (q *question) checkRows(got query.FleetResult, before, after []segment.Row) error {
	if !got.RowsRead {
		return nil
	}
	seen := map[uint64]bool{}
	for i := range q.rows {
		seen[q.rows[i].Identity()] = true
	}
	if len(seen) != len(q.rows) || len(seen) > len(after) {
		return fmt.Errorf("%d rows, %d of them distinct, of %d", len(q.rows), len(seen), len(after))
	}
	for i := range before {
		if !seen[before[i].Identity()] {
			return fmt.Errorf("a row is missing: %+v", before[i])
		}
	}
	return nil
}

// cellKey identifies a cell.
type cellKey struct {
	minute summary.Minute
	summary.Key
}

// cells holds the number of events in each cell.
type cells map[cellKey]int64

// total returns the number of all events.
func (c cells) total() (n int64) {
	for _, events := range c {
		n += events
	}
	return n
}

// cellsOf counts the rows in each cell, one row at a time.
func cellsOf(rows []segment.Row) cells {
	counted := cells{}
	for i := range rows {
		r := &rows[i]
		counted[cellKey{summary.MinuteOf(r.Time), summary.Key{
			Node: r.Node, Action: r.Action, ActionInfo: r.ActionInfo,
			Received: r.TimeOrigin == string(event.FromReceiver), Refused: summary.KindOf(r) == summary.Refusal,
		}}]++
	}
	return counted
}

// foldOf returns the sums of rows, including the devices.
func foldOf(rows []segment.Row) *summary.Sums {
	fold := summary.NewFold(true)
	for i := range rows {
		fold.Add(&rows[i])
	}
	return fold.Sums()
}

// devicesOf returns the device of each client, by client identifier.
func devicesOf(rows []segment.Row) map[string]summary.Device {
	devices := map[string]summary.Device{}
	for _, d := range foldOf(rows).Devices {
		devices[d.ClientID] = d
	}
	return devices
}

// playFleet runs the schedule and then asks questions of a bucket that no longer changes. It asks
// them before and after the postponed calls take effect, and after compaction.
func (s *fleetSchedule) playFleet(random *rand.Rand) error {
	if err := s.run(); err != nil {
		return err
	}
	errs := s.wrong
	ask := func() {
		reader := s.newReader(s.store, query.Config{})
		for range 3 {
			errs = append(errs, s.askFleet(reader, drawQuestion(random)))
		}
	}
	ask()
	s.mu.Lock()
	s.letLoose(len(s.late))
	s.mu.Unlock()
	ask()
	for _, key := range slices.Sorted(maps.Keys(s.store.there)) {
		s.putAgain(key) // repairs damaged summaries
	}
	_, err := s.newCompactor(s.store, compact.Config{}).Run(s.t.Context(), compact.Share{})
	errs = append(errs, err)
	ask()
	return errors.Join(append(errs, s.sound())...)
}

// TestFleetSchedules plays random schedules. Sums that a result calls exact must equal the sums
// over all distinct rows. All other sums must not be too low, and must not be too high by more than
// the bound that the result states.
func TestFleetSchedules(t *testing.T) {
	dir := t.TempDir()
	if seed, err := strconv.ParseUint(os.Getenv("PROOF_SEED"), 10, 64); err == nil {
		s := newFleetSchedule(t, dir, seed)
		s.log = t.Logf
		require.NoError(t, s.playFleet(rand.New(rand.NewPCG(seed, 2))))
		return
	}
	first := rand.Uint64() >> 24
	schedules := 1000 / everyNth
	if n, err := strconv.Atoi(os.Getenv("PROOF_SCHEDULES")); err == nil {
		schedules = n
	}
	var next, questions, exact, damaged, faults, crashes, checked atomic.Int64
	var all sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for n := next.Add(1) - 1; n < int64(schedules) && !t.Failed(); n = next.Add(1) - 1 {
				seed := first + uint64(n)
				s := newFleetSchedule(t, dir, seed)
				if err := s.playFleet(rand.New(rand.NewPCG(seed, 2))); err != nil {
					t.Errorf("PROOF_SEED=%d: %v", seed, err)
				}
				questions.Add(int64(s.questions))
				exact.Add(int64(s.exact))
				damaged.Add(int64(s.damaged))
				faults.Add(int64(s.faults))
				crashes.Add(int64(s.crashes))
				checked.Add(int64(s.checked))
			}
		})
	}
	all.Wait()
	t.Logf("%d schedules from %d: %d questions, %d of them exact, %d damaged summaries, %d faults, %d crashes, %d events checked",
		schedules, first, questions.Load(), exact.Load(), damaged.Load(), faults.Load(), crashes.Load(), checked.Load())
	require.Greater(t, exact.Load(), questions.Load()/2)
	require.Less(t, exact.Load(), questions.Load()*49/50) // about 8 % are not exact
	figures.Add(t, "schedules run", schedules)
	figures.Add(t, "questions about a fleet checked", int(questions.Load()))
	figures.Add(t, "events checked", int(checked.Load()))
	figures.Add(t, "faults injected", int(faults.Load()))
	figures.Add(t, "crashes", int(crashes.Load()))
}
