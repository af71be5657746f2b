package main

import (
	"fmt"
	"math"
)

// deployment describes a fleet and how its devices are recorded and queried.
type deployment struct {
	devices          float64
	eventsPerDevice  float64 // events per device and day
	shards           int
	retention        float64 // days
	queriesPerDevice float64 // queries per device per day
}

// million is the fleet for which the deployments of the recorder are compared.
var million = deployment{devices: 1e6, eventsPerDevice: 10, shards: 16, retention: daysPerMonth, queriesPerDevice: 0.01}

func (d deployment) events() float64 { return d.devices * d.eventsPerDevice * daysPerMonth }

// recording holds the average cost of recording one event.
type recording struct {
	calls   float64 // calls of the function
	puts    float64 // puts, deletes and lists
	seconds float64 // seconds of a function instance that are charged
}

// costs holds the measured cost of each operation, except for recording. CPU times are in seconds.
type costs struct {
	queryCPU    float64
	queryLists  float64
	queryReads  float64
	queryRounds float64
	mergeCPU    float64 // CPU time for the compactor to write and verify a row
	rewrites    float64 // number of times that the compactor writes each row
	mergePuts   float64 // puts and deletes that the compactor makes per partition
	mergeReads  float64 // reads by the compactor per partition
	storedBytes float64 // bytes per event
	roundTrip   float64 // mean duration of a request, in seconds
}

// lookup reads measurements. err is the error for the first missing one.
type lookup struct {
	found *results
	err   error
}

func (l *lookup) value(benchmark, unit string) float64 {
	v, ok := l.found.values[metric{benchmark, unit}]
	if !ok && l.err == nil {
		l.err = fmt.Errorf("price a month: no measurement of %s in %s", benchmark, unit)
	}
	return v
}

// measuredCosts derives the costs from the measurements, most of which were made on partitions with
// 35,000 rows.
func (l *lookup) measuredCosts() costs {
	const warm = "Query/shards=256/rows=35000/warm"
	return costs{
		queryCPU:    l.value(warm, "cpu-ms/op") / 1e3,
		queryLists:  1,
		queryReads:  l.value(warm, "mean-requests") - 1,
		queryRounds: l.value(warm, "round-trips"),
		mergeCPU:    1 / l.value("Merge/rows=600000/compact", "verified-rows/cpu-s"),
		rewrites:    l.value("Day/shards=256", "rewrites/event"),
		mergePuts:   l.value("Day/shards=256", "puts/day"),
		mergeReads:  l.value("Day/shards=256", "reads/day"),
		storedBytes: l.value("Merge/rows=35000/compact", "stored-B/event"),
		roundTrip:   meanRoundTrip(),
	}
}

// singly returns the costs of webhooks with one event on go1, calculated from the cost of one
// webhook.
func (l *lookup) singly() recording {
	const webhook = "Record/events=1"
	return recording{
		calls: 1, puts: l.value(webhook, "requests/op"),
		seconds: l.value(webhook, "cpu-ms/op")/1e3/small.vcpu + slowest(1),
	}
}

// inBatches returns the costs of webhooks with 100 events on go1.
func (l *lookup) inBatches(shards int) recording {
	const webhook, batch = "Record/events=100", 100
	partitions := touchedShards(shards, batch)
	cpu := partitions * l.value(webhook, "cpu-ms/op") / 1e3 / l.value(webhook, "puts/op")
	return recording{
		calls: 1.0 / batch, puts: partitions * l.value("Record/events=1", "requests/op") / batch,
		seconds: (cpu/small.vcpu + slowest(partitions)) / batch,
	}
}

// delivered returns the costs of a deployment that was simulated; see TestDeliveries.
func (l *lookup) delivered(benchmark string) recording {
	return recording{
		calls: l.value(benchmark, "calls/event"), puts: l.value(benchmark, "requests/event"),
		seconds: l.value(benchmark, "billed-ms/event") / 1e3,
	}
}

// month is a monthly bill, in yuan.
type month struct {
	storage, requests, recorder, query, compactor float64
}

func (m month) total() float64 { return m.storage + m.requests + m.recorder + m.query + m.compactor }

const (
	daysPerMonth  = 30
	hoursPerMonth = 24 * daysPerMonth
	// ticksPerMonth is the number of times a month that the compactor's timer fires. Each time, the
	// compactor lists every shard once.
	ticksPerMonth = hoursPerMonth * 12
	gigabyte      = 1 << 30
)

// size is the size of a function instance, as set in s.yaml.
type size struct{ vcpu, gigabytes float64 }

var (
	small = size{0.5, 0.5} // an instance of the recorder or of the query function
	large = size{1, 1}     // an instance of the compactor
)

// units returns the compute units (CU) for the given number of calls and the given number of
// seconds of an instance.
func (s size) units(t tariffs, calls, seconds float64) float64 {
	return calls*t.calls/10_000 + seconds*(s.vcpu*t.vcpu+s.gigabytes*t.memory)
}

// touchedShards returns the average number of shards that the events of one batch fall into.
func touchedShards(shards, batch int) float64 {
	s := float64(shards)
	return s * (1 - math.Pow(1-1/s, float64(batch)))
}

// bill returns the cost of a month. An instance of a function is charged for the time during which
// it has at least one call, with a minimum charge for each hour. This time has two parts:
//
//   - the CPU time of the calls, divided by the number of vCPUs of an instance
//   - the time that the calls wait for the store
//
// If a call makes several requests at the same time, it waits for the slowest one. A recording
// without calls comes from a plain server. The bill does not include the server's price.
func bill(d deployment, r recording, c costs, t tariffs) month {
	events := d.events()
	queries := d.devices * d.queriesPerDevice * daysPerMonth
	recorder := small.units(t, events*r.calls, events*r.seconds)
	query := small.units(t, queries, queries*(c.queryCPU/small.vcpu+c.queryRounds*c.roundTrip))

	partitionDays := float64(d.shards) * daysPerMonth
	merges := partitionDays * (c.mergePuts + c.mergeReads)
	lists := float64(ticksPerMonth * d.shards)
	busy := events*c.rewrites*c.mergeCPU/large.vcpu + (merges+lists)*c.roundTrip
	compactor := large.units(t, ticksPerMonth, busy)

	puts := events*r.puts + queries*c.queryLists + partitionDays*c.mergePuts + lists
	gets := queries*c.queryReads + partitionDays*c.mergeReads
	units := recorder + query + compactor
	share := func(part float64) float64 { return max(t.compute(units)*part/units, t.hour*hoursPerMonth) }
	m := month{
		storage:  events / daysPerMonth * d.retention * c.storedBytes / gigabyte * t.storage,
		requests: puts/10_000*t.puts + gets/10_000*t.gets,
		query:    share(query), compactor: share(compactor),
	}
	if r.calls > 0 {
		m.recorder = share(recorder)
	}
	return m
}

// slowest estimates the duration of the slowest of n simultaneous requests, in seconds. The
// estimate is the duration that a request exceeds with probability 1/(n+1). For a single request,
// however, slowest returns the mean duration.
func slowest(n float64) float64 {
	if n <= 1 {
		return meanRoundTrip()
	}
	deviations := math.Sqrt2 * math.Erfinv(2*n/(n+1)-1)
	return ossMedian.Seconds() * math.Exp(ossSpread()*deviations)
}

// meanRoundTrip returns the mean duration, in seconds, of a request to OSS.
func meanRoundTrip() float64 {
	return ossMedian.Seconds() * math.Exp(ossSpread()*ossSpread()/2)
}
