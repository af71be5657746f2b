package fleet

import (
	"net/netip"
	"sync"

	"devicetrace/pkg/summary"
)

// judge computes the groups of a scope.
type judge struct {
	in     *ScopeInput
	sums   sums
	minute summary.Minute
	kind   summary.Kind
	past   past
	own    own
	others others
	fleet  group
	shares func() nodeShares
	// nodeLevel and reasonLevel return the level of a node or reason.
	nodeLevel   func(nodeKey) level
	reasonLevel func(reasonKey) level
}

func newJudge(in *ScopeInput) *judge {
	w := windowOf(in.At)
	j := &judge{in: in, minute: w.first + 1, kind: summary.Drop, past: hourBefore}
	if in.Of == Refusals {
		j.kind, j.past = summary.Refusal, dayBefore
	}
	j.sums = newSums(in, j.minute, j.kind)
	j.own = ownOf(in, w, j.kind)
	j.others = othersOf(in, j.sums, j.own, w, j.kind)
	j.fleet = group{kind: Fleet, others: j.others.all, level: j.past.levelAt(j.minute, j.sums.devices(j.kind)), covers: true, stands: true}
	j.fleet.passes = j.passes(&j.fleet)
	j.shares = sync.OnceValue(func() nodeShares { return newNodeShares(j.sums, j.minute) })
	j.nodeLevel, j.reasonLevel = j.nodeLevels(), j.reasonLevels()
	return j
}

func (j *judge) window() window { return window{j.minute - 1, j.minute + 1} }

// passes reports whether the number of other devices in a group is unusual. If events may have been
// counted twice, only the certain part of that number must be unusual.
func (j *judge) passes(g *group) bool {
	certain := g.others
	if !j.others.isExact {
		certain = max((certain+1)/2, certain-j.atMostTwice())
	}
	return g.level.passes(g.others, certain)
}

// atMostTwice returns the maximum number of devices, or of their events, that are counted twice.
func (j *judge) atMostTwice() int64 { return j.in.AtMostTwice + j.others.twice }

// finished returns the group with passes and covers set.
func (j *judge) finished(g group) *group {
	g.passes = j.passes(&g)
	g.covers = !j.fleet.passes || float64(g.others) >= g.needed(j.others.all, j.fleet.level)
	return &g
}

// nodes returns the groups of devices on one node.
func (j *judge) nodes() dimension {
	shares := j.shares()
	build := func(k nodeKey) *group {
		g := group{kind: ByNode, name: k.node, others: j.others.nodes[k], level: j.nodeLevel(k), isOnly: shares.isOnly()}
		g.isProven = shares.total >= minBase
		g.stands = shares.standsOut(k, g.others, j.others.all)
		return j.finished(g)
	}
	isNamed := func(k nodeKey) bool { return k.node != "" }
	return dimensionOf(nodeKey{node: j.own.node}, j.others.nodes, isNamed, build)
}

// nodeLevels returns the value of the field nodeLevel. A node that no cell names gets the level of
// the rest.
func (j *judge) nodeLevels() func(nodeKey) level {
	byNode := split(j.sums.compared, j.kind, func(c *summary.Cell) nodeKey { return nodeOf(&c.Key) })
	return remembering(func(k nodeKey) level {
		of, isNamed := byNode[k]
		if !isNamed {
			of = byNode[nodeKey{rest: true}]
		}
		return j.past.levelAt(j.minute, j.sums.part(j.kind, of))
	})
}

// reasons returns the groups of devices with the same reason.
func (j *judge) reasons() dimension {
	build := func(k reasonKey) *group {
		return j.finished(group{kind: ByReason, name: k.info, others: j.others.reasons[k], level: j.reasonLevel(k), stands: true, isProven: true})
	}
	isNamed := func(k reasonKey) bool { return k.info != "" }
	return dimensionOf(j.own.reason, j.others.reasons, isNamed, build)
}

// reasonLevels returns the value of the field reasonLevel.
func (j *judge) reasonLevels() func(reasonKey) level {
	byReason := split(j.sums.compared, j.kind, func(c *summary.Cell) reasonKey { return reasonOf(&c.Key) })
	return remembering(func(k reasonKey) level {
		return j.past.levelAt(j.minute, j.sums.part(j.kind, byReason[k]))
	})
}

// networks returns the groups of devices in one network. The level of a network is its share of the
// fleet's level, as the samples of other minutes suggest.
func (j *judge) networks() dimension {
	n := &j.others.networks
	base := sync.OnceValue(func() networkBase { return j.sums.networkBase(j.window()) })
	chance := maxChance
	if n.share != nil && !j.fleet.passes {
		chance = maxProbability // only the sample suggests that anything happened
	}
	build := func(network netip.Prefix) *group {
		g := group{kind: ByNetwork, name: network.String(), others: n.estimate(network, j.others.all), level: j.fleet.level}
		if g.others < minOthers {
			return &g
		}
		share, known := base().share(network)
		if known {
			g.level = j.fleet.level.scaled(share)
		}
		g.isProven = known
		g.stands = !known || binomialTail(n.others[network], n.known, share) < chance
		g.mayCover = n.mayCover(network, g.needed(j.others.all, j.fleet.level)/float64(j.others.all))
		return j.finished(g)
	}
	return dimensionOf(j.own.network, n.others, netip.Prefix.IsValid, build)
}

// remembering returns a function with the same results as f that calls f only once for each key.
func remembering[K comparable, V any](f func(K) V) func(K) V {
	known := map[K]V{}
	return func(k K) V {
		v, ok := known[k]
		if !ok {
			v = f(k)
			known[k] = v
		}
		return v
	}
}
