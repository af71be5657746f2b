package proof_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/compact"
	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/segment"
)

// runs returns a world with n runs in one partition. Each run has two objects. The other instance
// has a copy of the first run's second object.
func runs(t *testing.T, n int) *world {
	w := markedWorld(t, t.TempDir())
	for run := range n {
		w.seed(10+run, 1, span(clientA, run*10, 3)...)
		w.seed(10+run, 2, span(clientA, run*10, 6)...)
	}
	w.seed(10, 2, on(staging, span(clientA, 0, 6)...)...)
	return w
}

func partitionA() layout.Partition { return partitionOf(at(clientA, 0)) }

func isOutput(key string) bool {
	_, name, err := layout.ParseKey(key)
	return err == nil && !name.Fresh()
}

// listed returns every segment of prod, sorted by key.
func (w *world) listed() []layout.Segment {
	objects, err := objstore.All(w.t.Context(), w.store, layout.InstancePrefix(prod), "")
	require.NoError(w.t, err)
	return layout.Segments(objects)
}

// compactOnce runs a compactor once and returns its report.
func (w *world) compactOnce(store compact.Store) compact.Report {
	report, err := w.newCompactor(store, compact.Config{}).Run(w.t.Context(), compact.Share{})
	require.NoError(w.t, err)
	return report
}

// putAgain puts the original content of each key into the store once more.
func (w *world) putAgain(keys ...string) {
	for _, key := range keys {
		data := w.store.contents[key]
		require.NoError(w.t, w.store.Put(w.t.Context(), key, bytes.NewReader(data), int64(len(data))))
	}
}

// faultOn returns a store that injects the given fault into every call with the operation op.
func faultOn(store objstore.Store, op objstore.Op, fault objstore.Fault) *objstore.Faulty {
	return objstore.NewFaulty(store, func(c objstore.Call) objstore.Fault {
		if c.Op == op {
			return fault
		}
		return objstore.Fault{}
	})
}

// soundAndSettled requires the world to be sound. It then compacts the bucket, and requires that
// the bucket is fully compacted and the world is still sound.
func (w *world) soundAndSettled(what ...any) {
	w.t.Helper()
	require.NoError(w.t, w.sound(), what...)
	require.NoError(w.t, w.settle(), what...)
	require.NoError(w.t, w.sound(), what...)
}

// A compactor that cannot read its output back must not delete the output. Another compactor with
// the same listing may already have written the same object, verified it and deleted the inputs.
func TestAnOutputThatOneCannotVerifyStaysForAnother(t *testing.T) {
	w := runs(t, 3)
	faulty := objstore.NewFaulty(w.store, func(c objstore.Call) (fault objstore.Fault) {
		switch {
		case c.Op == objstore.OpPut:
			require.Equal(t, 6, w.compactOnce(w.store).Deleted)
		case c.Op == objstore.OpRead && isOutput(c.Key):
			fault.Before = objstore.ErrFault
		}
		return fault
	})
	counting := objstore.NewCounting(faulty)
	require.Len(t, w.compactOnce(counting).Failed, 1)
	require.Len(t, counting.Of(objstore.OpPut), 1)
	require.Empty(t, counting.Of(objstore.OpDelete))
	require.Len(t, w.listed(), 1)
	w.soundAndSettled()
}

// lying is a store that reports success for a put but stores nothing.
type lying struct{ objstore.Store }

func (l lying) Put(context.Context, string, io.ReaderAt, int64) error { return nil }

// The compactor must delete nothing if the outcome of putting its output is unknown. It must also
// delete nothing if the put was confirmed but the output cannot be read back.
func TestNothingIsDeletedBeforeTheOutputWasReadBack(t *testing.T) {
	hold := make(chan struct{})
	for name, fault := range map[string]objstore.Fault{
		"before": {Before: objstore.ErrFault}, "midway": {Midway: objstore.ErrFault},
		"after": {After: objstore.ErrFault}, "late": {Late: hold}, "confirmed": {},
	} {
		t.Run(name, func(t *testing.T) {
			w := runs(t, 3)
			faulty := faultOn(w.store, objstore.OpPut, fault)
			var store objstore.Store = faulty
			if name == "confirmed" {
				store = lying{faulty}
			}
			counting := objstore.NewCounting(store)
			require.Zero(t, w.compactOnce(counting).Merges)
			require.Empty(t, counting.Of(objstore.OpDelete))
			if name == "late" {
				close(hold)
				faulty.Settle()
			}
			w.soundAndSettled()
		})
	}
}

// swapping is a store that stores another valid segment in place of each segment that is put into
// it.
type swapping struct {
	objstore.Store
	instead func(data []byte) []byte
}

func (s swapping) Put(ctx context.Context, key string, body io.ReaderAt, size int64) error {
	data, err := io.ReadAll(io.NewSectionReader(body, 0, size))
	if err != nil {
		return err
	}
	other := s.instead(data)
	return s.Store.Put(ctx, key, bytes.NewReader(other), int64(len(other)))
}

