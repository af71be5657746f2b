package compact_test

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
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

var (
	noon    = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	later   = noon.AddDate(0, 0, 2)
	where   = layout.Partition{Instance: "i", Shard: "4", Day: "2026-11-22"}
	another = layout.Partition{Instance: "i", Shard: "5", Day: "2026-11-22"}
)

func at(client string, ms int) event.Event {
	t := noon.Add(time.Duration(ms) * time.Millisecond)
	return event.Event{
		InstanceID: "i", ClientID: event.ClientID(client), Action: event.Connect, ActionInfo: event.Accepted,
		Time: t, ReceivedAt: t, TimeOrigin: event.FromBroker, NativeEvent: "connect", Source: "events",
	}
}

func bucket(t testing.TB) *memstore.Store {
	store := memstore.New()
	// Objects are put at noon. By default, the compactor runs two days later. By then, every
	// partition is quiet; see Config.Quiet.
	store.Now = func() time.Time { return noon }
	require.NoError(t, store.Put(t.Context(), layout.Layout{Shards: 16}.Marker(), bytes.NewReader(nil), 0))
	return store
}

// clone returns a copy of the bucket.
func clone(t testing.TB, store *memstore.Store) *memstore.Store {
	copied := bucket(t)
	objects, err := objstore.All(t.Context(), store, "", "")
	require.NoError(t, err)
	for _, o := range objects {
		data, err := store.Read(t.Context(), o.Key, 0, o.Size)
		require.NoError(t, err)
		putBytes(t, copied, o.Key, data)
	}
	return copied
}

func putBytes(t testing.TB, store objstore.Store, key string, data []byte) string {
	require.NoError(t, store.Put(t.Context(), key, bytes.NewReader(data), int64(len(data))))
	return key
}

// fresh returns the name of object number seq of run number n.
func fresh(n, seq int) layout.Name { return freshSince(time.Unix(0, 0), n, seq) }

// freshSince is like fresh for a run that began at the given time.
func freshSince(began time.Time, n, seq int) layout.Name {
	return layout.Name{Run: fmt.Sprintf("%08x%024x", began.Unix(), n), Seq: seq}
}

// encode encodes the rows as a segment that names the segments it holds.
func encode(t testing.TB, rows []segment.Row, groupRows int64, holds ...string) []byte {
	var out bytes.Buffer
	w := segment.NewInterimWriter(&out, groupRows)
	w.SetHolds(holds)
	require.NoError(t, w.Write(rows))
	_, err := w.Close()
	require.NoError(t, err)
	return out.Bytes()
}

// put stores the events in a fresh segment, which becomes object number seq of run number n. It
// returns the segment's key.
func put(t testing.TB, store objstore.Store, p layout.Partition, n, seq int, events ...event.Event) string {
	data, err := segment.Encode(segment.FromEvents(events))
	require.NoError(t, err)
	return putBytes(t, store, fresh(n, seq).Key(p), data)
}

// compactor returns a compactor. Unless config says otherwise, every partition counts as closed and
// quiet, and IntN always returns 0. Run then visits the last instance first, and after it the
// others in ascending order.
func compactor(t testing.TB, store compact.Store, config compact.Config) *compact.Compactor {
	config.Quiet = cmp.Or(config.Quiet, 1)
	config.Dir = cmp.Or(config.Dir, t.TempDir())
	if config.Now == nil {
		config.Now = func() time.Time { return later }
	}
	if config.IntN == nil {
		config.IntN = func(int) int { return 0 }
	}
	c, err := compact.New(store, config)
	require.NoError(t, err)
	return c
}

func run(t testing.TB, store compact.Store, config compact.Config) compact.Report {
	config.Dir = t.TempDir()
	report, err := compactor(t, store, config).Run(t.Context(), compact.Share{})
	require.NoError(t, err)
	left, err := os.ReadDir(config.Dir)
	require.NoError(t, err)
	require.Empty(t, left, "staged outputs are removed")
	return report
}

