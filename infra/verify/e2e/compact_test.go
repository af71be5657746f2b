package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestCompactionKeepsEvents checks that a compaction does not change the events that the API
// returns. After the first compaction, the query must read fewer objects and return the same bytes.
// The events must also stay the same after two more compactions: one with nothing left to merge,
// and one while the stack is down.
func TestCompactionKeepsEvents(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	from := runsBegin()
	s.fillRuns(t, "compaction", "device", from)
	q := with(question("compaction", "device", from, time.Now().Add(time.Minute)), "limit", "5000")
	before := s.trace(t, q)
	require.Len(t, before.Events, runs*runRows)
	require.GreaterOrEqual(t, before.Receipt.Objects, runs)

	s.age(t)
	s.compact(t)
	compacted := s.trace(t, q)
	require.Equal(t, before.Events, compacted.Events)
	require.Less(t, compacted.Receipt.Objects, before.Receipt.Objects)
	require.Equal(t, before.Receipt.Partitions, compacted.Receipt.Partitions)

	s.compact(t) // nothing is left to do
	require.Equal(t, before.Events, s.trace(t, q).Events)
	s.interrupt(t)
	s.compact(t) // while the stack is down
	s.start(t)
	require.Equal(t, before.Events, s.trace(t, q).Events)
	t.Logf("%d events: %d objects and %d bytes before, %d objects and %d bytes after", len(before.Events),
		before.Receipt.Objects, before.Receipt.Bytes, compacted.Receipt.Objects, compacted.Receipt.Bytes)
}

// runs is the number of runs that a partition must have before the compactor merges them. It equals
// the default of compact.Config.Fanout. runRows is the number of rows at which the recorder ends a
// run. It equals the default of record.Config.RunRows.
const (
	runs    = 8
	runRows = 512
)

// runsBegin returns the start of a recent minute. All events that fillRuns records fall within this
// minute, so all of them are on the same day.
func runsBegin() time.Time { return time.Now().Add(-2 * time.Minute).Truncate(time.Minute) }

// fillRuns records runs*runRows events of a device in batches of runRows events. Each batch fills a
// run, so the device's partition gets at least one object per batch.
func (s *stack) fillRuns(t *testing.T, instance, device string, from time.Time) {
	t.Helper()
	events := manyEvents(device, from, runs*runRows)
	for i := range events {
		events[i].Time = from.UnixMilli() + int64(i/3)
	}
	for i := range runs {
		s.record(t, instance, events[i*runRows:(i+1)*runRows])
	}
}

// TestQueriesDuringCompaction checks that a query returns the same events while objects are merged
// and deleted.
func TestQueriesDuringCompaction(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	from := runsBegin()
	s.fillRuns(t, "during", "device", from)
	s.age(t)
	// This query reads all objects, but its response has only 20 rows and is therefore quick to
	// compare.
	q := with(question("during", "device", from, time.Now().Add(time.Minute)), "limit", "20")
	before := s.trace(t, q).Events
	compacted := make(chan error, 1)
	go func() { compacted <- s.runCompactor(t.Context()) }()
	queries := 0
	for done := false; !done; queries++ {
		select {
		case err := <-compacted:
			require.NoError(t, err)
			done = true // the loop ends after one more query
		default:
		}
		require.Equal(t, before, s.trace(t, q).Events)
	}
	t.Logf("%d queries with the same result", queries)
}
