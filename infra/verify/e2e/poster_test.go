package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// posterInstances are the instances to which posters post. A poster has the same devices on both.
var posterInstances = []string{"load", "load-2"}

// poster posts batches of events for its own devices. It repeats each batch until it is
// acknowledged, and remembers the acknowledged events.
type poster struct {
	name   string
	random *rand.Rand
	count  int

	acknowledged map[deviceKey][]string // source event ids
	unsettled    map[deviceKey][]string // source event ids of the batch that was in flight when the poster stopped, if any
	batches      int
	retries      int // number of unacknowledged deliveries
}

func newPoster(number int) *poster {
	return &poster{
		name:   fmt.Sprintf("poster-%d", number),
		random: rand.New(rand.NewPCG(uint64(number), 0)), acknowledged: map[deviceKey][]string{}, unsettled: map[deviceKey][]string{},
	}
}

// batch returns 1 to 20 events of up to four devices.
func (p *poster) batch() []inputEvent {
	events := make([]inputEvent, 1+p.random.IntN(20))
	for i := range events {
		p.count++
		events[i] = inputEvent{
			ClientID: fmt.Sprintf("%s@@@device-%d", p.name, p.random.IntN(4)), Action: "connect",
			Time: time.Now().UnixMilli(), SourceEventID: fmt.Sprintf("%s-%06d", p.name, p.count),
		}
	}
	return events
}

// post sends batches until stop is closed or ctx is done. If stop is closed, post finishes the
// delivery of the current batch before it returns. url is the address of the webhooks; the name of
// an instance completes it.
func (p *poster) post(ctx context.Context, url string, stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		default:
		}
		events, instance := p.batch(), posterInstances[p.random.IntN(len(posterInstances))]
		if !p.deliver(ctx, url+instance, events) {
			addIDs(p.unsettled, instance, events)
			return
		}
		p.batches++
		addIDs(p.acknowledged, instance, events)
	}
}

// addIDs adds the source event ids of an instance's events to ids.
func addIDs(ids map[deviceKey][]string, instance string, events []inputEvent) {
	for _, e := range events {
		key := deviceKey{instance, e.ClientID}
		ids[key] = append(ids[key], e.SourceEventID)
	}
}

// deliver sends events as one batch, and repeats it until it is acknowledged. It returns false if
// ctx is done first.
func (p *poster) deliver(ctx context.Context, url string, events []inputEvent) bool {
	body := encode(events)
	for ctx.Err() == nil {
		r, err := do(ctx, http.MethodPost, url, webhookToken, nil, body)
		if err == nil && r.status == http.StatusOK {
			return true
		}
		p.retries++
	}
	return false
}

// posters is a group of senders that post at the same time.
type posters struct {
	all     []*poster
	stop    chan struct{}
	abandon context.CancelFunc
	running sync.WaitGroup
}

func startPosters(t *testing.T, s *stack, n int) *posters {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), loadLimit)
	ps := &posters{stop: make(chan struct{}), abandon: cancel}
	url := s.url("/webhooks/events/")
	for i := range n {
		p := newPoster(i)
		ps.all = append(ps.all, p)
		ps.running.Go(func() { p.post(ctx, url, ps.stop) })
	}
	t.Cleanup(func() { cancel(); ps.running.Wait() })
	return ps
}

// finish makes the posters stop and waits until each has delivered its current batch.
func (ps *posters) finish(t *testing.T) {
	t.Helper()
	close(ps.stop)
	ps.running.Wait()
	ps.abandon()
	for _, p := range ps.all {
		require.Empty(t, p.unsettled, "%s: a batch was not acknowledged within %v", p.name, loadLimit)
	}
}

// abort stops the posters at once, even in the middle of a delivery.
func (ps *posters) abort() {
	ps.abandon()
	ps.running.Wait()
}

func (ps *posters) batches() (acknowledged, retries int) {
	for _, p := range ps.all {
		acknowledged, retries = acknowledged+p.batches, retries+p.retries
	}
	return acknowledged, retries
}

// requireAll checks that the API returns each acknowledged event exactly once. If the posters were
// aborted, the API may also return events of the batches that were in flight. The API must return
// no other events. requireAll returns the number of acknowledged events.
func (ps *posters) requireAll(t *testing.T, s *stack, from time.Time) (checked int) {
	t.Helper()
	for _, p := range ps.all {
		for i := range 4 * len(posterInstances) {
			device := deviceKey{posterInstances[i/4], fmt.Sprintf("%s@@@device-%d", p.name, i%4)}
			want := slices.Clone(p.acknowledged[device])
			got := slices.DeleteFunc(s.eventIDs(t, device, from), func(id string) bool {
				return slices.Contains(p.unsettled[device], id)
			})
			slices.Sort(got)
			slices.Sort(want)
			require.Equal(t, want, got, "%+v", device)
			checked += len(want)
		}
	}
	return checked
}

// eventIDs returns the source event ids of a device's events.
func (s *stack) eventIDs(t *testing.T, device deviceKey, from time.Time) (ids []string) {
	t.Helper()
	q := question(device.instance, device.client, from, time.Now().Add(time.Minute))
	for _, r := range (tracePage{Events: s.allEvents(t, with(q, "limit", "5000"))}).rows(t) {
		require.Equal(t, device.client, r.ClientID)
		ids = append(ids, r.SourceEventID)
	}
	return ids
}