// failing wraps a store. Every call for which match returns true gets the fault.
func failing(store objstore.Store, fault objstore.Fault, match func(objstore.Call) bool) *objstore.Faulty {
	return objstore.NewFaulty(store, func(c objstore.Call) objstore.Fault {
		if match(c) {
			return fault
		}
		return objstore.Fault{}
	})
}

// is returns a function that reports whether a call is the given operation.
func is(op objstore.Op) func(objstore.Call) bool {
	return func(c objstore.Call) bool { return c.Op == op }
}

// nth returns a function that reports whether a call is number n.
func nth(n int) func(objstore.Call) bool {
	return func(c objstore.Call) bool { return c.Seq == n }
}

func keys(t testing.TB, store objstore.Lister, p layout.Partition) []string {
	objects, err := objstore.All(t.Context(), store, p.Prefix(), "")
	require.NoError(t, err)
	var all []string
	for _, o := range objects {
		all = append(all, o.Key)
	}
	return all
}

// union returns the distinct rows of all valid segments in a partition.
func union(t testing.TB, store objstore.Store, p layout.Partition) []segment.Row {
	objects, err := objstore.All(t.Context(), store, p.Prefix(), "")
	require.NoError(t, err)
	var rows []segment.Row
	for _, o := range objects {
		object := segment.Object{Key: o.Key, Size: o.Size}
		footer, err := segment.OpenFooter(t.Context(), store, object)
		if err != nil {
			require.ErrorIs(t, err, segment.ErrCorrupt)
			continue
		}
		cursor := segment.OpenCursor(store, object, footer)
		for row, err := cursor.Next(t.Context()); err == nil; row, err = cursor.Next(t.Context()) {
			rows = append(rows, *row)
		}
	}
	return segment.Distinct(rows)
}

// scatter stores the given number of runs and returns the distinct rows of all runs. Each run has
// the given number of random events and consists of two objects. The first object holds half of the
// run's events. The second object holds all of them. Some events are in several runs.
func scatter(t testing.TB, store objstore.Store, runs, events int) []segment.Row {
	random := rand.New(rand.NewPCG(5, 6))
	var all []event.Event
	for n := range runs {
		var part []event.Event
		for range events {
			part = append(part, at(fmt.Sprintf("client%03d", random.IntN(50)), random.IntN(10_000)))
		}
		put(t, store, where, n+1, 1, part[:events/2]...)
		putBytes(t, store, fresh(n+1, 2).Key(where), encode(t, segment.FromEvents(part), int64(events)/2))
		all = append(all, part...)
	}
	return segment.FromEvents(all)
}

func TestAClosedDayBecomesOneObject(t *testing.T) {
	store := bucket(t)
	want := scatter(t, store, 20, 100)
	report := run(t, store, compact.Config{})
	require.Equal(t, 1, report.Merges)
	require.Equal(t, 20, report.Inputs)
	require.Equal(t, 40, report.Deleted)
	require.EqualValues(t, len(want), report.Rows)
	require.Len(t, keys(t, store, where), 1)
	require.Equal(t, want, union(t, store, where))
	_, name, err := layout.ParseKey(keys(t, store, where)[0])
	require.NoError(t, err)
	require.Equal(t, 1, name.Level)

	require.Zero(t, run(t, store, compact.Config{}).Merges, "nothing is due any more")

	put(t, store, where, 99, 1, at("late", 1))
	require.Equal(t, 1, run(t, store, compact.Config{}).Merges, "a late event makes the partition due again")
	require.Len(t, keys(t, store, where), 1)
	require.Len(t, union(t, store, where), len(want)+1)
}

func TestAnOpenDayIsMergedByLevels(t *testing.T) {
	store := bucket(t)
	now := func() time.Time { return noon.Add(time.Hour) }
	for n := range 3 {
		put(t, store, where, n+1, 1, at("c", n))
	}
	require.Zero(t, run(t, store, compact.Config{Now: now}).Merges)
	put(t, store, where, 4, 1, at("c", 4))
	require.Equal(t, 1, run(t, store, compact.Config{Now: now}).Merges)
	require.Len(t, keys(t, store, where), 1)
}

