// Package layout formats and parses the keys of all objects in the bucket:
//
//	layout/v3-shards16
//	events/instance=prod/shard=4/day=2026-11-22/l0000-<run>-<seq>.parquet
//	events/instance=prod/shard=4/day=2026-11-22/l0001-<digest>-<lengths>.parquet
//	quarantine/day=2026-11-22/<id>.json
//
// Every format has a parser. Formatting the parsed parts of a key gives exactly the same key. A key
// never contains a client identifier.
//
// The instance comes first in a segment's key, so that all segments of an instance are under one
// prefix. The common prefixes below "events/" are the only list of a bucket's instances.
//
// A segment's key sorts after the keys of all segments that it may supersede. Segments of one run
// sort by sequence number, other segments by level. Both numbers are zero-padded, so that they sort
// correctly as text.
//
// Only Find, Claim and the functions about instances make requests to a store.
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

// Layout describes how the bucket is divided into shards. The layout is chosen when the bucket
// is first used. From then on, the marker object fixes the layout.
type Layout struct {
	// Shards is the number of device partitions per instance and day: 16, 256 or 4096.
	Shards int
}

// MarkerPrefix is the prefix of the marker's key. Only one key in the bucket may begin with it.
const MarkerPrefix = "layout/"

const markerStart = MarkerPrefix + "v3-shards"

// Validate returns an error unless the number of shards is 16, 256 or 4096.
func (l Layout) Validate() error {
	if l.digits() == 0 {
		return fmt.Errorf("shards must be 16, 256 or 4096, not %d", l.Shards)
	}
	return nil
}

// Marker returns the key of the layout's marker. The marker object is empty.
func (l Layout) Marker() string { return markerStart + strconv.Itoa(l.Shards) }

// ParseMarker returns the layout that the key of a marker describes.
func ParseMarker(key string) (Layout, error) {
	shards, _ := strconv.Atoi(strings.TrimPrefix(key, markerStart))
	l := Layout{Shards: shards}
	if l.Validate() != nil || l.Marker() != key {
		return Layout{}, fmt.Errorf("parse layout marker %q: want %s with 16, 256 or 4096", key, markerStart)
	}
	return l, nil
}

// Shard identifies a device partition by the first hex digits of MD5(client identifier). The
// hash is MD5 because every SQL engine supports MD5.
type Shard string

// ShardOf returns the shard of a client identifier.
func (l Layout) ShardOf(clientID event.ClientID) Shard {
	sum := md5.Sum([]byte(clientID))
	var digits [4]byte
	hex.Encode(digits[:], sum[:2])
	return Shard(digits[:l.digits()])
}

// AllShards returns the shards in ascending order.
func (l Layout) AllShards() []Shard {
	shards := make([]Shard, l.Shards)
	for i := range shards {
		shards[i] = Shard(fmt.Sprintf("%0*x", l.digits(), i))
	}
	return shards
}

// digits returns the number of hex digits in a shard, or 0 if the layout is invalid.
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

// DayOf returns the UTC day of an event time.
func DayOf(t time.Time) Day { return Day(t.UTC().Format(time.DateOnly)) }

// Start returns the day's first instant, or the zero time if d is not a valid day.
func (d Day) Start() time.Time {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return time.Time{}
	}
	return t
}

func (d Day) valid() bool { return !d.Start().IsZero() }
