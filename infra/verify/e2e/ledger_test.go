package e2e

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// ledger records which events of every device were sent, and which were acknowledged. It is safe
// for concurrent use.
type ledger struct {
	mu       sync.Mutex
	accounts []*account
	devices  map[deviceKey]*account
	total    int // number of acknowledged events
}

// deviceKey identifies a device. Devices of different instances may have the same client identifier.
type deviceKey struct{ instance, client string }

// account records which events of one device were sent and which were acknowledged. It identifies
// each event by its source event id.
type account struct {
	deviceKey
	from         time.Time // no event of the device is earlier than this
	acknowledged []string
	// possible holds the events that were sent but not acknowledged. They may or may not be
	// recorded.
	possible map[string]bool
	// unknown is the maximum number of recorded events that are missing from the account because
	// the test does not know their ids yet.
	unknown int
}

func newLedger() *ledger { return &ledger{devices: map[deviceKey]*account{}} }

// open opens an account for a device.
func (l *ledger) open(device deviceKey, from time.Time) *account {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := &account{deviceKey: device, from: from, possible: map[string]bool{}}
	l.accounts = append(l.accounts, a)
	l.devices[device] = a
	return a
}

// send records events that are about to be sent for an instance.
func (l *ledger) send(instance string, events []inputEvent) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range events {
		l.devices[deviceKey{instance, e.ClientID}].possible[e.SourceEventID] = true
	}
}

// acknowledge records that all of the given events of an instance were acknowledged.
func (l *ledger) acknowledge(instance string, events []inputEvent) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range events {
		a := l.devices[deviceKey{instance, e.ClientID}]
		delete(a.possible, e.SourceEventID)
		a.acknowledged = append(a.acknowledged, e.SourceEventID)
	}
	l.total += len(events)
}

// recordShown adds the ids in shown to a.acknowledged and sets a.unknown. It is for devices whose
// sender cannot report acknowledgements. An event of such a device counts as acknowledged once a
// response has shown it, so every later response must contain the event.
func (l *ledger) recordShown(a *account, shown []string, unknown int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a.acknowledged, a.unknown = append(a.acknowledged, shown...), unknown
	l.total += len(shown)
}

// countAcknowledged returns n, the number of events in an account that have been acknowledged so
// far. Later ones are appended, so a.acknowledged[:n] does not change.
func (l *ledger) countAcknowledged(a *account) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(a.acknowledged)
}

// events returns the number of acknowledged events of all devices.
func (l *ledger) events() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.total
}

// recent is the number of newest accounts that randomAccount prefers. It makes half of its choices
// among these accounts, and the other half among all accounts.
const recent = 64

// randomAccount returns a random account, or nil if there is none yet.
func (l *ledger) randomAccount(random *rand.Rand) *account {
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

// all returns all accounts.
func (l *ledger) all() []*account {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.accounts)
}

// judge compares the event ids in a response with a device's account. The response must meet three
// conditions:
//   - It contains all ids in a.acknowledged[:required].
//   - It contains no id twice.
//   - It contains at most a.unknown ids that the account does not contain.
func (l *ledger) judge(a *account, required int, returned []string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	acknowledged, times := map[string]bool{}, map[string]int{}
	for _, id := range a.acknowledged {
		acknowledged[id] = true
	}
	var lost, twice, invented []string
	for _, id := range returned {
		times[id]++
		if times[id] == 2 {
			twice = append(twice, id)
		}
		if !acknowledged[id] && !a.possible[id] {
			invented = append(invented, id)
		}
	}
	for _, id := range a.acknowledged[:required] {
		if times[id] == 0 {
			lost = append(lost, id)
		}
	}
	if len(lost)+len(twice) == 0 && len(invented) <= a.unknown {
		return nil
	}
	return fmt.Errorf("device %+v: %d events acknowledged, %d returned; lost %s, returned twice %s, never sent %s",
		a.deviceKey, required, len(returned), few(lost), few(twice), few(invented))
}

// few formats ids for an error message: their number, followed by the first five of them.
func few(ids []string) string {
	return fmt.Sprintf("%d %q", len(ids), ids[:min(5, len(ids))])
}