// If events arrive steadily over a day, compaction must rewrite each row only about once per level.
func TestRewritesAreFew(t *testing.T) {
	store := bucket(t)
	now := func() time.Time { return noon.Add(time.Hour) }
	var written int64
	const rounds = 512
	for n := range rounds {
		put(t, store, where, n+1, 1, at("c", n))
		written += run(t, store, compact.Config{Now: now}).Rows
		require.LessOrEqual(t, len(keys(t, store, where)), 8*4)
	}
	require.Len(t, union(t, store, where), rounds)
	require.LessOrEqual(t, float64(written)/rounds, 4.0, "rewrites per row")
}

// If a partition has more inputs than one merge takes, several merges reduce it to one object.
func TestManyInputsTakeSeveralMerges(t *testing.T) {
	store := bucket(t)
	want := scatter(t, store, 30, 20)
	report := run(t, store, compact.Config{MaxInputs: 7})
	require.Greater(t, report.Merges, 4)
	require.Len(t, keys(t, store, where), 1)
	require.Equal(t, want, union(t, store, where))
}

// A compactor lists and merges only the given shards, so that several compactors can share the
// work.
func TestACompactorStaysInItsShards(t *testing.T) {
	store := objstore.NewCounting(bucket(t))
	for n := range 3 {
		put(t, store, where, n+1, 1, at("c", n))
		put(t, store, another, n+1, 1, at("d", n))
	}
	c := compactor(t, store, compact.Config{})
	store.Reset()
	report, err := c.Run(t.Context(), compact.Share{Shards: layout.ShardRange{First: "5", Last: "f"}})
	require.NoError(t, err)
	require.Equal(t, 1, report.Merges)
	require.Len(t, store.Of(objstore.OpList), 2, "one list for the layout and one for the instance")
	require.Len(t, keys(t, store, where), 3)
	require.Len(t, keys(t, store, another), 1)
	_, err = c.Run(t.Context(), compact.Share{Shards: layout.ShardRange{First: "00", Last: "7f"}})
	require.ErrorContains(t, err, "more digits")
}

func TestTwoCompactorsWriteTheSameObject(t *testing.T) {
	one, two := bucket(t), bucket(t)
	scatter(t, one, 9, 50)
	scatter(t, two, 9, 50)
	run(t, one, compact.Config{})
	run(t, two, compact.Config{})
	require.Equal(t, keys(t, one, where), keys(t, two, where))
}