// withSummariesOf returns a segment without summaries together with the summaries of another one.
func withSummariesOf(t *testing.T, other, data []byte) []byte {
	lastGroup := func(data []byte) (end, index int64) {
		f, err := segment.ParseFooter(data, int64(len(data)))
		require.NoError(t, err)
		length, err := segment.FooterLength(data, int64(len(data)))
		require.NoError(t, err)
		last := f.Groups()[len(f.Groups())-1]
		footer := int64(len(data)) - length
		return last.Offset + last.Length, footer - 12 - int64(binary.LittleEndian.Uint32(data[footer-12:]))
	}
	from, to := lastGroup(other)
	end, _ := lastGroup(data)
	return slices.Concat(data[:end], other[from:to], data[end:])
}

// If the segment read back is valid, but its rows differ from the merged rows, the compactor
// must delete nothing.
func TestNothingIsDeletedForAnotherSegment(t *testing.T) {
	w := runs(t, 2)
	counting := objstore.NewCounting(swapping{w.store.Store, func(data []byte) []byte {
		return twin(t, data, func(n int) []byte {
			other, _ := compacted(t, 0, holdsOf(t, data), slices.Concat(span(clientA, n, 6), span(clientA, n+10, 6))...)
			return withSummariesOf(t, data, other)
		})
	}})
	report := w.compactOnce(counting)
	require.Len(t, report.Failed, 1)
	require.Contains(t, report.Failed[partitionA().String()], "not the one in its name")
	require.Empty(t, counting.Of(objstore.OpDelete))
}

// A merge must delete only its inputs. It must not delete objects that arrived during the merge,
// even if they are in the same partition, sort before the output, or belong to the same run as an
// input.
func TestADeleteNamesWhatWasMerged(t *testing.T) {
	w := runs(t, 3)
	var arrived []string
	counting := objstore.NewCounting(objstore.NewFaulty(w.store, func(c objstore.Call) objstore.Fault {
		if c.Op == objstore.OpPut {
			arrived = []string{
				w.seed(10, 3, span(clientA, 0, 7)...), w.seed(11, 1, span(clientA, 10, 3)...),
				w.seed(99, 1, at(clientB, 1)), w.seed(12, 3, at(clientA, 700), at(clientA, 701)),
			}
		}
		return objstore.Fault{}
	}))
	inputs := w.listed()
	report := w.compactOnce(counting)
	require.Equal(t, 6, report.Deleted)
	deletes := counting.Of(objstore.OpDelete)
	require.Len(t, deletes, 1)
	for n, input := range inputs {
		require.Equal(t, input.Key, deletes[0].Keys[n])
	}
	for _, key := range []string{arrived[0], arrived[2], arrived[3]} {
		require.Contains(t, w.store.there, key)
	}
	w.soundAndSettled()
}

// A merge's output must not have the name of one of its inputs. Otherwise, the compactor would
// delete the output as one of its inputs. The output must have a new name even if a compacted
// object already holds all events of a run, so that merging the two yields the same rows again.
func TestAnOutputIsNoneOfItsInputs(t *testing.T) {
	w := runs(t, 3)
	require.NoError(t, w.settle())
	first := w.listed()
	require.Len(t, first, 1)
	w.seed(50, 1, span(clientA, 10, 4)...)
	require.NoError(t, w.settle())
	second := w.listed()
	require.Len(t, second, 1)
	require.Equal(t, first[0].Name.Level+1, second[0].Name.Level)
	require.Contains(t, holdsOf(t, w.store.contents[second[0].Key]), first[0].Name.String())
	w.soundAndSettled()
}

// compacted encodes the events as a compacted object with the given number of rows per row group.
// The object's footer claims that the object holds the segments named in holds.
func compacted(t testing.TB, groupRows int64, holds []string, events ...event.Event) ([]byte, segment.Written) {
	var out bytes.Buffer
	writer := segment.NewWriter(&out, groupRows)
	writer.SetHolds(holds)
	require.NoError(t, writer.Write(segment.FromEvents(events)))
	written, err := writer.Close()
	require.NoError(t, err)
	return out.Bytes(), written
}

// holdsOf returns the names of the segments that an encoded segment claims to hold.
func holdsOf(t testing.TB, data []byte) []string {
	footer, err := segment.ParseFooter(data, int64(len(data)))
	require.NoError(t, err)
	return footer.Holds()
}

// seedOutput stores acknowledged events as a compacted object and returns its key.
func (w *world) seedOutput(level int, groupRows int64, events ...event.Event) string {
	for _, e := range events {
		w.acknowledge(w.deliver([]event.Event{e}, e.ReceivedAt, 0))
	}
	data, written := compacted(w.t, groupRows, nil, events...)
	digest := sha256.Sum256(data)
	name := layout.Name{Level: level, Digest: hex.EncodeToString(digest[:]), FooterLength: written.FooterLength, IndexLength: written.IndexLength}
	key := name.Key(partitionOf(events[0]))
	require.NoError(w.t, w.store.Put(w.t.Context(), key, bytes.NewReader(data), written.Size))
	return key
}

