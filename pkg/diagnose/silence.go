package diagnose

import (
	"time"

	"devicetrace/pkg/history"
)

const (
	// longKeepAlive is the shortest keep alive that may be too long for the network. Common load
	// balancers and NAT gateways forget a connection after 4 to 6 minutes without traffic, although
	// RFC 5382 (REQ-5) requires a NAT to wait for more than two hours. For example, the default of
	// Azure Load Balancer is 4 min, and the default of AWS Network Load Balancer is 350 s.
	longKeepAlive = 240 * time.Second
	// At least minSilent connections that timed out soon after CONNECT count as a pattern, provided
	// that they are more than half of all connections that timed out.
	minSilent = 3
	// minMargin is the minimum number of timeouts that keepAliveMargin reports. A single timeout may
	// be a coincidence.
	minMargin = 2
	// A connection suggests that its keep alive is too long only if the connection timed out within
	// luckFactor times the keep alive. If the keep alive is too long, the network forgets the
	// connection the first time that the client sends nothing for one keep alive. Only a client that
	// happens to send other packets in time stays connected longer.
	luckFactor = 4
)

// silentSoon selects the text to use if packets may have arrived after CONNECT.
const silentSoon Code = "silent-soon"

// keepAliveMargin finds timeouts which suggest that the keep alive is too long, so that the network
// forgets the connection between two packets. It considers only connections with a long keep alive
// and a known length. Of these, it counts the connections that timed out within luckFactor times
// their keep alive, but not too early. It returns nil in each of these cases:
//
//   - It counts fewer than minMargin connections.
//   - It counts at most half of the connections that it considers.
//   - The client may have slept; see mayHaveSlept.
func (in *input) keepAliveMargin() *finding {
	long := 0
	for _, c := range in.Connections {
		if _, known := measured(c); known && c.KeepAlive.Value >= longKeepAlive {
			long++
		}
	}
	var found []*history.Connection
	var latest time.Duration
	for _, t := range in.timeouts {
		lasted, _ := t.Lasted()
		if keepAlive := t.KeepAlive.Value; !t.Early && keepAlive >= longKeepAlive && lasted <= luckFactor*keepAlive {
			found, latest = append(found, t.Connection), max(latest, t.Latest)
		}
	}
	if len(found) < minMargin || 2*len(found) <= long || in.mayHaveSlept(found) {
		return nil
	}
	f := ofTimeouts(found)
	f.more = []sentence{{heardUntil, values{"within": within(latest)}}}
	return f
}

// timerJitter is the longest delay with which a broker's timer fires.
const timerJitter = 100 * time.Millisecond

// within returns a value that shows the longest time after CONNECT at which a packet can have
// arrived. It subtracts timerJitter and rounds up to whole seconds.
func within(latest time.Duration) length {
	return length((latest - timerJitter).Truncate(time.Second) + time.Second)
}

// silentAfterConnect finds connections that timed out because the client sent nothing after its
// first packets. It ignores clients that may sleep. It also ignores connections with a long keep
// alive, because keepAliveMargin covers those. It returns nil if at least as many other connections
// suggest that the client does send packets later; see heardLater.
func (in *input) silentAfterConnect() *finding {
	var found []*history.Connection
	var latest time.Duration
	proven := true
	for _, t := range in.timeouts {
		if t.Soon && t.KeepAlive.Value < longKeepAlive {
			found = append(found, t.Connection)
			latest, proven = max(latest, t.Latest), proven && t.Proven
		}
	}
	if len(found) < minSilent || len(found) <= in.heardLater(found) || in.mayHaveSlept(found) {
		return nil
	}
	f := ofTimeouts(found)
	if !proven {
		f.text = silentSoon
		f.values = f.values.with("within", within(latest))
	}
	return f
}

// heardLater returns the number of connections in which the client seems to have sent packets later
// than in the given connections, in which it was silent. It counts all other connections that timed
// out, and all connections that lasted longer than each of the given ones.
func (in *input) heardLater(silent []*history.Connection) int {
	isSilent := map[*history.Connection]bool{}
	var longest time.Duration
	for _, c := range silent {
		lasted, _ := c.Lasted()
		isSilent[c], longest = true, max(longest, lasted)
	}
	n := 0
	for _, c := range in.Connections {
		lasted, known := measured(c)
		timedOut := c.EndIs == history.Reported && c.Kind == history.NoHeart
		if !isSilent[c] && (timedOut || known && lasted > longest) {
			n++
		}
	}
	return n
}

// mayHaveSlept reports whether the client may have slept after the given connections, which timed
// out. It returns true if sleepsBetween finds a client that sleeps, or if the client mostly stayed
// away for at least longAbsence.
func (in *input) mayHaveSlept(ended []*history.Connection) bool {
	return in.sleep != nil || in.mostlyAway(ended)
}

// ofTimeouts returns a finding about connections that timed out. The finding states their keep alive.
func ofTimeouts(found []*history.Connection) *finding {
	return ofEnds(found, withKeepAlive).with(values{"keep_alive": keepAlivesOf(found)})
}
