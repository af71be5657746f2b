package fleet

import "devicetrace/pkg/summary"

// nodeShares estimates the usual shares of the nodes of a fleet from the events of the day before a
// window.
type nodeShares struct {
	// nodes holds the number of devices with events on each node. It counts a device once for each
	// cell. The number is 0 for a node whose only events are in the window or later.
	nodes map[nodeKey]int64
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

// standsOut reports whether a node has more of the given devices than its usual share explains. all
// is the number of devices on all nodes. If too little is known about the shares, standsOut returns
// true unless there is only one node.
func (s nodeShares) standsOut(k nodeKey, devices, all int64) bool {
	return !s.isOnly() && (s.total < minBase || binomialTail(devices, all, s.of(k)) < maxChance)
}

// isMissing reports whether a node has far fewer of the given devices than its usual share. all is the
// number of devices on all nodes.
func (s nodeShares) isMissing(k nodeKey, devices, all int64) bool {
	return s.total >= minBase && float64(devices) < s.of(k)*float64(all)/4 &&
		binomialTail(all-devices, all, 1-s.of(k)) < maxProbability
}
