package main

import (
	"fmt"
	"slices"
)

// group is a set of figures that README.md explains together.
type group struct {
	title   string // the heading in README.md
	figures []figure
}

// fullPartition is the smallest SCALE at which simulated partitions have their full size.
const fullPartition = 0.01

// groups lists all figures, in the order of README.md.
var groups = []group{
	{"A device's day that is over", slices.Concat(
		closedDay(35_000, 256, limits{warmKB: 32, warmCPU: 0.45, coldKB: 54}),
		closedDay(350_000, 256, limits{coldKB: 100}),
		closedDay(600_000, 16, limits{warmCPU: 0.6}),
		[]figure{
			{"whole stack, warm query: p50", metric{"Stack/one-round-trip", "p50-ms"}, "ms", target{}},
			{"whole stack, warm query: p99", metric{"Stack/one-round-trip", "p99-ms"}, "ms", target{}},
			{"whole stack, warm query: p50 relative to two round trips", metric{"Stack/one-round-trip", "p50-ratio"}, "", atMost(0.72)},
			{"whole stack, warm query: p99 relative to two round trips", metric{"Stack/one-round-trip", "p99-ratio"}, "", atMost(0.75)},
			{"query function: start to ready", metric{"Start/query", "p50-ms"}, "ms", atMost(50)},
		},
	)},
	{"Thirty days of a device", []figure{
		{"30 closed days, first look: round trips", metric{"Month", "round-trips"}, "", atMost(4)},
		{"30 closed days, first look: requests", metric{"Month", "requests"}, "", atMost(64)},
		{"30 closed days, first look: waves", metric{"Month", "waves"}, "", target{}},
		{"30 closed days, first look: CPU", metric{"Month", "cpu-ms/op"}, "ms", atMost(30)},
		{"index of 35,000 rows: time to parse", metric{"Query/shards=256/rows=35000/index", "parse-ms"}, "ms", atMost(0.3)},
		{"index of 35,000 rows: memory", metric{"Query/shards=256/rows=35000/index", "memory-KB"}, "KB", atMost(64)},
		{"index of 600,000 rows: time to parse", metric{"Query/shards=16/rows=600000/index", "parse-ms"}, "ms", atMost(0.7)},
		{"index of 600,000 rows: memory", metric{"Query/shards=16/rows=600000/index", "memory-KB"}, "KB", atMost(200)},
		{"indexes of 30 days in 16 shards: memory", metric{"Query/shards=16/rows=600000/index", "month-MB"}, "MB", atMost(96)},
	}},
	{"A device's day that is not over", slices.Concat(
		openDay("writers=4", "4 writers", openLimits{}),
		openDay("writers=60", "60 writers", openLimits{waves: 3, medianKB: 900}),
		[]figure{{"open day, 60 writers, warm query: time relative to 16 reads at a time", metric{"OpenDay/writers=60", "time-ratio"}, "", atMost(0.7).from(fullPartition)}},
		openDay("gathering", "1 writer that gathers for 1 s", openLimits{medianRequests: 16, medianKB: 300}),
	)},
	{"Storage", []figure{
		{"event, 16 shards: bytes", metric{"Fleet/shards=16", "B/event"}, "B", atMost(16.0).from(1)},
		{"event, 256 shards: bytes", metric{"Fleet/shards=256", "B/event"}, "B", atMost(18.8).from(1)},
		{"event, 16 shards: bytes without random identifiers", metric{"Fleet/shards=16", "B/event-without-ids"}, "B", atMost(10.8).from(1)},
		{"event, 256 shards: bytes without random identifiers", metric{"Fleet/shards=256", "B/event-without-ids"}, "B", atMost(12.7).from(1)},
		{"summaries, relative to the events", metric{"Fleet/shards=16", "%-summaries"}, "%", atMost(30).from(1)},
	}},
	{"A month's bill", slices.Concat(
		bills("go1", "go1", atMost(865)),
		bills("concurrent", "concurrent", atMost(725)),
		bills("concurrent, linger 250 ms", "linger=250ms", atMost(550)),
		bills("concurrent, linger 1 s", "linger=1s", atMost(480)),
		[]figure{
			{"1,000,000 devices, server: price without the server", metric{"Bill/server", "CNY/month"}, "CNY", target{}},
			{"1,000,000 devices, server, linger 250 ms: price without the server", metric{"Bill/server/linger=250ms", "CNY/month"}, "CNY", target{}},
			{"1,000,000 devices, server, linger 1 s: price without the server", metric{"Bill/server/linger=1s", "CNY/month"}, "CNY", target{}},
			{"1,000,000 devices, queue's trigger, window of 1 s: price without the queue", metric{"Bill/trigger", "CNY/month"}, "CNY", target{}},
		},
	)},
	{"Recording", []figure{
		{"whole stack, webhook of one event: p50", metric{"Latency/webhook", "p50-ms"}, "ms", target{}},
		{"whole stack, webhook of one event: p99", metric{"Latency/webhook", "p99-ms"}, "ms", target{}},
		{"webhook of one event: puts", metric{"Record/events=1", "puts/op"}, "", atMost(1)},
		{"webhook of one event: CPU", metric{"Record/events=1", "cpu-ms/op"}, "ms", atMost(0.3)},
		{"webhook of 1,000 events: events a second on one core", metric{"Record/events=1000", "events/cpu-s"}, "", atLeast(250_000)},
		{"recorder: start to ready", metric{"Start/recorder", "p50-ms"}, "ms", atMost(50)},
	}},
	{"Compaction", []figure{
		{"merge of 35,000 rows, without summaries: rows a second on one core", metric{"Merge/rows=35000/plain", "merged-rows/cpu-s"}, "", atLeast(400_000)},
		{"merge of 600,000 rows, without summaries: rows a second on one core", metric{"Merge/rows=600000/plain", "merged-rows/cpu-s"}, "", atLeast(400_000)},
		{"compaction of 600,000 rows, with summaries: rows a second on one core", metric{"Merge/rows=600000/compact", "merged-rows/cpu-s"}, "", target{}},
		{"compaction of 600,000 rows, with the output read back: rows a second on one core", metric{"Merge/rows=600000/compact", "verified-rows/cpu-s"}, "", atLeast(200_000)},
		{"compaction of 600,000 rows: peak memory", metric{"Compactor/rows=600000", "peak-MB"}, "MB", atMost(256)},
		{"compaction of 2,400,000 rows: peak memory", metric{"Compactor/rows=2400000", "peak-MB"}, "MB", atMost(256).from(0.5)},
		{"day of 35,000 rows: times that a row is compacted", metric{"Day/shards=256", "rewrites/event"}, "", atMost(4).from(fullPartition)},
		{"day of 600,000 rows: times that a row is compacted", metric{"Day/shards=16", "rewrites/event"}, "", atMost(4).from(fullPartition)},
	}},
	{"The whole fleet", []figure{
		{"fleet, closed day: round trips", metric{"FleetQuestion/closed", "round-trips"}, "", atMost(2)},
		{"fleet, closed day: requests", metric{"FleetQuestion/closed", "requests"}, "", atMost(40)},
		{"fleet, closed day: bytes", metric{"FleetQuestion/closed", "MB"}, "MB", atMost(3)},
		{"fleet, closed day: CPU", metric{"FleetQuestion/closed", "cpu-ms"}, "ms", atMost(150)},
		{"fleet, closed day, part of an identifier: time on half a CPU", metric{"FleetQuestion/closed/finder", "half-cpu-ms"}, "ms", atMost(2500)},
		{"fleet, open day, 4 writers: shards counted", metric{"FleetQuestion/open/writers=4", "counted-shards"}, "", atLeast(16)},
		{"fleet, open day, 4 writers: requests", metric{"FleetQuestion/open/writers=4", "requests"}, "", atMost(400)},
		{"fleet, open day, 4 writers: time", metric{"FleetQuestion/open/writers=4", "p50-ms"}, "ms", atMost(1500)},
		{"fleet, open day, 60 writers: shards counted", metric{"FleetQuestion/open/writers=60", "counted-shards"}, "", atLeast(16)},
		{"fleet, open day, 60 writers: requests", metric{"FleetQuestion/open/writers=60", "requests"}, "", atMost(2000)},
		{"fleet, open day, 60 writers: time", metric{"FleetQuestion/open/writers=60", "p50-ms"}, "ms", atMost(1500)},
	}},
	{"The same day in other engines", []figure{
		{"PostgreSQL: size relative to ours", metric{"Peer/PostgreSQL", "size/ours"}, "", target{}},
		{"PostgreSQL: day of a device, p50", metric{"Peer/PostgreSQL", "p50-ms"}, "ms", target{}},
		{"DuckDB on one file of the day: day of a device, p50", metric{"Peer/DuckDB-plain-file", "p50-ms"}, "ms", target{}},
		{"DuckDB on our segments: day of a device, relative to ours", metric{"Peer/DuckDB-on-segments", "p50/ours"}, "", atLeast(10)},
	}},
}

