package fleet

import (
	"cmp"

	"devicetrace/pkg/summary"
)

// group is a set of devices that a scope can name, such as the devices on one node.
type group struct {
	kind   Kind
	name   string
	others int64 // other devices that dropped in the window
	level  level
	// passes means that the number of others is unusual. covers means that the group has most of the
	// other devices. stands means that the group has more of them than its usual share of the fleet.
	passes, covers, stands bool
	// isOnly means that no other group of the kind is known in the whole fleet.
	isOnly bool
}

// names reports whether the group can be named as the scope.
func (g *group) names() bool { return g != nil && g.passes && g.covers && g.stands }

// A group covers the other devices if its share of them is at least minCover. Devices that drop in
// any usual window do not matter: a share of the devices above the usual number suffices.
const minCover = 0.8

func (g *group) isMost(all int64, usual level) bool {
	excess := float64(all) - usual.usual
	return float64(g.others) >= minCover*float64(all) || float64(g.others)-g.level.usual >= minCover*excess
}

// maxChance is the probability of chance up to which a group stands out from its usual share.
const maxChance = 0.05

// dimension holds the groups of one kind: the group of the device itself, and the group with the most
// devices above its usual number. Both are nil if unknown.
type dimension struct{ own, top *group }

// candidate returns the group that the scope may name.
func (d dimension) candidate() *group {
	if d.own != nil {
		return d.own
	}
	return d.top
}

// isElsewhere reports whether the devices dropped in another group than that of the device itself.
func (d dimension) isElsewhere() bool {
	return d.own != nil && d.top.names() && d.own.name != d.top.name && !d.own.passes
}

// judge computes the groups of a scope.
type judge struct {
	in     *ScopeInput
	sums   sums
	minute summary.Minute
	kind   summary.Kind
	own    own
	others others
	fleet  group
	// byNode and byReason split the devices with an event of the kind.
	byNode   map[nodeKey]series
	byReason map[reasonKey]series
	shares   nodeShares
}

func newJudge(in *ScopeInput) *judge {
	w := windowOf(in.At)
	j := &judge{in: in, minute: w.first + 1, kind: summary.Drop}
	if in.Of == Refusals {
		j.kind = summary.Refusal
	}
	j.sums = newSums(in, j.minute)
	j.own = ownOf(in, w, j.kind)
	j.others = othersOf(in, j.sums, j.own, w, j.kind)
	j.shares = newNodeShares(j.sums, j.minute)
	j.byNode = split(j.sums.compared, j.kind, func(c *summary.Cell) nodeKey { return nodeOf(&c.Key) })
	j.byReason = split(j.sums.compared, j.kind, func(c *summary.Cell) reasonKey { return reasonOf(&c.Key) })
	j.fleet = group{kind: Fleet, others: j.others.all, level: levelAt(j.minute, j.sums.devices(j.kind)), covers: true, stands: true}
	j.fleet.passes = j.passes(&j.fleet)
	return j
}

func (j *judge) window() window { return window{j.minute - 1, j.minute + 1} }

// passes reports whether the number of other devices of a group is unusual. If events may have been
// counted twice, only the part of the number that is certain counts.
func (j *judge) passes(g *group) bool {
	certain := g.others
	if !j.others.isExact {
		certain = max((certain+1)/2, certain-j.in.AtMostTwice)
	}
	return g.level.passes(g.others, certain)
}

// finished sets passes and covers of a group.
func (j *judge) finished(g group) *group {
	g.passes = j.passes(&g)
	g.covers = !j.fleet.passes || g.isMost(j.others.all, j.fleet.level)
	return &g
}

func (j *judge) nodes() dimension {
	shares := j.shares
	build := func(k nodeKey) *group {
		g := group{kind: ByNode, name: k.node, others: j.others.nodes[k], level: j.nodeLevel(k), isOnly: shares.isOnly()}
		g.stands = shares.standsOut(k, g.others, j.others.all)
		return j.finished(g)
	}
	isNamed := func(k nodeKey) bool { return k.node != "" }
	return dimensionOf(nodeKey{node: j.own.node}, j.others.nodes, isNamed, build)
}

// nodeLevel returns the level of a node. A node that no cell names is among the rest.
func (j *judge) nodeLevel(k nodeKey) level {
	of, isNamed := j.byNode[k]
	if !isNamed {
		of = j.byNode[nodeKey{rest: true}]
	}
	return levelAt(j.minute, j.sums.part(j.kind, of))
}

func (j *judge) reasons() dimension {
	build := func(k reasonKey) *group {
		return j.finished(group{kind: ByReason, name: k.info, others: j.others.reasons[k], level: j.reasonLevel(k), stands: true})
	}
	isNamed := func(k reasonKey) bool { return k.info != "" }
	return dimensionOf(j.own.reason, j.others.reasons, isNamed, build)
}

func (j *judge) reasonLevel(k reasonKey) level {
	return levelAt(j.minute, j.sums.part(j.kind, j.byReason[k]))
}

func (j *judge) networks() dimension {
	n, base := &j.others.networks, j.sums.networkBase(j.window())
	build := func(network string) *group {
		share, known := base.share(network)
		g := group{kind: ByNet, name: network, others: n.estimate(network, j.others.all), level: j.fleet.level}
		if known {
			g.level = j.fleet.level.scaled(share)
		}
		g.stands = !known || binomialTail(n.others[network], n.known, share) < maxChance
		return j.finished(g)
	}
	isNamed := func(network string) bool { return network != "" }
	return dimensionOf(j.own.network, n.others, isNamed, build)
}

// dimensionOf builds the groups of a dimension. others counts the other devices by key. own is the key
// of the device itself.
func dimensionOf[K comparable](own K, others map[K]int64, isNamed func(K) bool, build func(K) *group) (d dimension) {
	if isNamed(own) {
		d.own = build(own)
	}
	for k := range others {
		if !isNamed(k) {
			continue
		}
		if g := build(k); d.top == nil || g.compare(d.top) < 0 {
			d.top = g
		}
	}
	return d
}

// compare sorts the group with the most devices above its usual number first.
func (g *group) compare(o *group) int {
	excess := func(g *group) float64 { return float64(g.others) - g.level.usual }
	return cmp.Or(cmp.Compare(excess(o), excess(g)), cmp.Compare(g.name, o.name))
}
