package wire_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/verify/figures"
	"devicetrace/infra/verify/wire"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
)

// burst is a fault that befalls some of a scenario's requests in a row.
type burst struct {
	fault    wire.Fault
	from, to int // the requests, counted from 1 among those that the fault applies to
}

func (b burst) String() string {
	return fmt.Sprintf("%s, requests %d to %d", b.fault.Name, b.from, b.to)
}

// oneShard spares the wire the listings of the 15 shards without events, which are all alike.
type oneShard struct{ objstore.Store }

func (s oneShard) List(ctx context.Context, prefix, after string) (objstore.Page, error) {
	if strings.HasPrefix(prefix, layout.EventsPrefix+"shard=") && !strings.HasPrefix(prefix, layout.ShardPrefix(where.Shard)) {
		return objstore.Page{}, nil
	}
	return s.Store.List(ctx, prefix, after)
}

// bench is a stand-in behind a proxy, for one scenario at a time, each below a prefix of
// its own.
type bench struct {
	proxy *wire.Proxy
	store *hasty
	dir   string
	runs  int
}

func newBench(t *testing.T) *bench {
	proxy := wire.New(standIn(t))
	store := newHasty(connect(t, proxy))
	proxy.SetHung(store.giveUp)
	return &bench{proxy: proxy, store: store, dir: t.TempDir()}
}

// scenario is a new one, and the store below its prefix.
func (b *bench) scenario() (scenario, objstore.Store) {
	b.runs++
	store := oneShard{objstore.WithPrefix(b.store, fmt.Sprintf("run%d/", b.runs))}
	return scenario{dir: b.dir, store: patient(store)}, store
}

// requests is how many requests of a scenario without faults each fault applies to.
func (b *bench) requests(t *testing.T) map[string]int {
	requests := map[string]int{}
	b.proxy.SetHook(func(r wire.Request) *wire.Fault {
		for _, fault := range wire.Faults() {
			if fault.Applies(r.Request) {
				requests[fault.Name]++
			}
		}
		return nil
	})
	defer b.proxy.SetHook(nil)
	s, _ := b.scenario()
	require.NoError(t, s.run(t.Context()))
	return requests
}

// suffer runs the scenario with a burst and returns how many requests it befell.
func (b *bench) suffer(ctx context.Context, burst burst) (befell int, s scenario, err error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	s, store := b.scenario()
	n := 0
	b.proxy.SetHook(func(r wire.Request) *wire.Fault {
		if !burst.fault.Applies(r.Request) {
			return nil
		}
		n++
		if n < burst.from || n > burst.to {
			return nil
		}
		befell++
		return &burst.fault
	})
	err = s.run(ctx)
	b.proxy.SetHook(nil)
	b.proxy.Settle()
	if err == nil && burst.from == burst.to && !burst.fault.Final && s.refused > 0 {
		err = errors.New("to try again did not help")
	}
	if err == nil {
		err = s.prove(ctx, objstore.Retrying(store, objstore.RetryPolicy{Base: time.Millisecond}))
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", burst, err)
	}
	return befell, s, err
}

// TestFaultsAtEveryRequest: from each request of the scenario on, a quarter of the kinds of
// faults befall one request, and another quarter as many in a row as outlast the
// repetitions; each kind at every fourth request. What was acknowledged is there, once, and
// no answer was silently short.
func TestFaultsAtEveryRequest(t *testing.T) {
	const benches = 12
	requests := newBench(t).requests(t)
	work := make(chan burst)
	var all sync.WaitGroup
	var mu sync.Mutex
	var scenarios, injected, checked, refusals int
	for range benches {
		b := newBench(t)
		all.Go(func() {
			for burst := range work {
				befell, s, err := b.suffer(t.Context(), burst)
				mu.Lock()
				scenarios, injected, checked, refusals = scenarios+1, injected+befell, checked+s.acked, refusals+s.refused
				if err != nil {
					t.Error(err)
				} else if befell == 0 {
					t.Errorf("%s: never came", burst)
				}
				mu.Unlock()
			}
		})
	}
	drawn := 0
	for i, fault := range wire.Faults() {
		for n := 1; n <= requests[fault.Name]; n++ {
			length := map[int]int{0: 6, 2: 1}[(i+n)%4]
			if length == 0 {
				continue
			}
			if drawn++; drawn%oneIn == 0 {
				work <- burst{fault, n, n + length - 1}
			}
		}
	}
	close(work)
	all.Wait()
	require.Greater(t, refusals, 0)
	t.Logf("%d faults in %d scenarios, %d refusals, %d events", injected, scenarios, refusals, checked)
	figures.Add(t, "faults injected", injected)
	figures.Add(t, "events checked", checked)
}
