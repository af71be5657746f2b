package sim

import "time"

// forever is a limit for the follow method that never takes effect, because no device makes that
// many connections in a day.
const forever = 1 << 30

// usual returns the habit of a device that connects about the given number of times a day.
func usual(connects float64) habit {
	typical := time.Duration(float64(oneDay) / connects)
	return habit{
		lasts:   func(d *device) time.Duration { return min(typical/8+d.about(typical*7/8), 4*typical) },
		ends:    mixed(goodbye, goodbye, goodbye, goodbye, closedByClient, closedByClient, closedByClient, reset, silent, silent),
		pause:   pauses(time.Second, 20*time.Second),
		address: mostlyHome,
	}
}

// usualUntil simulates a usual day up to the given time, and returns the time at which the device
// would connect next. In half of all cases, the device is already connected when the day begins.
func (d *device) usualUntil(until time.Duration, connects float64) time.Duration {
	h := usual(connects)
	at := h.lasts(d) / 2
	if d.chance(0.5) {
		c := d.open(-h.lasts(d), h.address(d))
		at = d.endAt(&c, at, h)
	}
	return d.follow(h, at, until, forever)
}

func (d *device) healthy() { d.usualUntil(oneDay, d.connects) }

func (d *device) cleanWorker() {
	every := d.between(10*time.Minute, time.Hour)
	h := habit{
		lasts:   func(d *device) time.Duration { return d.between(5*time.Second, 2*time.Minute) },
		ends:    mixed(goodbye),
		pause:   func(d *device) time.Duration { return d.between(every*9/10, every) },
		address: atHome,
	}
	d.follow(h, d.between(0, every), oneDay, forever)
}

// natTimeout simulates a device whose keep alive is too long for a NAT or firewall. The NAT or
// firewall therefore ends each connection after a fixed idle time. The device is switched on for
// only part of the day, and ends its last connection with a DISCONNECT.
func (d *device) natTimeout() {
	idle := oneOf(d, []time.Duration{time.Minute, 4 * time.Minute, 5 * time.Minute, 350 * time.Second, 15 * time.Minute})
	d.keepAlive = (2 * idle).Truncate(time.Second)
	h := habit{
		lasts:   func(d *device) time.Duration { return idle + d.between(0, time.Second) },
		ends:    mixed(oneOf(d, []end{closedByClient, reset})),
		pause:   pauses(time.Second, 10*time.Second),
		address: atHome,
	}
	at := d.follow(h, d.between(0, oneDay/2), oneDay, 10+d.random.IntN(30))
	d.sayGoodbye(at)
}

// sayGoodbye connects the device one last time and ends this connection with a DISCONNECT.
// If the day is already over, it does nothing.
func (d *device) sayGoodbye(at time.Duration) {
	if at < oneDay {
		c := d.connect(at, d.home)
		d.disconnect(&c, at+d.between(time.Second, 20*time.Second), goodbye)
	}
}

// longKeepAlive simulates a device with a long keep alive. A NAT or firewall forgets the connection
// before the device sends its first PINGREQ.
func (d *device) longKeepAlive() {
	d.keepAlive = oneOf(d, []time.Duration{5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 20 * time.Minute})
	patience := d.keepAlive * 3 / 2
	h := habit{
		lasts:   func(d *device) time.Duration { return patience + d.between(0, 2*time.Second) },
		ends:    mixed(silent),
		pause:   pauses(time.Second, 10*time.Second),
		address: atHome,
	}
	at := d.follow(h, d.between(0, oneDay/4), oneDay, 6+d.random.IntN(20))
	d.sayGoodbye(at)
}

// clonedCredential simulates two devices in two places with the same client identifier. When one
// device connects, the broker disconnects the other device. That device connects again after a
// while, and so on, until one of the two gives up.
func (d *device) clonedCredential() {
	places := []string{d.home, d.anyAddress()}
	retry := []time.Duration{d.between(time.Second, 30*time.Second), d.between(time.Second, 90*time.Second)}
	turn := 0
	h := habit{
		lasts:   func(d *device) time.Duration { return retry[turn%2] + d.between(0, 500*time.Millisecond) },
		ends:    mixed(takenOver),
		address: func(*device) string { turn++; return places[turn%2] },
	}
	at := d.follow(h, d.between(0, oneDay/2), oneDay, 20+d.random.IntN(200))
	d.connect(at, h.address(d)) // this connection stays open, because the other device has given up
}

