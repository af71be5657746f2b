package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
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
	gatherFor    = time.Second     // how long a concurrent recorder with LINGER gathers events before a put
	compactEvery = 5 * time.Minute // interval of the compactor's timer
	openHours    = 18              // hour of the queries, before the day is over
)

// deliveries is a sequence of deliveries, each of which is a list of events.
type deliveries = iter.Seq[[]event.Event]

// inBatches returns deliveries of n events each.
func inBatches(events []event.Event, n int) deliveries { return slices.Chunk(events, n) }

// gathered returns deliveries that each hold the events of one window. They lead to the same
// objects as a writer that gathers events for that long before a put.
func gathered(events []event.Event, window time.Duration) deliveries {
	return func(yield func([]event.Event) bool) {
		for len(events) > 0 {
			end := events[0].ReceivedAt.Add(window)
			n := slices.IndexFunc(events, func(e event.Event) bool { return !e.ReceivedAt.Before(end) })
			if n < 0 {
				n = len(events)
			}
			if !yield(events[:n]) {
				return
			}
			events = events[n:]
		}
	}
}

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

	copies []*memstore.Store // of the bucket at several times
}

func newSimulation(shards, writers int, dir string) (*simulation, error) {
	s := &simulation{store: memstore.New(), now: today, nextRun: today.Add(compactEvery)}
	s.partition = layout.Partition{Instance: instance, Shard: layout.Layout{Shards: shards}.AllShards()[0], Day: layout.DayOf(today)}
	clock := func() time.Time { return s.now }
	s.store.Now = clock
	for range writers {
		// Deletes must not run in the background, because they could then end at any time of the
		// simulated day.
		w, err := record.New(s.store, record.Config{Shards: shards, Now: clock, Background: func(delete func()) { delete() }})
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

// run makes each delivery at the time at which its last event was received.
func (s *simulation) run(ctx context.Context, all deliveries) error {
	for part := range all {
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
	report, err := s.compactor.Run(ctx, compact.Share{})
	if len(report.Failed) > 0 {
		err = errors.Join(err, fmt.Errorf("compact: %v", report.Failed))
	}
	s.written += report.Rows
	return err
}

// requests returns the number of requests that the compactor has made. Deletes are included in the
// number of puts.
func (s *simulation) requests() (puts, reads int) {
	return len(s.counted.Of(objstore.OpPut)) + len(s.counted.Of(objstore.OpDelete)), len(s.counted.Of(objstore.OpRead))
}

func (s *simulation) report(found *results, name string, rows int) {
	puts, reads := s.requests()
	found.add(name, float64(s.written)/float64(rows), "rewrites/event")
	found.add(name, float64(puts), "puts/day")
	found.add(name, float64(reads), "reads/day")
}

// simulateDays simulates one day of two partitions. One partition has 35,000 rows and receives one
// event at a time. The other partition has 600,000 rows; see openDays.
func simulateDays(ctx context.Context, found *results, dir string, millions float64) error {
	events, devices := partitionEvents(16, rowsAt(millions, 600_000))
	d := openDays{found: found, dir: dir, events: events, devices: devices, asked: 6, repeats: 3}
	if millions < fullPartition {
		d.asked, d.repeats = 2, 1
	}
	small := func() error { return simulateSmall(ctx, found, dir, rowsAt(millions, 35_000)) }
	return errors.Join(
		found.part("days/simulate", func() error { return d.simulate(ctx, small) }),
		found.part("days/measure", func() error { return d.measureAll(ctx) }),
	)
}

// simulateSmall simulates the day of a partition that receives one event at a time.
func simulateSmall(ctx context.Context, found *results, dir string, rows int) error {
	s, err := newSimulation(256, fewWriters, dir)
	if err != nil {
		return err
	}
	events, _ := partitionEvents(256, rows)
	if err := s.run(ctx, inBatches(events, 1)); err != nil {
		return err
	}
	s.report(found, "Day/shards=256", len(events))
	return nil
}

// copyBucket adds a copy of the bucket to s.copies.
func (s *simulation) copyBucket(ctx context.Context) error {
	to := memstore.New()
	s.copies = append(s.copies, to)
	return s.copyTo(ctx, to, func(key string) []string { return []string{key} })
}

// spread returns a bucket for a whole fleet's day, with a copy of the simulated partition in each
// shard. The copies all have the same clients, although a client belongs in one shard only. This
// does not change the cost of a question.
func (s *simulation) spread(ctx context.Context) (*memstore.Store, error) {
	to := memstore.New()
	return to, s.copyTo(ctx, to, s.keysInAllShards)
}

// copyTo copies each object to the keys that the function keys returns for the object's key.
func (s *simulation) copyTo(ctx context.Context, to *memstore.Store, keys func(string) []string) error {
	objects, err := objstore.All(ctx, s.store, "", "")
	if err != nil {
		return err
	}
	for _, o := range objects {
		data, err := s.store.Read(ctx, o.Key, 0, o.Size)
		if errors.Is(err, fs.ErrNotExist) {
			continue // superseded; the recorder deletes such objects in the background
		}
		if err != nil {
			return err
		}
		for _, key := range keys(o.Key) {
			if err := to.Put(ctx, key, bytes.NewReader(data), o.Size); err != nil {
				return err
			}
		}
	}
	return nil
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
