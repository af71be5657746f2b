package e2e

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// ledger remembers of every device what was sent and what of it was acknowledged. It
// is safe for concurrent use.
type ledger struct {
	mu       sync.Mutex
	accounts []*account
	devices  map[string]*account
	total    int // acknowledged events
}

// account is what is known of one device's events, by the names that their source gave
// them.
type account struct {
	instance, device string
	from             time.Time // its events are not older
	acknowledged     []string
	// possible are those that were sent and are not acknowledged: they may be there.
	possible map[string]bool
	// unknown is how many more may be there whose names nobody has heard.
	unknown int
}

func newLedger() *ledger { return &ledger{devices: map[string]*account{}} }

// open begins an account.
func (l *ledger) open(instance, device string, from time.Time) *account {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := &account{instance: instance, device: device, from: from, possible: map[string]bool{}}
	l.accounts = append(l.accounts, a)
	l.devices[device] = a
	return a
}

// send notes events that are about to be sent.
func (l *ledger) send(events []inputEvent) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range events {
		l.devices[e.ClientID].possible[e.SourceEventID] = true
	}
}

// acknowledge notes that all of the events were.
func (l *ledger) acknowledge(events []inputEvent) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range events {
		a := l.devices[e.ClientID]
		delete(a.possible, e.SourceEventID)
		a.acknowledged = append(a.acknowledged, e.SourceEventID)
	}
	l.total += len(events)
}

// settle notes what else an answer has shown of a device whose sender cannot be asked:
// it must stay. Unknown is how many more may come.
func (l *ledger) settle(a *account, shown []string, unknown int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a.acknowledged, a.unknown = append(a.acknowledged, shown...), unknown
	l.total += len(shown)
}

// promised is how many of an account's events are acknowledged by now: the first ones
// of its list, for good.
func (l *ledger) promised(a *account) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(a.acknowledged)
}

// events is how many are acknowledged.
func (l *ledger) events() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.total
}

// recent is how many of the youngest accounts are asked about as often as all others.
const recent = 64

// any is the account of some device; nil if there is none yet.
func (l *ledger) any(random *rand.Rand) *account {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(l.accounts)
	switch {
	case n == 0:
		return nil
	case random.IntN(2) == 0:
		return l.accounts[n-1-random.IntN(min(n, recent))]
	default:
		return l.accounts[random.IntN(n)]
	}
}

// all are the accounts there are.
func (l *ledger) all() []*account {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.accounts)
}

// judge holds an answer to the ledger: what was promised before the question is in it,
// nothing is in it twice, and nothing that was never sent.
func (l *ledger) judge(a *account, promised int, answered []string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	sent, times := map[string]bool{}, map[string]int{}
	for _, id := range a.acknowledged {
		sent[id] = true
	}
	var lost, twice, invented []string
	for _, id := range answered {
		times[id]++
		if times[id] == 2 {
			twice = append(twice, id)
		}
		if !sent[id] && !a.possible[id] {
			invented = append(invented, id)
		}
	}
	for _, id := range a.acknowledged[:promised] {
		if times[id] == 0 {
			lost = append(lost, id)
		}
	}
	if len(lost)+len(twice) == 0 && len(invented) <= a.unknown {
		return nil
	}
	return fmt.Errorf("device %q: of %d acknowledged events and %d answered, lost %s, twice %s, not sent %s",
		a.device, promised, len(answered), few(lost), few(twice), few(invented))
}

// few is the number of names and the first of them.
func few(names []string) string {
	return fmt.Sprintf("%d %q", len(names), names[:min(5, len(names))])
}
