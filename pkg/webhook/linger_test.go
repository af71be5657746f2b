package webhook

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
	"devicetrace/pkg/objstore/memstore"
	"devicetrace/pkg/record"
)

// gauge is a recorder and its store. Each put takes 12 ms. gauge counts the puts and records the
// peak use of the budget.
type gauge struct {
	*memstore.Store
	writer  *record.Writer
	handler *Handler

	mu   sync.Mutex
	puts int
	peak int64
}

func newGauge(t *testing.T, linger time.Duration) *gauge {
	g := &gauge{Store: memstore.New()}
	var err error
	g.writer, err = record.New(g, record.Config{Linger: linger})
	require.NoError(t, err)
	require.NoError(t, g.writer.Claim(t.Context()))
	g.puts = 0 // do not count the layout marker
	config := (&harness{}).config()
	config.Recorder, config.Store = g, g
	g.handler = mustNew(config)
	return g
}

func (g *gauge) Append(ctx context.Context, events []event.Event) error {
	g.mu.Lock()
	g.peak = max(g.peak, g.handler.budget.used.Load())
	g.mu.Unlock()
	return g.writer.Append(ctx, events)
}

func (g *gauge) Put(ctx context.Context, key string, body io.ReaderAt, size int64) error {
	g.mu.Lock()
	g.puts++
	g.mu.Unlock()
	time.Sleep(12 * time.Millisecond)
	return g.Store.Put(ctx, key, body, size)
}

// sendEvery sends n deliveries at the given interval, and waits for their responses. Each delivery
// has one event, and its response must have the status want.
func (g *gauge) sendEvery(t *testing.T, interval time.Duration, n, want int) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			body := strings.NewReader(connected(fmt.Sprint("client", i)))
			if got := call(g.handler, "POST", "/webhooks/emqx/prod", body, bearer("secret")...).Code; got != want {
				t.Errorf("delivery %d: status %d, want %d", i, got, want)
			}
		})
		time.Sleep(interval)
	}
	all.Wait()
	require.Zero(t, g.handler.budget.used.Load())
}

// At a high rate, deliveries that wait for others must not exhaust the budget, because the recorder
// would then refuse deliveries that it could record.
func TestLingeringDeliveriesAreNotRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGauge(t, record.MaxLinger)
		g.sendEvery(t, 200*time.Microsecond, 10_000, http.StatusOK)
		require.Greater(t, g.peak, g.handler.budget.size/2)
		require.Less(t, g.puts, 10_000/10)
	})
}

// Deliveries that wait for others count against the budget. A recorder with little memory refuses
// further deliveries until the first ones have been recorded.
func TestLingeringDeliveriesTakeFromTheBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGauge(t, record.MaxLinger)
		g.handler.budget.size = 4 * (minWeight + 4<<10)
		var first sync.WaitGroup
		first.Go(func() { g.sendEvery(t, 0, 4, http.StatusOK) })
		synctest.Wait()
		require.Greater(t, g.handler.budget.used.Load(), int64(4*minWeight))
		w := call(g.handler, "POST", "/webhooks/emqx/prod", unread{t}, bearer("secret")...)
		require.Equal(t, http.StatusTooManyRequests, w.Code)
		first.Wait()
		g.sendEvery(t, 0, 4, http.StatusOK)
		require.LessOrEqual(t, g.peak, g.handler.budget.size)
	})
}
