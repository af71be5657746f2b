package main

import (
	"context"
	"fmt"
	"slices"
)

// steady is a simulated day: what compaction leaves a query to read, and how often it
// writes a row.
func (b *bench) steady(ctx context.Context) error {
	for _, c := range []struct{ shards, rows, batch int }{{256, 35_000, 1}, {16, 600_000, 64}} {
		events, _ := partitionEvents(c.shards, b.partitionRows(c.rows))
		sim, err := newSimulation(c.shards, b.dir)
		if err != nil {
			return err
		}
		if err := sim.run(ctx, events, c.batch); err != nil {
			return err
		}
		b.addSteady(fmt.Sprintf("a day of %s events, %d at a time, %d writers", short(float64(len(events))), c.batch, writers), sim, len(events))
	}
	return nil
}

func (b *bench) addSteady(of string, sim *simulation, rows int) {
	worst := sim.worst()
	var all []int
	for _, l := range sim.live {
		all = append(all, l.all)
	}
	slices.Sort(all)
	b.add(of+": live objects, when nearest to writers + 8 a level", float64(worst.all), "", atMost(float64(worst.bound())))
	b.show(of+": live objects, median", float64(all[len(all)/2]), "")
	b.show(of+": live objects, most", float64(all[len(all)-1]), "")
	b.add(of+": rewrites by the compactor", float64(sim.compacted)/float64(rows), "per row", atMost(4))
	puts, reads := sim.requests()
	b.show(of+": puts and deletes of the compactor", puts, "a day")
	b.show(of+": reads of the compactor", reads, "a day")
	b.costs.rewrites, b.costs.mergePuts, b.costs.mergeReads = float64(sim.compacted)/float64(rows), puts, reads
}
