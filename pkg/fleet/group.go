package fleet

import "cmp"

// group is a set of devices that a scope can name, such as the devices on one node.
type group struct {
	kind   Kind
	name   string
	others int64 // other devices that dropped in the window
	level  level
	// passes means that the number of others is unusual. covers means that the group includes most
	// of the other devices. stands means that its share of them is greater than its usual share of
	// the fleet.
	passes, covers, stands bool
	// mayCover means that the group probably includes most of the other devices, although its share
	// of a sample is slightly too low.
	mayCover bool
	// isProven means that the usual share is known. Otherwise, stands is an assumption.
	isProven bool
	// isOnly means that no other group of this kind is known in the whole fleet.
	isOnly bool
}

// names reports whether the group can be named as the scope.
func (g *group) names() bool { return g != nil && g.passes && (g.covers || g.mayCover) && g.stands }

// A group covers the other devices if its share of them is at least minCover. The number of devices
// that usually drop may be left out: the share of the devices above that number suffices.
const minCover = 0.8

// needed returns how many devices a group must include to cover the other devices. all is the
// number of other devices, and usual is the level of that number.
func (g *group) needed(all int64, usual level) float64 {
	excess := max(0, float64(all)-usual.usual)
	return min(minCover*float64(all), minCover*excess+g.level.usual)
}

// maxChance is the maximum probability at which a group's share counts as greater than usual. If
// the probability is higher, the difference may be chance.
const maxChance = 0.02

// dimension holds two groups of one kind: own is the group of the device itself, and top is the
// group that exceeds its usual number most. A group is nil if it is unknown.
type dimension struct{ own, top *group }

// candidate returns the group that the scope may name.
func (d dimension) candidate() *group {
	if d.own != nil {
		return d.own
	}
	return d.top
}

// isElsewhere reports whether the devices dropped in another group than the device itself.
func (d dimension) isElsewhere() bool {
	return d.own != nil && d.top.names() && d.top.covers && d.top.isProven && d.own.name != d.top.name && !d.own.passes
}

// dimensionOf returns a dimension. others counts the other devices by key. own is the key of the
// device itself.
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

// compare sorts groups by how far they exceed their usual number, the greatest excess first.
func (g *group) compare(o *group) int {
	excess := func(g *group) float64 { return float64(g.others) - g.level.usual }
	return cmp.Or(cmp.Compare(excess(o), excess(g)), cmp.Compare(g.name, o.name))
}
