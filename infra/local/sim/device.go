package sim

import (
	"encoding/hex"
	"math"
	"math/rand/v2"
	"strconv"
	"time"

	"devicetrace/pkg/event"
)

// oneDay is how long a device lives. All times of a device are since midnight.
const oneDay = 24 * time.Hour

// device is one client while its day is made up.
type device struct {
	day       time.Time
	generator rand.PCG
	random    *rand.Rand
	events    []event.Event // so far

	broker   *instance
	clientID event.ClientID
	username string
	home     string // the address that it usually has
	node     int
	profile
	connections uint64  // so far, refused ones included
	connects    float64 // a day, of a healthy device
	storms      bool    // restarts of the broker are felt
}

// profile is how a device connects.
type profile struct {
	version   int32
	keepAlive time.Duration
	clean     bool
}

var profiles = []profile{{4, 60 * time.Second, true}, {4, 120 * time.Second, true}, {4, 60 * time.Second, false}, {5, 30 * time.Second, true}, {5, 60 * time.Second, false}, {5, 120 * time.Second, true}}

func newDevice(day time.Time) *device {
	d := &device{day: startOfDay(day)}
	d.random = rand.New(&d.generator)
	return d
}

// begin makes d ready for another device, whose events depend on the two numbers alone.
func (d *device) begin(seed, number uint64) {
	d.generator.Seed(seed, number)
	d.events, d.connections = d.events[:0], 0
}

// live gives it a broker, a name and an address.
func (d *device) live(broker *instance, number uint64) {
	d.broker = broker
	d.profile = oneOf(d, profiles)
	d.clientID = name(oneOf(d, broker.groups), number)
	d.username = "user-" + strconv.Itoa(int(number%97))
	d.home = d.anyAddress()
	d.node = d.random.IntN(len(broker.nodes))
}

// name is a client identifier, with eight digits or more.
func name(group string, number uint64) event.ClientID {
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

// chance is true that often, 0 to 1.
func (d *device) chance(p float64) bool { return d.random.Float64() < p }

// between is any duration from the first to the second.
func (d *device) between(shortest, longest time.Duration) time.Duration {
	return shortest + time.Duration(d.random.Float64()*float64(longest-shortest))
}

// about is a duration that is mean on average: often shorter, seldom much longer.
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

// anyID is 32 hexadecimal digits.
func (d *device) anyID() string {
	var raw [16]byte
	for i := 0; i < len(raw); i += 8 {
		n := d.random.Uint64()
		for j := range 8 {
			raw[i+j] = byte(n >> (8 * j))
		}
	}
	var text [32]byte
	hex.Encode(text[:], raw[:])
	return string(text[:])
}

// typicalDelay and delaySpread are of the time from a broker's event to its receipt,
// whose logarithm is normally distributed.
const (
	typicalDelay = 18 * time.Millisecond
	delaySpread  = 0.8
)

func (d *device) delay() time.Duration {
	return time.Duration(float64(typicalDelay) * math.Exp(delaySpread*d.random.NormFloat64()))
}

// startOfDay is the UTC midnight before t.
func startOfDay(t time.Time) time.Time { return t.UTC().Truncate(oneDay) }
