package main

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"devicetrace/pkg/objstore"
	"devicetrace/pkg/query"
	"devicetrace/pkg/summary"
)

// fleetQuestion is a question about all devices of a fleet. The fleet's bucket has 16 shards. Each
// call of ask uses a new reader, as a new function instance would.
type fleetQuestion struct {
	name    string // of the benchmark
	request query.FleetRequest
	repeats int // how often the question is asked for each kind of measurement
}

// countFleet returns the question that the page asks about the day, up to the given time.
func countFleet(name string, until time.Time) fleetQuestion {
	return fleetQuestion{name, query.FleetRequest{InstanceID: instance, From: today, To: until, Totals: true}, 3}
}

// ask asks the question once. It returns an error if objects were not counted or there are no
// events. It accepts a result that covers only the shards for which the budget suffices.
func (q fleetQuestion) ask(ctx context.Context, store query.Store) (query.FleetResult, error) {
	reader, err := query.New(store, query.Config{Shards: 16})
	if err != nil {
		return query.FleetResult{}, err
	}
	result, err := reader.Fleet(ctx, q.request)
	switch {
	case err != nil:
		return result, err
	case len(result.NotCounted) > 0:
		return result, fmt.Errorf("%s: not counted: %v", q.name, result.NotCounted)
	case events(result) == 0:
		return result, fmt.Errorf("%s: no events", q.name)
	}
	return result, nil
}

// events returns the number of events in a result.
func events(result query.FleetResult) (n int64) {
	for i := range result.Sums.Cells {
		n += result.Sums.Cells[i].Events
	}
	return n
}

// measure asks the question and adds its figures to found: the number of shards counted, requests,
// bytes, round trips, CPU time and duration.
func (q fleetQuestion) measure(ctx context.Context, found *results, store objstore.Store) (query.FleetResult, error) {
	counting := objstore.NewCounting(store)
	result, err := q.ask(ctx, counting)
	if err != nil {
		return result, err
	}
	rounds, err := q.rounds(ctx, store)
	if err != nil {
		return result, err
	}
	used, took, err := q.time(ctx, store)
	if err != nil {
		return result, err
	}
	_, read := counting.Bytes()
	requests := float64(counting.Requests())
	found.add(q.name, float64(result.Shards), "counted-shards")
	found.add(q.name, requests, "requests")
	found.add(q.name, requests-float64(len(counting.Of(objstore.OpRead))), "lists")
	found.add(q.name, float64(read)/(1<<20), "MB")
	found.add(q.name, float64(rounds), "round-trips")
	found.add(q.name, milliseconds(used), "cpu-ms")
	found.add(q.name, took.percentile(50), "p50-ms")
	waiting := float64(rounds) * slowest(requests/float64(rounds))
	found.add(q.name, milliseconds(used)/small.vcpu+1e3*waiting, "half-cpu-ms")
	return result, nil
}

// rounds returns the number of round trips.
func (q fleetQuestion) rounds(ctx context.Context, store query.Store) (int, error) {
	return countWaves(store, func(gated query.Store) (func() error, error) {
		return func() error { _, err := q.ask(ctx, gated); return err }, nil
	})
}

// time returns the mean CPU time of the question on a store in memory, and its durations on a store
// that is as slow as OSS.
func (q fleetQuestion) time(ctx context.Context, store query.Store) (used time.Duration, took samples, err error) {
	runtime.GC()
	before := cpu()
	for range q.repeats {
		if _, err := q.ask(ctx, store); err != nil {
			return 0, nil, err
		}
	}
	used = (cpu() - before) / time.Duration(q.repeats)
	for range q.repeats {
		began := time.Now()
		if _, err := q.ask(ctx, slowed{store}); err != nil {
			return 0, nil, err
		}
		took = append(took, milliseconds(time.Since(began)))
	}
	return used, took, nil
}

// slowed is a store whose requests take as long as requests to OSS.
type slowed struct{ query.Store }

func (s slowed) Read(ctx context.Context, key string, off, n int64) ([]byte, error) {
	time.Sleep(likeOSS())
	return s.Store.Read(ctx, key, off, n)
}

func (s slowed) List(ctx context.Context, prefix, after string) (objstore.Page, error) {
	time.Sleep(likeOSS())
	return s.Store.List(ctx, prefix, after)
}

func (s slowed) Prefixes(ctx context.Context, prefix, after string) (objstore.PrefixPage, error) {
	time.Sleep(likeOSS())
	return s.Store.Prefixes(ctx, prefix, after)
}

// measureQuestions measures questions about the whole fleet after its day is over, and the size of
// the summaries that they read.
func (d *fleetDay) measureQuestions(ctx context.Context, found *results) error {
	whole := countFleet("FleetQuestion/closed", today.AddDate(0, 0, 1))
	result, err := whole.measure(ctx, found, d.store)
	if err != nil {
		return err
	}
	if n := events(result); !result.Exact || n != d.rows {
		return fmt.Errorf("%s: counted %d of %d events, exact: %v", whole.name, n, d.rows, result.Exact)
	}
	drops := whole
	drops.name += "/drops"
	drops.request.Drops = true
	if _, err := drops.measure(ctx, found, d.store); err != nil {
		return err
	}
	if err := d.measureFinder(ctx, found, whole); err != nil {
		return err
	}
	d.reportSummaries(found, result.Sums.Totals.Devices)
	return nil
}

// measureFinder measures a search of the whole fleet for part of a client identifier.
func (d *fleetDay) measureFinder(ctx context.Context, found *results, q fleetQuestion) error {
	devices := 0
	q.name += "/finder"
	q.request.Totals, q.request.Devices = false, func(*summary.Device) error { devices++; return nil }
	q.request.Match = &query.DeviceMatch{ClientID: true, Text: partOfName(d.devices)}
	if _, err := q.measure(ctx, found, d.store); err != nil {
		return err
	}
	if devices == 0 {
		return fmt.Errorf("%s: no device has %q in its client identifier", q.name, q.request.Match.Text)
	}
	return nil
}

// partOfName returns the last five characters of a device's client identifier.
func partOfName(devices []device) string {
	name := devices[len(devices)/2].client
	return string(name[len(name)-5:])
}

// measureOpenFleet measures a question about a fleet on a day that is not over. It asks the
// question several times for each kind of measurement; repeats is the number of times.
func measureOpenFleet(ctx context.Context, found *results, store objstore.Store, writers, repeats int) error {
	q := countFleet(fmt.Sprintf("FleetQuestion/open/writers=%d", writers), today.Add(openHours*time.Hour))
	q.repeats = repeats
	_, err := q.measure(ctx, found, store)
	return err
}