// A partition with many damaged segments must not keep Run from merging other partitions.
func TestManyDamagedSegments(t *testing.T) {
	store := bucket(t)
	for n := range 20 {
		data, err := segment.Encode(segment.FromEvents([]event.Event{at("a", n), at("b", n)}))
		require.NoError(t, err)
		data[10] ^= 1 // damages a row group, so that only reading the rows finds the damage
		putBytes(t, store, fresh(n+1, 1).Key(where), data)
	}
	for n := range 2 {
		put(t, store, another, 100+n, 1, at("c", n))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	report, err := compactor(t, store, compact.Config{Margin: time.Second}).Run(ctx, compact.Share{})
	require.NoError(t, err)
	require.False(t, report.Stopped)
	require.Len(t, report.Unreadable, 19, "the last one is not read, because no other segment is left to merge it with")
	require.Equal(t, 1, report.Merges)
}

// An input that is not a valid segment must be left out of the merge, reported and kept. If the
// input belongs to a run, the run's previous object must be merged instead.
func TestUnreadableInputsStay(t *testing.T) {
	store := bucket(t)
	want := scatter(t, store, 3, 20)
	junk := putBytes(t, store, layout.Name{Run: strings.Repeat("e", 32), Seq: 1}.Key(where), []byte("junk"))
	put(t, store, where, 77, 1, at("below the damage", 1))
	valid, err := segment.Encode(segment.FromEvents([]event.Event{at("below the damage", 1), at("lost", 2)}))
	require.NoError(t, err)
	valid[20] ^= 1 // damages a row group but not the footer, so that only reading the rows finds the damage
	damaged := putBytes(t, store, fresh(77, 2).Key(where), valid)
	foreign := putBytes(t, store, where.Prefix()+"notes.txt", []byte("?"))

	report := run(t, store, compact.Config{})
	require.Len(t, report.Unreadable, 2)
	require.Contains(t, report.Unreadable, junk)
	require.Contains(t, report.Unreadable, damaged)
	require.Equal(t, 1, report.Foreign)
	left := keys(t, store, where)
	require.Len(t, left, 4)
	require.Subset(t, left, []string{junk, damaged, foreign})
	require.Len(t, union(t, store, where), len(want)+1)
}

// No row may be lost, whichever call to the store fails and however it fails. Run must report the
// failure, and the next call must finish the work.
func TestEveryCallFailsOnce(t *testing.T) {
	for name, start := range map[string]func(testing.TB) (*memstore.Store, []segment.Row){
		"several merges": func(t testing.TB) (*memstore.Store, []segment.Row) {
			store := bucket(t)
			return store, scatter(t, store, 3, 20)
		},
		"an interrupted merge": interrupted,
	} {
		t.Run(name, func(t *testing.T) {
			origin, want := start(t)
			config := compact.Config{MemoryBytes: memoryFor(t, origin, 2)} // too little to merge all three runs at once
			counting := objstore.NewCounting(clone(t, origin))
			merges := run(t, counting, config).Merges
			calls := counting.Requests()
			require.Greater(t, calls, 6)
			for n := 1; n <= calls; n++ {
				for name, fault := range map[string]objstore.Fault{
					"before": {Before: objstore.ErrFault}, "midway": {Midway: objstore.ErrFault}, "after": {After: objstore.ErrFault},
				} {
					store := clone(t, origin)
					report, err := compactor(t, failing(store, fault, nth(n)), config).Run(t.Context(), compact.Share{})
					require.True(t, err != nil || len(report.Failed) == 1, "%s call %d: the fault is reported", name, n)
					require.Equal(t, want, union(t, store, where), "%s call %d", name, n)
					require.LessOrEqual(t, run(t, store, config).Merges, merges, "%s call %d, then again", name, n)
					require.Equal(t, want, union(t, store, where), "%s call %d, then again", name, n)
					require.Len(t, keys(t, store, where), 1, "%s call %d, then again", name, n)
				}
			}
		})
	}
}

// Inputs may be deleted only if the output, as read back from the store, contains the merged rows.
func TestAnOutputStoredDamagedDeletesNothing(t *testing.T) {
	for name, damage := range map[string]func(output []byte) []byte{
		"a flipped bit":   func(output []byte) []byte { output[10] ^= 1; return output },
		"another segment": func([]byte) []byte { return encode(t, []segment.Row{{ClientID: "other"}}, 0) },
	} {
		store := damaging{bucket(t), damage}
		scatter(t, store.Store, 3, 20)
		before := keys(t, store, where)
		report := run(t, store, compact.Config{})
		require.Zero(t, report.Merges, name)
		require.Zero(t, report.Deleted, name)
		require.Len(t, report.Failed, 1, name)
		require.Subset(t, keys(t, store, where), before, name)
	}
}

// damaging is a store that damages each object put into it.
type damaging struct {
	*memstore.Store
	damage func([]byte) []byte
}

func (d damaging) Put(ctx context.Context, key string, body io.ReaderAt, size int64) error {
	data := make([]byte, size)
	if _, err := body.ReadAt(data, 0); err != nil {
		return err
	}
	data = d.damage(data)
	return d.Store.Put(ctx, key, bytes.NewReader(data), int64(len(data)))
}

func TestAMissingInputEndsTheMerge(t *testing.T) {
	store := bucket(t)
	scatter(t, store, 3, 20)
	all := keys(t, store, where)
	victim := all[len(all)-1]
	counting := objstore.NewCounting(objstore.NewFaulty(store, func(c objstore.Call) objstore.Fault {
		if c.Op == objstore.OpRead {
			require.NoError(t, store.Delete(t.Context(), victim))
		}
		return objstore.Fault{}
	}))
	report := run(t, counting, compact.Config{})
	require.Equal(t, 1, report.Missed)
	require.Zero(t, report.Merges)
	require.Empty(t, counting.Of(objstore.OpPut))
	require.Empty(t, counting.Of(objstore.OpDelete))
}

// If the staging directory is missing, the report must count the merge under Failed. Missed is only
// for merges with missing inputs.
func TestAMissingFolderIsAFailure(t *testing.T) {
	store := bucket(t)
	scatter(t, store, 3, 20)
	report, err := compactor(t, store, compact.Config{Dir: t.TempDir() + "/gone"}).Run(t.Context(), compact.Share{})
	require.NoError(t, err)
	require.Zero(t, report.Missed)
	require.Len(t, report.Failed, 1)
}

func TestARunStopsBeforeItsDeadline(t *testing.T) {
	store := bucket(t)
	scatter(t, store, 3, 20)
	put(t, store, another, 1, 1, at("c", 1))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	report, err := compactor(t, store, compact.Config{Margin: time.Hour}).Run(ctx, compact.Share{})
	require.NoError(t, err)
	require.True(t, report.Stopped)
	require.Zero(t, report.Merges)
}

func TestPlan(t *testing.T) {
	level := func(l, n int) layout.Name {
		return layout.Name{Level: l, Digest: fmt.Sprintf("%064x", n), FooterLength: 1}
	}
	for _, c := range []struct {
		name    string
		names   []layout.Name
		invalid []layout.Name
		open    bool
		// want holds the names of the expected inputs. wantLevel is the expected level of the
		// output.
		want      []layout.Name
		wantLevel int
		stuck     bool
	}{
		{name: "one run is not merged", names: []layout.Name{fresh(1, 1), fresh(1, 2)}},
		{name: "closed: everything", names: []layout.Name{fresh(1, 1), fresh(1, 2), level(1, 1)},
			want: []layout.Name{fresh(1, 2), level(1, 1)}, wantLevel: 2},
		{name: "open: too few", names: []layout.Name{fresh(1, 1), level(1, 1), level(1, 2), level(1, 3)}, open: true},
		{name: "open: half as many runs", names: []layout.Name{fresh(1, 1), fresh(2, 1), level(1, 1)}, open: true,
			want: []layout.Name{fresh(1, 1), fresh(2, 1)}, wantLevel: 1},
		{name: "open: four of a level, and everything below", open: true,
			names: []layout.Name{fresh(1, 1), level(1, 1), level(1, 2), level(1, 3), level(1, 4), level(2, 1)},
			want:  []layout.Name{fresh(1, 1), level(1, 1), level(1, 2), level(1, 3), level(1, 4)}, wantLevel: 2},
		{name: "an invalid head: the next lower object", names: []layout.Name{fresh(1, 1), fresh(1, 2), level(1, 1)},
			invalid: []layout.Name{fresh(1, 2)}, want: []layout.Name{fresh(1, 1), level(1, 1)}, wantLevel: 2},
		{name: "nothing to merge on the highest level", names: []layout.Name{level(layout.MaxLevel, 1)}},
		{name: "the last level left", names: []layout.Name{fresh(1, 1), level(layout.MaxLevel-1, 1)},
			want: []layout.Name{fresh(1, 1), level(layout.MaxLevel-1, 1)}, wantLevel: layout.MaxLevel},
		{name: "no level left", names: []layout.Name{fresh(1, 1), level(layout.MaxLevel, 1)}, stuck: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			listing := compact.Listing{Partition: where}
			for _, name := range c.names {
				listing.Segments = append(listing.Segments, layout.Segment{Key: name.Key(where), Name: name, Modified: noon})
			}
			facts := compact.Facts{}
			for _, name := range c.invalid {
				facts[name.Key(where)] = compact.Fact{Invalid: true}
			}
			now := later
			if c.open {
				now = noon.Add(time.Hour)
			}
			plan := compact.NewPlan(listing, facts, now, compact.Config{Fanout: 4, Quiet: time.Minute})
			var got []layout.Name
			for _, s := range plan.Inputs {
				got = append(got, s.Name)
				require.Contains(t, plan.Superseded, s.Key)
			}
			require.Equal(t, c.want, got)
			require.Equal(t, c.wantLevel, plan.Level)
			require.Equal(t, c.stuck, plan.Stuck)
			for key := range facts {
				require.NotContains(t, plan.Superseded, key)
			}
			for _, key := range plan.Superseded { // the output sorts after every segment it supersedes
				require.Less(t, key, layout.Name{Level: plan.Level, Digest: strings.Repeat("0", 64), FooterLength: 1}.Key(where))
			}
		})
	}
}

