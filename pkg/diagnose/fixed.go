package diagnose

import (
	"cmp"
	"slices"
	"time"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/history"
)

const (
	// At least minSame connections of about the same length suggest a timer, provided that they
	// make up at least minSameShare of all connections that a timer may have ended.
	minSame      = 4
	minSameShare = 0.6
	// Two connection lengths count as equal if they differ by at most sameWithin times the shorter
	// length. This limit is clamped to the range from minTolerance to maxTolerance. The lengths of
	// connections that one timer ended differ slightly, because a timer restarts at each packet and
	// brokers check timers only periodically.
	sameWithin   = 0.02
	minTolerance = 2 * time.Second
	maxTolerance = time.Minute
	// minFixed is the minimum length of connections that can suggest a timer. Shorter connections
	// have similar lengths even without a timer, and are covered by the rule "flapping".
	minFixed = 30 * time.Second
)

// These codes select the text of the verdict "fixed-length".
const (
	// fixedLengthUnexplained applies if at most half of the connections are known to have dropped.
	// The device may have ended the others on purpose.
	fixedLengthUnexplained Code = "fixed-length-unexplained"
	// fixedLengthNotIdle applies if the timer is probably not an idle timeout in the network.
	fixedLengthNotIdle Code = "fixed-length-not-idle"
	// fixedLengthDenied applies if most of the connections ended as not authorized, with a reason
	// that can mean either an expired login or a denied topic.
	fixedLengthDenied Code = "fixed-length-denied"
	// fixedLengthAsleep applies if the client may sleep after most of the connections, and if the
	// broker did not end most of them itself.
	fixedLengthAsleep Code = "fixed-length-asleep"
	// fixedLengthLimit applies if the broker reported its own time limit as the reason for most of
	// the ends.
	fixedLengthLimit Code = "fixed-length-limit"
)

// fixedLength finds connections of about equal length, as if a timer had ended them. If the text
// states why they ended, the finding omits those that ended for other reasons. fixedLength returns
// nil if the login was no longer valid for most of them, because loginExpiry then reports them. It
// also returns nil if several parties fight over the client identifier and most of the ends have no
// known reason, because these ends may be takeovers.
func (in *input) fixedLength() *finding {
	cluster := in.cluster
	if len(cluster) == 0 || mostly(cluster, isExpiry) || in.isShared() && mostly(cluster, isUnexplained) {
		return nil
	}
	f := ofLength(cluster)
	switch {
	case mostly(cluster, isNotAuthorized):
		f = ofLength(only(cluster, isNotAuthorized))
		f.text = fixedLengthDenied
	case mostly(cluster, isAtLimit):
		f = ofLength(only(cluster, isAtLimit))
		f.text, f.level = fixedLengthLimit, Notice
		f.values = f.values.with("what", limited(f.ends)).with("reason", wordsOf(f.ends))
	case !mostly(cluster, (*history.Connection).Dropped):
		f.text, f.level = fixedLengthUnexplained, Notice
	case !mostly(cluster, isEndedByBroker) && (in.mayWake(cluster) || in.mostlyAsleep(cluster)):
		f.text, f.level = fixedLengthAsleep, Notice
	default:
		if why := notIdle(cluster); why != nil {
			f.text, f.values = fixedLengthNotIdle, f.values.with("why", *why)
		}
	}
	return f
}

// isAtLimit reports whether the broker ended a connection because it had lasted as long as the
// broker allows.
func isAtLimit(c *history.Connection) bool {
	_, ok := broker.NamesTimeLimit(c.NativeReason)
	return ok
}

// limited returns a phrase that says to which connections the broker's time limit applies. The given
// connections reached the limit.
func limited(ended []*history.Connection) sentence {
	if mostly(ended, func(c *history.Connection) bool {
		onlyWebSocket, _ := broker.NamesTimeLimit(c.NativeReason)
		return onlyWebSocket
	}) {
		return sentence{phrase: webSocketConnections}
	}
	return sentence{phrase: anyConnections}
}

// notIdle returns a phrase that says why it is unlikely that an idle timeout ended the connections,
// or nil if an idle timeout is possible.
func notIdle(cluster []*history.Connection) *sentence {
	setting := timerSetting(typicalOf(cluster)).value()
	isKept := func(c *history.Connection) bool { return c.KeepAlive.Value > 0 && 2*c.KeepAlive.Value < setting }
	switch {
	case mostly(cluster, isEndedByBroker):
		return &sentence{phrase: endedByBroker}
	case mostly(cluster, isKept):
		return &sentence{keptAlive, values{"keep_alive": keepAlivesOf(only(cluster, isKept))}}
	default:
		return nil
	}
}

// typicalOf returns the median length of the given connections, which must be sorted by length.
func typicalOf(cluster []*history.Connection) time.Duration {
	typical, _ := cluster[(len(cluster)-1)/2].Lasted()
	return typical
}

