package main

import (
	"context"
	"fmt"
	"slices"
)

// steady is a simulated day: what compaction leaves a query to read, and how often it
// writes a row.
func (b *bench) steady(ctx context.Context) error {
	o, err := b.evening(ctx)
	if err != nil {
		return err
	}
	if err := o.rest(ctx); err != nil {
		return err
	}
	b.addSteady("one of 256 shards, 1 event at a time", o.sim, len(o.events))
	return b.steadyBatches(ctx)
}

// steadyBatches is a larger partition. Its recorders get more events at a time, so that
// the simulation ends in time; runs are as full as with single ones.
func (b *bench) steadyBatches(ctx context.Context) error {
	const batch = 64
	rows := 600_000
	if b.scale < 0.1 {
		rows /= 4
	}
	events, _ := partitionEvents(16, b.partitionRows(rows))
	sim, err := newSimulation(16, b.dir)
	if err != nil {
		return err
	}
	if err := sim.run(ctx, events, batch); err != nil {
		return err
	}
	b.addSteady(fmt.Sprintf("one of 16 shards, %d events at a time", batch), sim, len(events))
	return nil
}

func (b *bench) addSteady(of string, sim *simulation, rows int) {
	of = fmt.Sprintf("a day of %s events, %d writers, %s", short(float64(rows)), writers, of)
	worst := sim.worst()
	var all []int
	beyond := 0
	for _, l := range sim.live {
		all = append(all, l.all)
		if l.all > l.bound() {
			beyond++
		}
	}
	slices.Sort(all)
	b.add(of+": live objects, at the worst moment", float64(worst.all), "objects", atMost(float64(worst.bound())))
	b.show(of+": moments with more than writers + 8 a level", 100*float64(beyond)/float64(len(all)), "%")
	b.show(of+": live objects, median", float64(all[len(all)/2]), "objects")
	b.show(of+": live objects, most", float64(all[len(all)-1]), "objects")
	b.add(of+": rewrites by the compactor", float64(sim.compacted)/float64(rows), "per row", atMost(4))
	puts, reads := sim.requests()
	b.show(of+": puts and deletes of the compactor", puts, "a day")
	b.show(of+": reads of the compactor", reads, "a day")
	if b.costs.rewrites == 0 {
		b.costs.rewrites, b.costs.mergePuts, b.costs.mergeReads = float64(sim.compacted)/float64(rows), puts, reads
	}
}
