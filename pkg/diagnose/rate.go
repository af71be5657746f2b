package diagnose

import (
	"slices"
	"time"

	"devicetrace/pkg/history"
)

// minSteady is the shortest time for which a rate of connections is worth stating. A shorter series
// of connections is a burst.
const minSteady = 30 * time.Minute

// rate returns a phrase that says how often the client connects. The phrase states a rate only if at
// least minSteady passed from the first connection to the last, and if the client connected at about
// this rate for at least half of that time.
func (in *input) rate() sentence {
	var starts []history.Instant
	for _, c := range in.Connections {
		if !c.Start.IsZero() {
			starts = append(starts, c.Start)
		}
	}
	if len(starts) < 2 {
		return sentence{phrase: connectsOften}
	}
	all := starts[len(starts)-1].Sub(starts[0])
	every := typicalDistance(starts)
	switch {
	case all < minSteady || 2*every*time.Duration(len(starts)-1) < all:
		return sentence{phrase: connectsOften}
	case every < time.Second:
		return sentence{phrase: connectsEverySecond}
	default:
		return sentence{connectsEvery, values{"every": length(every.Round(time.Second))}}
	}
}

// typicalDistance returns the median distance between successive times. There must be at least two
// times, and they must be sorted.
func typicalDistance(times []history.Instant) time.Duration {
	distances := make([]time.Duration, len(times)-1)
	for i := range distances {
		distances[i] = times[i+1].Sub(times[i])
	}
	slices.Sort(distances)
	return distances[(len(distances)-1)/2]
}
