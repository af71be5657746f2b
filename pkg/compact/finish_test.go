package compact_test

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/compact"
	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/memstore"
	"devicetrace/pkg/segment"
)

// interrupted returns a bucket in which a merge of three runs has put its output but deleted
// nothing. It also returns the rows in the bucket.
func interrupted(t testing.TB) (*memstore.Store, []segment.Row) {
	store := bucket(t)
	want := scatter(t, store, 3, 20)
	run(t, failing(store, objstore.Fault{Before: objstore.ErrFault}, is(objstore.OpDelete)), compact.Config{})
	require.Len(t, keys(t, store, where), 6+1)
	return store, want
}

// outputOf returns the segment with the highest key in the partition, and its footer.
func outputOf(t testing.TB, store objstore.Store) (layout.Segment, *segment.Footer) {
	objects, err := objstore.All(t.Context(), store, where.Prefix(), "")
	require.NoError(t, err)
	output := layout.Segments(objects)[len(objects)-1]
	footer, err := segment.OpenFooter(t.Context(), store, segment.Object{Key: output.Key, Size: output.Size})
	require.NoError(t, err)
	return output, footer
}

// If a merge was interrupted before or during its deletes, the next call to Run must delete the
// inputs without a second merge.
func TestAnInterruptedMergeIsFinished(t *testing.T) {
	for name, fault := range map[string]objstore.Fault{
		"before the deletes": {Before: objstore.ErrFault}, "during the deletes": {Midway: objstore.ErrFault},
	} {
		t.Run(name, func(t *testing.T) {
			store := bucket(t)
			want := scatter(t, store, 3, 20)
			run(t, failing(store, fault, is(objstore.OpDelete)), compact.Config{})
			left := keys(t, store, where)
			counting := objstore.NewCounting(store)
			report := run(t, counting, compact.Config{})
			require.Equal(t, 1, report.Finished)
			require.Equal(t, len(left)-1, report.Deleted)
			require.Zero(t, report.Merges)
			require.Empty(t, counting.Of(objstore.OpPut))
			require.Len(t, keys(t, store, where), 1)
			require.Equal(t, want, union(t, store, where))
		})
	}
}

// After an interrupted merge is finished, its output must take part in later merges.
func TestAFinishedSegmentIsMerged(t *testing.T) {
	store, want := interrupted(t)
	put(t, store, where, 77, 1, at("late", 1))
	report := run(t, store, compact.Config{})
	require.Equal(t, 1, report.Finished)
	require.Equal(t, 1, report.Merges)
	require.Equal(t, 2, report.Inputs, "the finished segment and the late run")
	require.Len(t, keys(t, store, where), 1)
	require.Len(t, union(t, store, where), len(want)+1)
}

// An output must state which runs and which compacted segments it holds. For each run, it must name
// the object that was merged.
func TestAnOutputStatesWhatItHolds(t *testing.T) {
	store := bucket(t)
	scatter(t, store, 2, 20)
	run(t, store, compact.Config{})
	first, footer := outputOf(t, store)
	require.Equal(t, []string{
		fresh(1, 2).String(), fresh(2, 2).String(),
	}, footer.Holds())

	put(t, store, where, 77, 3, at("late", 1))
	run(t, store, compact.Config{})
	_, footer = outputOf(t, store)
	require.Equal(t, []string{fresh(77, 3).String(), first.Name.String()}, footer.Holds())
}

