package summary

import (
	"cmp"
	"slices"
	"strings"

	"devicetrace/pkg/event"
)

const (
	// NamedNodes is the maximum number of nodes that the cells of a fold name. These are the
	// busiest nodes. The cells with Key.Rest add up the others.
	NamedNodes = 64
	// maxNodes is the maximum number of nodes that a fold tracks. All rows of any further nodes
	// count as the rest.
	maxNodes = 1024
	// maxCells and maxBlocks are the numbers of cells and blocks at which a fold begins to name fewer
	// nodes.
	maxCells  = 100_000
	maxBlocks = 32_000
)

// blockID identifies a block by the numbers of its minutes, node and word. One integer is faster to
// look up in a map than three.
type blockID uint64

// A block holds the cells of blockMinutes minutes with consecutive numbers, for one node and word.
// Many rows fall into few blocks, so their index stays small and fast.
type block struct {
	id    blockID
	cells [blockMinutes]cell
}

const blockMinutes = 16

func newBlockID(minutes, node, word uint16) blockID {
	return blockID(minutes)<<32 | blockID(node)<<16 | blockID(word)
}

func (id blockID) minutes() uint16 { return uint16(id >> 32) }
func (id blockID) node() uint16    { return uint16(id >> 16) }
func (id blockID) word() uint16    { return uint16(id) }

// cell counts the events of a cell. A cell without events does not exist.
type cell struct {
	events, devices uint32
	client          uint32 // the client that was counted last
}

// cells counts events by minute, node and word. If there are too many cells, the least busy nodes
// join the rest, step by step. If no named node is left and there are still too many cells, new
// cells ignore the minute and the node.
type cells struct {
	nodes nodes
	index map[blockID]*block
	list  []*block
	count int // number of cells
	named int // number of nodes to name
}

func newCells() cells {
	return cells{nodes: newNodes(), index: map[blockID]*block{}, named: NamedNodes}
}

// add counts an event of a client. The events of a client must be added one after another.
func (c *cells) add(minute, node, word uint16, client int64) {
	c.nodes.list[node].events++
	b := c.index[newBlockID(minute/blockMinutes, node, word)]
	if b == nil || b.cells[minute%blockMinutes].events == 0 {
		b, minute = c.insert(minute, node, word)
	}
	cell := &b.cells[minute%blockMinutes]
	cell.events++
	if cell.client != uint32(client) {
		cell.client = uint32(client)
		cell.devices++
	}
}

// insert returns the block of a cell that does not exist yet. If there are too many cells, it merges
// some of them first, and may return the block and the minute of another cell.
func (c *cells) insert(minute, node, word uint16) (*block, uint16) {
	for c.isFull() && c.named > 0 {
		c.merge(c.named)
		if c.count > maxCells/2 || len(c.list) > maxBlocks/2 {
			c.named /= 2
		}
	}
	node = c.nodes.list[node].number
	if c.isFull() {
		minute, node = noMinute, restNode
	}
	b := c.block(newBlockID(minute/blockMinutes, node, word))
	if b.cells[minute%blockMinutes].events == 0 {
		c.count++
	}
	return b, minute
}

func (c *cells) isFull() bool { return c.count >= maxCells || len(c.list) >= maxBlocks }

// block returns the block with the given identifier. It adds the block if it does not exist.
func (c *cells) block(id blockID) *block {
	b := c.index[id]
	if b == nil {
		b = &block{id: id}
		c.index[id] = b
		c.list = append(c.list, b)
	}
	return b
}

// merge lets all nodes except the given number of busiest ones join the rest, and adds up their
// cells. A client with events on several of these nodes then counts several times in Devices.
func (c *cells) merge(named int) {
	if !c.nodes.limit(named) {
		return
	}
	before := c.list
	c.index, c.list, c.count = map[blockID]*block{}, nil, 0
	for _, old := range before {
		b := c.block(newBlockID(old.id.minutes(), c.nodes.list[old.id.node()].number, old.id.word()))
		for i, o := range old.cells {
			sum := &b.cells[i]
			if sum.events == 0 && o.events > 0 {
				c.count++
			}
			sum.events += o.events
			sum.devices += o.devices
			sum.client = max(sum.client, o.client)
		}
	}
}

// sums returns the cells with at most NamedNodes named nodes, sorted.
func (c *cells) sums(minutes []*minute, words []*word) []Cell {
	c.merge(c.named)
	sums := make([]Cell, 0, c.count)
	for _, at := range c.order(minutes, words) {
		key := words[at.block.id.word()].Key
		node := at.block.id.node()
		key.Node, key.Rest = c.nodes.list[node].name, node == restNode
		cell := at.block.cells[at.minute%blockMinutes]
		sums = append(sums, Cell{minutes[at.minute].Minute, key, int64(cell.events), int64(cell.devices)})
	}
	return sums
}

// located is a cell and its place in the order of Cell.compare.
type located struct {
	place  uint64
	block  *block
	minute uint16
}

// order returns the cells in the order of Cell.compare. To be faster, it first sorts the minutes,
// nodes and words, and then compares only their places in these orders.
func (c *cells) order(minutes []*minute, words []*word) []located {
	minuteAt := places(len(minutes), func(a, b int) int { return cmp.Compare(minutes[a].Minute, minutes[b].Minute) })
	nodeAt := places(len(c.nodes.list), func(a, b int) int {
		return cmp.Or(compareBool(a == restNode, b == restNode), cmp.Compare(c.nodes.list[a].name, c.nodes.list[b].name))
	})
	wordAt := places(len(words), func(a, b int) int { return words[a].Key.compare(&words[b].Key) })
	order := make([]located, 0, c.count)
	for _, b := range c.list {
		for i := range b.cells {
			if b.cells[i].events > 0 {
				minute := b.id.minutes()*blockMinutes + uint16(i)
				place := uint64(minuteAt[minute])<<32 | uint64(nodeAt[b.id.node()])<<16 | uint64(wordAt[b.id.word()])
				order = append(order, located{place, b, minute})
			}
		}
	}
	slices.SortFunc(order, func(a, b located) int { return cmp.Compare(a.place, b.place) })
	return order
}

// places returns, for each of n items, its place in the sorted order.
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

// compare orders keys. It does not use cmp.Or, which would always compare all fields.
func (k *Key) compare(o *Key) int {
	if by := compareBool(k.Rest, o.Rest); by != 0 {
		return by
	}
	if by := cmp.Compare(k.Node, o.Node); by != 0 {
		return by
	}
	if by := cmp.Compare(k.Action, o.Action); by != 0 {
		return by
	}
	if by := cmp.Compare(k.ActionInfo, o.ActionInfo); by != 0 {
		return by
	}
	if by := compareBool(k.Received, o.Received); by != 0 {
		return by
	}
	return compareBool(k.Refused, o.Refused)
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
	last  uint16 // index of the node of the last row; most rows have the node of the row before
}

type node struct {
	name   string
	events int64
	number uint16 // its own index in nodes.list, or restNode
}

func newNodes() nodes {
	return nodes{index: map[string]uint16{"": unknownNode}, list: []node{{number: restNode}, {number: unknownNode}}}
}

// of returns the number of a node. If the node is not tracked, it returns restNode.
func (n *nodes) of(name string) uint16 {
	if last := &n.list[n.last]; last.name == name && n.last != restNode {
		return last.number
	}
	if at, found := n.index[name]; found {
		n.last = at
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

// limit lets all nodes except the given number of busiest ones join the rest permanently. Of equally
// busy nodes, it prefers those whose names come first. It reports whether any node has joined.
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
