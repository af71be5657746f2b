package sim

import "time"

// patience returns the length of a connection whose client sends its first packets at once and then
// nothing, until the broker ends the connection. It depends on how the broker checks the keep
// alive.
func (d *device) patience() time.Duration {
	late := d.between(0, 50*time.Millisecond)
	step := d.keepAlive * 3 / 4
	switch d.broker.dialect {
	case &emqx:
		return d.secondCheck() + late
	case &emqx4:
		return 3*step + late
	case &mosquitto:
		return 2*step + d.between(0, 6*time.Second)
	default:
		return 2*step + late
	}
}

// secondCheck returns the length of such a connection with EMQX 5. The instance in the north runs
// version 5.7.2 or later, the one in the south an older version.
func (d *device) secondCheck() time.Duration {
	allowed := d.keepAlive * 3 / 2
	if d.broker == emqxSouth {
		return 2 * allowed
	}
	interval := min(30*time.Second, d.keepAlive/2)
	intervals := (allowed + interval - 1) / interval
	return (intervals + 1) * interval
}

// silentClient simulates a device whose program does not run the loop of its MQTT library.
func (d *device) silentClient() {
	h := habit{
		lasts:   (*device).patience,
		ends:    mixed(silent),
		pause:   pauses(time.Second, 10*time.Second),
		address: atHome,
	}
	at := d.follow(h, d.between(0, oneDay/2), oneDay, 6+d.random.IntN(60))
	d.sayGoodbye(at)
}

// sleeper simulates a device that wakes up at regular intervals, sends a message and goes to sleep
// again.
func (d *device) sleeper() {
	every := d.between(10*time.Minute, time.Hour)
	for at := d.between(0, every); at < oneDay; at += every + d.between(-time.Second, time.Second) {
		c := d.connect(at, mostlyHome(d))
		d.disconnect(&c, at+d.patience(), silent)
	}
}

// earlyTimeout simulates a device with a keep alive of several minutes, and a broker that allows
// less than one minute.
func (d *device) earlyTimeout() {
	d.keepAlive = oneOf(d, []time.Duration{2 * time.Minute, 5 * time.Minute, 10 * time.Minute})
	limit := d.between(10*time.Second, time.Minute)
	h := habit{
		lasts:   func(d *device) time.Duration { return limit*3/2 + d.between(0, time.Second) },
		ends:    mixed(silent),
		pause:   pauses(time.Second, 10*time.Second),
		address: atHome,
	}
	at := d.follow(h, d.between(0, oneDay/2), oneDay, 6+d.random.IntN(20))
	d.sayGoodbye(at)
}

// noKeepAlive simulates a device that has connected without a keep alive and stays connected.
func (d *device) noKeepAlive() {
	d.keepAlive = 0
	d.connect(d.between(0, oneDay/2), d.home)
}
