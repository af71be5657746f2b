package diagnose

import (
	"slices"

	"devicetrace/pkg/history"
)

// succession is a connection and the one that came after it, nil for the last one.
type succession struct{ ended, next *history.Connection }

// succession is that of the i-th connection.
func (r *record) succession(i int) succession {
	s := succession{ended: &r.Connections[i]}
	if i+1 < len(r.Connections) {
		s.next = &r.Connections[i+1]
	}
	return s
}

// moved reports whether the next connection was on another node.
func (s succession) moved() bool { return s.next != nil && history.Differ(s.ended.Node, s.next.Node) }

// movesOf shows the newest ends, and where the client went then, where that is told.
func movesOf(successions []succession, more ...saying) []exhibit {
	var found []exhibit
	for _, s := range newest(successions) {
		says := slices.Clone(more)
		if s.moved() {
			says = append(says, saying{nextOnNode, values{"node": verbatim(s.ended.Node), "next": verbatim(s.next.Node)}})
		}
		found = append(found, endOf(s.ended, says...))
	}
	return found
}
