package layout_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/memstore"
)

var (
	run    = strings.Repeat("0a", 16)
	digest = strings.Repeat("0b", 32)
)

func TestKeysBothWays(t *testing.T) {
	partition := layout.Partition{Instance: "prod", Shard: "4", Day: "2026-11-22"}
	for name, want := range map[layout.Name]string{
		{Run: run, Seq: 7}: "events/instance=prod/shard=4/day=2026-11-22/l0000-" + run + "-000007.parquet",
		{Level: 12, Digest: digest, FooterLength: 910}:                                                      "events/instance=prod/shard=4/day=2026-11-22/l0012-" + digest + "-910.parquet",
		{Level: layout.MaxLevel, Digest: digest, FooterLength: 1}:                                           "events/instance=prod/shard=4/day=2026-11-22/l9999-" + digest + "-1.parquet",
		{Level: 1, Digest: digest, FooterLength: 9, MinutesLength: 80, DropsLength: 70, DevicesLength: 600}: "events/instance=prod/shard=4/day=2026-11-22/l0001-" + digest + "-9-80-70-600.parquet",
		{Level: 1, Digest: digest, FooterLength: 9, MinutesLength: 80, DropsLength: 70}:                     "events/instance=prod/shard=4/day=2026-11-22/l0001-" + digest + "-9-80-70-0.parquet",
		{Level: 1, Digest: digest, FooterLength: 9, IndexLength: 5}:                                         "events/instance=prod/shard=4/day=2026-11-22/l0001-" + digest + "-9-5.parquet",
		{Level: 1, Digest: digest, FooterLength: 9, IndexLength: 5, MinutesLength: 80, DropsLength: 70}:     "events/instance=prod/shard=4/day=2026-11-22/l0001-" + digest + "-9-5-80-70-0.parquet",
		{Run: run, Seq: 1}:             "events/instance=prod/shard=4/day=2026-11-22/l0000-" + run + "-000001.parquet",
		{Run: run, Seq: layout.MaxSeq}: "events/instance=prod/shard=4/day=2026-11-22/l0000-" + run + "-999999.parquet",
	} {
		require.Equal(t, want, name.Key(partition))
		gotPartition, gotName, err := layout.ParseKey(want)
		require.NoError(t, err)
		require.Equal(t, partition, gotPartition)
		require.Equal(t, name, gotName)
	}
}

