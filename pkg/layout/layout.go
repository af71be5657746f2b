// Package layout says where everything is in the bucket: keys from shards, days
// and segment names, and back.
//
//	layout/v1-shards16
//	events/shard=4/day=2026-11-22/l0000-<run>-<seq>.parquet
//	events/shard=4/day=2026-11-22/l0001-<digest>-<footer length>.parquet
//	quarantine/day=2026-11-22/<id>.json
//
// What always holds: every format has its parse, and a key that parses is the key
// that its parts format to. A segment's key sorts after the keys of all segments
// that it may supersede: within a run by sequence number, else by level, both
// zero-padded. A client identifier never appears in a key. Nothing but Find and Claim, of
// the bucket's marker, asks a store.
package layout

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"devicetrace/pkg/event"
)

// Layout is how the bucket is divided. It is chosen when the bucket is first used
// and fixed from then on by the marker object.
type Layout struct {
	// Shards is the number of device partitions of one day: 16, 256 or 4096.
	Shards int
}

// MarkerPrefix is where the marker is listed. Exactly one object may be there.
const MarkerPrefix = "layout/"

const markerStart = MarkerPrefix + "v1-shards"

// Validate reports a number of shards that is not one, two or three hex digits' worth.
func (l Layout) Validate() error {
	if l.digits() == 0 {
		return fmt.Errorf("shards must be 16, 256 or 4096, not %d", l.Shards)
	}
	return nil
}

// Marker is the key of the layout's marker object, which is empty.
func (l Layout) Marker() string { return markerStart + strconv.Itoa(l.Shards) }

// ParseMarker is the layout that a marker's key names.
func ParseMarker(key string) (Layout, error) {
	number, found := strings.CutPrefix(key, markerStart)
	shards, err := strconv.Atoi(number)
	l := Layout{Shards: shards}
	if !found || err != nil || l.Validate() != nil || l.Marker() != key {
		return Layout{}, fmt.Errorf("parse layout marker %q: not a layout of this version", key)
	}
	return l, nil
}

// Shard is a device partition: the first hex digits of MD5(client identifier).
// MD5, because every SQL engine has it.
type Shard string

// ShardOf is the shard of a client identifier.
func (l Layout) ShardOf(clientID event.ClientID) Shard {
	sum := md5.Sum([]byte(clientID))
	var digits [4]byte
	hex.Encode(digits[:], sum[:2])
	return Shard(digits[:l.digits()])
}

// AllShards lists the shards in ascending order.
func (l Layout) AllShards() []Shard {
	shards := make([]Shard, l.Shards)
	for i := range shards {
		shards[i] = Shard(fmt.Sprintf("%0*x", l.digits(), i))
	}
	return shards
}

func (l Layout) digits() int {
	switch l.Shards {
	case 16:
		return 1
	case 256:
		return 2
	case 4096:
		return 3
	default:
		return 0
	}
}

// Day is a UTC date in the form 2006-01-02.
type Day string

// DayOf is the UTC day of an event's time.
func DayOf(t time.Time) Day { return Day(t.UTC().Format(time.DateOnly)) }

// Start is the day's first instant. The zero time for what is not a day.
func (d Day) Start() time.Time {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return time.Time{}
	}
	return t
}

func (d Day) valid() bool {
	t, err := time.Parse(time.DateOnly, string(d))
	return err == nil && t.Format(time.DateOnly) == string(d)
}