// Two objects have the same events but different bytes. At most one of them may supersede the
// other, because otherwise two compactors could delete both.
func TestTwoObjectsDoNotSupersedeEachOther(t *testing.T) {
	w := markedWorld(t, t.TempDir())
	w.seedOutput(1, 2, span(clientA, 0, 6)...)
	w.seedOutput(1, 3, span(clientA, 0, 6)...)
	require.Len(t, w.listed(), 2)
	atEveryCall(t, w.clone, compaction, (*world).settle)
}

// A delete that takes effect late must lose no event, even if its keys have been put again in the
// meantime. When the delete was sent, another object held all events of the deleted objects. Merges
// replace that object only with objects that hold at least the same events. So when the delete
// takes effect, some other object still holds the events.
func TestADelayedDeleteOfKeysThatAreThereAgain(t *testing.T) {
	w := runs(t, 3)
	hold := make(chan struct{})
	faulty := faultOn(w.store, objstore.OpDelete, objstore.Fault{Late: hold})
	var inputs []string
	for _, s := range w.listed() {
		inputs = append(inputs, s.Key)
	}
	require.Len(t, w.compactOnce(faulty).Failed, 1)
	require.Len(t, w.listed(), 7, "inputs and output")

	w.seed(50, 1, at(clientA, 500))
	require.Len(t, w.compactOnce(faulty).Failed, 1, "the second compactor finishes the merge, and its delete is late, too")
	w.soundAndSettled()
	outputs := w.listed()
	require.Len(t, outputs, 1)

	w.putAgain(inputs...)
	require.NoError(t, w.settle())
	w.putAgain(inputs...)
	close(hold)
	faulty.Settle()
	w.soundAndSettled()
}

// The compactor must leave a partition alone if it contains an object of the highest level.
func TestTheHighestLevelIsLeftAlone(t *testing.T) {
	w := runs(t, 2)
	w.seedOutput(layout.MaxLevel, 0, span(clientA, 700, 3)...)
	counting := objstore.NewCounting(w.store)
	require.Equal(t, []string{partitionA().String()}, w.compactOnce(counting).Stuck)
	require.Empty(t, counting.Of(objstore.OpPut))
	require.Empty(t, counting.Of(objstore.OpDelete))
	require.NoError(t, w.sound())
}

// If the object under a key changes between two reads, the compactor must leave the object
// alone. Otherwise it would use the footer of one object to merge the rows of the other.
func TestACompactorReadsOneVersionOfAKey(t *testing.T) {
	w := runs(t, 3)
	one, two := twins(t)
	key := fresh(20, 1).Key(partitionA())
	require.NoError(t, w.store.Store.Put(t.Context(), key, bytes.NewReader(one), int64(len(one))))
	reads := 0
	counting := objstore.NewCounting(objstore.NewFaulty(w.store.Store, func(c objstore.Call) objstore.Fault {
		if c.Op == objstore.OpRead && c.Key == key {
			if reads++; reads == 2 {
				require.NoError(t, w.store.Store.Put(t.Context(), key, bytes.NewReader(two), int64(len(two))))
			}
		}
		return objstore.Fault{}
	}))
	report := w.compactOnce(counting)
	require.Contains(t, report.Unreadable, key)
	for _, c := range counting.Of(objstore.OpDelete) {
		require.NotContains(t, c.Keys, key)
	}
	require.Equal(t, 1, report.Merges, "the others must be merged")
}

// twins returns two segments with different events but with the same offsets in their footers.
func twins(t *testing.T) (one, two []byte) {
	encode := func(from int) []byte {
		data, err := segment.Encode(segment.FromEvents(span(clientA, from, 5)))
		require.NoError(t, err)
		return data
	}
	one = encode(1000)
	return one, twin(t, one, func(n int) []byte { return encode(1000 + n) })
}

// twin calls candidate(1), candidate(2) and so on. It returns the first segment that has the same
// shape as the original segment: the same sizes, offsets and number of rows.
func twin(t *testing.T, original []byte, candidate func(n int) []byte) []byte {
	shape := func(data []byte) string {
		footer, err := segment.ParseFooter(data, int64(len(data)))
		require.NoError(t, err)
		length, err := segment.FooterLength(data, int64(len(data)))
		require.NoError(t, err)
		g := footer.Groups()[0]
		return fmt.Sprint(len(data), length, len(footer.Groups()), g.Offset, g.Length, g.Rows)
	}
	want := shape(original)
	for n := 1; n < 10_000; n++ {
		if data := candidate(n); shape(data) == want {
			return data
		}
	}
	require.FailNow(t, "found no other segment of this shape")
	return nil
}
