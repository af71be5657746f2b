package traceapi

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/memstore"
	"devicetrace/pkg/segment"
)

// shards is the layout of the buckets.
var shards = layout.Layout{Shards: 16}

// emptyBucket returns a store that has only a layout marker.
func emptyBucket(t testing.TB) *memstore.Store {
	store := memstore.New()
	require.NoError(t, store.Put(t.Context(), shards.Marker(), bytes.NewReader(nil), 0))
	return store
}

// putObject stores events of one partition as a compacted object if number is 0, and otherwise as a
// fresh one.
func putObject(t testing.TB, store objstore.Store, number int, events ...event.Event) {
	var out bytes.Buffer
	w := segment.NewWriter(&out, 1000)
	slices.SortFunc(events, func(a, b event.Event) int { return event.Compare(&a, &b) })
	require.NoError(t, w.Write(segment.FromEvents(events)))
	written, err := w.Close()
	require.NoError(t, err)
	name := layout.Name{Run: fmt.Sprintf("%032x", number), Seq: 1}
	if number == 0 {
		name = layout.Name{Level: 1, Digest: fmt.Sprintf("%064x", 1), FooterLength: written.FooterLength, IndexLength: written.IndexLength}
	}
	where := shards.PartitionOf(events[0].InstanceID, events[0].ClientID, events[0].Time)
	require.NoError(t, store.Put(t.Context(), name.Key(where), bytes.NewReader(out.Bytes()), int64(out.Len())))
}

// record stores the events in a new bucket. Each day can have one compacted object, and fresh objects
// with late events: up to three today, and at most one on an earlier day.
func record(t testing.TB, events []event.Event, seed uint64) *memstore.Store {
	random := rand.New(rand.NewPCG(seed, 15))
	objects := map[layout.Partition]map[int][]event.Event{}
	for _, e := range events {
		where := shards.PartitionOf(e.InstanceID, e.ClientID, e.Time)
		if objects[where] == nil {
			objects[where] = map[int][]event.Event{}
		}
		n := random.IntN(4)
		if where.Day != layout.DayOf(now) {
			n /= 3
		}
		objects[where][n] = append(objects[where][n], e)
	}
	store := emptyBucket(t)
	for _, byNumber := range objects {
		for n, events := range byNumber {
			putObject(t, store, n, events...)
		}
	}
	return store
}

// neighbor returns a client whose identifier has the given prefix. It is in the same shard as client
// "c".
func neighbor(prefix string) event.ClientID {
	for i := 0; ; i++ {
		if id := event.ClientID(fmt.Sprint(prefix, i)); shards.ShardOf(id) == shards.ShardOf("c") {
			return id
		}
	}
}

// closedMonth returns a store with one compacted object for each of the 30 days up to today. The
// objects contain the given events of client "c". Each object also contains an event of a client
// before "c", and one of a client after it.
func closedMonth(t testing.TB, events ...event.Event) *memstore.Store {
	store := emptyBucket(t)
	for ago := range 30 {
		start := startOfDay(now).AddDate(0, 0, -ago)
		other := happened("other", event.Connect, ago, "00:00:00")
		other.ClientID = neighbor("a")
		rows := []event.Event{other}
		other.ClientID = neighbor("z")
		rows = append(rows, other)
		for _, e := range events {
			if startOfDay(e.Time).Equal(start) {
				rows = append(rows, e)
			}
		}
		putObject(t, store, 0, rows...)
	}
	return store
}
