package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/verify/figures"
)

// The TestConcurrent tests run the recorder and the query function as concurrentFile deploys them.

// concurrentKillEvery is the interval between kills. All senders depend on one process, which needs
// time to start, to gather events and to put them.
const concurrentKillEvery = 400 * time.Millisecond

// TestConcurrentKilled kills the recorder repeatedly while many senders post to one process. Each
// kill loses the events that the process has gathered for its next put, but none of these was
// acknowledged. The API must return every acknowledged event exactly once.
func TestConcurrentKilled(t *testing.T) {
	needsProc(t)
	s := newStackWith(t, "S_YAML="+concurrentFile, "LINGER=50")
	from := time.Now().Add(-time.Second)
	killer := startKiller(t, s, "recorder", concurrentKillEvery)
	posters := startPosters(t, s, 50)
	killer.awaitKills(t, 15)
	posters.finish(t)
	killer.end()
	require.Len(t, functionProcesses(s.cmd.Process.Pid, "recorder"), 1)

	acknowledged, retries := posters.batches()
	require.NotZero(t, retries, "the kills must interrupt some deliveries")
	checked := posters.requireAll(t, s, from)
	s.requireEvents(t, checked)
	figures.Add(t, "kills survived", int(killer.kills.Load()))
	figures.Add(t, "events checked", checked)
	t.Logf("%d kills, %d batches acknowledged, %d retries, %d events checked", killer.kills.Load(), acknowledged, retries, checked)
}

const (
	// putSenders is the number of senders that post at the same time. One process can serve all of
	// them.
	putSenders = 100
	// putEach is the number of webhooks that each sender sends, one after another.
	putEach = 4
	// putPace is the time between the first webhooks of two successive senders.
	putPace = 5 * time.Millisecond
)

// TestConcurrentPuts counts the puts for the webhooks of many senders, with and without LINGER.
// With LINGER, the recorder must need far fewer puts. Either way, every event must be found.
func TestConcurrentPuts(t *testing.T) {
	t.Parallel()
	puts := map[string]int64{}
	for _, linger := range []string{"0", "250"} {
		p := newPlatform(t, concurrentFile, map[string]string{"LINGER": linger})
		from := time.Now().Add(-time.Hour)
		p.postAtOnce(t, from)
		puts[linger] = p.puts.Load()
		for i := range putSenders {
			device := putDevice(i)
			requireAllOf(t, p.stack.eventIDs(t, deviceKey{"load", device}, from), manyEvents(device, from, putEach))
		}
		require.NoError(t, p.host.Stop(t.Context()), "the pre-stop hooks must succeed")
	}
	t.Logf("%d webhooks of one event: %d puts, with LINGER=250 %d puts", putSenders*putEach, puts["0"], puts["250"])
	require.Less(t, puts["250"], puts["0"])
	require.Less(t, puts["250"], int64(putSenders*putEach/2))
}

// postAtOnce lets all senders post webhooks of one event. All webhooks must be acknowledged.
func (p platform) postAtOnce(t *testing.T, from time.Time) {
	t.Helper()
	errs := make([]error, putSenders)
	var running sync.WaitGroup
	pace := time.NewTicker(putPace)
	defer pace.Stop()
	for i := range errs {
		running.Go(func() { errs[i] = p.postOneByOne(t.Context(), manyEvents(putDevice(i), from, putEach)) })
		<-pace.C
	}
	running.Wait()
	require.NoError(t, errors.Join(errs...))
}

func (p platform) postOneByOne(ctx context.Context, events []inputEvent) error {
	for _, e := range events {
		r, err := do(ctx, http.MethodPost, p.stack.url("/webhooks/events/load"), webhookToken, nil, encode([]inputEvent{e}))
		if err != nil {
			return err
		}
		if r.status != http.StatusOK {
			return fmt.Errorf("status %d: %s", r.status, r.body)
		}
	}
	return nil
}

func putDevice(i int) string { return fmt.Sprintf("sender-%d", i) }

// TestConcurrentBodies posts the bodies that need the most memory to one process, all at the same
// time. The recorder may refuse some of them, but must not exceed the memory that concurrentFile
// gives it.
func TestConcurrentBodies(t *testing.T) {
	needsProc(t)
	s := newStackWith(t, "S_YAML="+concurrentFile)
	require.NoError(t, s.setStore(t.Context(), "delay=500ms"))
	before := functionProcesses(s.cmd.Process.Pid, "recorder")
	bodies := [][]byte{[]byte(clients(100_000, "")), []byte(clients(1_500, strings.Repeat("u", 5_000)))}
	statuses := make([]int, 60)
	var running sync.WaitGroup
	for i := range statuses {
		running.Go(func() {
			r, err := do(t.Context(), http.MethodPost, s.url("/webhooks/events/bodies"), webhookToken, nil, bodies[i%len(bodies)])
			if err == nil {
				statuses[i] = r.status
			}
		})
	}
	running.Wait()
	accepted := 0
	for _, status := range statuses {
		require.Contains(t, []int{http.StatusOK, http.StatusTooManyRequests, http.StatusServiceUnavailable}, status)
		if status == http.StatusOK {
			accepted++
		}
	}
	require.NotZero(t, accepted)
	after := functionProcesses(s.cmd.Process.Pid, "recorder")
	require.Len(t, after, 1)
	require.Equal(t, before[0].pid, after[0].pid, "the process must not have been restarted")
	s.requireMemory(t, "recorder")
	t.Logf("%d of %d bodies accepted", accepted, len(statuses))
}
