package fleet

import (
	"cmp"
	"slices"

	"devicetrace/pkg/summary"
)

const minutesPerDay = 24 * 60

// Compare sets the field Before of all reasons and nodes from the sums of the day before. These
// sums must cover the span of v, one day earlier. Compare also adds the reasons and nodes that had
// events only on the day before, with zero events.
func (v *View) Compare(before *summary.Sums) {
	earlier := tallyOf(within(before.Cells, v.from-minutesPerDay, v.to-minutesPerDay))
	v.compareReasons(earlier)
	v.compareNodes(earlier)
}

func (v *View) compareReasons(earlier tally) {
	for _, r := range earlier.reasonList() {
		isSame := func(o Reason) bool { return o.Action == r.Action && o.ActionInfo == r.ActionInfo && o.Kind == r.Kind }
		if !slices.ContainsFunc(v.Reasons, isSame) {
			v.Reasons = append(v.Reasons, Reason{Action: r.Action, ActionInfo: r.ActionInfo, Kind: r.Kind})
		}
		i := slices.IndexFunc(v.Reasons, isSame)
		v.Reasons[i].Before = &r.Events
	}
	for i := range v.Reasons {
		v.Reasons[i].Before = cmp.Or(v.Reasons[i].Before, new(int64))
	}
}

// compareNodes leaves Before nil for a node that only one of the days names if the other day has
// nodes without a name, because the node may be one of them.
func (v *View) compareNodes(earlier tally) {
	isRest := func(n Node) bool { return n.Rest }
	hasRest := slices.ContainsFunc(v.Nodes, isRest)
	_, hadRest := earlier.nodes[nodeKey{rest: true}]
	for _, n := range earlier.nodeList() {
		i := slices.IndexFunc(v.Nodes, func(o Node) bool { return o.Node == n.Node && o.Rest == n.Rest })
		switch {
		case i >= 0:
			v.Nodes[i].Before = &n.Drops
		case !hasRest && !n.Rest:
			v.Nodes = append(v.Nodes, Node{Node: n.Node, Before: &n.Drops})
		}
	}
	for i := range v.Nodes {
		if v.Nodes[i].Before == nil && !hadRest && !v.Nodes[i].Rest {
			v.Nodes[i].Before = new(int64)
		}
	}
}
