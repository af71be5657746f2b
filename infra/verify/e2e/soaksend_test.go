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
	// soakPosters send webhooks, soakClients are MQTT devices at a time.
	soakPosters, soakClients = 8, 16
	// soakPace is how often a poster sends at most.
	soakPace = 100 * time.Millisecond
	// clientPace is how long an MQTT device waits before its next connection.
	clientPace = 300 * time.Millisecond
	// soakDevice is how many events a poster's device has: with more, answers would
	// become longer and longer.
	soakDevice = 250
	// soakInstance is the instance of the posters' events.
	soakInstance = "soak"
)

// soakPoster has four devices at a time. The events of every fourth are of yesterday, a
// day that is over.
type soakPoster struct {
	name    string
	random  *rand.Rand
	ledger  *ledger
	began   time.Time
	devices [4]soakSender
	count   int
}

// soakSender is a device: when its events happened, as seen from now, and how many more
// it will have.
type soakSender struct {
	id   string
	ago  time.Duration
	left int
}

// event is the next one of some device.
func (p *soakPoster) event() inputEvent {
	d := &p.devices[p.random.IntN(len(p.devices))]
	p.count++
	if d.left == 0 {
		*d = soakSender{id: fmt.Sprintf("%s@@@device-%06d", p.name, p.count), left: soakDevice}
		if p.random.IntN(4) == 0 {
			d.ago = 24 * time.Hour
		}
		p.ledger.open(soakInstance, d.id, p.began.Add(-d.ago))
	}
	d.left--
	return inputEvent{
		ClientID: d.id, Action: "connect", SourceEventID: fmt.Sprintf("%s-%06d", p.name, p.count),
		Time: time.Now().Add(-d.ago).UnixMilli(), Node: "node-1", PeerAddress: "192.0.2.1", PeerPort: 1024 + int32(p.count%60_000),
	}
}

// post sends batches until ctx ends, each again until it is acknowledged, and some once
// more after that, as a broker does that did not hear the answer.
func (k *soak) post(ctx context.Context, number uint64) {
	p := &soakPoster{name: fmt.Sprintf("soak-%d", number), random: k.random(number), ledger: k.ledger, began: k.began.Add(-time.Second)}
	pace := time.NewTicker(soakPace)
	defer pace.Stop()
	for ctx.Err() == nil {
		events := make([]inputEvent, 1+p.random.IntN(20))
		for i := range events {
			events[i] = p.event()
		}
		k.ledger.send(events)
		if !k.deliver(events) {
			return
		}
		k.ledger.acknowledge(events)
		if p.random.IntN(20) == 0 && !k.deliver(events) {
			return
		}
		select {
		case <-pace.C:
		case <-ctx.Done():
		}
	}
}

// deliver sends until it is acknowledged; false when the soak ends before.
func (k *soak) deliver(events []inputEvent) bool {
	body := encode(events)
	for pause := soakPace; ; pause = min(2*pause, time.Second) {
		r, err := do(k.ctx, http.MethodPost, k.stack.Load().url("/webhooks/events/"+soakInstance), webhookToken, nil, body)
		switch {
		case err == nil && r.status == http.StatusOK:
			k.delivered.Add(1)
			return true
		case !isRefusal(r, err):
			k.problem("the recorder answers %d: %s", r.status, r.body)
		}
		k.again.Add(1)
		if !sleep(k.ctx, pause) {
			return false
		}
	}
}

// soakMQTTDevice is how many connections an MQTT device makes, one after the other.
const soakMQTTDevice = 20

// connect is one MQTT connection after the other, which end in one way after the other.
// Each counts when an answer has all of its rows.
func (k *soak) connect(ctx context.Context, number uint64) {
	var a *account
	for i := 0; sleep(ctx, clientPace); i++ {
		if a == nil || i%soakMQTTDevice == 0 {
			a = k.ledger.open("local", fmt.Sprintf("mqtt-%d@@@%d", number, i), time.Now().Add(-time.Second))
		}
		kind := ends.Kinds[(i+int(number))%len(ends.Kinds)]
		if !k.makeConnection(a, kind) {
			a = nil
			continue
		}
		k.connections.Add(1)
	}
}

// makeConnection reports whether all rows of a connection are answered. What the broker
// had not delivered when it was killed is gone: then what was answered must stay.
func (k *soak) makeConnection(a *account, kind ends.Kind) bool {
	s, before := k.stack.Load(), k.ledger.promised(a)
	k.ledger.settle(a, nil, len(kind.Rows))
	if err := kind.Run(k.ctx, s.target(), a.device); err != nil && k.isUp(s) {
		k.problem("client %q: %w", a.device, err)
	}
	for pause := 2 * pollEvery; ; pause = min(2*pause, time.Second) {
		up := k.isUp(s)
		rows, ok := k.check(k.ctx, a, endPage)
		switch {
		case ok && len(rows) >= before+len(kind.Rows):
			k.holdToKind(a, kind, rows[before:])
			k.ledger.settle(a, namesOf(rows[before:]), 0)
			return true
		case ok && !up:
			k.ledger.settle(a, namesOf(rows[before:]), before+len(kind.Rows)-len(rows))
			return false
		}
		if !sleep(k.ctx, pause) {
			return false
		}
	}
}

// isUp says whether nobody has killed a stack.
func (k *soak) isUp(s *stack) bool { return k.ctx.Err() == nil && s != k.doomed.Load() }

func (k *soak) holdToKind(a *account, kind ends.Kind, rows []row) {
	got := make([]ends.Row, len(rows))
	for i, r := range rows {
		got[i] = ends.Row{Action: r.Action, Info: r.ActionInfo}
	}
	if !slices.Equal(got, kind.Rows) {
		k.problem("device %q, %s: got rows %v, want %v", a.device, kind.Name, got, kind.Rows)
	}
}
