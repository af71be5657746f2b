package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestCompactionKeepsAnswers: the events are the same byte for byte, from fewer
// objects; and so after a restart, with the stack down meanwhile.
func TestCompactionKeepsAnswers(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	from := runsBegin()
	s.fillRuns(t, "compaction", "device", from)
	q := with(question("compaction", "device", from, time.Now().Add(time.Minute)), "limit", "5000")
	before := s.trace(t, q)
	require.Len(t, before.Events, runs*runRows)
	require.GreaterOrEqual(t, before.Receipt.Objects, runs)

	s.compact(t)
	compacted := s.trace(t, q)
	require.Equal(t, before.Events, compacted.Events)
	require.Less(t, compacted.Receipt.Objects, before.Receipt.Objects)
	require.Equal(t, before.Receipt.Partitions, compacted.Receipt.Partitions)

	s.compact(t) // nothing is left to do
	require.Equal(t, before.Events, s.trace(t, q).Events)
	s.interrupt(t)
	s.compact(t) // and without the system up
	s.start(t)
	require.Equal(t, before.Events, s.trace(t, q).Events)
	t.Logf("%d events: %d objects and %d bytes before, %d objects and %d bytes after", len(before.Events),
		before.Receipt.Objects, before.Receipt.Bytes, compacted.Receipt.Objects, compacted.Receipt.Bytes)
}

// runs is how many objects of an open day make a compaction worth while; a run is
// over when it has runRows.
const (
	runs    = 8
	runRows = 512
)

// runsBegin is a time for fillRuns: the events of a minute are of one day.
func runsBegin() time.Time { return time.Now().Add(-2 * time.Minute).Truncate(time.Minute) }

// fillRuns leaves as many objects in a device's partition.
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

// TestQueriesDuringCompaction: who asks while objects are merged and deleted gets
// the same answer.
func TestQueriesDuringCompaction(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	from := runsBegin()
	s.fillRuns(t, "during", "device", from)
	q := with(question("during", "device", from, time.Now().Add(time.Minute)), "limit", "20") // reads all objects, answers fast
	before := s.trace(t, q).Events
	compacted := make(chan error, 1)
	go func() { compacted <- s.runCompactor(t.Context()) }()
	asked := 0
	for done := false; !done; asked++ {
		select {
		case err := <-compacted:
			require.NoError(t, err)
			done = true // and ask once more
		default:
		}
		require.Equal(t, before, s.trace(t, q).Events)
	}
	t.Logf("%d times the same answer", asked)
}
