package broker

import "time"

// Silence describes what the length of a connection implies if the broker ended the connection for
// a missed keep alive. Brokers notice a missed keep alive in different ways, depending on their
// version, which events do not contain. A Silence therefore states only what is true for all
// versions that can have produced this length.
type Silence struct {
	// Early means that the broker ended the connection before the client had been silent for one
	// and a half keep alives. The other fields are then zero.
	Early bool
	// Proven means that certainly no packet arrived after CONNECT.
	Proven bool
	// Latest is the latest time at which the client's last packet can have arrived, counted from the
	// start of the connection. CONNECT counts as a packet that arrives at time 0.
	Latest time.Duration
	// Soon means that the client went silent soon after CONNECT. If the broker checks connections
	// at intervals, this is within the first interval; otherwise, it is almost at once.
	Soon bool
}

// earlySlack returns how much shorter than one and a half keep alives a connection of the given
// length can be without counting as early. Some sources send approximate times, so the slack is two
// seconds, but at most a tenth of the keep alive. Others send only whole seconds, so the slack is
// at least one second if the length has only whole seconds.
func earlySlack(keepAlive, lasted time.Duration) time.Duration {
	slack := min(2*time.Second, keepAlive/10)
	if lasted%time.Second == 0 {
		return max(slack, time.Second)
	}
	return slack
}

// SilenceOf returns what is known about a connection that a source reported as ended for a missed
// keep alive. keepAlive must be positive.
func SilenceOf(source string, keepAlive, lasted time.Duration) Silence {
	allowed := keepAlive * 3 / 2
	if lasted < allowed-earlySlack(keepAlive, lasted) {
		return Silence{Early: true}
	}
	var fitting []silenceCheck
	for _, check := range silenceChecks[source] {
		if c := check(keepAlive); c.fits(lasted) {
			fitting = append(fitting, c)
		}
	}
	if len(fitting) == 0 {
		return Silence{Latest: max(lasted-allowed, 0), Soon: lasted <= atOnce(keepAlive)}
	}
	s := Silence{Proven: true}
	for _, c := range fitting {
		s.Latest = max(s.Latest, lasted-c.least)
		s.Proven = s.Proven && c.proves(lasted)
		s.Soon = s.Soon || lasted <= c.soon+checkSlack(lasted)
	}
	return s
}

// silenceCheck describes how a broker notices that a client with a given keep alive is silent.
type silenceCheck struct {
	// least is the shortest time from the client's last packet to the end of the connection.
	least time.Duration
	// shortest is the length of a connection whose client sends nothing after CONNECT.
	shortest time.Duration
	// step is nonzero if the broker checks the connection only at multiples of this time. The
	// length of the connection is then also a multiple.
	step time.Duration
	// soon is the greatest length of a connection whose client sends packets only within the first
	// interval.
	soon time.Duration
	// delays means that the connection lasts longer than shortest if the client sends anything
	// after CONNECT, however early.
	delays bool
}

// atOnce returns the greatest length of a connection whose client goes silent almost at once, for a
// broker that does not check connections at intervals. Some brokers notice silence a few seconds
// late.
func atOnce(keepAlive time.Duration) time.Duration {
	allowed := keepAlive * 3 / 2
	return allowed + max(5*time.Second, allowed/10)
}

// checkSlack returns the maximum difference between the actual and the calculated length of a
// connection. Timers fire late, and each check starts the timer for the next one.
func checkSlack(d time.Duration) time.Duration { return max(time.Second, d/100) }

// fits reports whether a connection of the given length can have been ended by this check.
func (c silenceCheck) fits(lasted time.Duration) bool {
	slack := checkSlack(lasted)
	if lasted < c.shortest-slack {
		return false
	}
	return c.step == 0 || (lasted-lasted.Round(c.step)).Abs() <= slack
}

// proves reports whether a connection of the given length shows that the client sent nothing after
// CONNECT.
func (c silenceCheck) proves(lasted time.Duration) bool {
	return c.delays && lasted <= c.shortest+checkSlack(lasted)
}

