package e2e

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/demo/ends"
)

const (
	senders = 8
	// minKills is how often the recorder dies at least under load.
	minKills = 40
	// loadLimit is when a test fails that has not seen so many: a process that dies soon
	// after its start makes senders wait longer and longer before they try again.
	loadLimit = 4 * patience
)

// TestNothingAcknowledgedIsLost: many senders post while the recorder is killed
// again and again. Every acknowledged event is answered exactly once, before and
// after compaction.
func TestNothingAcknowledgedIsLost(t *testing.T) {
	needsProc(t)
	s := newStack(t)
	from := time.Now().Add(-time.Second)
	killer := startKiller(t, s, "recorder")
	posters := startPosters(t, s, senders)
	killer.awaitKills(t, minKills)
	posters.finish(t)
	killer.end()

	settled, again := posters.batches()
	require.NotZero(t, again, "the killing disturbed nobody")
	before := s.objects(t, "events/")
	checked := posters.requireAll(t, s, from)
	s.compact(t)
	require.Equal(t, checked, posters.requireAll(t, s, from))
	after := s.objects(t, "events/")
	require.Less(t, len(after), len(before))
	t.Logf("%d kills, %d batches acknowledged, %d deliveries again, %d events checked twice, %d objects compacted to %d",
		killer.kills.Load(), settled, again, checked, len(before), len(after))
}

// TestConnectionsWhileTheRecorderDies: the broker delivers again what was not
// acknowledged; each connect and each close is there once.
func TestConnectionsWhileTheRecorderDies(t *testing.T) {
	needsProc(t)
	s := newStack(t)
	began := time.Now().Add(-time.Second)
	killer := startKiller(t, s, "recorder")
	perWorker := connectWhile(t, s, func() bool { return killer.kills.Load() < minKills && time.Since(began) < loadLimit })
	killer.end()
	require.GreaterOrEqual(t, killer.kills.Load(), int64(minKills), "within %v", loadLimit)
	connections := 0
	for worker, n := range perWorker {
		for i := range n {
			rows := s.await(t, question("local", deviceOf(worker, i), began, time.Now().Add(time.Minute)), 2).rows(t)
			require.Len(t, rows, 2)
			require.Equal(t, "connect", rows[0].Action)
			require.Equal(t, "closed by client", rows[1].ActionInfo)
			require.Equal(t, rows[0].ChannelID, rows[1].ChannelID)
		}
		connections += n
	}
	t.Logf("%d kills, %d connections checked, %d deliveries again",
		killer.kills.Load(), connections, s.output.count("delivered again"))
}

func deviceOf(worker, i int) string { return fmt.Sprintf("worker-%d@@@%d", worker, i) }

// connectEvery is a worker's pace: each connection is asked for later.
const connectEvery = 200 * time.Millisecond

// connectWhile makes connections and drops them, and says how many each worker made.
func connectWhile(t *testing.T, s *stack, goOn func() bool) []int {
	t.Helper()
	made, faults := make([]int, senders), make([]error, senders)
	var running sync.WaitGroup
	for worker := range senders {
		running.Go(func() {
			pace := time.NewTicker(connectEvery)
			defer pace.Stop()
			for ; goOn() && faults[worker] == nil; <-pace.C {
				faults[worker] = ends.Dropped(t.Context(), s.target(), deviceOf(worker, made[worker]))
				made[worker]++
			}
		})
	}
	running.Wait()
	for _, err := range faults {
		require.NoError(t, err)
	}
	return made
}

// TestKilledHost: kill -9 of infra/local leaves no process behind, and everything
// acknowledged is there at the next start.
func TestKilledHost(t *testing.T) {
	needsProc(t)
	s := newStack(t)
	from := time.Now().Add(-time.Second)
	posters := startPosters(t, s, senders)
	posters.awaitRecorded(t, s)
	require.NotEmpty(t, functionProcesses(s.cmd.Process.Pid, "recorder"))
	require.NotEmpty(t, functionProcesses(s.cmd.Process.Pid, "query"))
	ended := s.kill(t)
	posters.giveUp()
	s.start(t)
	checked := posters.requireAll(t, s, from)
	settled, _ := posters.batches()
	t.Logf("%d processes ended with their host; %d batches had been acknowledged, %d events checked", ended, settled, checked)
}

// awaitRecorded waits until a good many objects are there.
func (ps *posters) awaitRecorded(t *testing.T, s *stack) {
	t.Helper()
	require.Eventually(t, func() bool { return len(s.objects(t, "events/")) > 200 }, loadLimit, pollEvery)
}

// TestStoppingUnderLoad: Ctrl-C in the middle of it loses nothing acknowledged, and
// leaves no process.
func TestStoppingUnderLoad(t *testing.T) {
	needsProc(t)
	s := newStack(t)
	from := time.Now().Add(-time.Second)
	posters := startPosters(t, s, senders)
	posters.awaitRecorded(t, s)
	offspring := children(s.cmd.Process.Pid)
	s.interrupt(t)
	posters.giveUp()
	for _, p := range offspring {
		require.False(t, p.alive(), "%s outlives its host", p.name)
	}
	require.Zero(t, s.output.count("not delivered"))
	s.start(t)
	t.Logf("%d events checked", posters.requireAll(t, s, from))
}
