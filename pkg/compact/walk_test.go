package compact_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/compact"
	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/memstore"
	"devicetrace/pkg/objstore/objstoretest"
	"devicetrace/pkg/segment"
)

// partitionOf returns a partition on 2026-11-22, the day that all these tests use.
func partitionOf(instance string, shard layout.Shard) layout.Partition {
	return layout.Partition{Instance: event.InstanceID(instance), Shard: shard, Day: "2026-11-22"}
}

// putRuns stores the given number of runs in a partition, each with one event. With two runs or
// more, a merge of the partition is due.
func putRuns(t testing.TB, store objstore.Store, p layout.Partition, runs int) {
	data, err := segment.Encode(segment.FromEvents([]event.Event{at("c", 1)}))
	require.NoError(t, err)
	for n := range runs {
		putBytes(t, store, fresh(n+1, 1).Key(p), data)
	}
}

// However many shards there are, Run must list an instance with one request per 1,000 objects, and
// at least one.
func TestAListRequestCoversAThousandObjects(t *testing.T) {
	lists := func(store *memstore.Store) int {
		counting := objstore.NewCounting(store)
		report, err := compactor(t, counting, compact.Config{IntN: rand.New(rand.NewPCG(1, 2)).IntN}).Run(t.Context(), compact.Share{})
		require.NoError(t, err)
		require.Zero(t, report.Merges)
		require.Zero(t, report.Foreign)
		objects, err := objstore.All(t.Context(), store, layout.EventsPrefix, "")
		require.NoError(t, err)
		require.Equal(t, len(objects), report.Partitions, "each partition has one object, and is visited once")
		return counting.Requests() - 1 // without the request for the marker
	}

	few := bucket(t)
	for _, instance := range []string{"a", "b", "c"} {
		for _, shard := range (layout.Layout{Shards: 16}).AllShards() {
			putBytes(t, few, fresh(1, 1).Key(partitionOf(instance, shard)), nil)
		}
	}
	require.Equal(t, 1+3, lists(few), "the instances, and one list for each")

	manyShards := memstore.New()
	putBytes(t, manyShards, layout.Layout{Shards: 4096}.Marker(), nil)
	for _, shard := range (layout.Layout{Shards: 4096}).AllShards() {
		putBytes(t, manyShards, fresh(1, 1).Key(partitionOf("i", shard)), nil)
	}
	require.LessOrEqual(t, lists(manyShards), 1+5+2, "two more because the run begins in the middle")

	manyInstances := bucket(t)
	for n := range 10_000 {
		putBytes(t, manyInstances, fresh(1, 1).Key(partitionOf(fmt.Sprint("instance", n), "4")), nil)
	}
	require.Equal(t, 10+10_000, lists(manyInstances))
}

// However the pages divide the partitions, Run must visit and merge each partition of its share
// exactly once.
func TestAnyPagesLeadToEveryPartition(t *testing.T) {
	shards := layout.Layout{Shards: 16}.AllShards()
	for seed := range uint64(40) {
		random := rand.New(rand.NewPCG(seed, 3))
		store := bucket(t)
		outside, inside := 0, 0
		for range 1 + random.IntN(12) {
			p := partitionOf([]string{"a", "ab", "b"}[random.IntN(3)], shards[random.IntN(16)])
			if len(keys(t, store, p)) > 0 {
				continue
			}
			putRuns(t, store, p, 2+random.IntN(6))
			if p.Shard < "4" || p.Shard > "b" {
				outside++
			} else {
				inside++
			}
		}
		foreign := []string{"events/instance=a/notes", "events/instance=a/shard=40/day=2026-11-22/" + fresh(1, 1).String(), "events/instance=b/shard=5/x/y"}
		for _, key := range foreign {
			putBytes(t, store, key, nil)
		}
		c := compactor(t, objstoretest.Paged(store, 1+random.IntN(9)), compact.Config{IntN: random.IntN})

		report, err := c.Run(t.Context(), compact.Share{Shards: layout.ShardRange{First: "4", Last: "b"}})
		require.NoError(t, err)
		require.Equal(t, inside, report.Partitions, "seed %d", seed)
		require.Equal(t, inside, report.Merges, "seed %d", seed)
		require.Equal(t, 2, report.Foreign, "seed %d: the notes are before the first shard", seed)
		report, err = c.Run(t.Context(), compact.Share{})
		require.NoError(t, err)
		require.Equal(t, inside+outside, report.Partitions, "seed %d", seed)
		require.Equal(t, outside, report.Merges, "seed %d", seed)
	}
}

// Two compactors that share the instances must together merge every instance once.
func TestCompactorsShareInstances(t *testing.T) {
	store := bucket(t)
	for n := range 20 {
		putRuns(t, store, partitionOf(fmt.Sprint("instance", n), "4"), 2)
	}
	merges := 0
	for n := range 2 {
		part := layout.InstancePart{Number: n + 1, Count: 2}
		report, err := compactor(t, store, compact.Config{}).Run(t.Context(), compact.Share{Instances: part})
		require.NoError(t, err)
		require.Equal(t, report.Partitions, report.Merges)
		require.NotZero(t, report.Merges)
		merges += report.Merges
	}
	require.Equal(t, 20, merges)
}

// putLog is a store that logs the partition of each segment that is put. After each put, it calls
// after if after is not nil.
type putLog struct {
	compact.Store
	partitions []layout.Partition
	after      func()
}

func (l *putLog) Put(ctx context.Context, key string, body io.ReaderAt, size int64) error {
	partition, _, err := layout.ParseKey(key)
	if err != nil {
		return err
	}
	l.partitions = append(l.partitions, partition)
	err = l.Store.Put(ctx, key, body, size)
	if l.after != nil {
		l.after()
	}
	return err
}

