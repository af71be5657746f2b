package summary_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/summary"
)

// BenchmarkAdd decodes and adds up the minutes of the 16 shards of a large fleet's day. Each minute
// has 40 cells.
func BenchmarkAdd(b *testing.B) {
	var shards [][]byte
	var size int
	for seed := range uint64(16) {
		data, err := summary.EncodeMinutes(busyDay(rand.New(rand.NewPCG(seed, 1))))
		require.NoError(b, err)
		shards, size = append(shards, data), size+len(data)
	}
	b.ReportAllocs()
	for b.Loop() {
		sums := &summary.Sums{}
		for _, data := range shards {
			of, err := summary.DecodeMinutes(data)
			require.NoError(b, err)
			sums.Include(of)
		}
		require.Len(b, sums.Cells, 1440*40)
	}
	b.ReportMetric(float64(size)/1e3, "kB/op")
}

// busyDay returns the cells of a day on which each of 10 nodes has events of four kinds in each minute.
func busyDay(random *rand.Rand) *summary.Sums {
	sums := &summary.Sums{}
	for minute := range summary.Minute(1440) {
		for k := range 40 {
			key := summary.Key{Node: fmt.Sprint("node-", k/4), Action: "close", ActionInfo: []string{"", "closed by client", "no heart"}[k%4%3]}
			if k%4 == 3 {
				key.Action, key.ActionInfo = "connect", "accepted"
			}
			n := 1 + random.Int64N(20)
			sums.Cells = append(sums.Cells, summary.Cell{Minute: 29_000_000 + minute, Key: key, Events: n, Devices: n - random.Int64N(2)})
		}
	}
	return sums
}
