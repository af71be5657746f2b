package check_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/check"
	"devicetrace/pkg/compact"
	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/memstore"
	"devicetrace/pkg/quarantine"
	"devicetrace/pkg/record"
	"devicetrace/pkg/segment"
)

var (
	noon   = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	shards = layout.Layout{Shards: 16}
)

func at(client string, ms int) event.Event {
	t := noon.Add(time.Duration(ms) * time.Millisecond)
	return event.Event{
		InstanceID: "i", ClientID: event.ClientID(client), Action: event.Connect, ActionInfo: event.Accepted,
		Time: t, ReceivedAt: t, TimeOrigin: event.FromBroker, NativeEvent: "connect", Source: "events",
	}
}

// many returns n events, each from a different client.
func many(n int) []event.Event {
	var events []event.Event
	for i := range n {
		events = append(events, at(fmt.Sprintf("client%05d", i), i))
	}
	return events
}

// ofOne returns n events from one client, all in one partition.
func ofOne(n int) []event.Event {
	var events []event.Event
	for i := range n {
		events = append(events, at("c", i))
	}
	return events
}

func where(client string) layout.Partition {
	return shards.PartitionOf("i", event.ClientID(client), noon)
}

// bucket returns a store that contains only the layout's marker. The store's clock stands at noon,
// so noon is the modification time of every object.
func bucket(t testing.TB) *memstore.Store {
	store := memstore.New()
	store.Now = func() time.Time { return noon }
	putBytes(t, store, shards.Marker(), nil)
	return store
}

func putBytes(t testing.TB, store objstore.Store, key string, data []byte) string {
	require.NoError(t, store.Put(t.Context(), key, bytes.NewReader(data), int64(len(data))))
	return key
}

func encode(t testing.TB, rows []segment.Row, groupRows int64) ([]byte, segment.Written) {
	var out bytes.Buffer
	w := segment.NewWriter(&out, groupRows)
	require.NoError(t, w.Write(rows))
	written, err := w.Close()
	require.NoError(t, err)
	return out.Bytes(), written
}

func fresh(run, seq int) layout.Name { return layout.Name{Run: fmt.Sprintf("%032x", run), Seq: seq} }

// put stores the given rows, which may be invalid, as a fresh segment and returns the segment's
// key.
func put(t testing.TB, store objstore.Store, p layout.Partition, name layout.Name, rows []segment.Row) string {
	data, _ := encode(t, rows, 0)
	return putBytes(t, store, name.Key(p), data)
}

// used returns a bucket that a recorder and a compactor have written to. It holds runs with
// superseded objects, compacted segments and an item in quarantine.
func used(t testing.TB) *memstore.Store {
	store := bucket(t)
	now := noon
	writer, err := record.New(store, record.Config{Now: func() time.Time { return now }, RunRows: 40})
	require.NoError(t, err)
	for round := range 4 {
		for i := range 5 {
			require.NoError(t, writer.Append(t.Context(), many(400)[100*round+20*i:][:20]))
		}
		require.NoError(t, writer.Append(t.Context(), ofOne(30)))
		if round == 1 || round == 2 {
			compactAll(t, store)
		}
		now = now.Add(time.Hour)
	}
	_, err = quarantine.Keep(t.Context(), store, quarantine.Item{ReceivedAt: noon, Route: "events", InstanceID: "i", Body: []byte("?")})
	require.NoError(t, err)
	return store
}

// textOf returns the report as plain text.
func textOf(t *testing.T, report check.Report) string {
	var text strings.Builder
	require.NoError(t, report.WriteText(&text))
	return text.String()
}

// few returns a bucket with few objects, for tests that check it many times. It starts with the
// bucket that used(t) returns, and deletes the segments of all partitions except one.
func few(t testing.TB) *memstore.Store {
	store := used(t)
	objects, err := objstore.All(t.Context(), store, layout.EventsPrefix, "")
	require.NoError(t, err)
	for _, o := range objects {
		if !strings.HasPrefix(o.Key, where("c").Prefix()) {
			require.NoError(t, store.Delete(t.Context(), o.Key))
		}
	}
	return store
}

// large returns a bucket with two objects of a run and a compacted segment. Each of them exceeds
// 1 MiB and has several row groups.
func large(t testing.TB) *memstore.Store {
	random := rand.NewChaCha8([32]byte{1})
	rows := segment.FromEvents(ofOne(400))
	for i := range rows {
		long := make([]byte, 4000)
		_, _ = random.Read(long) // cannot fail
		rows[i].ClientID, rows[i].ChannelID = "c", hex.EncodeToString(long)
	}
	store := bucket(t)
	for seq, part := range [][]segment.Row{rows[:350], rows} {
		data, _ := encode(t, part, 100)
		require.Greater(t, len(data), 1<<20)
		putBytes(t, store, fresh(1, seq+1).Key(where("c")), data)
	}
	putCompacted(t, store, where("c"), 1, rows, 100)
	return store
}

func compactAll(t testing.TB, store objstore.Store) {
	c, err := compact.New(store, compact.Config{Quiet: 1, Dir: t.TempDir(), Now: func() time.Time { return noon.AddDate(1, 0, 0) }})
	require.NoError(t, err)
	report, err := c.Run(t.Context(), compact.Share{})
	require.NoError(t, err)
	require.Empty(t, report.Failed)
}

func checked(t testing.TB, store check.Store, o check.Options) check.Report {
	report, err := check.Bucket(t.Context(), store, o)
	require.NoError(t, err)
	return report
}

func digestOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// putHolding stores the given rows of client c as a compacted segment whose footer states that it
// holds the named segments. It returns the segment's key.
func putHolding(t testing.TB, store objstore.Store, level int, rows []segment.Row, holds ...string) string {
	var out bytes.Buffer
	w := segment.NewInterimWriter(&out, 0)
	w.SetHolds(holds)
	require.NoError(t, w.Write(rows))
	written, err := w.Close()
	require.NoError(t, err)
	name := layout.Name{Level: level, Digest: digestOf(out.Bytes()), FooterLength: written.FooterLength, IndexLength: written.IndexLength}
	return putBytes(t, store, name.Key(where("c")), out.Bytes())
}

// putCompacted stores the given rows, which may be invalid, as a compacted segment and returns
// the segment's key.
func putCompacted(t testing.TB, store objstore.Store, p layout.Partition, level int, rows []segment.Row, groupRows int64) string {
	data, written := encode(t, rows, groupRows)
	return putBytes(t, store, layout.Name{Level: level, Digest: digestOf(data), FooterLength: written.FooterLength, IndexLength: written.IndexLength}.Key(p), data)
}