// A compactor must verify a whole segment before it trusts the segment's footer. If the segment is
// damaged, or does not match the digest in its name, the compactor must delete none of the segments
// that the footer names.
func TestADamagedOutputFinishesNothing(t *testing.T) {
	for name, damage := range map[string]func(t *testing.T, data []byte, footer *segment.Footer) []byte{
		"rows": func(_ *testing.T, data []byte, footer *segment.Footer) []byte {
			data[footer.Groups()[0].Offset+9] ^= 1
			return data
		},
		"magic":     func(_ *testing.T, data []byte, _ *segment.Footer) []byte { data[0] ^= 1; return data },
		"footer":    func(_ *testing.T, data []byte, _ *segment.Footer) []byte { data[len(data)-20] ^= 1; return data },
		"truncated": func(_ *testing.T, data []byte, _ *segment.Footer) []byte { return data[:len(data)-1] },
		"another segment with the same statement": func(t *testing.T, _ []byte, footer *segment.Footer) []byte {
			return encode(t, []segment.Row{{ClientID: "other"}}, 0, footer.Holds()...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			store, want := interrupted(t)
			output, footer := outputOf(t, store)
			data, err := store.Read(t.Context(), output.Key, 0, output.Size)
			require.NoError(t, err)
			putBytes(t, store, output.Key, damage(t, data, footer))

			// The put fails, because otherwise the merge would replace the damaged output with a sound one.
			report := run(t, failing(store, objstore.Fault{Before: objstore.ErrFault}, is(objstore.OpPut)), compact.Config{})
			require.Zero(t, report.Finished)
			require.Zero(t, report.Deleted)
			require.Contains(t, report.Unreadable, output.Key)
			require.Len(t, keys(t, store, where), 6+1)
			require.Subset(t, union(t, store, where), want)

			report = run(t, store, compact.Config{})
			require.Equal(t, 1, report.Merges, "the inputs are merged again")
			require.Equal(t, want, union(t, store, where))
			require.Len(t, keys(t, store, where), 1)
		})
	}
}

// A compactor must delete a damaged segment if an output that it has verified holds the segment,
// even if the segment was put back after the merge. The report must not name a deleted segment.
func TestDamagedHeldSegmentsAreDeleted(t *testing.T) {
	damagedRows := encode(t, segment.FromEvents([]event.Event{at("c", 1)}), 0)
	damagedRows[20] ^= 1
	firstOutput := layout.Name{} // stands for the output of the first merge
	for name, test := range map[string]struct {
		damaged layout.Name
		content string // "": no segment
		again   bool   // whether a second merge follows before the damage
		deleted bool
	}{
		"an input":                             {damaged: fresh(2, 2), deleted: true},
		"an input with a sound footer":         {damaged: fresh(2, 2), content: string(damagedRows), deleted: true},
		"an earlier object of a run":           {damaged: fresh(2, 1), deleted: true},
		"a compacted segment":                  {damaged: firstOutput, again: true, deleted: true},
		"not a later object of a run":          {damaged: fresh(2, 3)},
		"not a segment of another run":         {damaged: fresh(9, 1)},
		"not what the second output omits":     {damaged: fresh(2, 2), again: true},
		"not rows that are damaged but unheld": {damaged: fresh(9, 1), content: string(damagedRows)},
	} {
		t.Run(name, func(t *testing.T) {
			store := bucket(t)
			scatter(t, store, 3, 20)
			run(t, store, compact.Config{})
			if test.damaged == firstOutput {
				output, _ := outputOf(t, store)
				test.damaged = output.Name
			}
			if test.again {
				put(t, store, where, 77, 1, at("late", 1))
				run(t, store, compact.Config{})
			}
			want := union(t, store, where)
			store.Now = func() time.Time { return noon.Add(time.Hour) } // after the merges
			key := putBytes(t, store, test.damaged.Key(where), []byte(cmp.Or(test.content, "no segment")))

			counting := objstore.NewCounting(store)
			report := run(t, counting, compact.Config{})
			require.Zero(t, report.Merges)
			require.Empty(t, report.Failed)
			require.Equal(t, want, union(t, store, where))
			if !test.deleted {
				require.Empty(t, counting.Of(objstore.OpDelete))
				require.Contains(t, report.Unreadable, key)
				return
			}
			require.Equal(t, 1, report.Finished)
			require.Equal(t, 1, report.Deleted)
			require.Empty(t, report.Unreadable)
			require.NotContains(t, keys(t, store, where), key)
		})
	}
}

