package e2e

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// killer repeatedly kills processes of one function without warning.
type killer struct {
	every time.Duration // the interval between kills
	kills atomic.Int64
	stop  chan struct{}
	ended chan struct{}
}

// killEvery is the usual interval between kills. It is longer than a process takes to start, so that
// some work gets done between two kills.
const killEvery = 100 * time.Millisecond

// startKiller starts a killer for a function. The killer works until its end method is called or
// the test ends.
func startKiller(t *testing.T, s *stack, function string, every time.Duration) *killer {
	t.Helper()
	k := &killer{every: every, stop: make(chan struct{}), ended: make(chan struct{})}
	go k.run(s.cmd.Process.Pid, function)
	t.Cleanup(k.end)
	return k
}

func (k *killer) run(parent int, function string) {
	defer close(k.ended)
	ticker := time.NewTicker(k.every)
	defer ticker.Stop()
	for {
		select {
		case <-k.stop:
			return
		case <-ticker.C:
		}
		if victims := functionProcesses(parent, function); len(victims) > 0 {
			victim := victims[int(k.kills.Load())%len(victims)]
			if victim.kill() {
				k.kills.Add(1)
			}
		}
	}
}

// end stops the killer. It may be called more than once.
func (k *killer) end() {
	select {
	case <-k.stop:
	default:
		close(k.stop)
	}
	<-k.ended
}

// awaitKills waits until the killer has made at least n kills.
func (k *killer) awaitKills(t *testing.T, n int64) {
	t.Helper()
	require.Eventually(t, func() bool { return k.kills.Load() >= n }, loadLimit, pollEvery, "within %v", loadLimit)
}
