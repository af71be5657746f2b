package fleet

import (
	"cmp"
	"maps"
	"slices"

	"devicetrace/pkg/summary"
)

// reasonKey identifies a reason. The kind is part of it, because the same action and action info
// have different meanings in events of different kinds.
type reasonKey struct {
	kind         summary.Kind
	action, info string
}

func reasonOf(k *summary.Key) reasonKey { return reasonKey{k.Kind(), k.Action, k.ActionInfo} }

func (k reasonKey) compare(o reasonKey) int {
	return cmp.Or(cmp.Compare(k.action, o.action), cmp.Compare(k.info, o.info), cmp.Compare(k.kind, o.kind))
}

// nodeKey identifies a node, or all nodes that are not named.
type nodeKey struct {
	node string
	rest bool
}

func nodeOf(k *summary.Key) nodeKey { return nodeKey{k.Node, k.Rest} }

// compareNodes sorts nodes by number, greatest first, then by name. The rest comes last.
func compareNodes(a, b nodeKey, ofA, ofB int64) int {
	switch {
	case a.rest != b.rest && a.rest:
		return 1
	case a.rest != b.rest:
		return -1
	default:
		return cmp.Or(cmp.Compare(ofB, ofA), cmp.Compare(a.node, b.node))
	}
}

// tally is the sum of cells.
type tally struct {
	counts  Counts
	reasons map[reasonKey]int64 // of ends and refusals
	nodes   map[nodeKey]Counts
}

func tallyOf(cells []summary.Cell) tally {
	t := tally{reasons: map[reasonKey]int64{}, nodes: map[nodeKey]Counts{}}
	for i := range cells {
		c := &cells[i]
		kind := c.Kind()
		t.counts.add(kind, c.Events)
		if kind != summary.Connect {
			t.reasons[reasonOf(&c.Key)] += c.Events
		}
		node := t.nodes[nodeOf(&c.Key)]
		node.add(kind, c.Events)
		t.nodes[nodeOf(&c.Key)] = node
	}
	return t
}

func (t *tally) reasonList() []Reason {
	list := make([]Reason, 0, len(t.reasons))
	for _, k := range slices.SortedFunc(maps.Keys(t.reasons), func(a, b reasonKey) int {
		return cmp.Or(cmp.Compare(t.reasons[b], t.reasons[a]), a.compare(b))
	}) {
		list = append(list, Reason{Action: k.action, ActionInfo: k.info, Kind: k.kind.String(), Events: t.reasons[k]})
	}
	return list
}

func (t *tally) nodeList() []Node {
	list := make([]Node, 0, len(t.nodes))
	for _, k := range slices.SortedFunc(maps.Keys(t.nodes), func(a, b nodeKey) int {
		of := func(k nodeKey) int64 { c := t.nodes[k]; return c.all() }
		return compareNodes(a, b, of(a), of(b))
	}) {
		list = append(list, Node{Node: k.node, Rest: k.rest, Counts: t.nodes[k]})
	}
	return list
}

// searchMinute returns the index of the first cell whose minute is at least m.
func searchMinute(cells []summary.Cell, m summary.Minute) int {
	i, _ := slices.BinarySearchFunc(cells, m, func(c summary.Cell, m summary.Minute) int { return cmp.Compare(c.Minute, m) })
	return i
}
