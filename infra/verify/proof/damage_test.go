package proof_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go/bloom/xxhash"
	"github.com/stretchr/testify/require"

	"devicetrace/infra/verify/figures"
	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/query"
	"devicetrace/pkg/segment"
)

// damage is a way to change the bytes of an object.
type damage struct {
	name  string
	apply func(data []byte) []byte
}

// damages returns many ways in which a store, a person or another program could damage an object.
func damages(t *testing.T, random *rand.Rand) []damage {
	all := []damage{
		{"empty", func([]byte) []byte { return nil }},
		{"zeros", func(data []byte) []byte { return make([]byte, len(data)) }},
		{"text", func([]byte) []byte { return []byte("text, not a segment") }},
		{"magic alone", func([]byte) []byte { return []byte("PAR1") }},
		{"magic twice", func([]byte) []byte { return []byte("PAR1PAR1") }},
		{"the end without the start", func(data []byte) []byte { return data[len(data)/3:] }},
		{"longer", func(data []byte) []byte { return append(bytes.Clone(data), 0) }},
		{"a newer schema", func(data []byte) []byte { return newer(t, data) }},
	}
	for _, length := range []uint32{0, 1, 1 << 16, 1 << 26, 1<<31 - 1, 1 << 31, 1<<32 - 1} {
		all = append(all, damage{fmt.Sprint("a footer of ", length), func(data []byte) []byte {
			damaged := bytes.Clone(data)
			binary.LittleEndian.PutUint32(damaged[len(damaged)-8:], length)
			return damaged
		}})
	}
	for range 60 / everyNth {
		all = append(all, damage{"cut short", func(data []byte) []byte { return data[:random.IntN(len(data))] }})
	}
	for range 300 / everyNth {
		all = append(all, damage{"a flipped bit", func(data []byte) []byte {
			damaged := bytes.Clone(data)
			damaged[random.IntN(len(damaged))] ^= 1 << random.IntN(8)
			return damaged
		}})
	}
	return all
}

// newer returns a copy of the segment that claims a newer schema version and is otherwise intact.
func newer(t *testing.T, data []byte) []byte {
	const name = "device-trace.version"
	length, err := segment.FooterLength(data, int64(len(data)))
	require.NoError(t, err)
	damaged := bytes.Clone(data)
	footer := damaged[int64(len(damaged))-length:]
	at := bytes.Index(footer, []byte(name)) + len(name)
	digit := bytes.IndexByte(footer[at:], strconv.Itoa(segment.SchemaVersion)[0])
	footer[at+digit]++
	binary.LittleEndian.PutUint64(footer, xxhash.Sum64(footer[8:]))
	makeIndexNewer(damaged[:int64(len(damaged))-length])
	_, err = segment.ParseFooter(damaged, int64(len(damaged)))
	require.ErrorContains(t, err, "schema version")
	return damaged
}

// makeIndexNewer changes the version in the index at the end of the given bytes, if there is one.
func makeIndexNewer(before []byte) {
	end := len(before) - 8 // the end of the index without its checksum
	start := end - 4 - int(binary.LittleEndian.Uint32(before[end-4:]))
	if start < 0 || xxhash.Sum64(before[start:end]) != binary.LittleEndian.Uint64(before[end:]) {
		return
	}
	before[start]++
	binary.LittleEndian.PutUint64(before[end:], xxhash.Sum64(before[start:end]))
}

// objectsOf returns a world in which some events are in several objects. The world has:
//
//   - a run of two objects
//   - a run of one object
//   - a compacted object with several row groups
//   - a compacted object at a higher level
//
// keys lists these objects, except the first run's first object, which is superseded. The other
// instance has two runs of clientA. Their events have times that also occur in the first instance.
func objectsOf(t *testing.T) (w *world, keys []string) {
	w = markedWorld(t, t.TempDir())
	w.seed(10, 1, span(clientA, 0, 20)...)
	keys = append(keys, w.seed(10, 2, append(span(clientA, 0, 40), span(clientB, 0, 40)...)...))
	keys = append(keys, w.seed(11, 1, span(clientA, 30, 30)...))
	keys = append(keys, w.seedOutput(1, 16, span(clientA, 50, 60)...))
	keys = append(keys, w.seedOutput(2, 0, span(clientA, 100, 9)...))
	for run := range 2 {
		w.seed(10+run, 2, on(staging, span(clientA, 20*run, 30)...)...)
	}
	return w, keys
}

