package layout_test

import (
	"fmt"
	"strings"
	"time"

	"devicetrace/pkg/layout"
)

// A segment's key contains everything that a reader needs to know before it reads the segment: the
// device's shard, the day, and the segment's position in its run.
func Example() {
	bucket := layout.Layout{Shards: 16}
	noon := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	partition := bucket.PartitionOf("prod", "GID_meter@@@SN00000001", noon)
	fmt.Println(partition)

	name := layout.Name{Run: strings.Repeat("0a", 16), Seq: 7}
	key := name.Key(partition)
	fmt.Println(key)

	parsedPartition, parsedName, err := layout.ParseKey(key)
	fmt.Println(parsedPartition == partition, parsedName == name, err)
	// Output:
	// instance=prod/shard=d/day=2026-11-22
	// events/instance=prod/shard=d/day=2026-11-22/l0000-0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a-000007.parquet
	// true true <nil>
}
