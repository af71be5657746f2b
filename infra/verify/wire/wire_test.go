package wire_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/verify/figures"
	"devicetrace/infra/verify/wire"
	"devicetrace/pkg/objstore"
)

// burst is a fault that is injected into one or more consecutive requests of a scenario.
type burst struct {
	fault wire.Fault
	// from and to are the numbers of the first and the last request of the burst. Only requests to
	// which the fault applies are counted, starting at 1.
	from, to int
}

func (b burst) String() string {
	return fmt.Sprintf("%s, requests %d to %d", b.fault.Name, b.from, b.to)
}

// rig plays scenarios against a stand-in for OSS behind a proxy. It plays one scenario at a time,
// and gives each scenario its own prefix in the bucket.
type rig struct {
	proxy *wire.Proxy
	store *hasty
	dir   string
	runs  int
}

func newRig(t *testing.T) *rig {
	proxy := wire.New(standIn(t))
	store := newHasty(connect(t, proxy))
	proxy.SetHung(store.giveUp)
	return &rig{proxy: proxy, store: store, dir: t.TempDir()}
}

// scenario returns a scenario with a new prefix, and a store for checking its objects. The store
// contains only the objects under this prefix. Unlike the scenario's own store, it does not retry
// failed calls.
func (r *rig) scenario() (scenario, objstore.Store) {
	r.runs++
	store := objstore.WithPrefix(r.store, fmt.Sprintf("run%d/", r.runs))
	return scenario{dir: r.dir, store: patient(store)}, store
}

// requests plays a scenario without faults and counts its requests. For each fault, it returns the
// number of requests to which the fault applies.
func (r *rig) requests(t *testing.T) map[string]int {
	requests := map[string]int{}
	r.proxy.SetHook(func(request wire.Request) *wire.Fault {
		for _, fault := range wire.Faults() {
			if fault.Applies(request.Request) {
				requests[fault.Name]++
			}
		}
		return nil
	})
	defer r.proxy.SetHook(nil)
	s, _ := r.scenario()
	require.NoError(t, s.run(t.Context()))
	return requests
}

// suffer plays a scenario, injects a burst of faults into its requests, and then checks the bucket.
// It returns the number of injected faults and the scenario.
func (r *rig) suffer(ctx context.Context, burst burst) (injected int, s scenario, err error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	s, store := r.scenario()
	n := 0
	r.proxy.SetHook(func(request wire.Request) *wire.Fault {
		if !burst.fault.Applies(request.Request) {
			return nil
		}
		n++
		if n < burst.from || n > burst.to {
			return nil
		}
		injected++
		return &burst.fault
	})
	err = s.run(ctx)
	r.proxy.SetHook(nil)
	r.proxy.Settle()
	if err == nil && burst.from == burst.to && !burst.fault.Final && s.refused > 0 {
		err = errors.New("retrying did not help")
	}
	if err == nil {
		err = s.prove(ctx, objstore.Retrying(store, objstore.RetryPolicy{Base: time.Millisecond}))
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", burst, err)
	}
	return injected, s, err
}

// TestFaultsAtEveryRequest plays many scenarios, each with one burst of one fault. For each fault,
// a burst starts at every second request to which the fault applies. These bursts alternate between
// one request and six. In a burst of six, all retries of a call fail as well. After each scenario,
// the bucket must hold every acknowledged event exactly once. No query may silently omit an
// acknowledged event.
func TestFaultsAtEveryRequest(t *testing.T) {
	const rigs = 12
	requests := newRig(t).requests(t)
	work := make(chan burst)
	var all sync.WaitGroup
	var mu sync.Mutex
	var scenarios, faults, checked, refusals int
	for range rigs {
		r := newRig(t)
		all.Go(func() {
			for burst := range work {
				injected, s, err := r.suffer(t.Context(), burst)
				mu.Lock()
				scenarios, faults, checked, refusals = scenarios+1, faults+injected, checked+s.allAcked(), refusals+s.refused
				if err != nil {
					t.Error(err)
				} else if injected == 0 {
					t.Errorf("%s: was not injected", burst)
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
			if drawn++; drawn%everyNth == 0 {
				work <- burst{fault, n, n + length - 1}
			}
		}
	}
	close(work)
	all.Wait()
	require.Greater(t, refusals, 0)
	t.Logf("%d faults in %d scenarios, %d refusals, %d events", faults, scenarios, refusals, checked)
	figures.Add(t, "faults injected", faults)
	figures.Add(t, "events checked", checked)
}