// A compactor must not delete a damaged segment on the word of a footer. It must verify every byte
// of the segment with that footer first.
func TestADamagedHolderDeletesNoDamagedSegment(t *testing.T) {
	for name, damage := range map[string]func(data []byte, footer *segment.Footer) []byte{
		"rows":  func(data []byte, footer *segment.Footer) []byte { data[footer.Groups()[0].Offset+9] ^= 1; return data },
		"magic": func(data []byte, _ *segment.Footer) []byte { data[0] ^= 1; return data },
		"another segment with the same statement": func(_ []byte, footer *segment.Footer) []byte {
			return encode(t, []segment.Row{{ClientID: "other"}}, 0, footer.Holds()...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			store := bucket(t)
			scatter(t, store, 3, 20)
			run(t, store, compact.Config{})
			output, footer := outputOf(t, store)
			data, err := store.Read(t.Context(), output.Key, 0, output.Size)
			require.NoError(t, err)
			putBytes(t, store, output.Key, damage(data, footer))
			held := putBytes(t, store, fresh(2, 2).Key(where), []byte("no segment"))

			counting := objstore.NewCounting(store)
			report := run(t, counting, compact.Config{})
			require.Empty(t, counting.Of(objstore.OpDelete))
			require.Contains(t, report.Unreadable, output.Key)
			require.Contains(t, report.Unreadable, held)
		})
	}
}

func TestPlanToFinish(t *testing.T) {
	level := func(l, n int) layout.Name {
		digest := sha256.Sum256([]byte{byte(n)})
		return layout.Name{Level: l, Digest: hex.EncodeToString(digest[:]), FooterLength: 1}
	}
	for name, c := range map[string]struct {
		listed []layout.Name
		holder layout.Name
		holds  []layout.Name
		open   bool
		newer  []layout.Name // segments that were written after the holder
		// want lists the segments to delete. If it is empty, merged lists the inputs.
		want, merged []layout.Name
	}{
		"a run and its earlier objects": {listed: []layout.Name{fresh(1, 1), fresh(1, 2), fresh(2, 1)}, holder: level(1, 1),
			holds: []layout.Name{fresh(1, 2)}, want: []layout.Name{fresh(1, 1), fresh(1, 2)}},
		"not the later objects of a run": {listed: []layout.Name{fresh(1, 2), fresh(1, 3)}, holder: level(1, 1),
			holds: []layout.Name{fresh(1, 2)}, want: []layout.Name{fresh(1, 2)}},
		"a compacted segment": {listed: []layout.Name{level(1, 1), level(1, 2)}, holder: level(2, 1),
			holds: []layout.Name{level(1, 2)}, want: []layout.Name{level(1, 2)}},
		"not a segment of its own level": {listed: []layout.Name{fresh(1, 1), level(1, 1)}, holder: level(1, 2),
			holds: []layout.Name{level(1, 1)}, merged: []layout.Name{fresh(1, 1), level(1, 1), level(1, 2)}},
		"not a segment of a higher level": {listed: []layout.Name{fresh(1, 1), level(2, 1)}, holder: level(1, 2),
			holds: []layout.Name{level(2, 1)}, merged: []layout.Name{fresh(1, 1), level(1, 2), level(2, 1)}},
		"not itself": {listed: []layout.Name{fresh(1, 1)}, holder: level(1, 1),
			holds: []layout.Name{level(1, 1)}, merged: []layout.Name{fresh(1, 1), level(1, 1)}},
		"nothing that it holds is listed": {listed: []layout.Name{fresh(1, 1)}, holder: level(1, 1),
			holds: []layout.Name{fresh(2, 1)}, merged: []layout.Name{fresh(1, 1), level(1, 1)}},
		"the holder is no input": {listed: []layout.Name{fresh(1, 1), fresh(2, 1)}, holder: level(1, 1), open: true,
			holds: []layout.Name{fresh(2, 1)}, want: []layout.Name{fresh(2, 1)}},
		"a holder older than the inputs": {listed: []layout.Name{fresh(1, 1), fresh(2, 1)}, holder: level(1, 1), open: true,
			holds: []layout.Name{fresh(2, 1)}, newer: []layout.Name{fresh(1, 1), fresh(2, 1)}, merged: []layout.Name{fresh(1, 1), fresh(2, 1)}},
	} {
		t.Run(name, func(t *testing.T) {
			listing, facts := compact.Listing{Partition: where}, compact.Facts{}
			for _, n := range append(slices.Clone(c.listed), c.holder) {
				s := layout.Segment{Key: n.Key(where), Name: n, Modified: noon}
				if slices.Contains(c.newer, n) {
					s.Modified = noon.Add(1)
				}
				listing.Segments = append(listing.Segments, s)
				facts[s.Key] = compact.Fact{Memory: 1}
			}
			slices.SortFunc(listing.Segments, func(a, b layout.Segment) int { return bytes.Compare([]byte(a.Key), []byte(b.Key)) })
			facts[c.holder.Key(where)] = compact.Fact{Memory: 1, Holds: c.holds}
			now := later
			if c.open {
				now = noon.Add(time.Hour)
			}
			config := compact.Config{Fanout: 2, Quiet: 1}
			plan := compact.NewPlan(listing, facts, now, config)
			var want []string
			for _, n := range c.want {
				want = append(want, n.Key(where))
			}
			var merged []layout.Name
			for _, s := range plan.Inputs {
				merged = append(merged, s.Name)
			}
			require.ElementsMatch(t, c.merged, merged)
			if len(want) == 0 {
				require.Empty(t, plan.Holder)
				return
			}
			require.Equal(t, c.holder, plan.Holder.Name)
			require.Equal(t, want, plan.Superseded)

			delete(facts, c.holder.Key(where))
			plan = compact.NewPlan(listing, facts, now, config)
			require.Contains(t, plan.Unknown, listing.Segments[len(listing.Segments)-1], "the holder's footer must be read first")

			facts[c.holder.Key(where)] = compact.Fact{Invalid: true}
			require.Empty(t, compact.NewPlan(listing, facts, now, config).Holder)
		})
	}
}