// eventsOutside returns a client's events from all objects except the given one.
func (w *world) eventsOutside(client, excluded string) []event.Event {
	var rows []segment.Row
	for key := range w.store.there {
		if key == excluded || !strings.HasPrefix(key, partitionA().Prefix()) {
			continue
		}
		of, err := rowsOf(key, w.store.contents[key])
		require.NoError(w.t, err)
		rows = append(rows, slices.DeleteFunc(of, func(r segment.Row) bool { return r.ClientID != client })...)
	}
	var events []event.Event
	for _, r := range segment.Distinct(rows) {
		events = append(events, r.Event(prod))
	}
	return events
}

// TestDamagedObjects damages objects in many ways, one object at a time. A query must report the
// damaged object's key and show all events of the other objects. Each of the query's reads must
// be at most 1 MiB long. The compactor must merge the other objects, report the damaged object
// and leave it unchanged. A put of the original bytes must repair the damaged object.
//
// The query and the compactor do not check every byte. For example, they ignore the footer if the
// index is sound. Damage to an unchecked byte may go unnoticed. The query must then show all
// events, and the compactor may merge the damaged object like any other.
func TestDamagedObjects(t *testing.T) {
	random := rand.New(rand.NewPCG(6, 6))
	original, keys := objectsOf(t)
	noticed, unnoticed, checked := 0, 0, 0
	for n, d := range damages(t, random) {
		key := keys[n%len(keys)]
		w := original.clone()
		data := d.apply(w.store.contents[key])
		require.NoError(t, w.store.Store.Put(t.Context(), key, bytes.NewReader(data), int64(len(data))))
		what := fmt.Sprintf("damage %d, %s, of %q", n, d.name, key)
		if w.requireShown(what, key) {
			w.requireLeftAlone(what, key, data)
			noticed++
		} else {
			w.soundAndSettled(what)
			unnoticed++
		}
		w.putAgain(key)
		w.soundAndSettled(what)
		checked += w.checked
	}
	t.Logf("%d damaged objects noticed, %d unnoticed, %d events checked", noticed, unnoticed, checked)
	require.Greater(t, noticed, unnoticed)
	figures.Add(t, "objects damaged", noticed)
	figures.Add(t, "events checked", checked)
}

// requireShown runs the same query twice and reports whether the damage was noticed. The first
// query makes two reads per object, and the second query makes one. A query that notices the damage
// must report the object under key and show all events of the other objects. A query that does not
// notice the damage must show all events.
func (w *world) requireShown(what, key string) (noticed bool) {
	w.t.Helper()
	for _, whole := range []int64{1, 1 << 20} {
		counting := objstore.NewCounting(w.store)
		result, err := w.newReader(counting, query.Config{WholeBytes: whole}).Trace(w.t.Context(), all(prod, clientA))
		require.NoError(w.t, err, what)
		for _, read := range counting.Of(objstore.OpRead) {
			require.LessOrEqual(w.t, read.N, int64(1<<20), what)
		}
		if len(result.Unreadable) == 0 {
			require.NoError(w.t, w.check(w.due(prod, clientA), result.Events), what)
			require.False(w.t, noticed, what)
			continue
		}
		noticed = true
		require.Len(w.t, result.Unreadable, 1, what)
		require.Equal(w.t, key, result.Unreadable[0].Key, what)
		require.Equal(w.t, w.eventsOutside(clientA, key), result.Events, what)
	}
	return noticed
}

// requireLeftAlone runs the compactor. The compactor must report the object under key as
// unreadable, leave that object unchanged, and merge all others.
func (w *world) requireLeftAlone(what, key string, data []byte) {
	w.t.Helper()
	want := w.eventsOutside(clientA, key)
	report := w.compactOnce(w.store)
	require.Contains(w.t, report.Unreadable, key, what)
	require.Empty(w.t, report.Failed, what)
	require.Empty(w.t, w.store.broken(), what)
	left := w.listed()
	require.Len(w.t, left, 2, "%s: the damaged object and one of all others", what)
	require.EqualValues(w.t, len(data), left[slices.IndexFunc(left, func(s layout.Segment) bool { return s.Key == key })].Size, what)
	if len(data) > 0 {
		stored, err := w.store.Read(w.t.Context(), key, 0, int64(len(data)))
		require.NoError(w.t, err, what)
		require.Equal(w.t, data, stored, what)
	}
	result, err := w.newReader(w.store, query.Config{}).Trace(w.t.Context(), all(prod, clientA))
	require.NoError(w.t, err, what)
	require.Equal(w.t, want, result.Events, what)
}