// A large instance must not delay another instance by more than one turn.
func TestALargeInstanceDoesNotDelayOthers(t *testing.T) {
	store := bucket(t)
	for _, shard := range (layout.Layout{Shards: 16}).AllShards() {
		putRuns(t, store, partitionOf("large", shard), 2)
	}
	putRuns(t, store, partitionOf("backlog", "0"), 900) // takes 15 merges of 64 inputs
	putRuns(t, store, partitionOf("small", "9"), 2)
	log := &putLog{Store: store}
	inOrder := func(n int) int { return n - 1 } // visits the instances in ascending order, small last
	report, err := compactor(t, log, compact.Config{IntN: inOrder}).Run(t.Context(), compact.Share{})
	require.NoError(t, err)
	require.Equal(t, 18, report.Partitions)
	require.Equal(t, partitionOf("backlog", "0"), log.partitions[0])
	require.Less(t, slices.Index(log.partitions, partitionOf("small", "9")), 2*8+1)
	require.Equal(t, 16+15+1, report.Merges)
}

// If Run ends early, the next calls must finish its work, even if each of them has time for only
// one merge.
func TestRunsContinueEachOther(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	store := bucket(t)
	for _, shard := range (layout.Layout{Shards: 16}).AllShards() {
		putRuns(t, store, partitionOf("a", shard), 2)
		putRuns(t, store, partitionOf("b", shard), 3)
	}
	for runs := 0; ; runs++ {
		require.Less(t, runs, 32, "every run makes at least one merge")
		ctx, cancel := context.WithCancel(t.Context())
		log := &putLog{Store: objstoretest.Paged(store, 5)}
		log.after = func() {
			if len(log.partitions) == 2 { // the first merge was verified, the second will not be
				cancel()
			}
		}
		report, err := compactor(t, log, compact.Config{IntN: random.IntN}).Run(ctx, compact.Share{})
		cancel()
		require.NoError(t, err)
		if !report.Stopped {
			break
		}
		require.Equal(t, 1, report.Merges)
	}
	for _, shard := range (layout.Layout{Shards: 16}).AllShards() {
		require.Len(t, keys(t, store, partitionOf("a", shard)), 1)
		require.Len(t, keys(t, store, partitionOf("b", shard)), 1)
	}
}

// If an instance has several pages, calls to Run that end after their first merge must not all
// begin with the same shard.
func TestRunsBeginWithDifferentShards(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 10))
	began := map[layout.Shard]bool{}
	for range 40 {
		store := bucket(t)
		for _, shard := range (layout.Layout{Shards: 16}).AllShards() {
			putRuns(t, store, partitionOf("a", shard), 2)
		}
		ctx, cancel := context.WithCancel(t.Context())
		log := &putLog{Store: objstoretest.Paged(store, 7), after: cancel}
		_, err := compactor(t, log, compact.Config{IntN: random.IntN}).Run(ctx, compact.Share{})
		require.NoError(t, err)
		require.Len(t, log.partitions, 1)
		began[log.partitions[0].Shard] = true
	}
	require.Greater(t, len(began), 12)
}

// If any request before the merges fails, Run must return the error. In particular, Run must not
// continue without knowing the layout.
func TestAFailedListingEndsTheRun(t *testing.T) {
	for _, prefix := range []string{layout.MarkerPrefix, layout.EventsPrefix, layout.InstancePrefix("i"), where.Prefix()} {
		store := bucket(t)
		scatter(t, store, 3, 20)
		counting := objstore.NewCounting(failing(store, objstore.Fault{Before: objstore.ErrFault}, func(c objstore.Call) bool {
			return (c.Op == objstore.OpList || c.Op == objstore.OpPrefixes) && c.Key == prefix
		}))
		_, err := compactor(t, objstoretest.Paged(counting, 5), compact.Config{}).Run(t.Context(), compact.Share{}) // the partition continues on a second page
		require.ErrorIs(t, err, objstore.ErrFault, prefix)
		require.Empty(t, counting.Of(objstore.OpPut), prefix)
	}
}

// A compactor must do nothing in a bucket whose layout it does not know, or that has no layout yet.
func TestAnUnknownLayoutEndsTheRun(t *testing.T) {
	store := bucket(t)
	scatter(t, store, 3, 20)
	putBytes(t, store, layout.MarkerPrefix+"v9", nil)
	counting := objstore.NewCounting(store)
	_, err := compactor(t, counting, compact.Config{}).Run(t.Context(), compact.Share{})
	require.ErrorIs(t, err, layout.ErrConflict)
	require.Equal(t, 1, counting.Requests())

	empty := objstore.NewCounting(memstore.New())
	require.Zero(t, run(t, empty, compact.Config{}).Partitions)
	require.Equal(t, 1, empty.Requests())
}

// The compactor must plan a partition as a whole, even if a listing page ends with a foreign object
// in the middle of the partition.
func TestAForeignObjectDoesNotDivideAPartition(t *testing.T) {
	for max := 1; max <= 9; max++ {
		store := bucket(t)
		putRuns(t, store, where, 6)
		putBytes(t, store, where.Prefix()+"l0000-"+fmt.Sprintf("%032x", 3)+"~", nil)
		putRuns(t, store, another, 2)
		report, err := compactor(t, objstoretest.Paged(store, max), compact.Config{}).Run(t.Context(), compact.Share{})
		require.NoError(t, err)
		require.Equal(t, 2, report.Partitions, "pages of %d objects", max)
		require.Equal(t, 2, report.Merges, "pages of %d objects", max)
		require.Equal(t, 1, report.Foreign, "pages of %d objects", max)
	}
}
