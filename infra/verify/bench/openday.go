package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"devicetrace/pkg/event"
	"devicetrace/pkg/query"
)

// openDays simulates the same day of a partition with different recorders. At openHours, it measures
// queries.
type openDays struct {
	found   *results
	dir     string
	events  []event.Event // in order of arrival
	devices []device
	repeats int // how often each question about the fleet is asked
}

// few simulates the whole day with four recorders. At openHours, it also measures questions about
// the fleet.
func (d openDays) few(ctx context.Context) error {
	s, rest, err := d.until(ctx, fewWriters, func(events []event.Event) deliveries { return inBatches(events, 1) })
	if err != nil {
		return err
	}
	if err := errors.Join(d.measure(ctx, s, "writers=4"), d.measureFleet(ctx, s)); err != nil {
		return err
	}
	if err := s.run(ctx, inBatches(rest, 64)); err != nil {
		return err
	}
	s.report(d.found, "Day/shards=16", len(d.events))
	return nil
}

// many simulates the day with sixty recorders until openHours.
func (d openDays) many(ctx context.Context) error {
	s, _, err := d.until(ctx, manyWriters, func(events []event.Event) deliveries { return inBatches(events, 1) })
	if err != nil {
		return err
	}
	return errors.Join(d.measure(ctx, s, "writers=60"), d.measureFleet(ctx, s))
}

// gathering simulates the day until openHours with one recorder that has many calls at a time and
// gathers their events before each put.
func (d openDays) gathering(ctx context.Context) error {
	s, _, err := d.until(ctx, 1, func(events []event.Event) deliveries { return gathered(events, gatherFor) })
	if err != nil {
		return err
	}
	return d.measure(ctx, s, "gathering")
}

// until simulates the day until openHours, and returns the events of the rest of the day. At
// openHours, the compactor is due but has not run yet, so there are as many objects as possible.
// Only the last half hour has the given deliveries, so that the open runs are as full as they would
// be on a whole day with such deliveries. Before that, events are delivered 64 at a time.
func (d openDays) until(ctx context.Context, writers int, last func([]event.Event) deliveries) (s *simulation, rest []event.Event, err error) {
	if s, err = newSimulation(16, writers, d.dir); err != nil {
		return nil, nil, err
	}
	begin, end := arrivedBy(d.events, openHours*time.Hour-30*time.Minute), arrivedBy(d.events, openHours*time.Hour)
	err = errors.Join(s.run(ctx, inBatches(d.events[:begin], 64)), s.run(ctx, last(d.events[begin:end])))
	return s, d.events[end:], err
}

// measure measures warm queries of devices with events before openHours. It adds the figures under
// the name OpenDay/ followed by the given name.
func (d openDays) measure(ctx context.Context, s *simulation, name string) error {
	q := queries{query.Config{Shards: 16}, true, sample(d.active(), 50)}
	c, err := q.cost(ctx, s.store)
	if err != nil {
		return err
	}
	name = "OpenDay/" + name
	c.report(func(value float64, unit string) { d.found.add(name, value, unit) })
	return d.time(ctx, s, name, q)
}

// active returns the devices with events before openHours.
func (d openDays) active() []device {
	seen := map[event.ClientID]bool{}
	for _, e := range d.events[:arrivedBy(d.events, openHours*time.Hour)] {
		seen[e.ClientID] = true
	}
	return slices.DeleteFunc(slices.Clone(d.devices), func(d device) bool { return !seen[d.client] })
}

// time measures the durations of queries by a warm reader, on a store that is as slow as OSS. It
// compares them with a reader that makes at most 16 reads at a time. The two readers take turns.
func (d openDays) time(ctx context.Context, s *simulation, name string, q queries) error {
	narrow := q
	narrow.config.Parallel = 16
	wideTook, narrowTook := samples{}, samples{}
	var sides []side
	for _, one := range []side{{queries: q, took: &wideTook}, {queries: narrow, took: &narrowTook}} {
		var err error
		if one.reader, err = one.queries.reader(ctx, slowed{s.store}, 0); err != nil {
			return err
		}
		sides = append(sides, one)
	}
	for _, device := range sample(q.devices, 10*d.repeats) {
		for _, one := range sides {
			if err := one.ask(ctx, device); err != nil {
				return err
			}
		}
	}
	d.found.add(name, wideTook.median(), "p50-ms")
	d.found.add(name, wideTook.median()/narrowTook.median(), "time-ratio")
	return nil
}

// side is one of two readers whose durations are compared.
type side struct {
	queries queries
	reader  *query.Reader
	took    *samples // in ms
}

func (s side) ask(ctx context.Context, d device) error {
	began := time.Now()
	_, err := ask(ctx, s.reader, d)
	*s.took = append(*s.took, milliseconds(time.Since(began)))
	return err
}

// measureFleet measures questions about the whole fleet, each of whose shards has a copy of the
// simulated partition.
func (d openDays) measureFleet(ctx context.Context, s *simulation) error {
	store, err := s.spread(ctx)
	if err != nil {
		return err
	}
	return measureOpenFleet(ctx, d.found, store, len(s.writers), d.repeats)
}