// timed returns the set of all connections of about equal length, or an empty set if fixedLength
// finds nothing. The finding need not be about all of them.
func (in *input) timed() map[*history.Connection]bool {
	timed := map[*history.Connection]bool{}
	if in.fixed != nil {
		for _, c := range in.cluster {
			timed[c] = true
		}
	}
	return timed
}

// loginExpiry finds connections that ended because their login was no longer valid, if these are
// most of the connections of about equal length.
func (in *input) loginExpiry() *finding {
	cluster := in.cluster
	if len(cluster) == 0 || !mostly(cluster, isExpiry) {
		return nil
	}
	return ofLength(only(cluster, isExpiry))
}

// isExpiry reports whether the broker ended a connection because its login was no longer valid. The
// native reason must say so, because "not authorized" alone can also mean a denied topic.
func isExpiry(c *history.Connection) bool {
	return isNotAuthorized(c) && broker.ConcernsLogin(c.NativeReason)
}

func isNotAuthorized(c *history.Connection) bool { return c.Kind == history.NotAuthorized }
func isUnexplained(c *history.Connection) bool   { return c.Kind == history.Unexplained }
func isEndedByBroker(c *history.Connection) bool { return c.Kind == history.Server }

// ofLength returns a finding about connections that a timer probably ended. They must be sorted by
// length.
func ofLength(cluster []*history.Connection) *finding {
	byEnd := slices.SortedFunc(slices.Values(cluster), func(a, b *history.Connection) int { return cmp.Compare(a.End, b.End) })
	return ofEnds(byEnd, withKeepAlive).with(values{"length": timerSetting(typicalOf(cluster))})
}

// only returns the connections that satisfy the given condition.
func only(connections []*history.Connection, condition func(*history.Connection) bool) []*history.Connection {
	return slices.DeleteFunc(slices.Clone(connections), func(c *history.Connection) bool { return !condition(c) })
}

// mostly reports whether more than half of the connections satisfy the given condition.
func mostly(connections []*history.Connection, condition func(*history.Connection) bool) bool {
	n := 0
	for _, c := range connections {
		if condition(c) {
			n++
		}
	}
	return 2*n > len(connections)
}

// sameLength returns the largest group of connections with about the same length, sorted by length.
// It considers only connections that a timer may have ended; see mayBeTimed. It returns nil if the
// group has fewer than minSame connections, or less than minSameShare of the connections
// considered.
func sameLength(connections []*history.Connection) []*history.Connection {
	var timed []*history.Connection
	for _, c := range connections {
		if mayBeTimed(c) {
			timed = append(timed, c)
		}
	}
	slices.SortFunc(timed, func(a, b *history.Connection) int {
		return cmp.Or(cmp.Compare(a.End-a.Start, b.End-b.Start), cmp.Compare(a.End, b.End))
	})
	cluster := densest(timed)
	if len(cluster) < minSame || float64(len(cluster)) < minSameShare*float64(len(timed)) {
		return nil
	}
	return cluster
}

// mayBeTimed reports whether a timer may have ended the connection. It returns false if the length
// is unknown or uncertain, or if one of these other causes was reported:
//
//   - A DISCONNECT: the client itself decided to end the connection.
//   - A missed keep alive: the broker checks the keep alive at fixed intervals, so such lengths are
//     often equal. See package broker's SilenceOf.
//   - A client identifier conflict: another client caused the end. Such conflicts can be as regular
//     as a timer.
//   - An invalid packet or a denied topic: what the client sent caused the end.
//   - A stop of the broker: it ended all connections at once, however long they had lasted.
//   - Any cause named by the native reason, except those in timedCauses. For example, an operator or
//     an overload of the broker caused the end.
func mayBeTimed(c *history.Connection) bool {
	_, known := measured(c)
	return known && !slices.Contains(untimed, c.Kind) && !broker.EndedWithBroker(c.NativeEvent) && slices.Contains(timedCauses, causeOf(c))
}

// untimed lists the kinds of ends that mayBeTimed excludes.
var untimed = []history.Kind{history.Disconnected, history.NoHeart, history.Conflict, history.Invalid, history.TopicDenied}

// timedCauses lists the causes that can be due to a timer. It contains "", because most native
// reasons name no cause.
var timedCauses = []broker.Cause{"", broker.LoginExpired, broker.LoginInvalid, broker.TimeLimit}

// densest returns the largest group of connections with about the same length. The given
// connections must be sorted by length.
func densest(timed []*history.Connection) []*history.Connection {
	var best []*history.Connection
	last := 0
	for first, c := range timed {
		shortest, _ := c.Lasted()
		for last = max(last, first); last < len(timed); last++ {
			if longest, _ := timed[last].Lasted(); longest-shortest > tolerance(shortest) {
				break
			}
		}
		if shortest >= minFixed && last-first > len(best) {
			best = timed[first:last]
		}
	}
	return best
}

// tolerance returns how much longer than d a connection may be and still count as equally long.
func tolerance(d time.Duration) time.Duration {
	return min(max(time.Duration(sameWithin*float64(d)), minTolerance), maxTolerance)
}
