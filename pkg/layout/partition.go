package layout

import (
	"fmt"
	"path"
	"strings"
	"time"

	"devicetrace/pkg/event"
)

// EventsPrefix is the key prefix of all segments.
const EventsPrefix = "events/"

// Partition identifies the segments of one instance's shard on one UTC day.
type Partition struct {
	Instance event.InstanceID
	Shard    Shard
	Day      Day
}

// PartitionOf returns the partition of an event with the given instance, client identifier and
// event time.
func (l Layout) PartitionOf(instance event.InstanceID, clientID event.ClientID, t time.Time) Partition {
	return Partition{Instance: instance, Shard: l.ShardOf(clientID), Day: DayOf(t)}
}

// PartitionsBetween returns the partitions that may contain a client's events in the given
// range, both ends inclusive, in ascending order of day.
func (l Layout) PartitionsBetween(instance event.InstanceID, clientID event.ClientID, from, to time.Time) []Partition {
	var partitions []Partition
	shard := l.ShardOf(clientID)
	for day := DayOf(from).Start(); !day.After(to); day = day.AddDate(0, 0, 1) {
		partitions = append(partitions, Partition{Instance: instance, Shard: shard, Day: DayOf(day)})
	}
	return partitions
}

// InstancePrefix returns the key prefix of an instance's segments.
func InstancePrefix(instance event.InstanceID) string {
	return EventsPrefix + "instance=" + string(instance) + "/"
}

// ShardPrefix returns the key prefix of the segments in an instance's shard. In a key, the shard
// comes before the day, because the store balances its load by key prefix.
func ShardPrefix(instance event.InstanceID, shard Shard) string {
	return InstancePrefix(instance) + "shard=" + string(shard) + "/"
}

// Prefix returns the key prefix of the partition's segments.
func (p Partition) Prefix() string { return EventsPrefix + p.String() + "/" }

// String formats the partition as it appears in a key: instance=prod/shard=4/day=2026-11-22.
func (p Partition) String() string {
	return "instance=" + string(p.Instance) + "/shard=" + string(p.Shard) + "/day=" + string(p.Day)
}

// ParseKey splits a segment's key into its partition and its name.
func ParseKey(key string) (Partition, Name, error) {
	invalid := fmt.Errorf("parse segment key %q: not in this layout's format", key)
	folder, file := path.Split(strings.TrimPrefix(key, EventsPrefix))
	partition, found := parsePartition(folder)
	if !found || !strings.HasPrefix(key, EventsPrefix) {
		return Partition{}, Name{}, invalid
	}
	name, err := ParseName(file)
	if err != nil {
		return Partition{}, Name{}, invalid
	}
	return partition, name, nil
}

// parsePartition parses the part of a segment's key between "events/" and the name. This part ends
// in a slash.
func parsePartition(folder string) (Partition, bool) {
	parts := strings.Split(folder, "/")
	if len(parts) != 4 || parts[3] != "" {
		return Partition{}, false
	}
	instance, hasInstance := parseInstance(parts[0])
	shard, hasShard := strings.CutPrefix(parts[1], "shard=")
	day, hasDay := strings.CutPrefix(parts[2], "day=")
	isValid := hasInstance && hasShard && hasDay && isHex(shard, 1, 3) && Day(day).valid()
	return Partition{Instance: instance, Shard: Shard(shard), Day: Day(day)}, isValid
}

// parseInstance parses the part of a key that names the instance, such as instance=prod.
func parseInstance(part string) (event.InstanceID, bool) {
	id, found := strings.CutPrefix(part, "instance=")
	return event.InstanceID(id), found && event.InstanceID(id).Valid()
}

// isHex reports whether s consists of minDigits to maxDigits lowercase hex digits.
func isHex(s string, minDigits, maxDigits int) bool {
	return len(s) >= minDigits && len(s) <= maxDigits && strings.Trim(s, "0123456789abcdef") == ""
}
