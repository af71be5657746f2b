package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"devicetrace/pkg/compact"
	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/memstore"
	"devicetrace/pkg/record"
)

// compactEvery is the period of the compactor's timer.
const compactEvery = 5 * time.Minute

// simulation is a day of one partition by a clock of its own: several recorders, and
// the compactor every five minutes.
type simulation struct {
	shards    int
	store     *memstore.Store
	now       time.Time
	writers   []*record.Writer
	compactor *compact.Compactor
	next      time.Time // that the compactor runs

	appends   int
	counted   *objstore.Counting // what the compactor asks
	compacted int64              // rows written by the compactor
	live      []liveObjects
}

// liveObjects are what a query must read, at a moment.
type liveObjects struct {
	all, levels int
	most        int // of any compacted level
}

// bound is the figure to beat.
func (l liveObjects) bound() int { return writers + 8*l.levels }

func newSimulation(shards int, dir string) (*simulation, error) {
	s := &simulation{shards: shards, store: memstore.New(), now: today, next: today.Add(compactEvery)}
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

// run lets events arrive, so many at a time, each batch at the next of the writers.
func (s *simulation) run(ctx context.Context, events []event.Event, batch int) error {
	for part := range slices.Chunk(events, batch) {
		if err := s.wait(ctx, part[len(part)-1].ReceivedAt); err != nil {
			return err
		}
		if err := s.writers[s.appends%writers].Append(ctx, part); err != nil {
			return err
		}
		s.appends++
	}
	return nil
}

// wait lets time pass.
func (s *simulation) wait(ctx context.Context, until time.Time) error {
	for !s.next.After(until) {
		s.now = s.next
		if err := s.compact(ctx); err != nil {
			return err
		}
		s.next = s.next.Add(compactEvery)
	}
	s.now = until
	return ctx.Err()
}

// compact runs the compactor, and looks before and after it.
func (s *simulation) compact(ctx context.Context) error {
	if err := s.look(ctx); err != nil {
		return err
	}
	report, err := s.compactor.Run(ctx)
	if err != nil || len(report.Failed) > 0 {
		return fmt.Errorf("compact: %v: %w", report.Failed, err)
	}
	s.compacted += report.Rows
	return s.look(ctx)
}

func (s *simulation) look(ctx context.Context) error {
	objects, err := objstore.All(ctx, s.store, partitionOf(s.shards).Prefix(), "")
	if err != nil {
		return err
	}
	runs, compacted := layout.Heads(layout.Segments(objects))
	perLevel := map[int]int{}
	l := liveObjects{all: len(runs) + len(compacted), levels: 1}
	for _, c := range compacted {
		perLevel[c.Name.Level]++
		l.most = max(l.most, perLevel[c.Name.Level])
	}
	l.levels += len(perLevel)
	s.live = append(s.live, l)
	return nil
}

// requests are those of the compactor so far but its lists, by their price.
func (s *simulation) requests() (puts, reads float64) {
	for _, c := range s.counted.Calls() {
		switch c.Op {
		case objstore.OpPut, objstore.OpDelete:
			puts++
		case objstore.OpRead:
			reads++
		}
	}
	return puts, reads
}

// worst is the moment that is nearest to its bound, or furthest beyond it.
func (s *simulation) worst() (worst liveObjects) {
	for i, l := range s.live {
		if i == 0 || l.all-l.bound() > worst.all-worst.bound() {
			worst = l
		}
	}
	return worst
}