// silenceChecks maps the name of a broker to the ways in which its versions notice silence, with
// their default settings. It includes brokers whose events arrive through the source "events". The
// comments name the versions and the source file with the rule.
var silenceChecks = map[string][]func(keepAlive time.Duration) silenceCheck{
	EMQX: {
		byThreeQuarters, // 5.0.0 to 5.0.25 (emqx_keepalive.erl)
		byOneAndAHalf,   // 5.0.26 to 5.7.1
		byInterval,      // 5.7.2 and later
		bySecondStrike,  // 4, whose events the source accepts as well
	},
	EMQX4:      {bySecondStrike},
	Mosquitto:  {byScan},                             // all versions (keepalive.c)
	"mochi":    {exactly},                            // a read deadline (clients.go)
	HiveMQ:     {exactly},                            // an idle handler
	RMQTT:      {exactlyOrLonger},                    // keepalive.rs
	"rabbitmq": {byWholeKeepAlives, byThreeQuarters}, // up to 3.11, and 3.12 and later (rabbit_mqtt_keepalive.erl)
}

// exactly describes a broker that restarts one timer at each packet.
func exactly(keepAlive time.Duration) silenceCheck {
	allowed := keepAlive * 3 / 2
	return silenceCheck{least: allowed, shortest: allowed, soon: allowed + 5*time.Second}
}

// exactlyOrLonger is like exactly, but the broker waits longer if the keep alive is shorter than
// six seconds.
func exactlyOrLonger(keepAlive time.Duration) silenceCheck {
	if keepAlive >= 6*time.Second {
		return exactly(keepAlive)
	}
	allowed := keepAlive + 3*time.Second
	return silenceCheck{least: allowed, shortest: allowed, soon: allowed + 5*time.Second}
}

// byScan describes all versions of Mosquitto. Those up to 2.0.20 check all connections every six
// seconds. Mosquitto's log has only whole seconds, so a length can be off by one second.
func byScan(keepAlive time.Duration) silenceCheck {
	allowed := keepAlive * 3 / 2
	return silenceCheck{least: allowed - time.Second, shortest: allowed, soon: allowed + 7*time.Second}
}

// byThreeQuarters describes a broker that checks a connection every three quarters of a keep alive
// and tolerates one check without traffic.
func byThreeQuarters(keepAlive time.Duration) silenceCheck {
	step := keepAlive * 3 / 4
	return silenceCheck{least: 2 * step, shortest: 2 * step, soon: 3 * step, step: step, delays: true}
}

// bySecondStrike is like byThreeQuarters, but CONNECT counts as traffic within the first step.
func bySecondStrike(keepAlive time.Duration) silenceCheck {
	step := keepAlive * 3 / 4
	return silenceCheck{least: 2 * step, shortest: 3 * step, soon: 3 * step, step: step}
}

// byOneAndAHalf describes a broker that checks a connection every one and a half keep alives and
// tolerates no check without traffic.
func byOneAndAHalf(keepAlive time.Duration) silenceCheck {
	step := keepAlive * 3 / 2
	return silenceCheck{least: step, shortest: step, soon: 2 * step, step: step, delays: true}
}

// byInterval describes a broker that checks a connection at an interval of half a keep alive, but
// at least one second and at most 30 seconds. It tolerates checks without traffic for one and a
// half keep alives. A PINGREQ restarts the interval, so the length need not be a multiple of it.
func byInterval(keepAlive time.Duration) silenceCheck {
	interval := max(time.Second, min(30*time.Second, keepAlive/2))
	checks := (keepAlive*3/2 + interval - 1) / interval
	least := checks * interval
	return silenceCheck{least: least, shortest: least, soon: least + interval, delays: true}
}

// byWholeKeepAlives describes a broker that checks a connection once every keep alive and tolerates
// one check without traffic.
func byWholeKeepAlives(keepAlive time.Duration) silenceCheck {
	return silenceCheck{least: 2 * keepAlive, shortest: 3 * keepAlive, soon: 3 * keepAlive, step: keepAlive}
}

// IsMQTT reports whether a protocol name sent by a broker means MQTT. An empty name counts as MQTT.
// Gateway protocols have their own rules for silent clients.
func IsMQTT(protocol string) bool {
	return protocol == "" || protocol == "MQTT" || protocol == "MQIsdp" // MQIsdp is MQTT 3.1
}
