package diagnose

import (
	"slices"
	"time"

	"devicetrace/pkg/history"
)

const (
	// minSleeps is the minimum number of times that a client must have connected at even distances
	// to count as one that sleeps in between.
	minSleeps = 4
	// minSleep is the shortest absence that counts as sleep. Clients that lose their connection
	// come back sooner.
	minSleep = 2 * time.Minute
	// A distance between connections is even if it differs from a multiple of the median by at most
	// evenWithin of the median. A multiple means that connections are missing. At least evenShare of
	// all distances must be even.
	evenWithin = 0.1
	evenShare  = 0.8
)

// sleepsBetween finds a client that connects at even distances, sends packets for a short time only
// and then times out. It probably sleeps without sending DISCONNECT. More than half of its
// connections must be like that, not counting those with an unknown length or an unknown next start.
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
		if s.mayHaveSlept(lasted, known) {
			found, distances = append(found, s.ended), append(distances, s.next.Start.Sub(s.ended.Start))
		}
	}
	if !areEven(distances, considered) {
		return nil
	}
	every, _ := evenness(distances)
	return ofEnds(found, withKeepAlive).with(values{"every": length(every.Round(time.Second))})
}

// mayHaveSlept reports whether the ended connection timed out, and the client then stayed away for
// at least minSleep and for longer than it was awake. It was awake until its last packet, at the
// latest as known says, or as long as the connection lasted if known is nil.
func (s succession) mayHaveSlept(lasted time.Duration, known *timeout) bool {
	awake := lasted
	if known != nil {
		awake = known.Latest
	}
	away := s.next.Start.Sub(s.ended.End)
	isEarly := known != nil && known.Early
	return s.ended.Kind == history.NoHeart && !isEarly && away >= max(awake, minSleep)
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

// mayWake reports whether the client may have slept after most of the given connections, although the
// broker did not report a missed keep alive: it then stayed away for at least minSleep and for longer
// than the connection had lasted, and came back at even distances.
func (in *input) mayWake(ended []*history.Connection) bool {
	var distances []time.Duration
	for _, c := range ended {
		lasted, known := measured(c)
		if away := in.away[c]; known && away >= max(lasted, minSleep) {
			distances = append(distances, lasted+away)
		}
	}
	return areEven(distances, len(ended))
}

// mostlyAsleep reports whether the client stayed away for at least longAbsence, and for longer than it
// had been connected, after most of the given connections.
func (in *input) mostlyAsleep(ended []*history.Connection) bool {
	return mostly(ended, func(c *history.Connection) bool {
		lasted, known := measured(c)
		return known && in.away[c] >= max(lasted, longAbsence)
	})
}

// mayWakeTaking reports whether most of the given connections, which other connections replaced, had
// lasted for about the same time, of at least minSleep. The client may have slept meanwhile.
func mayWakeTaking(ended []*history.Connection) bool {
	var distances []time.Duration
	for _, c := range ended {
		if lasted, known := measured(c); known && lasted >= minSleep {
			distances = append(distances, lasted)
		}
	}
	return areEven(distances, len(ended))
}

// areEven reports whether there are at least minSleeps - 1 distances, they are more than half of all,
// and they are even.
func areEven(distances []time.Duration, all int) bool {
	if len(distances) < minSleeps-1 || 2*len(distances) <= all {
		return false
	}
	_, even := evenness(distances)
	return even
}