func TestForeignKeysDoNotParse(t *testing.T) {
	for _, key := range []string{
		"", "events/", "events/instance=prod/shard=4/day=2026-11-22/", "events/instance=prod/shard=4/day=2026-11-22/readme.txt",
		"events/instance=prod/shard=g/day=2026-11-22/l0000-" + run + "-000007.parquet",
		"events/instance=prod/shard=4/day=2026-02-30/l0000-" + run + "-000007.parquet",
		"events/instance=prod/shard=4/day=2026-11-22/l0000-" + run + "-7.parquet",
		"events/instance=prod/shard=4/day=2026-11-22/l0000-" + run[1:] + "-000007.parquet",
		"events/instance=prod/shard=4/day=2026-11-22/l0000--000007.parquet",
		"events/instance=prod/shard=4/day=2026-11-22/l0000-" + run + "-.parquet",
		"events/instance=prod/shard=4/day=2026-11-22/l0000-" + run + ".parquet",
		"events/instance=prod/shard=4/day=2026-11-22/l0000-" + run + "-000007-000007.parquet",
		"events/instance=prod/shard=4/day=2026-11-22/0000-" + run + "-000007.parquet",
		"events/instance=prod/shard=4/day=2026-11-22/l-" + run + "-000007.parquet",
		"events/instance=prod/shard=4/day=2026-11-22/lx-" + digest + "-7.parquet",
		"events/instance=prod/shard=4/day=2026-11-22/l0001-" + digest + "-0.parquet",
		"events/instance=prod/shard=4/day=2026-11-22/l0001-" + digest[1:] + "-7.parquet",
		"events/instance=prod/shard=4/day=2026-11-22/l0001-" + digest + "-99999999999999999999.parquet",
		"events/instance=prod/shard=4/day=2026-11-22/l0000-" + run + "-000000.parquet",
		"events/instance=prod/shard=4/day=2026-11-22/l0000-" + run + "-1000000.parquet",
		"events/instance=prod/shard=4/day=2026-11-22/l0001-" + run + "-000007.parquet",
		"events/instance=prod/shard=4/day=2026-11-22/l0001-" + digest + "-007.parquet",
		"events/instance=prod/shard=4/day=2026-11-22/l0001-" + digest + "-7-0.parquet",
		"events/instance=prod/shard=4/day=2026-11-22/l0001-" + digest + "-7-8-9.parquet",
		"events/instance=prod/shard=4/day=2026-11-22/l0001-" + digest + "-7-0-0-0.parquet",
		"events/instance=prod/shard=4/day=2026-11-22/l0001-" + digest + "-7-0-0-9.parquet",
		"events/instance=prod/shard=4/day=2026-11-22/l0001-" + digest + "-7-0-8-9.parquet",
		"events/instance=prod/shard=4/day=2026-11-22/l0001-" + digest + "-7-8-0-9.parquet",
		"events/instance=prod/shard=4/day=2026-11-22/l0001-" + digest + "-7-8-9-09.parquet",
		"events/instance=prod/shard=4/day=2026-11-22/l0001-" + digest + "-7-8-9--1.parquet",
		"events/instance=prod/shard=4/day=2026-11-22/l0001-" + digest + "-7-8-9-10-11-12.parquet",
		"events/instance=prod/shard=4/day=2026-11-22/l0001-" + digest + "-7-0-8-9-10.parquet",
		"events/instance=prod/shard=4/day=2026-11-22/l0001-" + digest + "-7-8-0-0-0.parquet",
		"events/instance=prod/shard=4/day=2026-11-22/l0001-" + digest + "-7-8-9-9223372036854775807.parquet",
		"events/instance=prod/shard=4/day=2026-11-22/l0000-" + run + "-000007-8-9-10.parquet",
		"events/instance=prod/shard=4/day=2026-11-22/l10000-" + digest + "-7.parquet",
		"events/instance=prod/shard=4/day=2026-11-22/l-001-" + digest + "-7.parquet",
		"events/instance=prod/shard=4/day=2026-11-22/l0001-" + strings.ToUpper(digest) + "-7.parquet",
		"events/shard=4/day=2026-11-22/l0000-" + run + "-000007.parquet",
		"events/instance=/shard=4/day=2026-11-22/l0000-" + run + "-000007.parquet",
		"events/prod/shard=4/day=2026-11-22/l0000-" + run + "-000007.parquet",
		"events/instance=prod/4/day=2026-11-22/l0000-" + run + "-000007.parquet",
		"events/instance=prod/shard=4/2026-11-22/l0000-" + run + "-000007.parquet",
		"instance=prod/shard=4/day=2026-11-22/l0000-" + run + "-000007.parquet",
		"events/instance=prod/shard=4/day=2026-11-22/l0000-" + run + "-000007",
		"events/instance=prod/shard=4/day=2026-11-22//l0000-" + run + "-000007.parquet",
		"x/events/instance=prod/shard=4/day=2026-11-22/l0001-" + digest + "-7.parquet",
	} {
		_, _, err := layout.ParseKey(key)
		require.Error(t, err, key)
	}
}

// A segment's name must sort after the names of all segments that it may supersede, even at the
// highest sequence number and level.
func TestOrder(t *testing.T) {
	names := []layout.Name{
		{Run: run, Seq: 1}, {Run: run, Seq: 9}, {Run: run, Seq: 10}, {Run: run, Seq: layout.MaxSeq},
		{Level: 1, Digest: digest, FooterLength: 1}, {Level: 2, Digest: run + run, FooterLength: 1},
		{Level: 10, Digest: run + run, FooterLength: 1}, {Level: layout.MaxLevel, Digest: run + run, FooterLength: 1},
	}
	for i := 1; i < len(names); i++ {
		require.Less(t, names[i-1].String(), names[i].String())
	}
}

// The summaries and then the index lie before the footer. If an object is too small for the lengths
// in its name, their ranges must be empty.
func TestSummaryRanges(t *testing.T) {
	name := layout.Name{Level: 1, Digest: digest, FooterLength: 10, MinutesLength: 3, DropsLength: 4, DevicesLength: 5}
	require.True(t, name.HasSummaries())
	require.Equal(t, layout.Range{Offset: 87, Length: 3}, name.Minutes(100))
	require.Equal(t, layout.Range{Offset: 83, Length: 4}, name.Drops(100))
	require.Equal(t, layout.Range{Offset: 78, Length: 5}, name.Devices(100))
	require.EqualValues(t, 90, name.Minutes(100).End())
	require.Equal(t, layout.Range{Offset: 9, Length: 3}, name.Minutes(22))
	require.Zero(t, name.Minutes(21))
	name.DevicesLength = 0
	require.Equal(t, layout.Range{Offset: 83, Length: 4}, name.Drops(100))
	require.Zero(t, name.Devices(100))
	require.Zero(t, name.Index(100))
	name.IndexLength = 7
	require.Equal(t, layout.Range{Offset: 83, Length: 7}, name.Index(100))
	require.Equal(t, layout.Range{Offset: 80, Length: 3}, name.Minutes(100))
	require.Equal(t, layout.Range{Offset: 76, Length: 4}, name.Drops(100))
	require.Zero(t, name.Index(23))
	none := layout.Name{Level: 1, Digest: digest, FooterLength: 10}
	require.False(t, none.HasSummaries())
	require.Zero(t, none.Minutes(100))
}

