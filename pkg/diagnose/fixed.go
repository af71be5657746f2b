package diagnose

import (
	"cmp"
	"slices"
	"time"

	"devicetrace/pkg/history"
)

const (
	// minSame connections of one length are no accident if they are at least minSameShare of
	// all that a timer may have ended.
	minSame      = 4
	minSameShare = 0.6
	// sameWithin is the tolerance of lengths that count as equal, as a part of the length.
	// Timers are exact, but they start with the last packet, and brokers check them only now
	// and then.
	sameWithin   = 0.02
	minTolerance = 2 * time.Second
	maxTolerance = time.Minute
	// minFixed: the lengths of shorter connections are too hard to tell apart; see flapping.
	minFixed = 30 * time.Second
)

const (
	// fixedLengthUnexplained is the text for ends that are not known to be drops: the device
	// may mean to disconnect.
	fixedLengthUnexplained Code = "fixed-length-unexplained"
	// fixedLengthNotIdle is the text for timers that are probably not in the network.
	fixedLengthNotIdle Code = "fixed-length-not-idle"
)

// fixedLength finds connections that something ends after a fixed time. It leaves out
// connections that the broker ended for silence, since their keep alive explains them.
func (in *input) fixedLength() *finding {
	cluster := in.cluster
	if len(cluster) == 0 || mostly(cluster, isExpiry) || mostly(cluster, saidNothing) {
		return nil
	}
	f := ofLength(cluster)
	if !mostly(cluster, (*history.Connection).Dropped) {
		f.text, f.level = fixedLengthUnexplained, Notice
	} else if why := notIdle(cluster); why != nil {
		f.text, f.values = fixedLengthNotIdle, f.values.with("why", *why)
	}
	return f
}

// notIdle says why an idle timeout is unlikely to have ended the connections, or returns nil.
func notIdle(cluster []*history.Connection) *sentence {
	setting := timerSetting(typicalOf(cluster)).value()
	isKept := func(c *history.Connection) bool { return c.KeepAlive.Value > 0 && 2*c.KeepAlive.Value < setting }
	switch {
	case mostly(cluster, isEndedByBroker):
		return &sentence{phrase: endedByBroker}
	case mostly(cluster, isKept):
		one := cluster[slices.IndexFunc(cluster, isKept)]
		return &sentence{keptAlive, values{"keep_alive": length(one.KeepAlive.Value)}}
	default:
		return nil
	}
}

// typicalOf returns the median length of connections that are in order of length.
func typicalOf(cluster []*history.Connection) time.Duration {
	typical, _ := cluster[(len(cluster)-1)/2].Lasted()
	return typical
}

// timed returns the connections that fixedLength explains.
func (in *input) timed() map[*history.Connection]bool {
	timed := map[*history.Connection]bool{}
	if in.fixedLength() != nil {
		for _, c := range in.cluster {
			timed[c] = true
		}
	}
	return timed
}

// loginExpiry finds connections that the broker ends as not authorized after a fixed time.
func (in *input) loginExpiry() *finding {
	cluster := in.cluster
	if len(cluster) == 0 || !mostly(cluster, isExpiry) {
		return nil
	}
	return ofLength(cluster)
}

func isExpiry(c *history.Connection) bool        { return c.Kind == history.NotAuthorized }
func isEndedByBroker(c *history.Connection) bool { return c.Kind == history.Server }

// ofLength returns a finding about connections that are in order of length.
func ofLength(cluster []*history.Connection) *finding {
	byEnd := slices.SortedFunc(slices.Values(cluster), func(a, b *history.Connection) int { return a.End.Compare(b.End.Time) })
	return ofEnds(byEnd, withKeepAlive).with(values{"length": timerSetting(typicalOf(cluster))})
}

// mostly reports whether like holds for more than half of the connections.
func mostly(connections []*history.Connection, like func(*history.Connection) bool) bool {
	n := 0
	for _, c := range connections {
		if like(c) {
			n++
		}
	}
	return 2*n > len(connections)
}

// sameLength returns the largest group of connections of about one length, in order of
// length. It returns nil if they are too few, or too small a part of the connections that a
// timer may have ended.
func sameLength(connections []history.Connection) []*history.Connection {
	var timed []*history.Connection
	for i := range connections {
		if c := &connections[i]; mayBeTimed(c) {
			timed = append(timed, c)
		}
	}
	slices.SortFunc(timed, func(a, b *history.Connection) int {
		return cmp.Or(cmp.Compare(a.End.Sub(a.Start.Time), b.End.Sub(b.Start.Time)), a.End.Compare(b.End.Time))
	})
	cluster := densest(timed)
	if len(cluster) < minSame || float64(len(cluster)) < minSameShare*float64(len(timed)) {
		return nil
	}
	return cluster
}

// mayBeTimed reports whether a timer may have ended the connection. A DISCONNECT is the
// client's own decision. A conflict is another client's doing, whose attempts to come back
// are regular, too.
func mayBeTimed(c *history.Connection) bool {
	_, known := c.Lasted()
	return known && c.Kind != history.Disconnected && c.Kind != history.Conflict && c.Kind != history.Invalid && c.Kind != history.TopicDenied
}

// densest returns the longest run of about equal lengths among connections in order of length.
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

// tolerance returns how much lengths around d may differ and still count as equal.
func tolerance(d time.Duration) time.Duration {
	return min(max(time.Duration(sameWithin*float64(d)), minTolerance), maxTolerance)
}
