package layout

import (
	"fmt"
	"strings"
	"time"

	"devicetrace/pkg/event"
)

// EventsPrefix is the prefix of the keys of all segments.
const EventsPrefix = "events/"

// Partition identifies the segments of one shard on one UTC day.
type Partition struct {
	Shard Shard
	Day   Day
}

// PartitionOf returns the partition of an event with the given client identifier and event time.
func (l Layout) PartitionOf(clientID event.ClientID, t time.Time) Partition {
	return Partition{Shard: l.ShardOf(clientID), Day: DayOf(t)}
}

// PartitionsBetween returns the partitions that may contain a client's events in the given
// range, both ends inclusive, in ascending order of day.
func (l Layout) PartitionsBetween(clientID event.ClientID, from, to time.Time) []Partition {
	var partitions []Partition
	shard := l.ShardOf(clientID)
	for day := DayOf(from).Start(); !day.After(to); day = day.AddDate(0, 0, 1) {
		partitions = append(partitions, Partition{Shard: shard, Day: DayOf(day)})
	}
	return partitions
}

// ShardPrefix returns the prefix of the keys of all segments of a shard. In a key, the shard comes
// before the day, because the store balances its load by key prefix.
func ShardPrefix(s Shard) string { return EventsPrefix + "shard=" + string(s) + "/" }

// Prefix returns the prefix of the keys of the partition's segments.
func (p Partition) Prefix() string { return ShardPrefix(p.Shard) + "day=" + string(p.Day) + "/" }

// String formats the partition as it appears in a key: shard=4/day=2026-11-22.
func (p Partition) String() string { return "shard=" + string(p.Shard) + "/day=" + string(p.Day) }

// ParseKey splits a segment's key into its partition and its name.
func ParseKey(key string) (Partition, Name, error) {
	invalid := fmt.Errorf("parse segment key %q: not in this layout's format", key)
	parts := strings.Split(key, "/")
	if len(parts) != 4 || parts[0]+"/" != EventsPrefix {
		return Partition{}, Name{}, invalid
	}
	shard, foundShard := strings.CutPrefix(parts[1], "shard=")
	day, foundDay := strings.CutPrefix(parts[2], "day=")
	if !foundShard || !foundDay || !isHex(shard, 1, 3) || !Day(day).valid() {
		return Partition{}, Name{}, invalid
	}
	name, err := parseName(parts[3])
	if err != nil {
		return Partition{}, Name{}, invalid
	}
	return Partition{Shard: Shard(shard), Day: Day(day)}, name, nil
}

// isHex reports whether s consists of minDigits to maxDigits lowercase hex digits.
func isHex(s string, minDigits, maxDigits int) bool {
	return len(s) >= minDigits && len(s) <= maxDigits && strings.Trim(s, "0123456789abcdef") == ""
}
