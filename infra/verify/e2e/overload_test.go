package e2e

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/verify/figures"
)

const (
	// An overload ends once it has lasted minOverload and the senders have received at least
	// minAccepted acknowledgements and minRefused refusals.
	minOverload = 5 * time.Second
	minAccepted = 5
	minRefused  = 10 * minAccepted
	// retryPause is how long a refused sender waits before it tries again. It is much shorter than
	// the time in the Retry-After header.
	retryPause = 100 * time.Millisecond
	// maxMemory is the limit for the peak memory of all recorder processes together, in bytes. If
	// the recorder runs as a function, the function host is included.
	maxMemory = 1 << 30
	// maxRefusal is the limit for the 99th percentile of refusal times. It exceeds the 5 s that the
	// function host lets a request wait before refusing it.
	maxRefusal = 10 * time.Second
	// maxNormal is the maximum response time after the overload.
	maxNormal = 2 * time.Second
)

// overload is a set of senders that do not wait for one another. Each sender posts batches of
// events for its own device, and repeats each batch until it is acknowledged.
type overload struct {
	url    string
	batch  int // number of events in a batch
	from   time.Time
	ledger *ledger

	lasted time.Duration

	mu         sync.Mutex
	accepted   int
	refusals   []time.Duration
	unexpected []string // responses that are neither acknowledgements nor refusals
}

// run lets the given number of senders post until minOverload has passed and isEnough returns true.
func (c *overload) run(t *testing.T, senders int) {
	t.Helper()
	c.from, c.ledger = time.Now().Add(-time.Hour), newLedger()
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	began := time.Now()
	for i := range senders {
		running.Go(func() { c.post(ctx, fmt.Sprintf("crowd@@@%d", i)) })
	}
	require.Eventually(t, func() bool { return time.Since(began) >= minOverload && c.isEnough() }, loadLimit, pollEvery)
	c.lasted = time.Since(began)
}

// isEnough reports whether the senders have received minAccepted acknowledgements and minRefused
// refusals. After an unexpected response, isEnough also returns true, because the test then fails
// anyway.
func (c *overload) isEnough() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.accepted >= minAccepted && len(c.refusals) >= minRefused || len(c.unexpected) > 0
}

func (c *overload) post(ctx context.Context, device string) {
	c.ledger.open(deviceKey{"load", device}, c.from)
	for n := 0; ctx.Err() == nil; n++ {
		events := manyEvents(device, c.from, c.batch)
		for i := range events {
			events[i].SourceEventID = fmt.Sprintf("%d-%06d", n, i)
		}
		c.ledger.send("load", events)
		if c.deliver(ctx, events) {
			c.ledger.acknowledge("load", events)
		}
	}
}

// deliver sends events as one batch, and repeats the batch until it is acknowledged. It returns
// false if ctx ends first.
func (c *overload) deliver(ctx context.Context, events []inputEvent) bool {
	body := encode(events)
	for ctx.Err() == nil {
		began := time.Now()
		r, err := do(ctx, http.MethodPost, c.url, webhookToken, nil, body)
		if ctx.Err() != nil {
			return false
		}
		if c.note(r, err, time.Since(began)) {
			return true
		}
		sleep(ctx, retryPause)
	}
	return false
}

// note counts the result of a request and reports whether the request was acknowledged. A request
// that fails without a response counts as a refusal, because the recorder may have refused it by
// closing the connection before the whole body was sent.
func (c *overload) note(r response, err error, took time.Duration) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err == nil && r.status == http.StatusOK:
		c.accepted++
		return true
	case err != nil || r.status == http.StatusTooManyRequests || r.status == http.StatusServiceUnavailable:
		c.refusals = append(c.refusals, took)
	default:
		c.unexpected = append(c.unexpected, fmt.Sprintf("%d: %s", r.status, r.body))
	}
	return false
}

