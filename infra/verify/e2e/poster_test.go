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

// poster is one sender: it posts batches of events of its own devices, each again
// until it is acknowledged, and remembers what was.
type poster struct {
	name   string
	random *rand.Rand
	count  int

	acknowledged map[string][]string // source event ids, by device
	unsettled    []inputEvent        // the batch that was under way at the end
	batches      int
	again        int // deliveries that were not acknowledged
}

func newPoster(number int) *poster {
	return &poster{
		name:   fmt.Sprintf("poster-%d", number),
		random: rand.New(rand.NewPCG(uint64(number), 0)), acknowledged: map[string][]string{},
	}
}

// batch is 1 to 20 events of up to four devices.
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

// post sends batches until stop is closed; the last one is brought to its end, too,
// unless ctx ends before.
func (p *poster) post(ctx context.Context, url string, stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		default:
		}
		events := p.batch()
		if !p.deliver(ctx, url, events) {
			p.unsettled = events
			return
		}
		p.batches++
		for _, e := range events {
			p.acknowledged[e.ClientID] = append(p.acknowledged[e.ClientID], e.SourceEventID)
		}
	}
}

// deliver tries until the batch is acknowledged; false if ctx ended first.
func (p *poster) deliver(ctx context.Context, url string, events []inputEvent) bool {
	body := encode(events)
	for ctx.Err() == nil {
		r, err := do(ctx, http.MethodPost, url, webhookToken, nil, body)
		if err == nil && r.status == http.StatusOK {
			return true
		}
		p.again++
	}
	return false
}

// posters work at the same time.
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
	url := s.url("/webhooks/events/load")
	for i := range n {
		p := newPoster(i)
		ps.all = append(ps.all, p)
		ps.running.Go(func() { p.post(ctx, url, ps.stop) })
	}
	t.Cleanup(func() { cancel(); ps.running.Wait() })
	return ps
}

// finish lets every poster bring its batch to the end.
func (ps *posters) finish(t *testing.T) {
	t.Helper()
	close(ps.stop)
	ps.running.Wait()
	ps.abandon()
	for _, p := range ps.all {
		require.Empty(t, p.unsettled, "%s was not acknowledged within %v", p.name, loadLimit)
	}
}

// giveUp ends them in the middle of what they do.
func (ps *posters) giveUp() {
	ps.abandon()
	ps.running.Wait()
}

func (ps *posters) batches() (settled, again int) {
	for _, p := range ps.all {
		settled, again = settled+p.batches, again+p.again
	}
	return settled, again
}

// requireAll checks that each acknowledged event is answered exactly once, and that
// nothing else is but, perhaps, what was under way at the end.
func (ps *posters) requireAll(t *testing.T, s *stack, from time.Time) (checked int) {
	t.Helper()
	for _, p := range ps.all {
		possible := map[string]bool{}
		for _, e := range p.unsettled {
			possible[e.SourceEventID] = true
		}
		for i := range 4 {
			device := fmt.Sprintf("%s@@@device-%d", p.name, i)
			want := slices.Clone(p.acknowledged[device])
			var got []string
			for _, id := range s.eventIDs(t, device, from) {
				if !possible[id] {
					got = append(got, id)
				}
			}
			slices.Sort(got)
			slices.Sort(want)
			require.Equal(t, want, got, device)
			checked += len(want)
		}
	}
	return checked
}

// eventIDs are what the source called the events of a device.
func (s *stack) eventIDs(t *testing.T, device string, from time.Time) (ids []string) {
	t.Helper()
	q := question("load", device, from, time.Now().Add(time.Minute))
	for _, r := range (tracePage{Events: s.allEvents(t, with(q, "limit", "5000"))}).rows(t) {
		require.Equal(t, device, r.ClientID)
		ids = append(ids, r.SourceEventID)
	}
	return ids
}
