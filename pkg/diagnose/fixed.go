package diagnose

import (
	"cmp"
	"slices"
	"time"

	"devicetrace/pkg/history"
)

const (
	// sameCount connections of one length are no accident, if they are most of them.
	sameCount = 4
	sameShare = 0.6
	// sameWithin is how far apart equal lengths can be, as a part of them: timers are
	// exact, but they start with the last packet, and brokers look at them now and then.
	sameWithin = 0.02
	sameLeast  = 2 * time.Second
	sameMost   = time.Minute
	// fixedLeast: shorter connections are told apart too badly; see flapping.
	fixedLeast = 30 * time.Second
)

const (
	// fixedLengthUntold are the words where no drop is told: it may be what the device does.
	fixedLengthUntold Code = "fixed-length-untold"
	// fixedLengthNotIdle are those where the timer is hardly one of the network.
	fixedLengthNotIdle Code = "fixed-length-not-idle"
)

// fixedLength finds connections that something ends after a fixed time. Those that
// the broker ended for silence are explained by their keep alive instead.
func (r *record) fixedLength() *finding {
	cluster := r.cluster
	if len(cluster) == 0 || mostly(cluster, isExpiry) || mostly(cluster, saidNothing) {
		return nil
	}
	f := ofLength(cluster)
	if !mostly(cluster, (*history.Connection).Dropped) {
		f.text, f.level = fixedLengthUntold, Notice
	} else if why := notIdle(cluster); why != nil {
		f.text, f.values = fixedLengthNotIdle, f.values.with("why", *why)
	}
	return f
}

// notIdle says why connections were hardly ended for being idle, or nil.
func notIdle(cluster []*history.Connection) *saying {
	set := timeout(typicalOf(cluster)).set()
	isKept := func(c *history.Connection) bool { return c.KeepAlive.Value > 0 && 2*c.KeepAlive.Value < set }
	switch {
	case mostly(cluster, isEndedByBroker):
		return &saying{text: endedByBroker}
	case mostly(cluster, isKept):
		one := cluster[slices.IndexFunc(cluster, isKept)]
		return &saying{keptAlive, values{"keep_alive": length(one.KeepAlive.Value)}}
	default:
		return nil
	}
}

// typicalOf is the middle of the lengths of connections in order of length.
func typicalOf(cluster []*history.Connection) time.Duration {
	typical, _ := cluster[(len(cluster)-1)/2].Lasted()
	return typical
}

// timed are the connections that fixedLength explains.
func (r *record) timed() map[*history.Connection]bool {
	timed := map[*history.Connection]bool{}
	if r.fixedLength() != nil {
		for _, c := range r.cluster {
			timed[c] = true
		}
	}
	return timed
}

// loginExpiry finds connections that the broker ends as not authorized after a fixed time.
func (r *record) loginExpiry() *finding {
	cluster := r.cluster
	if len(cluster) == 0 || !mostly(cluster, isExpiry) {
		return nil
	}
	return ofLength(cluster)
}

func isExpiry(c *history.Connection) bool        { return c.Kind == history.NotAuthorized }
func isEndedByBroker(c *history.Connection) bool { return c.Kind == history.Server }

// ofLength is what is found of connections in order of their length.
func ofLength(cluster []*history.Connection) *finding {
	inTime := slices.SortedFunc(slices.Values(cluster), func(a, b *history.Connection) int { return a.End.Compare(b.End.Time) })
	return ofEnds(inTime, keepAliveOf).with(values{"length": timeout(typicalOf(cluster))})
}

// mostly reports whether more than half of some connections are like that.
func mostly(connections []*history.Connection, like func(*history.Connection) bool) bool {
	n := 0
	for _, c := range connections {
		if like(c) {
			n++
		}
	}
	return 2*n > len(connections)
}

// sameLength are the connections whose lengths lie closest together, in order of
// length, if they are enough and most of those that may have been ended by a timer.
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
	if len(cluster) < sameCount || float64(len(cluster)) < sameShare*float64(len(timed)) {
		return nil
	}
	return cluster
}

// mayBeTimed: a DISCONNECT is the client's own doing, a conflict that of another
// client, whose attempts to come back are regular, too.
func mayBeTimed(c *history.Connection) bool {
	_, known := c.Lasted()
	return known && c.Kind != history.Disconnected && c.Kind != history.Conflict && c.Kind != history.Invalid && c.Kind != history.TopicDenied
}

// densest is the longest run of connections, in order of length, that are equal.
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
		if shortest >= fixedLeast && last-first > len(best) {
			best = timed[first:last]
		}
	}
	return best
}

func tolerance(d time.Duration) time.Duration {
	return min(max(time.Duration(sameWithin*float64(d)), sameLeast), sameMost)
}
