package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"devicetrace/pkg/compact"
	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/memstore"
	"devicetrace/pkg/record"
)

const (
	fewWriters   = 4               // number of recorders, which receive events round-robin
	manyWriters  = 60              // number of recorders that a large fleet may need in a storm of single events
	compactEvery = 5 * time.Minute // interval of the compactor's timer
	openHours    = 18              // hour of the queries, before the day is over
)

// simulation plays one day of one partition on a fake clock. Several recorders receive the events
// round-robin, and the compactor runs every five minutes.
type simulation struct {
	store     *memstore.Store
	partition layout.Partition
	now       time.Time
	writers   []*record.Writer
	compactor *compact.Compactor
	nextRun   time.Time // when the compactor runs next

	appends int
	counted *objstore.Counting // counts the compactor's requests
	written int64              // rows written by the compactor
	// live records how many objects a query would have to read. Each run of the compactor adds two
	// numbers: one taken before the run and one taken after it.
	live   []int
	beyond int // how many of the numbers in live exceed the bound (see the look method)
}

func newSimulation(shards, writers int, dir string) (*simulation, error) {
	s := &simulation{store: memstore.New(), now: today, nextRun: today.Add(compactEvery)}
	s.partition = layout.Partition{Instance: instance, Shard: layout.Layout{Shards: shards}.AllShards()[0], Day: layout.DayOf(today)}
	clock := func() time.Time { return s.now }
	s.store.Now = clock
	for range writers {
		w, err := record.New(s.store, record.Config{Shards: shards, Now: clock})
		if err != nil {
			return nil, err
		}
		s.writers = append(s.writers, w)
	}
	var err error
	s.counted = objstore.NewCounting(s.store)
	s.compactor, err = compact.New(s.counted, compact.Config{Now: clock, Dir: dir})
	return s, err
}

// run delivers events in batches of the given size.
func (s *simulation) run(ctx context.Context, events []event.Event, batch int) error {
	for part := range slices.Chunk(events, batch) {
		if err := s.advance(ctx, part[len(part)-1].ReceivedAt); err != nil {
			return err
		}
		if err := s.writers[s.appends%len(s.writers)].Append(ctx, part); err != nil {
			return err
		}
		s.appends++
	}
	return nil
}

// advance moves the clock forward to the given time. Whenever the compactor's timer fires on the
// way, advance runs the compactor.
func (s *simulation) advance(ctx context.Context, until time.Time) error {
	for ; !s.nextRun.After(until); s.nextRun = s.nextRun.Add(compactEvery) {
		s.now = s.nextRun
		if err := s.compact(ctx); err != nil {
			return err
		}
	}
	s.now = until
	return ctx.Err()
}

func (s *simulation) compact(ctx context.Context) error {
	before := s.look(ctx)
	report, err := s.compactor.Run(ctx, compact.Share{})
	if len(report.Failed) > 0 {
		err = errors.Join(err, fmt.Errorf("compact: %v", report.Failed))
	}
	s.written += report.Rows
	return errors.Join(before, err, s.look(ctx))
}

// look counts the objects that a query would have to read now, and appends the number to s.live. It
// increments s.beyond if the number exceeds the expected bound: three runs per writer plus eight
// objects per level. The three runs are the open one and two that ended so recently that the
// compactor still leaves them alone.
func (s *simulation) look(ctx context.Context) error {
	objects, err := objstore.All(ctx, s.store, s.partition.Prefix(), "")
	if err != nil {
		return err
	}
	runs, compacted := layout.SplitRuns(layout.Segments(objects))
	levels := map[int]bool{0: true}
	for _, c := range compacted {
		levels[c.Name.Level] = true
	}
	live := len(runs) + len(compacted)
	s.live = append(s.live, live)
	if live > 3*len(s.writers)+8*len(levels) {
		s.beyond++
	}
	return nil
}

// requests returns the number of requests that the compactor has made. Deletes are included in the
// number of puts.
func (s *simulation) requests() (puts, reads int) {
	return len(s.counted.Of(objstore.OpPut)) + len(s.counted.Of(objstore.OpDelete)), len(s.counted.Of(objstore.OpRead))
}

func (s *simulation) report(found *results, name string, rows int) {
	slices.Sort(s.live)
	puts, reads := s.requests()
	found.add(name, float64(s.live[len(s.live)-1]), "max-objects")
	found.add(name, float64(s.live[len(s.live)/2]), "median-objects")
	found.add(name, 100*float64(s.beyond)/float64(len(s.live)), "%-beyond-bound")
	found.add(name, float64(s.written)/float64(rows), "rewrites/event")
	found.add(name, float64(puts), "puts/day")
	found.add(name, float64(reads), "reads/day")
}

// simulateDays simulates one day of two partitions. One partition has 35,000 rows and receives one
// event at a time. The other partition has 600,000 rows and receives 64 events at a time, which
// shortens the simulation. The runs of the second partition still become as full as they would with
// single events.
func simulateDays(ctx context.Context, found *results, dir string, millions float64) error {
	small, err := newSimulation(256, fewWriters, dir)
	if err != nil {
		return err
	}
	events, devices := partitionEvents(256, rowsAt(millions, 35_000))
	if err := small.runWithQueries(ctx, found, events, devices); err != nil {
		return err
	}
	small.report(found, "Day/shards=256", len(events))

	events, _ = partitionEvents(16, rowsAt(millions, 600_000))
	repeats := 3
	if millions < fullPartition {
		repeats = 1
	}
	return simulateOpenFleets(ctx, found, dir, events, repeats)
}

