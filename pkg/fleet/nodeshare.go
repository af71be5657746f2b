package fleet

import "devicetrace/pkg/summary"

// nodeShares holds the usual shares of the nodes of a fleet, as far as the events of the day before a
// window show.
type nodeShares struct {
	nodes map[nodeKey]int64 // devices with events, a device once for each cell; 0 if only known later
	total int64
}

func newNodeShares(all sums, m summary.Minute) nodeShares {
	s := nodeShares{nodes: map[nodeKey]int64{}}
	for i := 0; i < len(all.cells); {
		k := nodeOf(&all.cells[i].Key)
		var devices int64
		for ; i < len(all.cells) && nodeOf(&all.cells[i].Key) == k; i++ { // cells of a node often follow each other
			if all.cells[i].Minute < m-1 {
				devices += all.cells[i].Devices
			}
		}
		s.nodes[k] += devices
		s.total += devices
	}
	return s
}

// isOnly reports whether only one node is known.
func (s nodeShares) isOnly() bool { return len(s.nodes) == 1 }

func (s nodeShares) of(k nodeKey) float64 { return float64(s.nodes[k]) / float64(max(s.total, 1)) }

// standsOut reports whether a node has more of all devices than its usual share explains. If too
// little is known about the shares, it returns true unless there is only one node.
func (s nodeShares) standsOut(k nodeKey, devices, all int64) bool {
	return !s.isOnly() && (s.total < minBase || binomialTail(devices, all, s.of(k)) < maxChance)
}

// isMissing reports whether a node has hardly any of all devices, unlike usually.
func (s nodeShares) isMissing(k nodeKey, devices, all int64) bool {
	return s.total >= minBase && float64(devices) < s.of(k)*float64(all)/4 &&
		binomialTail(all-devices, all, 1-s.of(k)) < maxProbability
}
