package main

import (
	"fmt"
	"io"
	"math"
	"text/tabwriter"
)

// deployment describes a fleet and how its devices are recorded and queried.
type deployment struct {
	devices          float64
	eventsPerDevice  float64 // events per device and day
	batch            int     // events per webhook
	shards           int
	retention        float64 // days
	queriesPerDevice float64 // queries per device per day
}

// costs holds the measured cost of each operation. CPU times are in seconds. Put-class requests are
// puts, deletes and lists.
type costs struct {
	recordPuts  float64 // put-class requests per partition that a webhook's events fall into
	recordCPU   float64 // CPU time per webhook, for webhooks with one event
	batchCPU    float64 // CPU time per partition that a batch of several events falls into
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

// measuredCosts derives the costs from the measurements, most of which were made on partitions with
// 35,000 rows. It returns an error if a measurement is missing.
func measuredCosts(found *results) (costs, error) {
	var missing error
	value := func(benchmark, unit string) float64 {
		v, ok := found.values[metric{benchmark, unit}]
		if !ok && missing == nil {
			missing = fmt.Errorf("price a month: no measurement of %s in %s", benchmark, unit)
		}
		return v
	}
	const warm, single, batch = "Query/shards=256/rows=35000/warm", "Record/events=1/growing-run", "Record/events=100/16-partitions"
	return costs{
		recordPuts:  value(single, "requests/op"),
		recordCPU:   value(single, "cpu-ms/op") / 1e3,
		batchCPU:    value(batch, "cpu-ms/op") / 1e3 / value(batch, "puts/op"),
		queryCPU:    value(warm, "cpu-ms/op") / 1e3,
		queryLists:  1,
		queryReads:  value(warm, "mean-requests") - 1,
		queryRounds: value(warm, "round-trips"),
		mergeCPU:    1 / value("Merge/rows=600000/closed", "verified-rows/cpu-s"),
		rewrites:    value("Day/shards=256", "rewrites/event"),
		mergePuts:   value("Day/shards=256", "puts/day"),
		mergeReads:  value("Day/shards=256", "reads/day"),
		storedBytes: value("Merge/rows=35000/closed", "B/event"),
		roundTrip:   meanRoundTrip(),
	}, missing
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

// units returns the compute units (CU) for the given number of calls, each of which takes the given
// number of seconds.
func (s size) units(t tariffs, calls, seconds float64) float64 {
	return calls*t.calls/10_000 + calls*seconds*(s.vcpu*t.vcpu+s.gigabytes*t.memory)
}

// touchedShards returns the average number of shards that the events of one batch fall into.
func touchedShards(shards, batch int) float64 {
	s := float64(shards)
	return s * (1 - math.Pow(1-1/s, float64(batch)))
}

// bill returns the cost of a month. A function is charged for the duration of its calls, with a
// minimum charge for each hour. The duration of a call has two parts:
//
//   - the call's CPU time, divided by the number of vCPUs of an instance
//   - the time that the call waits for the store
//
// If a call makes several requests at the same time, it waits for the slowest one.
func bill(d deployment, c costs, t tariffs) month {
	events := d.devices * d.eventsPerDevice * daysPerMonth
	webhooks := events / float64(d.batch)
	partitions := touchedShards(d.shards, d.batch)
	queries := d.devices * d.queriesPerDevice * daysPerMonth

	cpu := c.recordCPU
	if d.batch > 1 {
		cpu = partitions * c.batchCPU
	}
	recorder := small.units(t, webhooks, cpu/small.vcpu+slowest(partitions))
	query := small.units(t, queries, c.queryCPU/small.vcpu+c.queryRounds*c.roundTrip)

	partitionDays := float64(d.shards) * daysPerMonth
	merges := partitionDays * (c.mergePuts + c.mergeReads)
	lists := float64(ticksPerMonth * d.shards)
	busy := events*c.rewrites*c.mergeCPU/large.vcpu + (merges+lists)*c.roundTrip
	compactor := large.units(t, ticksPerMonth, busy/ticksPerMonth)

	puts := webhooks*partitions*c.recordPuts + queries*c.queryLists + partitionDays*c.mergePuts + lists
	gets := queries*c.queryReads + partitionDays*c.mergeReads
	units := recorder + query + compactor
	share := func(part float64) float64 { return max(t.compute(units)*part/units, t.hour*hoursPerMonth) }
	return month{
		storage:  events / daysPerMonth * d.retention * c.storedBytes / gigabyte * t.storage,
		requests: puts/10_000*t.puts + gets/10_000*t.gets,
		recorder: share(recorder), query: share(query), compactor: share(compactor),
	}
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

// printPrices prints the monthly bills for fleets of three sizes, at list prices.
func printPrices(out io.Writer, found *results) error {
	c, err := measuredCosts(found)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "\nyuan a month: devices\tshards\tevents/webhook\tstorage\trequests\trecorder\tquery\tcompactor\ttotal\t")
	for _, d := range []deployment{
		{devices: 1e4, shards: 16}, {devices: 1e6, shards: 16}, {devices: 1e6, shards: 256}, {devices: 1e8, shards: 4096},
	} {
		d.eventsPerDevice, d.retention, d.queriesPerDevice = 10, 30, 0.01
		for _, d.batch = range []int{1, 100} {
			m := bill(d, c, listPrices)
			fmt.Fprintf(table, "%.0f\t%d\t%d\t%.1f\t%.1f\t%.1f\t%.1f\t%.1f\t%.0f\t\n", d.devices, d.shards, d.batch,
				m.storage, m.requests, m.recorder, m.query, m.compactor, m.total())
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	return printFleetPrices(out, found, listPrices)
}

// questionCosts holds the measured cost of a question about a fleet.
type questionCosts struct {
	lists, reads, rounds float64
	cpu                  float64 // seconds
}

// price returns the price of one question, in yuan. It uses the first tier's price of compute units
// and ignores the minimum charge for an hour.
func (c questionCosts) price(t tariffs) float64 {
	waiting := c.rounds * slowest((c.lists+c.reads)/c.rounds)
	units := small.units(t, 1, c.cpu/small.vcpu+waiting)
	return (c.lists*t.puts+c.reads*t.gets)/10_000 + units*t.units[0]
}

// fleetQuestions lists the measured questions about a fleet.
var fleetQuestions = []string{
	"FleetQuestion/closed", "FleetQuestion/closed/drops", "FleetQuestion/closed/finder",
	"FleetQuestion/open/writers=4", "FleetQuestion/open/writers=60",
}

// printFleetPrices prints the prices of questions about a fleet, and of storing the summaries that
// they read.
func printFleetPrices(out io.Writer, found *results, t tariffs) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "\nyuan: questions about a fleet\t1,000 times\t")
	for _, name := range fleetQuestions {
		value := func(unit string) float64 { return found.values[metric{name, unit}] }
		c := questionCosts{value("lists"), value("requests") - value("lists"), value("round-trips"), value("cpu-ms") / 1e3}
		if c.rounds == 0 {
			return fmt.Errorf("price a question: no measurement of round-trips in %s", name)
		}
		fmt.Fprintf(table, "%s\t%.3f\t\n", name, 1000*c.price(t))
	}
	const events = 1e6 * 10 * 30 // a million devices with 10 events a day, for 30 days
	stored := events * found.values[metric{"Fleet/shards=16", "summaries-B/event"}] / gigabyte
	fmt.Fprintf(table, "a month of summaries of 1,000,000 devices, kept for 30 days\t%.2f\t\n", stored*t.storage)
	return table.Flush()
}
