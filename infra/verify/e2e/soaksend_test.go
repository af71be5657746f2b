package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	"devicetrace/infra/local/demo/ends"
)

const (
	// soakPosters is the number of webhook senders. soakClients is the number of MQTT devices that
	// are active at the same time.
	soakPosters, soakClients = 8, 16
	// postInterval is the minimum time between two batches from the same poster. A poster also
	// waits this long before its first retry of a batch.
	postInterval = 100 * time.Millisecond
	// connectPause is how long an MQTT device waits before each connection.
	connectPause = 300 * time.Millisecond
	// eventsPerDevice is the number of events that a poster sends for one device before it moves on
	// to a new device. The number is small to keep query responses short.
	eventsPerDevice = 250
	// connectionsPerDevice is the number of connections that an MQTT device makes, one after
	// another.
	connectionsPerDevice = 20
)

// soakInstances are the instances to which the posters send their events.
var soakInstances = []string{"soak", "soak-2"}

// soakPoster sends the events of four devices at a time. The devices exist on every instance. About
// one in four devices has its events backdated by a day, so that the soak also fills partitions of
// the previous day.
type soakPoster struct {
	name    string
	random  *rand.Rand
	ledger  *ledger
	began   time.Time
	devices [4]soakDevice
	count   int
}

// soakDevice is a device whose events a soakPoster sends.
type soakDevice struct {
	id   string
	ago  time.Duration // age of each event when it is sent
	left int           // number of events still to be sent
}

// event returns the next event of a random device. A device that has no events left is replaced by
// a new one.
func (p *soakPoster) event() inputEvent {
	d := &p.devices[p.random.IntN(len(p.devices))]
	p.count++
	if d.left == 0 {
		*d = soakDevice{id: fmt.Sprintf("%s@@@device-%06d", p.name, p.count), left: eventsPerDevice}
		if p.random.IntN(4) == 0 {
			d.ago = 24 * time.Hour
		}
		for _, instance := range soakInstances {
			p.ledger.open(deviceKey{instance, d.id}, p.began.Add(-d.ago))
		}
	}
	d.left--
	return inputEvent{
		ClientID: d.id, Action: "connect", SourceEventID: fmt.Sprintf("%s-%06d", p.name, p.count),
		Time: time.Now().Add(-d.ago).UnixMilli(), Node: "node-1", PeerAddress: "192.0.2.1", PeerPort: 1024 + int32(p.count%60_000),
	}
}

// post sends batches to random instances until ctx ends, and repeats each batch until it is
// acknowledged. It resends some acknowledged batches, like a broker that missed the response.
func (k *soak) post(ctx context.Context, number uint64) {
	p := &soakPoster{name: fmt.Sprintf("soak-%d", number), random: k.random(number), ledger: k.ledger, began: k.began.Add(-time.Second)}
	pace := time.NewTicker(postInterval)
	defer pace.Stop()
	for ctx.Err() == nil {
		events := make([]inputEvent, 1+p.random.IntN(20))
		for i := range events {
			events[i] = p.event()
		}
		instance := soakInstances[p.random.IntN(len(soakInstances))]
		k.ledger.send(instance, events)
		if !k.deliver(instance, events) {
			return
		}
		k.ledger.acknowledge(instance, events)
		if p.random.IntN(20) == 0 && !k.deliver(instance, events) {
			return
		}
		select {
		case <-pace.C:
		case <-ctx.Done():
		}
	}
}

// deliver sends events of an instance as one batch, and repeats the batch until it is acknowledged.
// It returns false if the soak ends first.
func (k *soak) deliver(instance string, events []inputEvent) bool {
	body := encode(events)
	for pause := postInterval; ; pause = min(2*pause, time.Second) {
		r, err := do(k.ctx, http.MethodPost, k.stack.Load().url("/webhooks/events/"+instance), webhookToken, nil, body)
		switch {
		case err == nil && r.status == http.StatusOK:
			k.delivered.Add(1)
			return true
		case !isRefusal(r, err):
			k.fail("recorder responded %d: %s", r.status, r.body)
		}
		k.retries.Add(1)
		if !sleep(k.ctx, pause) {
			return false
		}
	}
}

// connect makes one MQTT connection after another until ctx ends. To end connections in every known
// way, it cycles through ends.Kinds. connect counts a connection once a query has returned all of
// its rows.
func (k *soak) connect(ctx context.Context, number uint64) {
	var a *account
	for i := 0; sleep(ctx, connectPause); i++ {
		if a == nil || i%connectionsPerDevice == 0 {
			a = k.ledger.open(deviceKey{"local", fmt.Sprintf("mqtt-%d@@@%d", number, i)}, time.Now().Add(-time.Second))
		}
		kind := ends.Kinds[(i+int(number))%len(ends.Kinds)]
		if !k.makeConnection(a, kind) {
			a = nil
			continue
		}
		k.connections.Add(1)
	}
}

// makeConnection makes a connection that ends in the given way, and then queries the device. It
// returns true once the API has returned all rows of the connection. If the stack is killed first,
// makeConnection may return false, because the broker loses the events that it has not delivered.
// The rows that the API has already returned must not be lost, however.
func (k *soak) makeConnection(a *account, kind ends.Kind) bool {
	s, before := k.stack.Load(), k.ledger.countAcknowledged(a)
	k.ledger.recordShown(a, nil, len(kind.Rows))
	if err := kind.Run(k.ctx, s.target(), a.client); err != nil && k.isUp(s) {
		k.fail("client %q: %w", a.client, err)
	}
	for pause := 2 * pollEvery; ; pause = min(2*pause, time.Second) {
		up := k.isUp(s)
		rows, ok := k.check(k.ctx, a, maxLimit)
		switch {
		case ok && len(rows) >= before+len(kind.Rows):
			k.checkKind(a, kind, rows[before:])
			k.ledger.recordShown(a, idsOf(rows[before:]), 0)
			return true
		case ok && !up:
			k.ledger.recordShown(a, idsOf(rows[before:]), before+len(kind.Rows)-len(rows))
			return false
		}
		if !sleep(k.ctx, pause) {
			return false
		}
	}
}

// isUp reports whether the soak is still running and has not killed the stack s.
func (k *soak) isUp(s *stack) bool { return k.ctx.Err() == nil && s != k.killed.Load() }

// checkKind fails the soak unless the rows match the kind of end.
func (k *soak) checkKind(a *account, kind ends.Kind, rows []row) {
	got := make([]ends.Row, len(rows))
	for i, r := range rows {
		got[i] = ends.Row{Action: r.Action, Info: r.ActionInfo}
	}
	if !slices.Equal(got, kind.Rows) {
		k.fail("device %q, %s: got rows %v, want %v", a.client, kind.Name, got, kind.Rows)
	}
}
