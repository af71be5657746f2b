package fleet

import (
	"cmp"
	"maps"
	"slices"

	"devicetrace/pkg/summary"
)

// maxStepNodes is the maximum number of nodes that steps name. They name the nodes with the most
// ends in the span. Without this limit, a view of many minutes and nodes would be too large.
const maxStepNodes = 16

// stepsOf splits the span of a view, whose nodes must be set, into steps of the given number of
// minutes.
func stepsOf(cells []summary.Cell, v View, minutes summary.Minute) []Step {
	named := busiestNodes(v.Nodes)
	steps := make([]Step, 0, (v.to-v.from)/minutes)
	for from := v.from; from < v.to; from += minutes {
		steps = append(steps, stepOf(within(cells, from, from+minutes), from, named))
	}
	return steps
}

func busiestNodes(nodes []Node) map[nodeKey]bool {
	byEnds := slices.Clone(nodes)
	slices.SortFunc(byEnds, func(a, b Node) int {
		return compareNodes(nodeKey{a.Node, a.Rest}, nodeKey{b.Node, b.Rest}, a.Ends, b.Ends)
	})
	named := map[nodeKey]bool{}
	for _, n := range byEnds[:min(len(byEnds), maxStepNodes)] {
		named[nodeKey{n.Node, n.Rest}] = true
	}
	return named
}

// stepOf returns the step that consists of the given cells. It adds up all nodes that are not named.
func stepOf(cells []summary.Cell, from summary.Minute, named map[nodeKey]bool) Step {
	s := Step{Time: At(from.Time()), ByReason: []ReasonCount{}, ByNode: []NodeCount{}}
	reasons, nodes := map[reasonKey]int64{}, map[nodeKey]int64{}
	for i := range cells {
		c := &cells[i]
		s.add(c.Kind(), c.Events)
		if !c.Kind().IsEnd() {
			continue
		}
		node := nodeOf(&c.Key)
		if !named[node] {
			node = nodeKey{rest: true}
		}
		reasons[reasonOf(&c.Key)] += c.Events
		nodes[node] += c.Events
	}
	for _, k := range slices.SortedFunc(maps.Keys(reasons), func(a, b reasonKey) int {
		return cmp.Or(cmp.Compare(reasons[b], reasons[a]), a.compare(b))
	}) {
		s.ByReason = append(s.ByReason, ReasonCount{k.action, k.info, reasons[k]})
	}
	for _, k := range slices.SortedFunc(maps.Keys(nodes), func(a, b nodeKey) int {
		return compareNodes(a, b, nodes[a], nodes[b])
	}) {
		s.ByNode = append(s.ByNode, NodeCount{k.node, k.rest, nodes[k]})
	}
	return s
}
