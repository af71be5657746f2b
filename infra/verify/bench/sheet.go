package main

import "math"

// use is how a deployment is used.
type use struct {
	devices        float64
	eventsADevice  float64 // a day
	batch          int     // events a webhook
	shards         int
	retention      float64 // days
	queriesADevice float64 // a day
}

// unit is what one of each thing takes, as measured.
type unit struct {
	putsPerPartition float64 // put-class requests of a webhook for each partition that it touches
	recordCPU        float64 // seconds, of a webhook of one event
	batchCPU         float64 // seconds, of each partition that a larger webhook touches
	queryCPU         float64 // seconds
	queryLists       float64 // put-class requests of a query
	queryReads       float64
	queryRounds      float64
	mergeCPU         float64 // seconds a row written by the compactor, with its check
	rewrites         float64 // of a row
	mergePuts        float64 // put-class requests of the compactor for a partition and day, without its lists
	mergeReads       float64
	storedBytes      float64 // an event
	roundTrip        float64 // seconds, on average
}

// month is a monthly bill, in yuan.
type month struct {
	storage, requests, recorder, query, compactor float64
}

func (m month) total() float64 { return m.storage + m.requests + m.recorder + m.query + m.compactor }

const (
	daysAMonth   = 30
	hoursAMonth  = 24 * daysAMonth
	ticksAMonth  = hoursAMonth * 12 // of the compactor's timer, each five minutes
	gigabyte     = 1 << 30
	pageOfAShard = 1 // a listing request each shard and tick
)

// instance is a function's size, as in s.yaml.
type instance struct{ vcpu, gigabytes float64 }

var (
	small = instance{0.5, 0.5} // recorder and query
	large = instance{1, 1}     // compactor
)

// units is what calls of a function take that last so many seconds each.
func (i instance) units(t tariffs, calls, seconds float64) float64 {
	return calls*t.calls.value/10_000 + calls*seconds*(i.vcpu*t.vcpu.value+i.gigabytes*t.memory.value)
}

// touched is how many of all shards a batch falls into, on average.
func touched(shards, batch int) float64 {
	s := float64(shards)
	return s * (1 - math.Pow(1-1/s, float64(batch)))
}

// bill is a month of a deployment. A function is paid for as long as a call lasts:
// for its CPU, on its share of one, and while it waits for the store. Requests that
// are made at once are waited for once; of many the slowest is waited for.
func bill(u use, c unit, t tariffs) month {
	events := u.devices * u.eventsADevice * daysAMonth
	webhooks := events / float64(u.batch)
	partitions := touched(u.shards, u.batch)
	queries := u.devices * u.queriesADevice * daysAMonth

	cpu := c.recordCPU
	if u.batch > 1 {
		cpu = partitions * c.batchCPU
	}
	recorder := small.units(t, webhooks, cpu/small.vcpu+slowest(partitions))
	query := small.units(t, queries, c.queryCPU/small.vcpu+c.queryRounds*c.roundTrip)

	partitionDays := float64(u.shards) * daysAMonth
	merges := partitionDays * (c.mergePuts + c.mergeReads)
	lists := float64(ticksAMonth*u.shards) * pageOfAShard
	busy := events*c.rewrites*c.mergeCPU/large.vcpu + (merges+lists)*c.roundTrip
	compactor := large.units(t, ticksAMonth, busy/ticksAMonth)

	puts := webhooks*partitions*c.putsPerPartition + queries*c.queryLists + partitionDays*c.mergePuts + lists
	gets := queries*c.queryReads + partitionDays*c.mergeReads
	least := t.hour.value * hoursAMonth
	all := t.compute(recorder + query + compactor)
	share := func(units float64) float64 { return max(all*units/(recorder+query+compactor), least) }
	return month{
		storage:  events / daysAMonth * u.retention * c.storedBytes / gigabyte * t.storage.value,
		requests: puts/10_000*t.puts.value + gets/10_000*t.gets.value,
		recorder: share(recorder), query: share(query), compactor: share(compactor),
	}
}

// slowest is how long so many requests at once take, in seconds: the time that one in
// n+1 exceeds.
func slowest(n float64) float64 {
	if n <= 1 {
		return meanRoundTrip()
	}
	deviations := math.Sqrt2 * math.Erfinv(2*n/(n+1)-1)
	return ossMedian.Seconds() * math.Exp(ossSpread()*deviations)
}

// meanRoundTrip is the mean of the delay of a request, in seconds.
func meanRoundTrip() float64 {
	return ossMedian.Seconds() * math.Exp(ossSpread()*ossSpread()/2)
}
