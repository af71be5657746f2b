package main

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/oss"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/memstore"
	"devicetrace/pkg/query"
	"devicetrace/pkg/segment"
)

// BenchmarkQuery measures queries for all events of a device on one day. The day's partition is
// closed, compacted and on the local disk.
func BenchmarkQuery(b *testing.B) {
	for _, c := range []struct{ shards, rows int }{{256, 35_000}, {256, 350_000}, {16, 600_000}} {
		b.Run(fmt.Sprintf("shards=%d/rows=%d", c.shards, c.rows), func(b *testing.B) {
			dir, devices := closedPartition(b, c.shards, rows(c.rows))
			local, err := oss.OpenStore(dir)
			require.NoError(b, err)
			config := query.Config{Shards: c.shards}
			b.Run("cold", func(b *testing.B) { benchmarkCold(b, queries{config, false, devices}, local) })
			b.Run("warm", func(b *testing.B) { benchmarkWarm(b, queries{config, true, devices}, local) })
			b.Run("index", func(b *testing.B) { benchmarkIndex(b, dir) })
		})
	}
}

// closedPartition creates a bucket with one closed partition. It returns the bucket's folder and a
// sample of the devices in the partition.
func closedPartition(b testing.TB, shards, rows int) (dir string, devices []device) {
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

func benchmarkCold(b *testing.B, q queries, store objstore.Store) {
	measure(b, func(i int) error {
		n := i % len(q.devices)
		reader, err := q.reader(b.Context(), store, n)
		if err == nil {
			_, err = ask(b.Context(), reader, q.devices[n])
		}
		return err
	})
	reportCost(b, q, store)
}

func benchmarkWarm(b *testing.B, q queries, store objstore.Store) {
	reader, err := q.reader(b.Context(), store, 0)
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
	c.report(b.ReportMetric)
}

// benchmarkIndex measures a closed segment's index, which a query needs before it can read rows:
// how long it takes to parse, and how much memory it takes in the cache.
func benchmarkIndex(b *testing.B, dir string) {
	store, err := loadBucket(dir)
	require.NoError(b, err)
	objects, err := objstore.All(b.Context(), store, layout.EventsPrefix, "")
	require.NoError(b, err)
	require.Len(b, objects, 1)
	_, name, err := layout.ParseKey(objects[0].Key)
	require.NoError(b, err)
	object := segment.Object{Key: objects[0].Key, Size: objects[0].Size, FooterLength: name.FooterLength, IndexLength: name.IndexLength}
	var memory int64
	used := measure(b, func(int) error {
		footer, err := segment.OpenIndex(b.Context(), store, object)
		if err == nil {
			memory = footer.Memory()
		}
		return err
	})
	b.ReportMetric(milliseconds(used)/float64(b.N), "parse-ms")
	b.ReportMetric(float64(memory)/1024, "memory-KB")
	const month = 16 * daysPerMonth // partitions
	b.ReportMetric(month*float64(memory)/(1<<20), "month-MB")
}