// requireKept checks that s returns every acknowledged event exactly once. It returns the number of
// acknowledged events.
func (c *overload) requireKept(t *testing.T, s *stack) (events int) {
	t.Helper()
	for _, a := range c.ledger.all() {
		require.NoError(t, c.ledger.judge(a, len(a.acknowledged), s.eventIDs(t, a.deviceKey, c.from)))
	}
	figures.Add(t, "events checked", c.ledger.events())
	return c.ledger.events()
}

// requireNormal waits until the recorder has accepted twenty deliveries in a row, each within
// maxNormal. It returns the time that the slowest of these took.
func (c *overload) requireNormal(t *testing.T) (took time.Duration) {
	t.Helper()
	body := encode(manyEvents("afterwards", c.from, 20))
	inARow := 0
	require.Eventually(t, func() bool {
		began := time.Now()
		r, err := do(t.Context(), http.MethodPost, c.url, webhookToken, nil, body)
		last := time.Since(began)
		if err != nil || r.status != http.StatusOK || last > maxNormal {
			inARow, took = 0, 0 // start over, because the recorder is still busy with the overload
			return false
		}
		inARow, took = inARow+1, max(took, last)
		return inARow == 20
	}, loadLimit, pollEvery)
	return took
}

func (c *overload) report(t *testing.T, memory, events int, normal time.Duration) {
	t.Helper()
	require.Empty(t, c.unexpected)
	slices.Sort(c.refusals)
	p99 := c.refusals[len(c.refusals)*99/100]
	require.Less(t, p99, maxRefusal)
	require.Less(t, memory, maxMemory)
	seconds := c.lasted.Seconds()
	t.Logf("accepted %.0f requests/s (%.0f events/s), refused %.0f/s, p99 time of a refusal %v, peak memory %d MB; %d events checked; slowest response afterwards %v",
		float64(c.accepted)/seconds, float64(c.accepted*c.batch)/seconds, float64(len(c.refusals))/seconds, p99.Round(time.Millisecond),
		memory>>20, events, normal.Round(time.Millisecond))
}

// TestOverloadedServer overloads a recorder that runs as a plain HTTP server. Its store is slow, so
// batches stay in memory for a long time. The senders post large batches at the same time.
// Together, these batches need about eight times the recorder's memory budget.
func TestOverloadedServer(t *testing.T) {
	needsProc(t)
	var delay atomic.Int64
	env := plainEnvironment(t, t.TempDir(), func() time.Duration { return time.Duration(delay.Load()) })
	c := &overload{url: "http://" + startPlainServer(t, "recorder", env) + "/webhooks/events/load", batch: 20_000}
	recorder := functionProcesses(os.Getpid(), "recorder")
	require.Len(t, recorder, 1)
	delay.Store(int64(2 * time.Second))
	c.run(t, 50)
	delay.Store(0)
	normal := c.requireNormal(t)
	memory := recorder[0].peak(t)
	require.True(t, recorder[0].alive())

	_, port, err := net.SplitHostPort(startPlainServer(t, "query", env))
	require.NoError(t, err)
	c.report(t, memory, c.requireKept(t, &stack{port: port}), normal)
}

// TestOverloadedFunction overloads a recorder that runs as a function. The function host gives each
// process one call at a time. If all processes are busy, a request waits for a free process. The
// host refuses the request if no process becomes free in time.
func TestOverloadedFunction(t *testing.T) {
	needsProc(t)
	s := newStack(t)
	c := &overload{url: s.url("/webhooks/events/load"), batch: 20}
	require.NoError(t, s.setStore(t.Context(), url.Values{"delay": {"1s"}}.Encode()))
	c.run(t, 200)
	require.NoError(t, s.setStore(t.Context(), ""))
	normal := c.requireNormal(t)
	processes := functionProcesses(s.cmd.Process.Pid, "recorder")
	memory := process{pid: s.cmd.Process.Pid}.peak(t) + len(processes)*s.peakOf(t, "recorder")
	c.report(t, memory, c.requireKept(t, s), normal)
}
