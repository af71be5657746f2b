package sim

import (
	"time"

	"devicetrace/pkg/event"
)

// Onset returns the events of one device on the given number of days, in the order in which they
// happened. The first day is the UTC day that contains from. The device is healthy until its
// trouble begins. The trouble begins on the day with the index given by begins, counted from 0,
// between 10:00 and 16:00. From then on, each 24 hours are like a day that Device simulates for the
// cause. If begins is at least days, the device stays healthy throughout. Connections can last past
// midnight. The same arguments always produce the same events.
func Onset(cause Cause, seed uint64, from time.Time, days, begins int) []event.Event {
	d := newDevice(from, days)
	d.seed(seed, 0)
	d.connects = 1 + d.random.Float64()
	d.equip(oneOf(d, scripts[cause].instances), seed)
	onset := time.Duration(begins)*oneDay + d.between(10*time.Hour, 16*time.Hour).Truncate(time.Minute)
	d.healthyUntil(onset)
	for d.nextScript(onset); d.start.Before(d.until); d.nextScript(oneDay) {
		scripts[cause].run(d)
	}
	return d.events
}

// healthyUntil simulates a healthy device whose first connection begins in the first two hours. Its
// last connection ends at the given time.
func (d *device) healthyUntil(until time.Duration) {
	h := usual(d.connects)
	for at := d.between(0, 2*time.Hour); at < until; {
		c := d.connect(at, h.address(d))
		at = d.endAt(&c, min(c.began+h.lasts(d), until), h)
	}
}

// nextScript sets the start of the next script to the given time, or to a minute after the last
// event if that is later. A connection that is still open ends just before the script starts.
// Scripts start at a whole minute, because some sources round times.
func (d *device) nextScript(at time.Duration) {
	last := d.events[len(d.events)-1]
	at = max(at, last.Time.Sub(d.start)+time.Minute)
	if last.Action == event.Connect {
		d.disconnect(&d.newest, at, closedByClient)
	}
	d.start = d.start.Add(at).Truncate(time.Minute).Add(time.Minute)
}
