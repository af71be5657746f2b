package fleet

import (
	"slices"
	"time"
)

// facts holds what the texts of a scope need besides its JSON.
type facts struct {
	isInstant bool   // the question is about an instant alone
	isStill   bool   // the device itself has no drop on record in the window
	named     group  // the group that the scope names
	elsewhere *group // the group of nearly all other devices, if the device itself is not in it
	ownNode   string
	surge     *surge
	isSplit   bool // see others.isSplit
	nodes     int  // number of nodes with other devices; 0 if some nodes are not known
	burst     burst
}

// burst is the shortest time in which nearly all other devices dropped.
type burst struct {
	length   time.Duration // rounded up; 0 if the times say nothing about it
	sample   int           // number of devices, if only a sample is known
	isSample bool
}

func (j *judge) addFacts(s *Scope) {
	f := &s.facts
	f.isInstant, f.isStill, f.ownNode = j.in.ClientID == "", len(j.own.drops) == 0, j.own.node
	f.nodes = j.others.countNodes()
	f.burst, f.isSplit = j.others.burst(), j.others.isSplit
}

// countNodes returns the number of nodes. It returns 0 if the node of some devices is not known.
func (c *others) countNodes() (count int) {
	for k, n := range c.nodes {
		switch {
		case n > 0 && k.node == "":
			return 0
		case n > 0:
			count++
		}
	}
	return count
}

// A burst includes at least the share burstShare of the devices. If only a sample is known, the
// burst includes the whole sample, which must have at least minSample devices.
const (
	burstShare = 0.9
	minSample  = 3
)

// burstLengths are the lengths to which the length of a burst is rounded up.
var burstLengths = []time.Duration{
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 20 * time.Second, 30 * time.Second, time.Minute,
}

// burst returns the shortest time in which nearly all devices dropped, or all devices of the sample.
func (c *others) burst() burst {
	if len(c.devices) < minSample {
		return burst{}
	}
	times := make([]int64, len(c.devices))
	for i, d := range c.devices {
		times[i] = int64(d.Time)
	}
	slices.Sort(times)
	b := burst{isSample: !c.isComplete, sample: len(times)}
	n := len(times)
	if !b.isSample {
		n = int(float64(n)*burstShare + 0.999)
	}
	shortest := times[len(times)-1] - times[0]
	for i := range times[:len(times)-n+1] {
		shortest = min(shortest, times[i+n-1]-times[i])
	}
	b.length = rounded(time.Duration(shortest+precision(times)) * time.Millisecond)
	return b
}

// precision returns the coarsest unit that divides all given times: a minute, a second or a
// millisecond, in ms.
func precision(times []int64) int64 {
	for _, unit := range []int64{60_000, 1000} {
		if !slices.ContainsFunc(times, func(t int64) bool { return t%unit != 0 }) {
			return unit
		}
	}
	return 1
}

// rounded returns the first of burstLengths that is at least d, or 0 if there is none.
func rounded(d time.Duration) time.Duration {
	for _, length := range burstLengths {
		if d <= length {
			return length
		}
	}
	return 0
}
