package main

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/oss"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/memstore"
)

// BenchmarkQuery measures queries for all events of a device on one day. The day's partition is
// closed, compacted and on the local disk.
func BenchmarkQuery(b *testing.B) {
	for _, c := range []struct{ shards, rows int }{{256, 35_000}, {256, 350_000}, {16, 600_000}} {
		b.Run(fmt.Sprintf("shards=%d/rows=%d", c.shards, c.rows), func(b *testing.B) {
			dir, devices := closedPartition(b, c.shards, rows(c.rows))
			local, err := oss.OpenStore(dir)
			require.NoError(b, err)
			b.Run("first", func(b *testing.B) { benchmarkFirst(b, queries{c.shards, false, devices}, local) })
			b.Run("warm", func(b *testing.B) { benchmarkWarm(b, queries{c.shards, true, devices}, local) })
			b.Run("stand-in", func(b *testing.B) {
				benchmarkWarm(b, queries{c.shards, true, devices}, throughSDK(b, dir))
			})
		})
	}
}

// closedPartition creates a bucket with one closed partition. It returns the bucket's folder and a
// sample of the devices in the partition.
func closedPartition(b *testing.B, shards, rows int) (dir string, devices []device) {
	events, devices := partitionEvents(shards, rows)
	store := memstore.New()
	require.NoError(b, recordRuns(b.Context(), store, shards, defaultRunRows, events))
	_, err := compactAt(b.Context(), store, b.TempDir(), afterClose())
	require.NoError(b, err)
	dir = b.TempDir()
	_, err = saveBucket(b.Context(), dir, store)
	require.NoError(b, err)
	return dir, sample(devices, maxQuestions)
}

// throughSDK serves the bucket in dir over HTTP. It returns a store that reaches the bucket through
// the vendor's SDK, as the functions do.
func throughSDK(b *testing.B, dir string) objstore.Store {
	server, err := serveBucket(dir, nil)
	require.NoError(b, err)
	b.Cleanup(server.close)
	store, err := server.store()
	require.NoError(b, err)
	return store
}

func benchmarkFirst(b *testing.B, q queries, store objstore.Store) {
	measure(b, func(i int) error {
		d := q.devices[i%len(q.devices)]
		reader, err := q.reader(b.Context(), store, d)
		if err == nil {
			_, err = ask(b.Context(), reader, d)
		}
		return err
	})
	reportCost(b, q, store)
}

func benchmarkWarm(b *testing.B, q queries, store objstore.Store) {
	reader, err := q.reader(b.Context(), store, q.devices[0])
	require.NoError(b, err)
	measure(b, func(i int) error {
		_, err := ask(b.Context(), reader, q.devices[i%len(q.devices)])
		return err
	})
	reportCost(b, q, store)
}

func reportCost(b *testing.B, q queries, store objstore.Store) {
	q.devices = sample(q.devices, min(200, rows(10_000)))
	c, err := q.cost(b.Context(), store)
	require.NoError(b, err)
	b.ReportMetric(float64(c.maxRequests), "requests")
	b.ReportMetric(c.meanRequests, "mean-requests")
	b.ReportMetric(float64(c.maxRounds), "round-trips")
	b.ReportMetric(c.meanKB, "KB")
	b.ReportMetric(c.slowKB, "p99-KB")
}
