package summary

import (
	"cmp"
	"slices"
	"strings"

	"devicetrace/pkg/event"
)

const (
	// NamedNodes is the maximum number of nodes that the cells of a fold name: the busiest ones.
	// The cells with Key.Rest add up the others.
	NamedNodes = 64
	// maxNodes is the maximum number of nodes that a fold tracks. All further nodes count as the
	// rest from their first row on.
	maxNodes = 1024
	// maxCells is the number of cells from which on a fold names fewer nodes.
	maxCells = 100_000
)

// cellID identifies a cell by the numbers of its minute, node and word. One integer is faster to look
// up in a map than three.
type cellID uint64

func newCellID(minute, node, word uint16) cellID {
	return cellID(minute)<<32 | cellID(node)<<16 | cellID(word)
}

func (id cellID) minute() uint16 { return uint16(id >> 32) }
func (id cellID) node() uint16   { return uint16(id >> 16) }
func (id cellID) word() uint16   { return uint16(id) }

// cell counts the events of a cell.
type cell struct {
	id              cellID
	events, devices uint32
	client          uint32 // the client that was counted last
}

// cells counts events by minute, node and word. If there are too many cells, the least busy nodes
// join the rest, step by step. If no named node is left and there are still too many cells, new
// cells ignore the minute and the node.
type cells struct {
	nodes nodes
	index map[cellID]int32 // index in list
	list  []cell
	named int // the number of nodes to name
}

func newCells() cells {
	return cells{nodes: newNodes(), index: map[cellID]int32{}, named: NamedNodes}
}

// add counts an event of a client.
func (c *cells) add(minute, node, word uint16, client int64) {
	c.nodes.list[node].events++
	id := newCellID(minute, node, word)
	at, found := c.index[id]
	if !found {
		at = c.insert(id)
	}
	cell := &c.list[at]
	cell.events++
	if cell.client != uint32(client) {
		cell.client = uint32(client)
		cell.devices++
	}
}

// insert adds a cell. If there are too many cells, it merges some of them first, and may return
// another cell.
func (c *cells) insert(id cellID) int32 {
	for len(c.list) >= maxCells && c.named > 0 {
		c.merge(c.named)
		if len(c.list) > maxCells/2 {
			c.named /= 2
		}
	}
	id = newCellID(id.minute(), c.nodes.list[id.node()].number, id.word())
	if len(c.list) >= maxCells {
		id = newCellID(noMinute, restNode, id.word())
	}
	if at, found := c.index[id]; found {
		return at
	}
	return c.append(id)
}

func (c *cells) append(id cellID) int32 {
	at := int32(len(c.list))
	c.list = append(c.list, cell{id: id})
	c.index[id] = at
	return at
}

// merge lets all nodes except the given number of busiest ones join the rest, and adds up their
// cells. A client with events on several of these nodes then counts several times in Devices.
func (c *cells) merge(named int) {
	if !c.nodes.limit(named) {
		return
	}
	before := c.list
	c.index, c.list = make(map[cellID]int32, len(before)/2), nil
	for _, old := range before {
		id := newCellID(old.id.minute(), c.nodes.list[old.id.node()].number, old.id.word())
		at, found := c.index[id]
		if !found {
			at = c.append(id)
		}
		c.list[at].events += old.events
		c.list[at].devices += old.devices
		c.list[at].client = max(c.list[at].client, old.client)
	}
}

// sums returns the cells with at most NamedNodes named nodes, sorted.
func (c *cells) sums(minutes []*minute, words []*word) []Cell {
	c.merge(c.named)
	sums := make([]Cell, len(c.list))
	for i, old := range c.order(minutes, words) {
		key := words[old.id.word()].Key
		node := old.id.node()
		key.Node, key.Rest = c.nodes.list[node].name, node == restNode
		sums[i] = Cell{minutes[old.id.minute()].Minute, key, int64(old.events), int64(old.devices)}
	}
	return sums
}

// order sorts the cells as Cell.compare does, but faster: it sorts the minutes, nodes and words
// first, and then compares only their places.
func (c *cells) order(minutes []*minute, words []*word) []cell {
	minuteAt := places(len(minutes), func(a, b int) int { return cmp.Compare(minutes[a].Minute, minutes[b].Minute) })
	nodeAt := places(len(c.nodes.list), func(a, b int) int {
		return cmp.Or(compareBool(a == restNode, b == restNode), cmp.Compare(c.nodes.list[a].name, c.nodes.list[b].name))
	})
	wordAt := places(len(words), func(a, b int) int { return words[a].Key.compare(&words[b].Key) })
	place := func(id cellID) cellID {
		return newCellID(minuteAt[id.minute()], nodeAt[id.node()], wordAt[id.word()])
	}
	slices.SortFunc(c.list, func(a, b cell) int { return cmp.Compare(place(a.id), place(b.id)) })
	return c.list
}

// places returns the places that n items have once they are sorted.
func places(n int, compare func(a, b int) int) []uint16 {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, compare)
	found := make([]uint16, n)
	for place, i := range order {
		found[i] = uint16(place)
	}
	return found
}

// compare orders cells by minute, then by key.
func (c *Cell) compare(o *Cell) int {
	if by := cmp.Compare(c.Minute, o.Minute); by != 0 {
		return by
	}
	return c.Key.compare(&o.Key)
}

func (k *Key) compare(o *Key) int {
	return cmp.Or(
		compareBool(k.Rest, o.Rest),
		cmp.Compare(k.Node, o.Node),
		cmp.Compare(k.Action, o.Action),
		cmp.Compare(k.ActionInfo, o.ActionInfo),
		compareBool(k.Received, o.Received),
		compareBool(k.Refused, o.Refused),
	)
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	default:
		return 1
	}
}

// restNode and unknownNode are the numbers of the rest and of the unknown node. The unknown node is
// never part of the rest.
const (
	restNode    = 0
	unknownNode = 1
)

// nodes assigns numbers to nodes.
type nodes struct {
	index map[string]uint16 // index in list
	list  []node
}

type node struct {
	name   string
	events int64
	number uint16 // its own index in nodes.list, or restNode
}

func newNodes() nodes {
	return nodes{index: map[string]uint16{"": unknownNode}, list: []node{{number: restNode}, {number: unknownNode}}}
}

// of returns the number of a node.
func (n *nodes) of(name string) uint16 {
	if at, found := n.index[name]; found {
		return n.list[at].number
	}
	if len(n.list) >= maxNodes || len(name) > event.MaxText {
		return restNode
	}
	at := uint16(len(n.list))
	name = strings.Clone(name)
	n.list = append(n.list, node{name: name, number: at})
	n.index[name] = at
	return at
}

// name returns the fold's own copy of a node's name, or an empty string if the node is not tracked.
func (n *nodes) name(name string) string { return n.list[n.index[name]].name }

// limit lets all nodes except the busiest ones join the rest, for good. Of equally busy nodes, the
// first ones by name stay. limit reports whether any node has joined.
func (n *nodes) limit(named int) bool {
	var order []uint16
	for at := unknownNode + 1; at < len(n.list); at++ {
		if n.list[at].number == uint16(at) {
			order = append(order, uint16(at))
		}
	}
	slices.SortFunc(order, func(a, b uint16) int {
		return cmp.Or(cmp.Compare(n.list[b].events, n.list[a].events), cmp.Compare(n.list[a].name, n.list[b].name))
	})
	for _, at := range order[min(named, len(order)):] {
		n.list[at].number = restNode
	}
	return len(order) > named
}
