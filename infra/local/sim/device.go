package sim

import (
	"encoding/hex"
	"math"
	"math/rand/v2"
	"strconv"
	"time"

	"devicetrace/pkg/event"
)

// oneDay is the length of a script. The times in a script are durations since its start, which is
// midnight unless the simulation covers several days.
const oneDay = 24 * time.Hour

// device holds the state of one client during the simulation of its day or days.
type device struct {
	start     time.Time // the start of the script
	until     time.Time // the end of the simulation; later events are dropped
	generator rand.PCG
	random    *rand.Rand
	events    []event.Event // the events simulated so far

	broker   *instance
	clientID event.ClientID
	username string
	home     string // the device's usual address
	node     int
	profile
	connections uint64     // the number of connections so far, including refused ones
	newest      connection // the newest connection that was accepted
	connects    float64    // connects per day, if the device is healthy
	storms      bool       // whether broker restarts affect the device
}

// profile holds the settings with which a device connects.
type profile struct {
	version   int32
	keepAlive time.Duration
	clean     bool
}

var profiles = []profile{
	{4, 60 * time.Second, true}, {4, 120 * time.Second, true}, {4, 60 * time.Second, false},
	{5, 30 * time.Second, true}, {5, 60 * time.Second, false}, {5, 120 * time.Second, true},
}

// newDevice returns a device whose simulation covers the given number of days. The first day is the
// UTC day that contains day.
func newDevice(day time.Time, days int) *device {
	first := day.UTC().Truncate(oneDay)
	d := &device{start: first, until: first.AddDate(0, 0, days)}
	d.random = rand.New(&d.generator)
	return d
}

// seed prepares d to simulate another device. The device's random choices depend only on the
// arguments seed and number.
func (d *device) seed(seed, number uint64) {
	d.generator.Seed(seed, number)
	d.events, d.connections = d.events[:0], 0
}

// equip gives the device a broker, a node, connection settings, a client identifier, a user
// name and an address.
func (d *device) equip(broker *instance, number uint64) {
	d.broker = broker
	d.profile = oneOf(d, profiles)
	d.clientID = clientID(oneOf(d, broker.groups), number)
	d.username = "user-" + strconv.Itoa(int(number%97))
	d.home = d.anyAddress()
	d.node = d.random.IntN(len(broker.nodes))
}

// clientID returns a client identifier that ends in the given number, padded to eight
// digits.
func clientID(group string, number uint64) event.ClientID {
	b := make([]byte, 0, 32)
	if group != "" {
		b = append(append(b, group...), "@@@"...)
	}
	b = append(b, "device-"...)
	for digit := uint64(10_000_000); digit > max(number, 1); digit /= 10 {
		b = append(b, '0')
	}
	return event.ClientID(strconv.AppendUint(b, number, 10))
}

func oneOf[T any](d *device, from []T) T { return from[d.random.IntN(len(from))] }

// chance returns true with probability p.
func (d *device) chance(p float64) bool { return d.random.Float64() < p }

// between returns a random duration, uniformly distributed between the two limits.
func (d *device) between(shortest, longest time.Duration) time.Duration {
	return shortest + time.Duration(d.random.Float64()*float64(longest-shortest))
}

// about returns a random duration, exponentially distributed with the given mean.
func (d *device) about(mean time.Duration) time.Duration {
	return time.Duration(d.random.ExpFloat64() * float64(mean))
}

func (d *device) anyAddress() string {
	n := d.random.Uint32()
	b := append(make([]byte, 0, 15), "100."...) // 100.64.0.0/10 is for carriers' NAT (RFC 6598)
	b = append(strconv.AppendUint(b, uint64(64+n>>16&63), 10), '.')
	b = append(strconv.AppendUint(b, uint64(n>>8&255), 10), '.')
	return string(strconv.AppendUint(b, uint64(n&255), 10))
}

// anyID returns 32 random hexadecimal digits.
func (d *device) anyID() string {
	var raw [16]byte
	for i := 0; i < len(raw); i += 8 {
		n := d.random.Uint64()
		for j := range 8 {
			raw[i+j] = byte(n >> (8 * j))
		}
	}
	return hex.EncodeToString(raw[:])
}

// The delay between an event and its receipt is log-normally distributed, with this median and
// spread.
const (
	medianDelay = 18 * time.Millisecond
	delaySpread = 0.8 // standard deviation of the delay's natural logarithm
)

func (d *device) delay() time.Duration {
	return time.Duration(float64(medianDelay) * math.Exp(delaySpread*d.random.NormFloat64()))
}
