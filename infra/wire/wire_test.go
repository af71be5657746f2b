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

	"devicetrace/infra/figures"
	"devicetrace/infra/wire"
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

// suffer runs the scenario with a burst and returns how many requests it befell.
func (b *bench) suffer(ctx context.Context, burst burst) (befell int, s scenario, err error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	b.runs++
	store := oneShard{objstore.WithPrefix(b.store, fmt.Sprintf("run%d/", b.runs))}
	s = scenario{dir: b.dir, store: patient(store)}
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
	work := make(chan burst)
	var all sync.WaitGroup
	var mu sync.Mutex
	var scenarios, injected, checked, refusals int
	last := map[string]bool{} // bursts that begin behind the scenario's end
	for range benches {
		b := newBench(t)
		all.Go(func() {
			for burst := range work {
				befell, s, err := b.suffer(t.Context(), burst)
				mu.Lock()
				scenarios, injected, checked, refusals = scenarios+1, injected+befell, checked+s.acked, refusals+s.refused
				last[burst.fault.Name] = last[burst.fault.Name] || befell == 0
				if err != nil {
					t.Error(err)
				}
				mu.Unlock()
			}
		})
	}
	ended := func(fault wire.Fault) bool {
		mu.Lock()
		defer mu.Unlock()
		return last[fault.Name]
	}
	for i, fault := range wire.Faults() {
		for n := 1; !ended(fault); n++ {
			switch (i + n) % 4 {
			case 0:
				work <- burst{fault, n, n + 5}
			case 2:
				work <- burst{fault, n, n}
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
