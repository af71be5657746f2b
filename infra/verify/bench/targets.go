package main

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// target is a limit for a measured value.
type target struct {
	benchmark, unit string
	relation        string // "≤" or "≥"
	limit           float64
	minScale        float64 // the smallest SCALE at which the target applies
}

// fullPartition is the smallest SCALE at which simulated partitions have their full size.
const fullPartition = 0.01

var targets = []target{
	{"Fleet/shards=16", "B/event", "≤", 12.5, 1},
	{"Fleet/shards=256", "B/event", "≤", 14, 1},
	{"Fleet/shards=16", "B/event-without-ids", "≤", 12.5, 1},
	{"Fleet/shards=256", "B/event-without-ids", "≤", 14, 1},
	{"Merge/rows=35000/brokers-without-ids", "B/event", "≤", 14, 0},

	{"Query/shards=256/rows=35000/first", "round-trips", "≤", 3, 0},
	{"Query/shards=256/rows=35000/first", "requests", "≤", 4, 0},
	{"Query/shards=256/rows=35000/first", "KB", "≤", 128, 0},
	{"Query/shards=256/rows=35000/warm", "round-trips", "≤", 2, 0},
	{"Query/shards=256/rows=35000/warm", "KB", "≤", 32, 0},
	{"Query/shards=256/rows=350000/first", "round-trips", "≤", 3, 0},
	{"Query/shards=256/rows=350000/first", "requests", "≤", 4, 0},
	{"Query/shards=256/rows=350000/first", "KB", "≤", 192, 0},
	{"Query/shards=256/rows=350000/warm", "round-trips", "≤", 2, 0},
	{"Query/shards=256/rows=35000/warm", "p50-ms", "≤", 0.6, 0},
	{"Query/shards=256/rows=35000/warm", "cpu-ms/op", "≤", 0.5, 0},
	{"Query/shards=256/rows=350000/warm", "p50-ms", "≤", 0.6, 0},
	{"Query/shards=256/rows=350000/warm", "cpu-ms/op", "≤", 0.5, 0},
	{"Query/shards=16/rows=600000/warm", "p50-ms", "≤", 0.6, 0},
	{"Query/shards=16/rows=600000/warm", "cpu-ms/op", "≤", 0.5, 0},
	{"Query/shards=256/rows=35000/stand-in", "p50-ms", "≤", 3, 0},
	{"Query/shards=256/rows=350000/stand-in", "p50-ms", "≤", 3, 0},
	{"Query/shards=16/rows=600000/stand-in", "p50-ms", "≤", 3, 0},

	{"Record/events=1/empty-run", "cpu-ms/op", "≤", 0.1, 0},
	{"Record/events=1/growing-run", "cpu-ms/op", "≤", 0.3, 0},
	{"Record/events=1000/empty-run", "events/cpu-s", "≥", 250_000, 0},
	{"Record/events=1/empty-run", "puts/op", "≤", 1, 0},
	{"Record/events=1/growing-run", "puts/op", "≤", 1, 0},
	{"Record/events=1000/empty-run", "puts/op", "≤", 1, 0},

	{"Merge/rows=32768/open", "merged-rows/cpu-s", "≥", 400_000, 0},
	{"Merge/rows=32768/open", "verified-rows/cpu-s", "≥", 200_000, 0},
	{"Merge/rows=32768/closed", "merged-rows/cpu-s", "≥", 400_000, 0},
	{"Merge/rows=32768/closed", "verified-rows/cpu-s", "≥", 200_000, 0},
	{"Merge/rows=600000/closed", "merged-rows/cpu-s", "≥", 400_000, 0},
	{"Merge/rows=600000/closed", "verified-rows/cpu-s", "≥", 200_000, 0},
	{"Compactor/rows=600000", "peak-MB", "≤", 256, 0},
	{"Compactor/rows=2400000", "peak-MB", "≤", 256, 0.5},
	{"Day/shards=256", "rewrites/event", "≤", 4, fullPartition},
	{"Day/shards=256", "%-beyond-bound", "≤", 0, fullPartition},
	{"Day/shards=16", "rewrites/event", "≤", 4, fullPartition},
	{"Day/shards=16", "%-beyond-bound", "≤", 0, fullPartition},

	{"FleetQuestion/closed", "round-trips", "≤", 2, 0},
	{"FleetQuestion/closed", "requests", "≤", 40, 0},
	{"FleetQuestion/closed", "MB", "≤", 3, 0},
	{"FleetQuestion/closed", "cpu-ms", "≤", 150, 0},
	{"FleetQuestion/closed/finder", "half-cpu-ms", "≤", 2500, 0},
	{"FleetQuestion/open/writers=4", "counted-shards", "≥", 16, 0},
	{"FleetQuestion/open/writers=4", "requests", "≤", 400, 0},
	{"FleetQuestion/open/writers=4", "p50-ms", "≤", 1500, 0},
	{"FleetQuestion/open/writers=60", "counted-shards", "≥", 16, 0},
	{"FleetQuestion/open/writers=60", "requests", "≤", 2000, 0},
	{"FleetQuestion/open/writers=60", "p50-ms", "≤", 1500, 0},
	{"Fleet/shards=16", "%-minutes", "≤", 2, 1},
	{"Fleet/shards=16", "%-minutes-and-drops", "≤", 4, 1},
	{"Fleet/shards=16", "devices-B/device", "≤", 35, 1},
	{"Fleet/shards=16", "%-summaries", "≤", 30, 1},

	{"Start/recorder", "p50-ms", "≤", 50, 0},
	{"Start/query", "p50-ms", "≤", 50, 0},
	{"Start/compactor", "p50-ms", "≤", 50, 0},
	{"Start/recorder", "binary-MB", "≤", 25, 0},
	{"Start/query", "binary-MB", "≤", 25, 0},
	{"Start/compactor", "binary-MB", "≤", 25, 0},

	{"Peer/PostgreSQL", "size/ours", "≥", 20, 1},
	{"Peer/DuckDB-on-segments", "p50/ours", "≥", 10, 0},
}

// verdict says whether a measured value meets the target. If the target does not apply at the given
// scale, verdict says so.
func (t target) verdict(value, scale float64) string {
	switch {
	case scale < t.minScale:
		return fmt.Sprintf("applies from SCALE=%g", t.minScale)
	case t.relation == "≤" && value <= t.limit, t.relation == "≥" && value >= t.limit:
		return "met"
	default:
		return "MISSED"
	}
}

// printTargets prints each target next to the measured value.
func printTargets(out io.Writer, found *results, scale float64) {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\nbenchmark\tunit\tto beat\tmeasured\t")
	for _, t := range targets {
		measured, verdict := "", "not measured"
		if value, ok := found.values[metric{t.benchmark, t.unit}]; ok {
			measured, verdict = short(value), t.verdict(value, scale)
		}
		fmt.Fprintf(table, "%s\t%s\t%s %s\t%s\t%s\n", t.benchmark, t.unit, t.relation, short(t.limit), measured, verdict)
	}
	_ = table.Flush()
}
