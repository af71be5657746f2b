package main

import (
	"context"
	"fmt"
	"slices"

	"devicetrace/infra/local/sim"
	"devicetrace/pkg/event"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/memstore"
	"devicetrace/pkg/record"
)

// recorder is what a webhook costs: decoding, the run's rows, encoding, and a put into
// memory. Rates are per second of CPU, the garbage collector's included.
func (b *bench) recorder(ctx context.Context) error {
	one, _ := partitionEvents(16, b.partitionRows(60_000))
	for _, c := range []struct {
		batch int
		rate  figure
		each  figure
	}{{1, figure{}, atMost(100)}, {100, figure{}, figure{}}, {1000, atLeast(250_000), figure{}}} {
		what := fmt.Sprintf("%s a webhook, one partition, empty run", countOf(c.batch))
		cost, err := b.recordAll(ctx, one, c.batch, true)
		if err != nil {
			return err
		}
		b.add(what, cost.rate(), "events/s per core", c.rate.when(b.whole() == "", b.whole()))
		b.add(what+": each", cost.each(), "µs of CPU", c.each)
		b.add(what+": puts", cost.puts, "a webhook", atMost(1))
	}
	if err := b.recordLife(ctx, one); err != nil {
		return err
	}
	return b.recordWide(ctx)
}

// recordLife is single events in one partition, run after run.
func (b *bench) recordLife(ctx context.Context, events []event.Event) error {
	cost, err := b.recordAll(ctx, events[:min(len(events), 20*runRows)], 1, false)
	if err != nil {
		return err
	}
	b.add("1 event a webhook, one partition, mean over a run's life", cost.each(), "µs of CPU", atMost(300))
	b.add("1 event a webhook, one partition, over a run's life: puts", cost.puts, "a webhook", atMost(1))
	b.costs.recordSingle = cost
	return nil
}

// recordWide is webhooks whose events touch all 16 partitions, with runs open there.
func (b *bench) recordWide(ctx context.Context) error {
	var events []event.Event
	for e := range sim.Day(sim.Config{Seed: fleetSeed, Day: today, Devices: b.partitionRows(100_000) / 10}) {
		events = append(events, e)
	}
	slices.SortStableFunc(events, func(a, b event.Event) int { return a.ReceivedAt.Compare(b.ReceivedAt) })
	for _, batch := range []int{1, 100, 1000} {
		what := fmt.Sprintf("%s a webhook, 16 partitions, open runs", countOf(batch))
		cost, err := b.recordAll(ctx, events[:min(len(events), 20_000*batch)], batch, false)
		if err != nil {
			return err
		}
		b.show(what, cost.rate(), "events/s per core")
		b.show(what+": each", cost.each(), "µs of CPU")
		b.show(what+": requests", cost.requests, "a webhook")
		if batch == 100 {
			b.costs.recordBatch = cost
		}
	}
	return nil
}

// recordCost is what webhooks cost on average.
type recordCost struct {
	webhooks, events int
	took             timing
	puts, requests   float64 // a webhook
	putBytes         float64
}

func (c recordCost) rate() float64 { return perSecond(int64(c.events), c.took.cpu) }
func (c recordCost) each() float64 { return microseconds(c.took.cpu) / float64(c.webhooks) }

// recordAll records events as webhooks of so many: each into an empty run, or run after run.
func (b *bench) recordAll(ctx context.Context, events []event.Event, batch int, empty bool) (recordCost, error) {
	hooks, err := webhooksOf(events, batch)
	if err != nil {
		return recordCost{}, err
	}
	if empty { // they can come again, so that measuring takes a second or so
		hooks = again(hooks, b.partitionRows(1_200_000)/(1000+batch))
	}
	// Pools and the heap are as they are in a process that has run for a while.
	if _, err := recordHooks(ctx, memstore.New(), hooks[:min(len(hooks), 100)], empty); err != nil {
		return recordCost{}, err
	}
	counting := objstore.NewCounting(memstore.New())
	cost, err := recordHooks(ctx, counting, hooks, empty)
	if err != nil {
		return cost, err
	}
	requests := counting.Requests()
	put, _ := counting.Bytes()
	n := float64(len(hooks))
	cost.puts = float64(len(counting.Of(objstore.OpPut))-1) / n // one is the marker
	cost.requests, cost.putBytes = float64(requests-3)/n, float64(put)/n
	return cost, nil
}

// again is so many webhooks, or more.
func again(hooks []webhook, n int) []webhook {
	once := len(hooks)
	for i := once; i < n; i++ {
		hooks = append(hooks, hooks[i%once])
	}
	return hooks
}

func recordHooks(ctx context.Context, store record.Store, hooks []webhook, empty bool) (c recordCost, err error) {
	w, err := record.New(store, record.Config{})
	if err != nil {
		return c, err
	}
	if err := w.Claim(ctx); err != nil {
		return c, err
	}
	c.took, err = timeEach(len(hooks), func(i int) error {
		events, err := hooks[i].decode()
		if err != nil {
			return err
		}
		c.events += len(events)
		c.webhooks++
		if err := w.Append(ctx, events); err != nil || !empty {
			return err
		}
		return w.Close(ctx) // so that the next one finds no run
	})
	return c, err
}

// webhooksOf is webhooks of full batches, up to so many that measuring takes a second
// or two.
func webhooksOf(events []event.Event, batch int) (hooks []webhook, err error) {
	const most = 3000
	events = ofEMQX(events)
	for part := range slices.Chunk(events, batch) {
		if len(hooks) == most || len(part) < batch && len(hooks) > 0 {
			break
		}
		hook, err := newWebhook(part)
		if err != nil {
			return nil, err
		}
		hooks = append(hooks, hook)
	}
	if len(hooks) == 0 {
		return nil, fmt.Errorf("no events of EMQX among %d", len(events))
	}
	return hooks, nil
}

func countOf(events int) string {
	if events == 1 {
		return "1 event"
	}
	return fmt.Sprintf("%d events", events)
}