func TestInstances(t *testing.T) {
	store := memstore.New()
	for _, key := range []string{
		"events/instance=b/shard=4/day=2026-11-22/x", "events/instance=a/y", "events/instance=a/z",
		"events/instance=/x", "events/other/x", "events/instance=c", "quarantine/instance=d/x",
		"events/instance=a-1/shard=4/day=2026-11-22/x",
	} {
		require.NoError(t, store.Put(t.Context(), key, bytes.NewReader(nil), 0))
	}
	instances, err := layout.Instances(t.Context(), store)
	require.NoError(t, err)
	require.Equal(t, []event.InstanceID{"a", "a-1", "b"}, instances, "sorted by name, although the key of a-1 comes first")

	faulty := objstore.NewFaulty(store, func(objstore.Call) objstore.Fault { return objstore.Fault{Before: objstore.ErrFault} })
	_, err = layout.Instances(t.Context(), faulty)
	require.ErrorIs(t, err, objstore.ErrFault)
}

// EachInstance must read instances page by page. If a later page fails, the iteration must end with
// the error. If the caller stops early, EachInstance must make no further request.
func TestEachInstanceReadsPages(t *testing.T) {
	var keys []string
	for i := range objstore.MaxPage + 1 {
		keys = append(keys, fmt.Sprintf("events/instance=%04d/shard=4/day=2026-11-22/x", i))
	}
	store := bucketWith(t, keys...)
	all, err := layout.Instances(t.Context(), store)
	require.NoError(t, err)
	require.Len(t, all, len(keys))

	faulty := objstore.NewCounting(objstore.NewFaulty(store, func(call objstore.Call) objstore.Fault {
		if call.Seq == 2 {
			return objstore.Fault{Before: objstore.ErrFault}
		}
		return objstore.Fault{}
	}))
	_, err = layout.Instances(t.Context(), faulty)
	require.ErrorIs(t, err, objstore.ErrFault)
	faulty.Reset()
	for id, err := range layout.EachInstance(t.Context(), faulty) {
		require.NoError(t, err)
		if id == "0999" {
			break
		}
	}
	require.Equal(t, 1, faulty.Requests())
}

func TestHasInstance(t *testing.T) {
	store := objstore.NewCounting(bucketWith(t,
		"events/instance=prod/shard=4/day=2026-11-22/x", "events/instance=prod-1/shard=4/day=2026-11-22/x", "quarantine/instance=q/x"))
	for id, want := range map[event.InstanceID]bool{"prod": true, "prod-1": true, "pro": false, "prod-": false, "q": false} {
		store.Reset()
		found, err := layout.HasInstance(t.Context(), store, id)
		require.NoError(t, err)
		require.Equal(t, want, found, id)
		require.Equal(t, 1, store.Requests())
	}
	store.Reset()
	for _, id := range []event.InstanceID{"", "prod/shard=4", "a b"} {
		found, err := layout.HasInstance(t.Context(), store, id)
		require.NoError(t, err)
		require.False(t, found, id)
	}
	require.Zero(t, store.Requests())
	faulty := objstore.NewFaulty(store, func(objstore.Call) objstore.Fault { return objstore.Fault{Before: objstore.ErrFault} })
	_, err := layout.HasInstance(t.Context(), faulty, "prod")
	require.ErrorIs(t, err, objstore.ErrFault)
}

func TestShards(t *testing.T) {
	const clientID = "GID_a@@@dev1"
	for _, shards := range []int{16, 256, 4096} {
		l := layout.Layout{Shards: shards}
		require.NoError(t, l.Validate())
		require.Len(t, l.AllShards(), shards)
		require.Contains(t, l.AllShards(), l.ShardOf(clientID))
		parsed, err := layout.ParseMarker(l.Marker())
		require.NoError(t, err)
		require.Equal(t, l, parsed)
	}
	require.Equal(t, layout.Shard("d"), layout.Layout{Shards: 16}.ShardOf("")) // MD5 of "": d41d8cd9…
	require.Equal(t, layout.Shard("d41"), layout.Layout{Shards: 4096}.ShardOf(""))
	require.Error(t, layout.Layout{Shards: 17}.Validate())
	for _, key := range []string{"layout/", "layout/v1-shards16", "layout/v2-shards16", "layout/v3-shards016", "layout/v3-shards17", "layout/v3-shards", "layout/v3-shards16 ", "16", "v3-shards16"} {
		_, err := layout.ParseMarker(key)
		require.Error(t, err, key)
	}
}

