package traceapi

import (
	"math"
	"slices"

	"devicetrace/pkg/fleet"
)

// nodeLimits are the maximum numbers of nodes that a response names. A response uses the first limit
// that keeps it below maxBytes. Only long names of very many nodes make the first limit too high.
var nodeLimits = []int{math.MaxInt, 64, 8, 0}

// limitNodes returns a copy of the response that names at most max nodes, in the list of nodes and
// in each step. It combines all other nodes into one entry.
func (f fleetResponse) limitNodes(max int) fleetResponse {
	f.View.Nodes = limited(f.View.Nodes, max, func(n fleet.Node) bool { return n.Rest }, func(n *fleet.Node, o fleet.Node) {
		n.Rest = true
		n.Connects, n.Refusals = n.Connects+o.Connects, n.Refusals+o.Refusals
		n.Ends, n.Drops = n.Ends+o.Ends, n.Drops+o.Drops
	})
	f.View.Steps = slices.Clone(f.View.Steps)
	for i := range f.View.Steps {
		byNode := &f.View.Steps[i].ByNode
		*byNode = limited(*byNode, max, func(n fleet.NodeCount) bool { return n.Rest }, func(n *fleet.NodeCount, o fleet.NodeCount) {
			n.Rest, n.Events = true, n.Events+o.Events
		})
	}
	return f
}

// limited returns the first max entries of a list, followed by an entry to which merge has added all
// others. If the list has no more than max entries besides the one for the rest, limited returns it
// unchanged.
func limited[T any](list []T, max int, isRest func(T) bool, merge func(sum *T, one T)) []T {
	named := slices.IndexFunc(list, isRest)
	if named < 0 {
		named = len(list)
	}
	if named <= max {
		return list
	}
	var rest T
	for _, one := range list[max:] {
		merge(&rest, one)
	}
	return append(slices.Clone(list[:max]), rest)
}