// limits holds the targets of a closed day that depend on the size of the partition. Zero means no
// target.
type limits struct{ warmKB, warmCPU, coldKB float64 }

// closedDay returns the figures of queries on a closed partition with the given number of rows.
func closedDay(rows, shards int, l limits) []figure {
	benchmark := fmt.Sprintf("Query/shards=%d/rows=%d", shards, rows)
	warm, cold := benchmark+"/warm", benchmark+"/cold"
	name := fmt.Sprintf("closed day, %d,000 rows, ", rows/1000)
	return []figure{
		{name + "warm query: round trips", metric{warm, "round-trips"}, "", atMost(1)},
		{name + "warm query: requests", metric{warm, "requests"}, "", atMost(2)},
		{name + "warm query: waves", metric{warm, "waves"}, "", atMost(1)},
		{name + "warm query: bytes", metric{warm, "KB"}, "KB", optional(l.warmKB)},
		{name + "warm query: CPU", metric{warm, "cpu-ms/op"}, "ms", optional(l.warmCPU)},
		{name + "cold query: round trips", metric{cold, "round-trips"}, "", atMost(3)},
		{name + "cold query: requests", metric{cold, "requests"}, "", atMost(4)},
		{name + "cold query: waves", metric{cold, "waves"}, "", atMost(3)},
		{name + "cold query: bytes", metric{cold, "KB"}, "KB", optional(l.coldKB)},
	}
}

