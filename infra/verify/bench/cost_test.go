package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/oss"
	"devicetrace/pkg/query"
)

// TestCostOfAClosedDay compares the requests, round trips, waves and bytes of queries with the targets
// in README.md. The partition has its full size, but only a few devices are asked about. So the
// limits for the bytes are a quarter higher.
func TestCostOfAClosedDay(t *testing.T) {
	const shards, rows, slack = 256, 35_000, 1.25
	dir, devices := closedPartition(t, shards, rows)
	store, err := oss.OpenStore(dir)
	require.NoError(t, err)
	measured := map[metric]float64{}
	for name, warm := range map[string]bool{"cold": false, "warm": true} {
		c, err := queries{query.Config{Shards: shards}, warm, sample(devices, 40)}.cost(t.Context(), store)
		require.NoError(t, err)
		c.report(func(value float64, unit string) {
			measured[metric{"Query/shards=256/rows=35000/" + name, unit}] = value
		})
	}
	for _, f := range closedDay(rows, shards, limits{warmKB: slack * 32, coldKB: slack * 54}) {
		if f.value.unit == "cpu-ms/op" {
			continue
		}
		value, found := measured[f.value]
		require.True(t, found, f.name)
		require.Equal(t, "met", f.target.verdict(value, 1), "%s: %g", f.name, value)
	}

	stored, err := eventBytes(t.Context(), store)
	require.NoError(t, err)
	summaries, err := sizesOfSummaries(t.Context(), store)
	require.NoError(t, err)
	require.LessOrEqual(t, float64(stored-summaries.all())/rows, 18.8, "bytes of an event")
}
