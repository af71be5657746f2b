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

// cellID identifies a cell by the numbers of its minute, node and word.
type cellID struct{ minute, node, word uint16 }

// cell counts the events of a cell.
type cell struct {
	events, devices int64
	client          int64 // the client that was counted last
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
func (c *cells) add(id cellID, client int64) {
	c.nodes.list[id.node].events++
	at, found := c.index[id]
	if !found {
		at = c.insert(&id)
	}
	cell := &c.list[at]
	cell.events++
	if cell.client != client {
		cell.client = client
		cell.devices++
	}
}

// insert adds a cell. If there are too many cells, it merges some of them first and updates id.
func (c *cells) insert(id *cellID) int32 {
	for len(c.list) >= maxCells && c.named > 0 {
		c.nodes.limit(c.named)
		c.merge()
		if len(c.list) > maxCells/2 {
			c.named /= 2
		}
	}
	id.node = c.nodes.list[id.node].number
	if len(c.list) >= maxCells {
		id.minute, id.node = noMinute, restNode
	}
	if at, found := c.index[*id]; found {
		return at
	}
	c.list = append(c.list, cell{})
	c.index[*id] = int32(len(c.list) - 1)
	return int32(len(c.list) - 1)
}

// merge adds up the cells whose nodes have joined the rest. A client with events on several of
// these nodes then counts several times in Devices.
func (c *cells) merge() {
	before, list := c.index, c.list
	c.index, c.list = make(map[cellID]int32, len(before)/2), nil
	ids := make([]cellID, len(list))
	for id, at := range before {
		ids[at] = id
	}
	for i, id := range ids {
		id.node = c.nodes.list[id.node].number
		at, found := c.index[id]
		if !found {
			at = int32(len(c.list))
			c.index[id] = at
			c.list = append(c.list, cell{})
		}
		c.list[at].events += list[i].events
		c.list[at].devices += list[i].devices
		c.list[at].client = max(c.list[at].client, list[i].client)
	}
}

// sums returns the cells with at most NamedNodes named nodes, sorted.
func (c *cells) sums(minutes []*minute, words []*word) []Cell {
	c.nodes.limit(c.named)
	c.merge()
	sums := make([]Cell, 0, len(c.list))
	for id, at := range c.index {
		key := words[id.word].Key
		node := c.nodes.list[id.node]
		key.Node, key.Rest = node.name, id.node == restNode
		sums = append(sums, Cell{minutes[id.minute].Minute, key, c.list[at].events, c.list[at].devices})
	}
	slices.SortFunc(sums, func(a, b Cell) int { return a.compare(&b) })
	return sums
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
// first ones by name stay.
func (n *nodes) limit(named int) {
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
}
