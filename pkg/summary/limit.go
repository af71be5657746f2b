package summary

import (
	"cmp"
	"maps"
	"slices"
)

// LimitCells lets nodes join the rest, the least busy ones first, until there are at most n cells
// or no node is named any more. It keeps sums over parts with different nodes small. No event is
// lost, but a client with events on several of these nodes then counts several times in
// Cell.Devices. LimitCells overwrites s.Cells.
func (s *Sums) LimitCells(n int) {
	for named := NamedNodes; len(s.Cells) > n; named /= 2 {
		s.nameOnly(s.busiestNodes(named))
		if named == 0 {
			return
		}
	}
}

// busiestNodes returns the n nodes with the most events, and the unknown node. Of equally busy
// nodes, it prefers those whose names come first.
func (s *Sums) busiestNodes(n int) map[string]bool {
	events := map[string]int64{}
	for i := range s.Cells {
		if c := &s.Cells[i]; c.Node != "" {
			events[c.Node] += c.Events
		}
	}
	order := slices.SortedFunc(maps.Keys(events), func(a, b string) int {
		return cmp.Or(cmp.Compare(events[b], events[a]), cmp.Compare(a, b))
	})
	busiest := map[string]bool{"": true}
	for _, node := range order[:min(n, len(order))] {
		busiest[node] = true
	}
	return busiest
}

// nameOnly lets all nodes except the given ones join the rest.
func (s *Sums) nameOnly(named map[string]bool) {
	kept := s.Cells[:0]
	var rest []Cell // the cells of the rest in the current minute
	for i := range s.Cells {
		c := s.Cells[i]
		if len(rest) > 0 && rest[0].Minute != c.Minute {
			kept, rest = append(kept, addedUp(rest)...), rest[:0]
		}
		if c.Rest || !named[c.Node] {
			c.Node, c.Rest = "", true
			rest = append(rest, c)
		} else {
			kept = append(kept, c)
		}
	}
	kept = append(kept, addedUp(rest)...)
	clear(s.Cells[len(kept):])
	s.Cells = kept
}

// addedUp sorts cells and adds up those with the same minute and key. It overwrites the given cells.
func addedUp(cells []Cell) []Cell {
	slices.SortFunc(cells, func(a, b Cell) int { return a.compare(&b) })
	sums := cells[:0]
	for i := range cells {
		if last := len(sums) - 1; last >= 0 && sums[last].compare(&cells[i]) == 0 {
			sums[last].add(&cells[i])
		} else {
			sums = append(sums, cells[i])
		}
	}
	return sums
}
