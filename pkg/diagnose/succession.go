package diagnose

import "devicetrace/pkg/history"

// succession is a connection and the next one, which is nil for the last connection.
type succession struct{ ended, next *history.Connection }

// succession returns the i-th connection and the next one.
func (in *input) succession(i int) succession {
	s := succession{ended: &in.Connections[i]}
	if i+1 < len(in.Connections) {
		s.next = &in.Connections[i+1]
	}
	return s
}

// moved reports whether the next connection was on another node.
func (s succession) moved() bool { return s.next != nil && history.Differ(s.ended.Node, s.next.Node) }