// bills returns the figures of one deployment of the recorder. benchmark is the name under which
// the deployment was simulated.
func bills(deployment, benchmark string, price target) []figure {
	name, deliveries := "1,000,000 devices, "+deployment+": ", "Deliveries/"+benchmark
	return []figure{
		{name + "price", metric{"Bill/" + benchmark, "CNY/month"}, "CNY", price},
		{name + "puts and deletes of an event", metric{deliveries, "requests/event"}, "", target{}},
		{name + "charged time of an event", metric{deliveries, "billed-ms/event"}, "ms", target{}},
		{name + "acknowledged after", metric{deliveries, "p50-ms"}, "ms", target{}},
	}
}

// openLimits holds the targets of an open day that depend on the recorders. Zero means no target.
type openLimits struct{ waves, medianRequests, medianKB float64 }

// openDay returns the figures of warm queries on an open partition. writers describes the recorders
// in the figures' names.
func openDay(benchmark, writers string, l openLimits) []figure {
	benchmark, name := "OpenDay/"+benchmark, "open day, "+writers+", warm query: "
	return []figure{
		{name + "keys listed", metric{benchmark, "keys"}, "", target{}},
		{name + "listing pages", metric{benchmark, "listing-pages"}, "", atMost(1)},
		{name + "round trips", metric{benchmark, "round-trips"}, "", atMost(2)},
		{name + "requests", metric{benchmark, "median-requests"}, "", optional(l.medianRequests).from(fullPartition)},
		{name + "waves", metric{benchmark, "waves"}, "", optional(l.waves).from(fullPartition)},
		{name + "bytes", metric{benchmark, "median-KB"}, "KB", optional(l.medianKB).from(fullPartition)},
		{name + "time", metric{benchmark, "p50-ms"}, "ms", target{}},
	}
}

// optional returns a target of at most the given limit, or none if the limit is 0.
func optional(limit float64) target {
	if limit == 0 {
		return target{}
	}
	return atMost(limit)
}