// The inputs of a merge must stay within the limits on memory and size. A segment that is too large
// must not be merged.
func TestAPlanStaysWithinItsLimits(t *testing.T) {
	config := compact.Config{Quiet: 1, MaxInputs: 5, MemoryBytes: 100, LargeBytes: 1000, StageBytes: 1600} // the inputs may total 1400 bytes
	type input struct {
		size, memory int64 // if memory is 0, the segment has no facts
	}
	for name, c := range map[string]struct {
		inputs  []input
		want    []int // indexes of the plan's inputs
		unknown []int
		last    bool
	}{
		"all fit":                      {inputs: []input{{10, 10}, {10, 10}, {10, 10}}, want: []int{0, 1, 2}, last: true},
		"too many":                     {inputs: []input{{1, 1}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, {1, 1}}, want: []int{0, 1, 2, 3, 4}},
		"memory":                       {inputs: []input{{10, 40}, {10, 40}, {10, 20}, {10, 1}}, want: []int{0, 1, 2}},
		"no footers after the limit":   {inputs: []input{{10, 40}, {10, 40}, {10, 30}, {10, 0}}, want: []int{0, 1}},
		"half of the memory":           {inputs: []input{{10, 50}, {10, 50}}, want: []int{0, 1}, last: true},
		"more than half of the memory": {inputs: []input{{10, 51}, {10, 1}, {10, 1}}, want: []int{1, 2}, last: true},
		"large":                        {inputs: []input{{1000, 1}, {10, 1}, {999, 1}}, want: []int{1, 2}, last: true},
		"nothing but large":            {inputs: []input{{1000, 1}, {1000, 1}, {10, 1}}},
		"disk":                         {inputs: []input{{900, 1}, {600, 1}, {500, 1}, {1, 1}}, want: []int{0, 2}},
		"unknown":                      {inputs: []input{{10, 0}, {10, 40}, {10, 0}}, want: []int{0, 1, 2}, unknown: []int{0, 2}, last: true},
	} {
		listing, facts := compact.Listing{Partition: where}, compact.Facts{}
		for i, in := range c.inputs {
			name := fresh(i, 1)
			listing.Segments = append(listing.Segments, layout.Segment{Key: name.Key(where), Size: in.size, Name: name, Modified: noon})
			if in.memory > 0 {
				facts[name.Key(where)] = compact.Fact{Memory: in.memory}
			}
		}
		plan := compact.NewPlan(listing, facts, later, config)
		numbers := func(segments []layout.Segment) (found []int) {
			for _, s := range segments {
				found = append(found, slices.Index(listing.Segments, s))
			}
			return found
		}
		require.Equal(t, c.want, numbers(plan.Inputs), name)
		require.Equal(t, c.unknown, numbers(plan.Unknown), name)
		require.Equal(t, c.last, plan.Last, name)
	}
}

