//go:build soak

// The tests in this file need too much time or memory for `make test`. `make soak` runs them.

package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/segment"
)

// TestSoakFlood floods an instance with three million events.
func TestSoakFlood(t *testing.T) {
	testFlood(t, newFlood(30))
}

// TestSoakHeavyRows seeds 256 runs, whose rows take 720 MB before compression.
func TestSoakHeavyRows(t *testing.T) {
	testHeavyRows(t, 256)
}

// TestSoakManyInstances seeds more instances than the API lists.
func TestSoakManyInstances(t *testing.T) {
	testManyInstances(t, 10_001)
}

// TestSoakManyShards compacts a bucket of 4,096 partitions. Every eighth partition has two runs,
// which must be merged. The remaining partitions have one run each.
func TestSoakManyShards(t *testing.T) {
	needsProc(t)
	const shards, merged = 4096, 512
	s := newSeededStack(t, shards)
	from := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -1)
	ids := distinctShards(shards)
	seed := func(id string, run int) {
		p := (layout.Layout{Shards: shards}).PartitionOf("shards", event.ClientID(id), from)
		s.seed(t, p, run, encoded(t, []segment.Row{{ClientID: id, Time: from.UnixMilli() + int64(run), Action: "connect", ActionInfo: "accepted"}}))
	}
	for i, id := range ids {
		seed(id, 0)
		if i%(shards/merged) == 0 {
			seed(id, 1)
		}
	}
	s.start(t)
	s.age(t)
	s.compact(t)
	require.Len(t, s.objects(t, "events/"), shards)
	require.Len(t, s.trace(t, question("shards", ids[0], from, from.Add(time.Hour))).Events, 2)
	s.requireMemory(t, "query", "compactor")
	s.requireEvents(t, shards+merged)
}