// simulateOpenFleets simulates the day of a partition with few and with many recorders. On the open
// day, it measures questions about a fleet.
func simulateOpenFleets(ctx context.Context, found *results, dir string, events []event.Event, repeats int) error {
	few, err := newSimulation(16, fewWriters, dir)
	if err != nil {
		return err
	}
	rest, err := few.runWithFleetQuestions(ctx, found, events, repeats)
	if err != nil {
		return err
	}
	if err := few.run(ctx, rest, 64); err != nil {
		return err
	}
	few.report(found, "Day/shards=16", len(events))

	many, err := newSimulation(16, manyWriters, dir)
	if err != nil {
		return err
	}
	_, err = many.runWithFleetQuestions(ctx, found, events, repeats)
	return err
}

// runWithFleetQuestions delivers the events until openHours, measures questions about a fleet, and
// returns the remaining events. At openHours, the compactor is due but has not run yet, so there
// are as many objects as possible. During the last half hour, the events are delivered one by one,
// so that the open runs are as full as they would be without batches.
func (s *simulation) runWithFleetQuestions(ctx context.Context, found *results, events []event.Event, repeats int) (rest []event.Event, err error) {
	singly, past := arrivedBy(events, openHours*time.Hour-30*time.Minute), arrivedBy(events, openHours*time.Hour)
	if err := errors.Join(s.run(ctx, events[:singly], 64), s.run(ctx, events[singly:past], 1)); err != nil {
		return nil, err
	}
	store, err := s.spread(ctx)
	if err != nil {
		return nil, err
	}
	return events[past:], measureOpenFleet(ctx, found, store, len(s.writers), repeats)
}

// spread returns a bucket for a whole fleet's day, with a copy of the simulated partition in each
// shard. The copies all have the same clients, although a client belongs in one shard only. This
// does not change the cost of a question.
func (s *simulation) spread(ctx context.Context) (*memstore.Store, error) {
	to := memstore.New()
	objects, err := objstore.All(ctx, s.store, "", "")
	if err != nil {
		return nil, err
	}
	for _, o := range objects {
		data, err := s.store.Read(ctx, o.Key, 0, o.Size)
		if errors.Is(err, fs.ErrNotExist) {
			continue // superseded; the recorder deletes such objects in the background
		}
		if err != nil {
			return nil, err
		}
		for _, key := range s.keysInAllShards(o.Key) {
			if err := to.Put(ctx, key, bytes.NewReader(data), o.Size); err != nil {
				return nil, err
			}
		}
	}
	return to, nil
}

// keysInAllShards returns the keys of a segment of the simulated partition and of its copies. For
// any other object, it returns only the key of that object.
func (s *simulation) keysInAllShards(key string) (keys []string) {
	name, found := strings.CutPrefix(key, s.partition.Prefix())
	if !found {
		return []string{key}
	}
	for _, shard := range (layout.Layout{Shards: 16}).AllShards() {
		other := layout.Partition{Instance: s.partition.Instance, Shard: shard, Day: s.partition.Day}
		keys = append(keys, other.Prefix()+name)
	}
	return keys
}

// runWithQueries delivers the events of the whole day. At openHours, before the day is over, it
// measures warm queries.
func (s *simulation) runWithQueries(ctx context.Context, found *results, events []event.Event, devices []device) error {
	past := arrivedBy(events, openHours*time.Hour)
	if err := s.run(ctx, events[:past], 1); err != nil {
		return err
	}
	seen := map[event.ClientID]bool{}
	for _, e := range events[:past] {
		seen[e.ClientID] = true
	}
	devices = slices.DeleteFunc(devices, func(d device) bool { return !seen[d.client] })
	c, err := queries{256, true, sample(devices, 200)}.cost(ctx, s.store)
	if err != nil {
		return err
	}
	found.add("Day/open", float64(c.maxRequests), "requests")
	found.add("Day/open", float64(c.maxRounds), "round-trips")
	found.add("Day/open", c.meanKB, "KB")
	return s.run(ctx, events[past:], 1)
}

// arrivedBy returns the number of events that arrived before the given time of the day.
func arrivedBy(events []event.Event, timeOfDay time.Duration) int {
	byArrivalTime := func(e event.Event, t time.Time) int { return e.ReceivedAt.Compare(t) }
	n, _ := slices.BinarySearchFunc(events, today.Add(timeOfDay), byArrivalTime)
	return n
}

// rowsAt returns the number of rows to simulate. millions is the value of SCALE. If millions is at
// least fullPartition, the result is the given number. Otherwise, rowsAt reduces the given number
// in proportion to millions. The result is never below 200.
func rowsAt(millions float64, rows int) int {
	return max(int(float64(rows)*min(1, millions/fullPartition)), 200)
}
