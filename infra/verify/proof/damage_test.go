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

// damage is a way to spoil an object's bytes.
type damage struct {
	name  string
	spoil func(data []byte) []byte
}

// damages are the ways that a store, a hand or another program could spoil an object.
func damages(t *testing.T, random *rand.Rand) []damage {
	all := []damage{
		{"empty", func([]byte) []byte { return nil }},
		{"zeros", func(data []byte) []byte { return make([]byte, len(data)) }},
		{"text", func([]byte) []byte { return []byte("text, and no segment") }},
		{"magic alone", func([]byte) []byte { return []byte("PAR1") }},
		{"magic twice", func([]byte) []byte { return []byte("PAR1PAR1") }},
		{"another day's segment, cut", func(data []byte) []byte { return data[len(data)/3:] }},
		{"longer", func(data []byte) []byte { return append(bytes.Clone(data), 0) }},
		{"a newer schema", func(data []byte) []byte { return newer(t, data) }},
	}
	for _, length := range []uint32{0, 1, 1 << 16, 1 << 26, 1<<31 - 1, 1 << 31, 1<<32 - 1} {
		all = append(all, damage{fmt.Sprint("a footer of ", length), func(data []byte) []byte {
			spoilt := bytes.Clone(data)
			binary.LittleEndian.PutUint32(spoilt[len(spoilt)-8:], length)
			return spoilt
		}})
	}
	for range 60 / oneIn {
		all = append(all, damage{"cut short", func(data []byte) []byte { return data[:random.IntN(len(data))] }})
	}
	for range 300 / oneIn {
		all = append(all, damage{"a flipped bit", func(data []byte) []byte {
			spoilt := bytes.Clone(data)
			spoilt[random.IntN(len(spoilt))] ^= 1 << random.IntN(8)
			return spoilt
		}})
	}
	return all
}

// newer is a segment as a later version of this program might write it, sound but for that.
func newer(t *testing.T, data []byte) []byte {
	const name = "device-trace.version"
	length, err := segment.FooterLength(data, int64(len(data)))
	require.NoError(t, err)
	spoilt := bytes.Clone(data)
	footer := spoilt[int64(len(spoilt))-length:]
	at := bytes.Index(footer, []byte(name)) + len(name)
	digit := bytes.IndexByte(footer[at:], strconv.Itoa(segment.SchemaVersion)[0])
	footer[at+digit]++
	binary.LittleEndian.PutUint64(footer, xxhash.Sum64(footer[8:]))
	_, err = segment.ParseFooter(spoilt, int64(len(spoilt)))
	require.ErrorContains(t, err, "schema version")
	return spoilt
}

// objectsOf is a world whose objects hold events in common: a run's two objects, a run of
// its own, a compacted object of several row groups and one of a higher level.
func objectsOf(t *testing.T) (w *world, keys []string) {
	w = markedWorld(t, t.TempDir())
	w.seed(10, 1, span(clientA, 0, 20)...)
	keys = append(keys, w.seed(10, 2, append(span(clientA, 0, 40), span(clientB, 0, 40)...)...))
	keys = append(keys, w.seed(11, 1, span(clientA, 30, 30)...))
	keys = append(keys, w.seedOutput(1, 16, span(clientA, 50, 60)...))
	keys = append(keys, w.seedOutput(2, 0, span(clientA, 100, 9)...))
	return w, keys
}

// elsewhere are a client's events in all sound objects but one.
func (w *world) elsewhere(client, but string) []event.Event {
	var rows []segment.Row
	for key := range w.store.there {
		if key == but || !strings.HasPrefix(key, partitionA().Prefix()) {
			continue
		}
		of, err := rowsOf(key, w.store.contents[key])
		require.NoError(w.t, err)
		rows = append(rows, slices.DeleteFunc(of, func(r segment.Row) bool { return r.ClientID != client })...)
	}
	var events []event.Event
	for _, r := range segment.Distinct(rows) {
		events = append(events, r.Event())
	}
	return events
}

// TestSpoiltObjects: whatever became of an object, a query answers with all that others
// hold and names it, reading no more than there is; the compactor merges the others, says
// what it could not read, and lets it stay as it is. Put again, it is whole again. What
// neither reads, the page indexes, may be spoilt unseen, and then nothing is missing.
func TestSpoiltObjects(t *testing.T) {
	random := rand.New(rand.NewPCG(6, 6))
	original, keys := objectsOf(t)
	spoilt, unseen, checked := 0, 0, 0
	for n, d := range damages(t, random) {
		key := keys[n%len(keys)]
		w := original.clone()
		data := d.spoil(w.store.contents[key])
		require.NoError(t, w.store.Store.Put(t.Context(), key, bytes.NewReader(data), int64(len(data))))
		what := fmt.Sprintf("damage %d, %s, of %q", n, d.name, key)
		if w.requireAnswered(what, key) {
			w.requireLeftAlone(what, key, data)
			spoilt++
		} else {
			w.soundAndSettled(what)
			unseen++
		}
		w.again(key)
		w.soundAndSettled(what)
		checked += w.checked
	}
	t.Logf("%d objects spoilt, %d unseen, %d events checked", spoilt, unseen, checked)
	require.Greater(t, spoilt, unseen)
	figures.Add(t, "objects damaged", spoilt)
	figures.Add(t, "events checked", checked)
}

// requireAnswered asks for everything, each object in one read and in two, and reports
// whether the object was seen to be spoilt.
func (w *world) requireAnswered(what, key string) (seen bool) {
	w.t.Helper()
	for _, whole := range []int64{1, 1 << 20} {
		counting := objstore.NewCounting(w.store)
		answer, err := w.newReader(counting, query.Config{WholeBytes: whole}).Trace(w.t.Context(), all(clientA))
		require.NoError(w.t, err, what)
		for _, read := range counting.Of(objstore.OpRead) {
			require.LessOrEqual(w.t, read.N, int64(1<<20), what)
		}
		if len(answer.Unreadable) == 0 {
			require.NoError(w.t, w.check(w.due(clientA), answer.Events), what)
			require.False(w.t, seen, what)
			continue
		}
		seen = true
		require.Len(w.t, answer.Unreadable, 1, what)
		require.Equal(w.t, key, answer.Unreadable[0].Key, what)
		require.Equal(w.t, w.elsewhere(clientA, key), answer.Events, what)
	}
	return seen
}

// requireLeftAlone compacts all but the spoilt object.
func (w *world) requireLeftAlone(what, key string, data []byte) {
	w.t.Helper()
	want := w.elsewhere(clientA, key)
	report := w.compactOnce(w.store)
	require.Contains(w.t, report.Unreadable, key, what)
	require.Empty(w.t, report.Failed, what)
	require.Empty(w.t, w.store.broken(), what)
	left := w.listed()
	require.Len(w.t, left, 2, "%s: itself and all the others", what)
	require.EqualValues(w.t, len(data), left[slices.IndexFunc(left, func(s layout.Segment) bool { return s.Key == key })].Size, what)
	if len(data) > 0 {
		stored, err := w.store.Read(w.t.Context(), key, 0, int64(len(data)))
		require.NoError(w.t, err, what)
		require.Equal(w.t, data, stored, what)
	}
	answer, err := w.newReader(w.store, query.Config{}).Trace(w.t.Context(), all(clientA))
	require.NoError(w.t, err, what)
	require.Equal(w.t, want, answer.Events, what)
}
