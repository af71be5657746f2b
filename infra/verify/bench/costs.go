package main

import (
	"context"
	"fmt"
)

// costs are what the sections measured and the priced sheet is made of.
type costs struct {
	storedBytes           float64 // compacted, an event
	query                 queryCost
	queryCPU              float64 // ms
	rewrites              float64 // of a row by the compactor
	mergePuts, mergeReads float64 // a partition and day
	recordSingle          recordCost
	recordBatch           recordCost
	mergeRate             float64 // rows per second of CPU, merged and verified
}

// unit is the same by the piece; false where a section that measures it did not run.
func (c costs) unit() (unit, bool) {
	if c.storedBytes == 0 || c.query.requests == 0 || c.rewrites == 0 || c.recordBatch.webhooks == 0 || c.mergeRate == 0 {
		return unit{}, false
	}
	return unit{
		putsPerPartition: c.recordSingle.requests,
		recordCPU:        c.recordSingle.each() / 1e6,
		batchCPU:         c.recordBatch.each() / 1e6 / c.recordBatch.puts,
		queryCPU:         c.queryCPU / 1e3,
		queryLists:       1,
		queryReads:       c.query.meanRequests - 1,
		queryRounds:      float64(c.query.rounds),
		mergeCPU:         1 / c.mergeRate,
		rewrites:         c.rewrites,
		mergePuts:        c.mergePuts,
		mergeReads:       c.mergeReads,
		storedBytes:      c.storedBytes,
		roundTrip:        meanRoundTrip(),
	}, true
}

// price is the sheet: what was counted and measured, for fleets of three sizes.
func (b *bench) price(context.Context) error {
	c, ok := b.costs.unit()
	if !ok {
		b.note("priced sheet", "needs the sections grow, recorder, compaction and steady in the same run")
		return nil
	}
	for _, t := range listPrices.all() {
		b.detail("price: "+t.String(), t.value, t.unit)
	}
	for _, u := range []use{
		{devices: 1e4, shards: 16}, {devices: 1e6, shards: 16}, {devices: 1e6, shards: 256}, {devices: 1e8, shards: 4096},
	} {
		u.eventsADevice, u.retention, u.queriesADevice = 10, 30, 0.01
		for _, u.batch = range []int{1, 100} {
			b.addBill(u, bill(u, c, listPrices))
		}
	}
	return nil
}

func (b *bench) addBill(u use, m month) {
	of := fmt.Sprintf("%s devices, %d shards, %s a webhook", short(u.devices), u.shards, countOf(u.batch))
	for _, part := range []struct {
		name string
		yuan float64
	}{
		{"  OSS storage, 30 days", m.storage}, {"  OSS requests", m.requests},
		{"  FC recorder", m.recorder}, {"  FC query, 1 in 100 devices asked for a day", m.query}, {"  FC compactor", m.compactor},
	} {
		b.detail(of+":"+part.name, part.yuan, "yuan a month")
	}
	b.show(of, m.total(), "yuan a month")
}
