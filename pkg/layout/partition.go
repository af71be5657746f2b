package layout

import (
	"fmt"
	"strings"
	"time"

	"devicetrace/pkg/event"
)

// EventsPrefix is where all segments are.
const EventsPrefix = "events/"

// Partition is the segments of one shard on one UTC day.
type Partition struct {
	Shard Shard
	Day   Day
}

// PartitionOf is the partition of an event.
func (l Layout) PartitionOf(clientID event.ClientID, t time.Time) Partition {
	return Partition{Shard: l.ShardOf(clientID), Day: DayOf(t)}
}

// PartitionsBetween are the partitions that may hold a client's events from one
// instant to another, both inclusive, in ascending order of day.
func (l Layout) PartitionsBetween(clientID event.ClientID, from, to time.Time) []Partition {
	var partitions []Partition
	shard := l.ShardOf(clientID)
	for day := DayOf(from).Start(); !day.After(to); day = day.AddDate(0, 0, 1) {
		partitions = append(partitions, Partition{Shard: shard, Day: DayOf(day)})
	}
	return partitions
}

// ShardPrefix is the prefix of all keys of a shard. The shard stands before the
// day because the store spreads its load by the beginning of keys.
func ShardPrefix(s Shard) string { return EventsPrefix + "shard=" + string(s) + "/" }

// Prefix is the prefix of the keys of the partition's segments.
func (p Partition) Prefix() string { return ShardPrefix(p.Shard) + "day=" + string(p.Day) + "/" }

// String is the partition as its prefix spells it, without the last slash.
func (p Partition) String() string { return "shard=" + string(p.Shard) + "/day=" + string(p.Day) }

// ParseKey cuts a segment's key into its partition and its name.
func ParseKey(key string) (Partition, Name, error) {
	invalid := fmt.Errorf("parse segment key %q: not a key of this layout", key)
	parts := strings.Split(key, "/")
	if len(parts) != 4 || parts[0]+"/" != EventsPrefix {
		return Partition{}, Name{}, invalid
	}
	shard, foundShard := strings.CutPrefix(parts[1], "shard=")
	day, foundDay := strings.CutPrefix(parts[2], "day=")
	if !foundShard || !foundDay || !isHex(shard, 1, 3) || !Day(day).valid() {
		return Partition{}, Name{}, invalid
	}
	name, err := ParseName(parts[3])
	if err != nil {
		return Partition{}, Name{}, invalid
	}
	return Partition{Shard: Shard(shard), Day: Day(day)}, name, nil
}

func isHex(s string, least, most int) bool {
	return len(s) >= least && len(s) <= most && strings.Trim(s, "0123456789abcdef") == ""
}
