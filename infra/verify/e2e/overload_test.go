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
	// overloadLasts is how long there is too much, at least, and overloadAccepted and
	// overloadRefused what comes of it, at least.
	overloadLasts    = 5 * time.Second
	overloadAccepted = 5
	overloadRefused  = 10 * overloadAccepted
	// overloadPace is how long a sender waits that was refused: not nearly as long as it
	// is asked to.
	overloadPace = 100 * time.Millisecond
	// overloadMemory is the most that recorders may take, and overloadRefusal the longest
	// that they may take to refuse. The platform's own queue is 5 s.
	overloadMemory  = 1 << 30
	overloadRefusal = 10 * time.Second
	// overloadNormal is the longest that an answer takes once it is over.
	overloadNormal = 2 * time.Second
)

// pressers are senders that never wait for one another: each posts batches of its own
// device, again and again until they are acknowledged.
type pressers struct {
	url    string
	batch  int // events
	from   time.Time
	ledger *ledger

	pressed time.Duration // how long

	mu       sync.Mutex
	accepted int
	refusals []time.Duration
	wrong    []string // answers that are neither
}

// press lets so many senders post, for a while and until there was too much.
func (c *pressers) press(t *testing.T, senders int) {
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
	require.Eventually(t, func() bool { return time.Since(began) >= overloadLasts && c.isEnough() }, loadLimit, pollEvery)
	c.pressed = time.Since(began)
}

// isEnough says whether there were acknowledgements and refusals enough, or something
// else.
func (c *pressers) isEnough() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.accepted >= overloadAccepted && len(c.refusals) >= overloadRefused || len(c.wrong) > 0
}

func (c *pressers) post(ctx context.Context, device string) {
	c.ledger.open("load", device, c.from)
	for n := 0; ctx.Err() == nil; n++ {
		events := manyEvents(device, c.from, c.batch)
		for i := range events {
			events[i].SourceEventID = fmt.Sprintf("%d-%06d", n, i)
		}
		c.ledger.send(events)
		if c.deliver(ctx, events) {
			c.ledger.acknowledge(events)
		}
	}
}

// deliver brings a batch to its end, unless there is no more time.
func (c *pressers) deliver(ctx context.Context, events []inputEvent) bool {
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
		sleep(ctx, overloadPace)
	}
	return false
}

// note reports whether an answer is an acknowledgement. A connection that is closed
// before the whole body is sent is a refusal as well.
func (c *pressers) note(r response, err error, took time.Duration) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err == nil && r.status == http.StatusOK:
		c.accepted++
		return true
	case err != nil || r.status == http.StatusTooManyRequests || r.status == http.StatusServiceUnavailable:
		c.refusals = append(c.refusals, took)
	default:
		c.wrong = append(c.wrong, fmt.Sprintf("%d: %s", r.status, r.body))
	}
	return false
}

// requireKept checks that everything acknowledged is answered once, by s.
func (c *pressers) requireKept(t *testing.T, s *stack) (events int) {
	t.Helper()
	for _, a := range c.ledger.all() {
		require.NoError(t, c.ledger.judge(a, len(a.acknowledged), s.eventIDs(t, a.device, c.from)))
	}
	figures.Add(t, "events checked", c.ledger.events())
	return c.ledger.events()
}

// requireNormal waits until one delivery after the other is served as if nothing had been,
// and says how long the slowest of them took.
func (c *pressers) requireNormal(t *testing.T) (took time.Duration) {
	t.Helper()
	body := encode(manyEvents("afterwards", c.from, 20))
	inARow := 0
	require.Eventually(t, func() bool {
		began := time.Now()
		r, err := do(t.Context(), http.MethodPost, c.url, webhookToken, nil, body)
		last := time.Since(began)
		if err != nil || r.status != http.StatusOK || last > overloadNormal {
			inARow, took = 0, 0 // what was under way is not done yet
			return false
		}
		inARow, took = inARow+1, max(took, last)
		return inARow == 20
	}, loadLimit, pollEvery)
	return took
}

func (c *pressers) report(t *testing.T, memory, events int, normal time.Duration) {
	t.Helper()
	require.Empty(t, c.wrong)
	slices.Sort(c.refusals)
	p99 := c.refusals[len(c.refusals)*99/100]
	require.Less(t, p99, overloadRefusal)
	require.Less(t, memory, overloadMemory)
	seconds := c.pressed.Seconds()
	t.Logf("accepted %.0f requests/s (%.0f events/s), refused %.0f/s, p99 of a refusal %v, peak memory %d MB; %d events checked; afterwards at most %v",
		float64(c.accepted)/seconds, float64(c.accepted*c.batch)/seconds, float64(len(c.refusals))/seconds, p99.Round(time.Millisecond),
		memory>>20, events, normal.Round(time.Millisecond))
}

// TestOverloadedServer: the recorder as a plain HTTP server, on a store that takes its
// time, and ten times as many large batches at once as it has room for.
func TestOverloadedServer(t *testing.T) {
	needsProc(t)
	var delay atomic.Int64
	env := plainEnvironment(t, t.TempDir(), func() time.Duration { return time.Duration(delay.Load()) })
	c := &pressers{url: "http://" + startPlain(t, "recorder", env) + "/webhooks/events/load", batch: 20_000}
	recorder := functionProcesses(os.Getpid(), "recorder")
	require.Len(t, recorder, 1)
	delay.Store(int64(2 * time.Second))
	c.press(t, 50)
	delay.Store(0)
	normal := c.requireNormal(t)
	memory := recorder[0].peak(t)
	require.True(t, recorder[0].alive())

	_, port, err := net.SplitHostPort(startPlain(t, "query", env))
	require.NoError(t, err)
	c.report(t, memory, c.requireKept(t, &stack{port: port}), normal)
}

// TestOverloadedFunction: behind the host of functions each process has one call at a
// time; who finds none free waits for a while and is refused by the host.
func TestOverloadedFunction(t *testing.T) {
	needsProc(t)
	s := newStack(t)
	c := &pressers{url: s.url("/webhooks/events/load"), batch: 20}
	require.NoError(t, s.setStore(t.Context(), url.Values{"delay": {"1s"}}.Encode()))
	c.press(t, 200)
	require.NoError(t, s.setStore(t.Context(), ""))
	normal := c.requireNormal(t)
	memory := process{pid: s.cmd.Process.Pid}.peak(t)
	for _, p := range functionProcesses(s.cmd.Process.Pid, "recorder") {
		memory += p.peak(t)
	}
	c.report(t, memory, c.requireKept(t, s), normal)
}