// memoryFor returns an amount of memory that suffices for a merge of n segments like the second
// segment in the partition, but not for n+1.
func memoryFor(t testing.TB, store objstore.Store, n int64) int64 {
	key := keys(t, store, where)[1]
	footer, err := segment.OpenFooter(t.Context(), store, segment.Object{Key: key, Size: objectSize(t, store, key)})
	require.NoError(t, err)
	return n*footer.MergeMemory() + footer.MergeMemory()/2
}

// If merging all inputs at once would take too much memory, a compactor must merge in several
// steps.
func TestMergesStayWithinTheMemory(t *testing.T) {
	store := bucket(t)
	want := scatter(t, store, 12, 20)
	counting := objstore.NewCounting(store)
	report := run(t, counting, compact.Config{MemoryBytes: memoryFor(t, store, 3)})
	reads := 0
	for _, call := range counting.Calls() {
		if call.Op == objstore.OpPut {
			break
		}
		if call.Op == objstore.OpRead {
			reads++
		}
	}
	require.Equal(t, 4+3*2, reads, "the first merge reads four footers, and three inputs of two row groups")
	require.Greater(t, report.Merges, 4, "at most three inputs each")
	require.Equal(t, want, union(t, store, where))
	require.Len(t, keys(t, store, where), 1)
}