// A footer names other segments whose rows its own segment contains. An output's footer must also
// name the segments that its inputs' footers name, except those that are no longer listed.
// Otherwise, footers would grow with the partition's history.
func TestAnOutputHoldsWhatItsInputsHold(t *testing.T) {
	level := func(l int, digit string) layout.Name {
		return layout.Name{Level: l, Digest: fmt.Sprintf("%064s", digit), FooterLength: 1}
	}
	one, two, below, gone := level(2, "1"), level(2, "2"), level(1, "3"), level(1, "4")
	listing, facts := compact.Listing{Partition: where}, compact.Facts{}
	// The inputs are one and two. They hold run 1, which is too new to be an input, and the
	// segment named below, which needs too much memory.
	begun := func(run, seq int) layout.Name { return freshSince(noon.Add(time.Hour), run, seq) }
	for _, n := range []layout.Name{begun(1, 3), begun(5, 1), below, one, two} {
		listing.Segments = append(listing.Segments, layout.Segment{Key: n.Key(where), Name: n, Modified: noon})
		facts[n.Key(where)] = compact.Fact{Memory: 1}
	}
	listing.Segments[0].Modified, listing.Segments[1].Modified = noon.Add(time.Hour), noon.Add(time.Hour)
	facts[below.Key(where)] = compact.Fact{Memory: 1000}
	facts[one.Key(where)] = compact.Fact{Memory: 1, Holds: []layout.Name{begun(1, 3), fresh(2, 9), below, gone}}
	facts[two.Key(where)] = compact.Fact{Memory: 1, Holds: []layout.Name{begun(1, 4)}}
	plan := compact.NewPlan(listing, facts, noon.Add(time.Hour), compact.Config{Fanout: 2, MemoryBytes: 100})
	require.Len(t, plan.Inputs, 2)
	require.Equal(t, []string{begun(1, 4).String(), below.String(), one.String(), two.String()}, plan.Holds)

	listing.Segments = nil
	for n := range 300 {
		name := fresh(n, 1)
		listing.Segments = append(listing.Segments, layout.Segment{Key: name.Key(where), Name: name, Modified: noon})
		facts[name.Key(where)] = compact.Fact{}
	}
	plan = compact.NewPlan(listing, facts, later, compact.Config{MaxInputs: 300})
	require.Len(t, plan.Inputs, 300)
	require.Len(t, plan.Holds, 256)
}
