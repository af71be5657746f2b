package diagnose

import (
	"slices"
	"time"

	"devicetrace/pkg/history"
)

const (
	// minSleeps is the minimum number of times that a client must have connected at even distances
	// to count as a client that sleeps in between.
	minSleeps = 4
	// minSleep is the shortest absence that counts as sleep. A client that merely lost its connection
	// usually comes back sooner.
	minSleep = 2 * time.Minute
	// The distance between the starts of two connections is even if it differs from a multiple of the
	// median distance by at most evenWithin times the median. A distance of several medians means
	// that connections in between are missing. At least evenShare of all distances must be even.
	evenWithin = 0.1
	evenShare  = 0.8
)

// sleepsBetween finds a client that connects at even distances, sends packets only for a short time
// and then times out. Such a client probably sleeps without sending DISCONNECT. More than half of
// the connections must be like that. Connections of unknown length, and connections after which no
// start is known, do not count.
func (in *input) sleepsBetween() *finding {
	var found []*history.Connection
	var distances []time.Duration
	considered := 0
	rest := in.timeouts // in the order of in.Connections
	for i := range in.Connections {
		s := in.succession(i)
		var known *timeout
		if len(rest) > 0 && rest[0].Connection == s.ended {
			known, rest = &rest[0], rest[1:]
		}
		lasted, isMeasured := measured(s.ended)
		if !isMeasured || s.next == nil || s.next.Start.IsZero() {
			continue
		}
		considered++
		if in.timedOutAsleep(s.ended, lasted, known) {
			found, distances = append(found, s.ended), append(distances, s.next.Start.Sub(s.ended.Start))
		}
	}
	if !areEven(distances, considered) {
		return nil
	}
	every, _ := evenness(distances)
	return ofEnds(found, withKeepAlive).with(values{"every": length(every.Round(time.Second))})
}

// timedOutAsleep reports whether a connection timed out, but not early, and the client may then have
// slept for at least minSleep. If known is not nil, known.Latest is the longest time that the client
// can have been awake. Otherwise, the client counts as awake for as long as the connection lasted.
func (in *input) timedOutAsleep(c *history.Connection, lasted time.Duration, known *timeout) bool {
	awake := lasted
	if known != nil {
		awake = known.Latest
	}
	isEarly := known != nil && known.Early
	return c.Kind == history.NoHeart && !isEarly && in.maySleepAfter(c, awake, minSleep)
}

// maySleepAfter reports whether the client may have slept after a connection: it stayed away for at
// least the time least, and at least as long as it had been awake.
func (in *input) maySleepAfter(c *history.Connection, awake, least time.Duration) bool {
	return in.away[c] >= max(awake, least)
}

// evenness returns the median of the given distances, and whether enough of them are even; see
// evenWithin. There must be at least one distance, and all must be positive.
func evenness(distances []time.Duration) (median time.Duration, even bool) {
	sorted := slices.Sorted(slices.Values(distances))
	median = sorted[len(sorted)/2]
	near := 0
	for _, d := range distances {
		multiple := max(d.Round(median), median)
		if (d - multiple).Abs() <= time.Duration(evenWithin*float64(median)) {
			near++
		}
	}
	return median, float64(near) >= evenShare*float64(len(distances))
}

// mayWake reports whether the client may have slept after most of the given connections, whatever the
// reason for their end. After these connections, the client must have stayed away for at least
// minSleep and at least as long as the connection had lasted. It must have come back at even
// distances.
func (in *input) mayWake(ended []*history.Connection) bool {
	var distances []time.Duration
	for _, c := range ended {
		lasted, known := measured(c)
		if known && in.cameBack(c) && in.maySleepAfter(c, lasted, minSleep) {
			distances = append(distances, lasted+in.away[c])
		}
	}
	return areEven(distances, len(ended))
}

// mostlyAsleep reports whether, after most of the given connections, the client stayed away for at
// least longAbsence and at least as long as it had been connected.
func (in *input) mostlyAsleep(ended []*history.Connection) bool {
	return mostly(ended, func(c *history.Connection) bool {
		lasted, known := measured(c)
		return known && in.maySleepAfter(c, lasted, longAbsence)
	})
}

// mayWakeByTakeover reports whether the client may have slept during most of the given connections, each
// of which the next connection replaced. It returns true if most of them lasted for at least minSleep
// and if the lengths of these are even in the sense of evenWithin.
func mayWakeByTakeover(ended []*history.Connection) bool {
	var distances []time.Duration
	for _, c := range ended {
		if lasted, known := measured(c); known && lasted >= minSleep {
			distances = append(distances, lasted)
		}
	}
	return areEven(distances, len(ended))
}

// areEven reports whether there are at least minSleeps - 1 distances, whether they are more than half
// of all, and whether enough of them are even. all is the number of connections that were considered.
func areEven(distances []time.Duration, all int) bool {
	if len(distances) < minSleeps-1 || 2*len(distances) <= all {
		return false
	}
	_, even := evenness(distances)
	return even
}