func objectSize(t testing.TB, store objstore.Lister, key string) int64 {
	objects, err := objstore.All(t.Context(), store, key, "")
	require.NoError(t, err)
	return objects[0].Size
}

// A segment of at least LargeBytes must not be merged, so a closed day may keep several objects.
func TestLargeSegmentsAreLeftAlone(t *testing.T) {
	store := bucket(t)
	want := scatter(t, store, 12, 200)
	size := objectSize(t, store, keys(t, store, where)[1])
	report := run(t, store, compact.Config{MaxInputs: 3, LargeBytes: 5 * size / 4})
	require.NotZero(t, report.Merges)
	left := keys(t, store, where)
	require.Greater(t, len(left), 1)
	require.Equal(t, want, union(t, store, where))
	require.Zero(t, run(t, store, compact.Config{MaxInputs: 3, LargeBytes: 5 * size / 4}).Merges)
}

// Until a partition is closed and quiet, a run must not be merged unless it is large or began at
// least 12 minutes ago. Otherwise, the recorder may still add to the run.
func TestAnOpenRunIsNotMerged(t *testing.T) {
	now := noon.Add(time.Hour)
	segmentOf := func(began, modified time.Duration, size int64) layout.Segment {
		name := freshSince(now.Add(-began), 2, 1)
		return layout.Segment{Key: name.Key(where), Size: size, Name: name, Modified: now.Add(-modified)}
	}
	old := segmentOf(time.Hour, time.Hour, 1000)
	compacted := layout.Segment{Key: "z", Name: layout.Name{Level: 1}, Modified: now}
	const tomorrow = -24 * time.Hour
	for name, c := range map[string]struct {
		second []layout.Segment
		now    time.Time
		want   int // number of inputs
	}{
		"it has ended":                      {[]layout.Segment{segmentOf(12*time.Minute, time.Minute, 1000)}, now, 2},
		"it may be open":                    {[]layout.Segment{segmentOf(12*time.Minute-time.Second, time.Minute, 1000)}, now, 0},
		"it is large":                       {[]layout.Segment{segmentOf(time.Minute, time.Minute, 16<<10)}, now, 2},
		"the recorder's clock is ahead":     {[]layout.Segment{segmentOf(-time.Hour, 12*time.Minute, 1000)}, now, 2},
		"it is ahead, and it may be open":   {[]layout.Segment{segmentOf(-time.Hour, 12*time.Minute-1, 1000)}, now, 0},
		"the day is over, but not quiet":    {[]layout.Segment{segmentOf(10*time.Minute+tomorrow, 5*time.Minute+tomorrow, 1000)}, now.AddDate(0, 0, 1), 0},
		"the day is over and it is quiet":   {[]layout.Segment{segmentOf(time.Minute, time.Minute, 1000)}, now.AddDate(0, 0, 1), 2},
		"a compacted segment is never open": {[]layout.Segment{segmentOf(2*time.Hour, time.Hour, 1000), compacted}, now, 2},
	} {
		listing := compact.Listing{Partition: where, Segments: append([]layout.Segment{old}, c.second...)}
		plan := compact.NewPlan(listing, nil, c.now, compact.Config{Fanout: 2})
		require.Len(t, plan.Inputs, c.want, name)
	}
}

