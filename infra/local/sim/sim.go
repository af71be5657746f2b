// Package sim generates the events that brokers would report about simulated devices. Device
// simulates one day of a device with a known cause. Onset simulates several days of a device whose
// trouble begins on one of these days. Day simulates one day of a whole fleet
// with many brokers. Fleet simulates days of one broker's fleet, with incidents at known times.
// Tests, the demo and the benchmark use these events.
//
// Invariants:
//
//   - The same seed produces the same events, byte for byte.
//   - Each event has values in exactly the fields that the broker's decoder would fill in.
//   - Every event time lies within the simulated day or days.
package sim

import (
	"time"

	"devicetrace/pkg/event"
)

// Cause is what happens to a device during its day.
type Cause string

const (
	// Healthy devices drop now and then and come back.
	Healthy Cause = "healthy"
	// CleanWorker connects, works for a moment and disconnects, again and again.
	CleanWorker Cause = "clean-worker"
	// NATTimeout: a NAT or firewall ends each connection that was idle for a fixed time.
	NATTimeout Cause = "nat-timeout"
	// LongKeepAlive: a NAT or firewall forgets the connection before the device sends its
	// first PINGREQ.
	LongKeepAlive Cause = "long-keep-alive"
	// ClonedCredential: two devices use the same client identifier.
	ClonedCredential Cause = "cloned-credential"
	// TokenExpiry: the broker ends each connection when the device's token expires.
	TokenExpiry Cause = "token-expiry"
	// BrokerRestart: the nodes of the broker restart one after the other.
	BrokerRestart Cause = "broker-restart"
	// CrashLoop: the program on the device starts, crashes and starts again.
	CrashLoop Cause = "crash-loop"
	// FlakyRadio: the network comes and goes.
	FlakyRadio Cause = "flaky-radio"
	// WrongPassword: no login ever succeeds.
	WrongPassword Cause = "wrong-password"
	// RotatedPassword: logins succeed until some time of the day and fail from then on.
	RotatedPassword Cause = "rotated-password"
	// TopicDenied: the device uses a topic for which it has no permission.
	TopicDenied Cause = "topic-denied"
	// NeverCameBack: the device drops and does not return.
	NeverCameBack Cause = "never-came-back"
	// SilentClient: the program on the device sends its first packets and then no PINGREQ.
	SilentClient Cause = "silent-client"
	// Sleeper: the device wakes up regularly and goes to sleep again without sending DISCONNECT.
	Sleeper Cause = "sleeper"
	// EarlyTimeout: the broker's limit for the keep alive is shorter than the device's keep alive.
	EarlyTimeout Cause = "early-timeout"
	// NoKeepAlive: the device has connected without a keep alive.
	NoKeepAlive Cause = "no-keep-alive"
	// SharedAddress: two programs behind one address use the same client identifier.
	SharedAddress Cause = "shared-address"
	// TimeLimit: the broker ends each connection when it has lasted as long as the broker allows.
	TimeLimit Cause = "time-limit"
	// BrokerStop: the broker's log shows that the broker stopped.
	BrokerStop Cause = "broker-stop"
	// Unexplained: the broker gives no reasons, or reasons with an unknown meaning.
	Unexplained Cause = "unexplained"
)

// Causes lists every Cause that Device can simulate.
var Causes = []Cause{
	Healthy, CleanWorker, NATTimeout, LongKeepAlive, ClonedCredential, TokenExpiry, BrokerRestart,
	CrashLoop, FlakyRadio, WrongPassword, RotatedPassword, TopicDenied, NeverCameBack,
	SilentClient, Sleeper, EarlyTimeout, NoKeepAlive, SharedAddress, TimeLimit, BrokerStop, Unexplained,
}

// script says how to simulate the day of a device with one cause.
type script struct {
	run func(*device)
	// instances are the brokers that can report the cause.
	instances []*instance
}

var scripts = map[Cause]script{
	Healthy:          {(*device).healthy, withSnapshots},
	CleanWorker:      {(*device).cleanWorker, withGoodbyes},
	NATTimeout:       {(*device).natTimeout, everyInstance},
	LongKeepAlive:    {(*device).longKeepAlive, withKeepAlive},
	ClonedCredential: {(*device).clonedCredential, withReasons},
	TokenExpiry:      {(*device).tokenExpiry, withExpiry},
	BrokerRestart:    {(*device).brokerRestart, withRestarts},
	CrashLoop:        {(*device).crashLoop, withGoodbyes},
	FlakyRadio:       {(*device).flakyRadio, withReasons},
	WrongPassword:    {(*device).wrongPassword, withReasons},
	RotatedPassword:  {(*device).rotatedPassword, withReasons},
	TopicDenied:      {(*device).topicDenied, withDenials},
	NeverCameBack:    {(*device).neverCameBack, withGoodbyes},
	SilentClient:     {(*device).silentClient, withKeepAlive},
	Sleeper:          {(*device).sleeper, withKeepAlive},
	EarlyTimeout:     {(*device).earlyTimeout, withKeepAlive},
	NoKeepAlive:      {(*device).noKeepAlive, withKeepAlive},
	SharedAddress:    {(*device).sharedAddress, withKeepAlive},
	TimeLimit:        {(*device).timeLimit, withTimeLimit},
	BrokerStop:       {(*device).brokerStop, withStops},
	Unexplained:      {(*device).unexplained, withNewReasons},
}

// Device returns the events of one device on one day, in the order in which they happened. The same
// cause, seed and day always produce the same events. The seed also selects the broker that reports
// the events, from the brokers that can report the cause.
func Device(cause Cause, seed uint64, day time.Time) []event.Event {
	d := newDevice(day, 1)
	d.seed(seed, 0)
	d.connects = d.random.Float64()*7 + 1
	d.equip(oneOf(d, scripts[cause].instances), seed)
	scripts[cause].run(d)
	return d.events
}
