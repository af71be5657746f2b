package e2e

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// killer kills a function's processes without notice, again and again.
type killer struct {
	kills atomic.Int64
	stop  chan struct{}
	ended chan struct{}
}

// killEvery is the pace; slower than a process starts, so that some work is done
// in between.
const killEvery = 100 * time.Millisecond

// startKiller kills one process of a function after the other.
func startKiller(t *testing.T, s *stack, function string) *killer {
	t.Helper()
	k := &killer{stop: make(chan struct{}), ended: make(chan struct{})}
	go k.run(s.cmd.Process.Pid, function)
	t.Cleanup(k.end)
	return k
}

func (k *killer) run(parent int, function string) {
	defer close(k.ended)
	ticker := time.NewTicker(killEvery)
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

// end stops the killing. It may be called again.
func (k *killer) end() {
	select {
	case <-k.stop:
	default:
		close(k.stop)
	}
	<-k.ended
}

// awaitKills waits until there were so many.
func (k *killer) awaitKills(t *testing.T, n int64) {
	t.Helper()
	require.Eventually(t, func() bool { return k.kills.Load() >= n }, loadLimit, pollEvery, "within %v", loadLimit)
}