func TestShardRanges(t *testing.T) {
	for _, c := range []struct {
		text   string
		layout layout.Layout
		first  layout.Shard
		last   layout.Shard
		shards int
	}{
		{"", small, "0", "f", 16}, {"0-f", large, "00", "ff", 256}, {"8-f", small, "8", "f", 8},
		{"0-7", large, "00", "7f", 128}, {"8-f", large, "80", "ff", 128}, {"0a-0a", large, "0a", "0a", 1},
	} {
		r, err := layout.ParseShardRange(c.text)
		require.NoError(t, err)
		require.Equal(t, c.text, r.String())
		within, err := r.ShardsOf(c.layout)
		require.NoError(t, err)
		require.Len(t, within, c.shards)
		require.Equal(t, []layout.Shard{c.first, c.last}, []layout.Shard{within[0], within[len(within)-1]})
	}
	for _, bad := range []string{"8", "8-", "-8", "f-8", "8-ff", "0000-ffff", "8-F", "8-g", " 8-f", "8-f-f"} {
		_, err := layout.ParseShardRange(bad)
		require.ErrorContains(t, err, "8-f", bad)
	}
	long, err := layout.ParseShardRange("00-7f")
	require.NoError(t, err)
	_, err = long.ShardsOf(small)
	require.EqualError(t, err, "shards 00-7f have more digits than the shards of a bucket that has only 16")
}

// Every instance must belong to exactly one of the parts, and the parts must be of about equal
// size.
func TestInstanceParts(t *testing.T) {
	var sizes [4]int
	for n := range 4000 {
		for i := range sizes {
			part, err := layout.ParseInstancePart(fmt.Sprintf("%d/4", i+1))
			require.NoError(t, err)
			if part.Contains(event.InstanceID(fmt.Sprint("instance", n))) {
				sizes[i]++
			}
		}
	}
	require.Equal(t, 4000, sizes[0]+sizes[1]+sizes[2]+sizes[3])
	for _, size := range sizes {
		require.InDelta(t, 1000, size, 100)
	}
	all, err := layout.ParseInstancePart("")
	require.NoError(t, err)
	require.True(t, all.Contains("prod"))
	require.Empty(t, all.String())
	for _, bad := range []string{"1", "1/", "/4", "0/4", "5/4", "-1/4", "1/1001", "01/4", "1/4/4", " 1/4", "a/4", "1/b"} {
		_, err := layout.ParseInstancePart(bad)
		require.ErrorContains(t, err, "such as 1/4", bad)
	}
}

func TestPartitionsBetween(t *testing.T) {
	l := layout.Layout{Shards: 16}
	from := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	require.Len(t, l.PartitionsBetween("prod", "c", from, from), 1)
	require.Len(t, l.PartitionsBetween("prod", "c", from, from.Add(24*time.Hour)), 2)
	midnight := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	require.Len(t, l.PartitionsBetween("prod", "c", from, midnight.Add(-time.Millisecond)), 1)
	require.Len(t, l.PartitionsBetween("prod", "c", from, midnight), 2)
	require.Len(t, l.PartitionsBetween("prod", "c", midnight, midnight.Add(24*time.Hour)), 2)
	zone := time.FixedZone("", 8*3600)
	require.Equal(t, layout.Day("2026-11-22"), l.PartitionsBetween("prod", "c", midnight.In(zone).Add(-1), midnight)[0].Day)
}

func TestSplitRuns(t *testing.T) {
	other := strings.Repeat("f", 32)
	var segments []layout.Segment
	for _, name := range []layout.Name{
		{Run: run, Seq: 1}, {Run: run, Seq: 2}, {Run: other, Seq: 5}, {Level: 1, Digest: digest, FooterLength: 9},
	} {
		segments = append(segments, layout.Segment{Key: name.String(), Name: name})
	}
	runs, compacted := layout.SplitRuns(segments)
	require.Len(t, runs, 2)
	require.Equal(t, 2, runs[0].Head().Name.Seq)
	require.Equal(t, other, runs[1].Head().Name.Run)
	require.Equal(t, segments[3:], compacted)
}

