// Package sim makes up days of devices: the events that brokers would report of
// them, for tests, the demo and the benchmark.
//
// What always holds: the same seed makes the same events, byte for byte; all events
// of a device carry what its broker's decoder would fill in, and nothing that the
// broker does not tell; every event time lies in the day.
//
// Device makes the day of one device with a known trouble, Day those of a whole fleet,
// Perturb what a network makes of them.
package sim

import (
	"time"

	"devicetrace/pkg/event"
)

// Cause is what happens to a device in its day.
type Cause string

const (
	// Healthy devices drop now and then and come back.
	Healthy Cause = "healthy"
	// CleanWorker connects, works for a moment and disconnects, again and again.
	CleanWorker Cause = "clean-worker"
	// NATTimeout: something between ends each connection when it was idle for a fixed time.
	NATTimeout Cause = "nat-timeout"
	// LongKeepAlive: something between forgets the connection before the keep alive is due.
	LongKeepAlive Cause = "long-keep-alive"
	// ClonedCredential: two devices use one client identifier.
	ClonedCredential Cause = "cloned-credential"
	// TokenExpiry: the broker ends each connection when its token expires.
	TokenExpiry Cause = "token-expiry"
	// BrokerRestart: the nodes of the broker restart one after the other.
	BrokerRestart Cause = "broker-restart"
	// CrashLoop: the program on the device starts, crashes and starts again.
	CrashLoop Cause = "crash-loop"
	// FlakyRadio: the network comes and goes.
	FlakyRadio Cause = "flaky-radio"
	// WrongPassword was never right.
	WrongPassword Cause = "wrong-password"
	// RotatedPassword was right until some time of the day.
	RotatedPassword Cause = "rotated-password"
	// TopicDenied: the device uses a topic that it has no permission for.
	TopicDenied Cause = "topic-denied"
	// NeverCameBack: the device drops, and that is the last of it.
	NeverCameBack Cause = "never-came-back"
)

// Causes are all of them.
var Causes = []Cause{
	Healthy, CleanWorker, NATTimeout, LongKeepAlive, ClonedCredential, TokenExpiry, BrokerRestart,
	CrashLoop, FlakyRadio, WrongPassword, RotatedPassword, TopicDenied, NeverCameBack,
}

// Device is the day of one device, in order of what happened. The seed decides over
// everything else, such as the broker, which is one that can tell of the cause.
func Device(cause Cause, seed uint64, day time.Time) []event.Event {
	d := newDevice(day)
	d.begin(seed, 0)
	d.connects = d.random.Float64()*7 + 1
	d.live(oneOf(d, tellers[cause]), seed)
	scripts[cause](d)
	return d.events
}