func (d *device) tokenExpiry() {
	valid := oneOf(d, []time.Duration{30 * time.Minute, time.Hour, 2 * time.Hour})
	h := habit{
		lasts:   func(d *device) time.Duration { return valid + d.between(0, 800*time.Millisecond) },
		ends:    mixed(expired),
		pause:   pauses(time.Second, 5*time.Second),
		address: mostlyHome,
	}
	d.follow(h, d.between(0, valid), oneDay, forever)
}

// brokerRestart simulates a device that loses its connection twice because a node restarts. After
// each loss, it connects again, to another node if there is one.
func (d *device) brokerRestart() {
	at := d.between(0, time.Hour)
	restart := d.between(6*time.Hour, 16*time.Hour)
	for range 2 {
		c := d.connect(at, d.home)
		at = d.restarted(&c, restart)
		restart = at + d.between(5*time.Minute, 40*time.Minute)
	}
	d.connect(at, d.home)
}

func (d *device) crashLoop() {
	h := habit{
		lasts:   func(d *device) time.Duration { return time.Second + d.about(20*time.Second) },
		ends:    mixed(closedByClient, closedByClient, reset),
		pause:   pauses(2*time.Second, 30*time.Second),
		address: atHome,
	}
	d.follow(h, d.between(0, oneDay/24), oneDay, forever)
}

// flakyRadio simulates a device that has a new address for each connection and sometimes
// connects again before the broker has noticed that the old connection is dead.
func (d *device) flakyRadio() {
	d.keepAlive = time.Minute
	var why end
	h := habit{
		lasts: func(d *device) time.Duration {
			why = oneOf(d, []end{silent, silent, silent, silent, silent, reset, reset, reset, closedByClient, takenOver})
			heard := 5*time.Second + d.about(8*time.Minute)
			if why == silent {
				heard += d.keepAlive * 3 / 2
			}
			return heard
		},
		ends:    func(*device) end { return why },
		pause:   pauses(time.Second, 2*time.Minute),
		address: func(d *device) string { return d.anyAddress() },
	}
	d.follow(h, d.between(0, oneDay/24), oneDay, forever)
}

// knock simulates the given number of attempts to connect, all of which the broker refuses.
func (d *device) knock(from time.Duration, times int) {
	every := d.between(10*time.Second, 4*time.Minute)
	for range times {
		d.refuse(from, d.home, wrongPassword)
		from += d.between(every*9/10, every)
	}
}

func (d *device) wrongPassword() { d.knock(d.between(0, oneDay/2), 10+d.random.IntN(180)) }

func (d *device) rotatedPassword() {
	at := d.usualUntil(d.between(4*time.Hour, 12*time.Hour), 12)
	c := d.connect(at, d.home)
	at += d.between(time.Minute, 2*time.Hour)
	d.disconnect(&c, at, oneOf(d, []end{closedByClient, reset}))
	d.knock(at+d.between(time.Second, time.Minute), 10+d.random.IntN(180))
}

func (d *device) topicDenied() {
	h := habit{
		lasts:   func(d *device) time.Duration { return d.between(50*time.Millisecond, 5*time.Second) },
		ends:    mixed(topicDenied),
		pause:   pauses(5*time.Second, 20*time.Second),
		address: atHome,
	}
	at := d.follow(h, d.between(0, oneDay/2), oneDay, 5+d.random.IntN(80))
	d.connect(at, d.home)
}

func (d *device) neverCameBack() {
	at := d.usualUntil(d.between(2*time.Hour, 8*time.Hour), 12)
	c := d.connect(at, d.home)
	d.disconnect(&c, at+d.between(10*time.Minute, 2*time.Hour), oneOf(d, []end{closedByClient, reset, silent}))
}