func TestSegmentsSkipsForeignKeys(t *testing.T) {
	partition := layout.Partition{Instance: "prod", Shard: "4", Day: "2026-11-22"}
	name := layout.Name{Run: run, Seq: 7}
	segments := layout.Segments([]objstore.Object{
		{Key: partition.Prefix() + "_SUCCESS"}, {Key: name.Key(partition), Size: 5}, {Key: partition.Prefix() + "l0000.parquet", Size: 6},
	})
	require.Equal(t, []layout.Segment{{Key: name.Key(partition), Size: 5, Name: name}}, segments)
}

func TestDays(t *testing.T) {
	require.Equal(t, time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC), layout.Day("2026-11-22").Start())
	for _, day := range []layout.Day{"", "2026-11-31", "2026-1-2", "2026-11-22 ", "22.11.2026", "20261122"} {
		require.Zero(t, day.Start(), day)
	}
}

func TestQuarantineKeys(t *testing.T) {
	key := layout.QuarantineKey(time.Date(2026, 11, 22, 23, 0, 0, 0, time.UTC), run)
	require.Equal(t, "quarantine/day=2026-11-22/"+run+".json", key)
	day, id, err := layout.ParseQuarantineKey(key)
	require.NoError(t, err)
	require.Equal(t, layout.Day("2026-11-22"), day)
	require.Equal(t, run, id)
	for _, foreign := range []string{
		"", "quarantine/", "quarantine/day=2026-11-22", "quarantine/day=2026-11-22/", "quarantine/day=2026-11-22/../x.json",
		"2026-11-22/" + run + ".json", "quarantine/2026-11-22/" + run + ".json", "quarantine/day=2026-11-22/" + run,
		"quarantine/day=2026-11-31/" + run + ".json", "quarantine/day=today/" + run + ".json", "quarantine/day=0001-01-01/" + run + ".json",
		"quarantine/day=2026-11-22/" + run[1:] + ".json", "quarantine/day=2026-11-22/" + run + "0.json",
		"quarantine/day=2026-11-22/" + strings.ToUpper(run) + ".json", "quarantine/day=2026-11-22/x/" + run + ".json",
	} {
		_, _, err = layout.ParseQuarantineKey(foreign)
		require.Error(t, err, foreign)
	}
}

func FuzzParseKey(f *testing.F) {
	f.Add("events/instance=prod/shard=4/day=2026-11-22/l0000-" + run + "-000007.parquet")
	f.Add("events/instance=prod/shard=4f/day=2026-11-22/l0003-" + digest + "-1234.parquet")
	f.Add("events/instance=prod/shard=4f/day=2026-11-22/l0003-" + digest + "-1234-56-7-8-9.parquet")
	f.Add("layout/v3-shards16")
	f.Add("00-7f")
	f.Add("quarantine/day=2026-11-22/" + run + ".json")
	f.Fuzz(func(t *testing.T, key string) {
		if partition, name, err := layout.ParseKey(key); err == nil {
			require.Equal(t, key, name.Key(partition))
		}
		if l, err := layout.ParseMarker(key); err == nil {
			require.Equal(t, key, l.Marker())
		}
		if r, err := layout.ParseShardRange(key); err == nil {
			require.Equal(t, key, r.String())
		}
		if p, err := layout.ParseInstancePart(key); err == nil {
			require.Equal(t, key, p.String())
		}
		if day, id, err := layout.ParseQuarantineKey(key); err == nil {
			require.Equal(t, key, layout.QuarantineKey(day.Start(), id))
		}
	})
}

// A name covers itself and, if it is the name of a fresh segment, the earlier names of its run.
func TestNamesThatCoverOthers(t *testing.T) {
	fresh := func(run string, seq int) layout.Name { return layout.Name{Run: strings.Repeat(run, 32), Seq: seq} }
	merged := func(level int) layout.Name {
		return layout.Name{Level: level, Digest: strings.Repeat("a", 64), FooterLength: 1}
	}
	require.True(t, fresh("a", 2).Covers(fresh("a", 2)))
	require.True(t, fresh("a", 2).Covers(fresh("a", 1)))
	require.False(t, fresh("a", 2).Covers(fresh("a", 3)))
	require.False(t, fresh("a", 2).Covers(fresh("b", 1)))
	require.True(t, merged(1).Covers(merged(1)))
	require.False(t, merged(2).Covers(merged(1)))
	require.False(t, merged(1).Covers(fresh("a", 1)))
	require.False(t, fresh("a", 1).Covers(merged(1)))
}