func TestConfigNamesTheField(t *testing.T) {
	for field, config := range map[string]compact.Config{
		"Fanout": {Fanout: 1}, "MaxInputs": {MaxInputs: 1}, "MemoryBytes": {MemoryBytes: -1}, "LargeBytes": {LargeBytes: -1},
		"StageBytes": {StageBytes: -1}, "RunAge": {RunAge: -1}, "Quiet": {Quiet: -1}, "Margin": {Margin: -1},
	} {
		_, err := compact.New(memstore.New(), config)
		require.ErrorContains(t, err, field)
	}
}

func BenchmarkRun(b *testing.B) {
	var rows int64
	for b.Loop() {
		b.StopTimer()
		store := bucket(b)
		scatter(b, store, 16, 5000)
		b.StartTimer()
		rows += run(b, store, compact.Config{}).Rows
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
}

// A merge must use the slower, stronger compression if it leaves a closed partition with a single
// segment, and must not use it otherwise.
func TestTheLastMergeOfADay(t *testing.T) {
	listing := func(n int) (l compact.Listing) {
		l.Partition = where
		for i := range n {
			name := fresh(i, 1)
			l.Segments = append(l.Segments, layout.Segment{Key: name.Key(where), Size: 1, Name: name, Modified: noon})
		}
		return l
	}
	for name, c := range map[string]struct {
		inputs int
		now    time.Time
		quiet  time.Duration
		want   bool
	}{
		"the day is not over":        {8, noon.Add(time.Hour), time.Hour, false},
		"the day is over":            {8, noon.Add(12 * time.Hour), 12 * time.Hour, true},
		"the day is over, not quiet": {8, noon.Add(12 * time.Hour), 12*time.Hour + 1, false},
		"more than one merge is due": {65, noon.Add(24 * time.Hour), time.Hour, false},
	} {
		plan := compact.NewPlan(listing(c.inputs), nil, c.now, compact.Config{Quiet: c.quiet})
		require.NotEmpty(t, plan.Inputs, name)
		require.Equal(t, c.want, plan.Last, name)
	}

	size := func(now time.Time) int64 {
		store := bucket(t)
		scatter(t, store, 8, 100)
		report := run(t, store, compact.Config{Now: func() time.Time { return now }})
		require.Equal(t, 8, report.Inputs)
		_, name, err := layout.ParseKey(keys(t, store, where)[0])
		require.NoError(t, err)
		require.True(t, name.HasSummaries())
		return report.Bytes - name.MinutesLength - name.DropsLength - name.DevicesLength
	}
	require.Less(t, size(later), size(noon.Add(time.Hour)))
}

// A partition that has no level left for an output must be reported and not merged.
func TestAStuckPartitionIsReported(t *testing.T) {
	store := bucket(t)
	highest := layout.Name{Level: layout.MaxLevel, Digest: strings.Repeat("0", 64), FooterLength: 1}
	putBytes(t, store, highest.Key(where), nil)
	put(t, store, where, 1, 1, at("c", 1))
	putRuns(t, store, another, 2)
	report := run(t, store, compact.Config{})
	require.Equal(t, []string{where.String()}, report.Stuck)
	require.Equal(t, 1, report.Merges, "the other partition")
	require.Len(t, keys(t, store, where), 2)
}
