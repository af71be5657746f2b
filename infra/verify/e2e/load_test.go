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
	// minKills is the minimum number of times that a test kills the recorder under load.
	minKills = 40
	// loadLimit is the maximum time that a test under load waits for a condition. One such
	// condition is that the recorder has been killed minKills times. The limit is generous because
	// the local broker waits longer after each failed attempt to deliver an event.
	loadLimit = 4 * patience
)

// TestNothingAcknowledgedIsLost lets many senders post while the recorder is killed again and
// again. The API must return every acknowledged event exactly once, before and after compaction.
func TestNothingAcknowledgedIsLost(t *testing.T) {
	needsProc(t)
	s := newStack(t)
	from := time.Now().Add(-time.Second)
	killer := startKiller(t, s, "recorder", killEvery)
	posters := startPosters(t, s, senders)
	killer.awaitKills(t, minKills)
	posters.finish(t)
	killer.end()

	acknowledged, retries := posters.batches()
	require.NotZero(t, retries, "the kills must interrupt some deliveries")
	before := s.objects(t, "events/")
	checked := posters.requireAll(t, s, from)
	s.age(t)
	s.compact(t)
	require.Equal(t, checked, posters.requireAll(t, s, from))
	after := s.objects(t, "events/")
	require.Less(t, len(after), len(before))
	t.Logf("%d kills, %d batches acknowledged, %d retries, %d events checked twice, %d objects compacted to %d",
		killer.kills.Load(), acknowledged, retries, checked, len(before), len(after))
}

// TestConnectionsWhileTheRecorderDies kills the recorder repeatedly while MQTT clients connect and
// drop. The broker redelivers each event that the recorder has not acknowledged, but the API must
// return each connect event and each end event exactly once.
func TestConnectionsWhileTheRecorderDies(t *testing.T) {
	needsProc(t)
	s := newStack(t)
	began := time.Now().Add(-time.Second)
	killer := startKiller(t, s, "recorder", killEvery)
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
	t.Logf("%d kills, %d connections checked, %d retries",
		killer.kills.Load(), connections, s.output.count("delivered again"))
}

func deviceOf(worker, i int) string { return fmt.Sprintf("worker-%d@@@%d", worker, i) }

// connectEvery is the interval between one worker's connections. It limits the number of
// connections, because the test later queries each one.
const connectEvery = 200 * time.Millisecond

// connectWhile runs several workers that open and drop connections for as long as goOn returns
// true. It returns how many connections each worker made.
func connectWhile(t *testing.T, s *stack, goOn func() bool) []int {
	t.Helper()
	made, errs := make([]int, senders), make([]error, senders)
	var running sync.WaitGroup
	for worker := range senders {
		running.Go(func() {
			pace := time.NewTicker(connectEvery)
			defer pace.Stop()
			for ; goOn() && errs[worker] == nil; <-pace.C {
				errs[worker] = ends.Dropped(t.Context(), s.target(), deviceOf(worker, made[worker]))
				made[worker]++
			}
		})
	}
	running.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	return made
}

// TestKilledHost kills infra/local with SIGKILL. No child process may remain, and after the next
// start the API must return every acknowledged event.
func TestKilledHost(t *testing.T) {
	needsProc(t)
	s := newStack(t)
	from := time.Now().Add(-time.Second)
	posters := startPosters(t, s, senders)
	posters.awaitRecorded(t, s)
	require.NotEmpty(t, functionProcesses(s.cmd.Process.Pid, "recorder"))
	require.NotEmpty(t, functionProcesses(s.cmd.Process.Pid, "query"))
	ended := s.killHost(t)
	posters.abort()
	s.start(t)
	checked := posters.requireAll(t, s, from)
	acknowledged, _ := posters.batches()
	t.Logf("%d processes ended with their host; %d batches had been acknowledged, %d events checked", ended, acknowledged, checked)
}

// awaitRecorded waits until the bucket has more than 200 segments.
func (ps *posters) awaitRecorded(t *testing.T, s *stack) {
	t.Helper()
	require.Eventually(t, func() bool { return len(s.objects(t, "events/")) > 200 }, loadLimit, pollEvery)
}

// TestStoppingUnderLoad checks that Ctrl-C under load loses no acknowledged event and leaves no
// process running.
func TestStoppingUnderLoad(t *testing.T) {
	needsProc(t)
	s := newStack(t)
	from := time.Now().Add(-time.Second)
	posters := startPosters(t, s, senders)
	posters.awaitRecorded(t, s)
	offspring := children(s.cmd.Process.Pid)
	s.interrupt(t)
	posters.abort()
	for _, p := range offspring {
		require.False(t, p.alive(), "%s outlives its host", p.name)
	}
	require.Zero(t, s.output.count("not delivered"))
	s.start(t)
	t.Logf("%d events checked", posters.requireAll(t, s, from))
}
