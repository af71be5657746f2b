package sim

import (
	"time"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
)

// sharedAddress simulates two programs behind one address that use the same client identifier, but
// have different settings. They take over the identifier from each other until one gives up.
func (d *device) sharedAddress() {
	programs := []profile{{5, 60 * time.Second, d.clean}, {4, 30 * time.Second, d.clean}}
	retry := []time.Duration{d.between(time.Second, 30*time.Second), d.between(time.Second, 90*time.Second)}
	turn := 0
	h := habit{
		lasts: func(d *device) time.Duration { return retry[turn%2] + d.between(0, 500*time.Millisecond) },
		ends:  mixed(takenOver),
		address: func(d *device) string {
			turn++
			d.profile = programs[turn%2]
			return d.home
		},
	}
	at := d.follow(h, d.between(0, oneDay/2), oneDay, 20+d.random.IntN(200))
	d.connect(at, h.address(d))
}

// timeLimit simulates a device whose connections the broker ends after a fixed time.
func (d *device) timeLimit() {
	words := wording{event.ServerShutdown, "maximum connect time", 0xA0}
	if d.broker.dialect == &awsIoT {
		words = wording{event.ServerShutdown, "WEBSOCKET_TTL_EXPIRATION", 0}
	}
	limit := oneOf(d, []time.Duration{time.Hour, 2 * time.Hour, 4 * time.Hour})
	for at := d.between(0, limit/2); at < oneDay; {
		c := d.connect(at, d.home)
		at += limit + d.between(0, time.Second)
		d.endAs(&c, at, d.broker.dialect.ended, words)
		at += d.between(time.Second, 10*time.Second)
	}
}

// brokerStop simulates a device that loses its connection twice: when its broker is stopped, and
// when its broker crashes and is started again.
func (d *device) brokerStop() {
	at := d.between(0, time.Hour)
	for _, how := range []string{broker.BrokerStopped, broker.BrokerStarted} {
		c := d.connect(at, d.home)
		at += d.between(2*time.Hour, 8*time.Hour)
		d.endAs(&c, at, how, wording{event.ServerShutdown, "", 0})
		at += d.between(time.Second, time.Minute)
	}
	d.connect(at, d.home)
}

// unexplained simulates a device whose broker gives no reason, or a reason that is not known.
func (d *device) unexplained() {
	reason := oneOf(d, []string{"", "brand_new_reason"})
	for at := d.between(0, time.Hour); at < oneDay; at += d.between(time.Second, time.Minute) {
		c := d.connect(at, d.home)
		at += d.between(10*time.Minute, 4*time.Hour)
		d.endAs(&c, at, d.broker.dialect.ended, wording{event.Unexplained, reason, 0})
	}
}
