package summary_test

import (
	"fmt"
	"testing"

	"devicetrace/pkg/summary"
)

// BenchmarkAdd adds up the cells of the shards of a large fleet: 40 keys in each minute of a day.
func BenchmarkAdd(b *testing.B) {
	const shards, minutes, keys = 16, 1440, 40
	var parts []*summary.Sums
	for range shards {
		part := &summary.Sums{}
		for m := range minutes {
			for k := range keys {
				key := summary.Key{Node: fmt.Sprintf("node-%02d", k/4), Action: "close", ActionInfo: []string{"", "closed by client", "no heart", "topic auth failed"}[k%4]}
				part.Cells = append(part.Cells, summary.Cell{Minute: summary.Minute(m), Key: key, Events: 1, Devices: 1})
			}
		}
		parts = append(parts, part)
	}
	b.ReportAllocs()
	for b.Loop() {
		sums := summary.Add()
		for _, part := range parts {
			sums.Include(part)
		}
		if len(sums.Cells) != minutes*keys {
			b.Fatal(len(sums.Cells))
		}
	}
}
