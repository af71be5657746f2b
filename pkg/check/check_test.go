package check_test

import (
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/check"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/memstore"
	"devicetrace/pkg/quarantine"
	"devicetrace/pkg/segment"
)

func TestAnEmptyBucketIsNotInUse(t *testing.T) {
	report := checked(t, memstore.New(), check.Options{})
	require.NoError(t, report.Err())
	require.Zero(t, report.Objects)
	var text strings.Builder
	require.NoError(t, report.WriteText(&text))
	require.Contains(t, text.String(), "The bucket is not in use yet.\n")

	reader, closed := io.Pipe()
	require.NoError(t, reader.CloseWithError(objstore.ErrFault))
	require.ErrorIs(t, report.WriteText(closed), objstore.ErrFault)
}

// A bucket used by recorders and compactors must have no violations, and the report must count the
// bucket's objects.
func TestAUsedBucketIsSound(t *testing.T) {
	store := used(t)
	report := checked(t, store, check.Options{})
	require.NoError(t, report.Err())
	require.Empty(t, report.Notes)
	objects, err := objstore.All(t.Context(), store, layout.EventsPrefix, "")
	require.NoError(t, err)
	require.Equal(t, shards, report.Layout)
	require.Len(t, objects, report.Objects)
	require.Equal(t, 16, report.Partitions)
	require.EqualValues(t, 400+30, report.Events)
	require.Equal(t, 1, report.Quarantined)
	var levels []int
	var rows, bytes int64
	for _, l := range report.Levels {
		levels = append(levels, l.Level)
		rows, bytes = rows+l.Rows, bytes+l.Bytes
	}
	require.Equal(t, []int{0, 2}, levels)
	require.Equal(t, report.Rows, rows)
	require.Equal(t, report.Bytes, bytes)
	require.Positive(t, report.Superseded)

	compactAll(t, store)
	report = checked(t, store, check.Options{})
	require.NoError(t, report.Err())
	require.EqualValues(t, 430, report.Events)
	require.EqualValues(t, 430, report.Rows)
	require.Zero(t, report.Superseded)
}

func TestOneDay(t *testing.T) {
	store := bucket(t)
	put(t, store, where("c"), fresh(1, 1), segment.FromEvents(ofOne(3)))
	tomorrow := layout.Partition{Instance: "i", Shard: where("c").Shard, Day: "2026-11-23"}
	putBytes(t, store, fresh(1, 1).Key(tomorrow), []byte("damaged"))
	putBytes(t, store, layout.QuarantineKey(tomorrow.Day.Start(), strings.Repeat("0", 32)), []byte("damaged"))
	report := checked(t, store, check.Options{Day: "2026-11-22"})
	require.NoError(t, report.Err())
	require.EqualValues(t, 3, report.Events)
	require.Len(t, checked(t, store, check.Options{Day: tomorrow.Day}).Violations, 2)
}

// No read may exceed one block, and a small object must take a single read.
func TestRequests(t *testing.T) {
	counting := objstore.NewCounting(bucket(t))
	put(t, counting, where("c"), fresh(1, 1), segment.FromEvents(ofOne(3)))
	counting.Reset()
	checked(t, counting, check.Options{})
	require.Len(t, counting.Of(objstore.OpRead), 1)
	require.Len(t, counting.Of(objstore.OpList), 3)

	counting = objstore.NewCounting(bucket(t))
	_, err := quarantine.Keep(t.Context(), counting, quarantine.Item{ReceivedAt: noon, Body: []byte("?")})
	require.NoError(t, err)
	counting.Reset()
	require.Equal(t, 1, checked(t, counting, check.Options{}).Quarantined)
	require.Len(t, counting.Of(objstore.OpRead), 1)
	require.Len(t, counting.Of(objstore.OpList), 3)

	counting = objstore.NewCounting(large(t))
	report := checked(t, counting, check.Options{})
	require.NoError(t, report.Err())
	require.EqualValues(t, 400, report.Events)
	var longest int64
	for _, call := range counting.Of(objstore.OpRead) {
		longest = max(longest, call.N)
	}
	require.EqualValues(t, 1<<20, longest)
}
