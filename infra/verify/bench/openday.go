package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"devicetrace/pkg/event"
	"devicetrace/pkg/parallel"
	"devicetrace/pkg/query"
)

// openDays simulates one day of a partition, once for each kind of recorder. It measures queries at
// several instants up to openHours.
type openDays struct {
	found   *results
	dir     string
	events  []event.Event // in order of arrival
	devices []device
	asked   int // the number of devices that are asked about at each instant
	repeats int // how often each question about the fleet is asked

	few       *simulation // with four recorders
	many      *simulation // with sixty recorders
	gathering *simulation // with one recorder that has many calls at a time and gathers their events
}

// simulate simulates the day until openHours with each kind of recorder. It runs these simulations
// and other in parallel.
func (d *openDays) simulate(ctx context.Context, other func() error) error {
	singly := func(events []event.Event) deliveries { return inBatches(events, 1) }
	perSecond := func(events []event.Event) deliveries { return gathered(events, gatherFor) }
	work := []func() error{
		func() (err error) { d.few, err = d.untilOpenHours(ctx, fewWriters, singly); return err },
		func() (err error) { d.many, err = d.untilOpenHours(ctx, manyWriters, singly); return err },
		func() (err error) { d.gathering, err = d.untilOpenHours(ctx, 1, perSecond); return err },
		other,
	}
	return parallel.Do(len(work), len(work), func(i int) error { return work[i]() })
}

// The bucket is copied several times until openHours, at different times of the compactor's cycle.
const (
	instants      = 6
	betweenCopies = 160 * time.Second
	firstCopy     = openHours*time.Hour - (instants-1)*betweenCopies // time of day
)

// untilOpenHours simulates the day until openHours, and copies the bucket at each of the instants.
// At openHours, the compactor is due but has not run yet. last makes the deliveries of the last 45
// minutes, which is long enough to fill the open runs as on a whole day. Before that, events are
// delivered 64 at a time, which is faster.
func (d *openDays) untilOpenHours(ctx context.Context, writers int, last func([]event.Event) deliveries) (*simulation, error) {
	s, err := newSimulation(16, writers, d.dir)
	if err != nil {
		return nil, err
	}
	from := arrivedBy(d.events, openHours*time.Hour-45*time.Minute)
	if err := s.run(ctx, inBatches(d.events[:from], 64)); err != nil {
		return nil, err
	}
	for n := range instants {
		to := arrivedBy(d.events, firstCopy+time.Duration(n)*betweenCopies)
		if err := errors.Join(s.run(ctx, last(d.events[from:to])), s.copyBucket(ctx)); err != nil {
			return nil, err
		}
		from = to
	}
	return s, nil
}

// measureAll measures queries at all instants, and questions about the fleet at openHours. Then it
// simulates the rest of the day with four recorders.
func (d *openDays) measureAll(ctx context.Context) error {
	err := errors.Join(
		d.measure(ctx, d.few, "writers=4"), d.measureFleet(ctx, d.few),
		d.measure(ctx, d.many, "writers=60"), d.measureFleet(ctx, d.many),
		d.measure(ctx, d.gathering, "gathering"),
		d.few.run(ctx, inBatches(d.events[arrivedBy(d.events, openHours*time.Hour):], 64)),
	)
	d.few.report(d.found, "Day/shards=16", len(d.events))
	return err
}

// measure measures warm queries at all instants. It adds the figures under the benchmark
// OpenDay/name.
func (d *openDays) measure(ctx context.Context, s *simulation, name string) error {
	q := queries{query.Config{Shards: 16}, true, sample(d.active(), d.asked)}
	var all queryCost
	for _, bucket := range s.copies {
		c, err := q.cost(ctx, bucket)
		if err != nil {
			return err
		}
		all = all.and(c)
	}
	name = "OpenDay/" + name
	all.report(func(value float64, unit string) { d.found.add(name, value, unit) })
	q.devices = sample(d.active(), 5*d.asked)
	return d.time(ctx, s, name, q)
}

// active returns the devices that have events before the first instant.
func (d *openDays) active() []device {
	seen := map[event.ClientID]bool{}
	for _, e := range d.events[:arrivedBy(d.events, firstCopy)] {
		seen[e.ClientID] = true
	}
	return slices.DeleteFunc(slices.Clone(d.devices), func(d device) bool { return !seen[d.client] })
}

// time measures how long queries take a warm reader at openHours, on a store that is as slow as
// OSS. It compares the reader with one that lists before it reads, and makes at most 16 reads at a
// time. The two readers take turns.
func (d *openDays) time(ctx context.Context, s *simulation, name string, q queries) error {
	narrow := q
	narrow.config.Parallel, narrow.config.ListFirst = 16, true
	both := []*side{{queries: q}, {queries: narrow}}
	for _, one := range both {
		var err error
		if one.reader, err = one.queries.reader(ctx, slowed{s.store}, 0); err != nil {
			return err
		}
	}
	for _, device := range q.devices {
		for _, one := range both {
			if err := one.ask(ctx, device); err != nil {
				return err
			}
		}
	}
	d.found.add(name, both[0].took.median(), "p50-ms")
	d.found.add(name, both[0].took.median()/both[1].took.median(), "time-ratio")
	return nil
}

// side is one of two readers whose durations are compared.
type side struct {
	queries queries
	reader  *query.Reader
	took    samples // in ms
}

func (s *side) ask(ctx context.Context, d device) error {
	began := time.Now()
	_, err := ask(ctx, s.reader, d)
	s.took = append(s.took, milliseconds(time.Since(began)))
	return err
}

// measureFleet measures questions about the whole fleet. Every shard holds a copy of the simulated
// partition.
func (d *openDays) measureFleet(ctx context.Context, s *simulation) error {
	store, err := s.spread(ctx)
	if err != nil {
		return err
	}
	return measureOpenFleet(ctx, d.found, store, len(s.writers), d.repeats)
}
