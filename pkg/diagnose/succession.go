package diagnose

import "devicetrace/pkg/history"

// succession is a connection together with the client's next connection. next is nil for the
// client's last connection.
type succession struct{ ended, next *history.Connection }

// succession returns the succession that begins with connection i.
func (in *input) succession(i int) succession {
	s := succession{ended: in.Connections[i]}
	if i+1 < len(in.Connections) {
		s.next = in.Connections[i+1]
	}
	return s
}

// moved reports whether the next connection was on a different node.
func (s succession) moved() bool { return s.next != nil && history.Differ(s.ended.Node, s.next.Node) }

// successions returns the successions whose first connection satisfies the given condition.
func (in *input) successions(condition func(*history.Connection) bool) []succession {
	var found []succession
	for i, c := range in.Connections {
		if condition(c) {
			found = append(found, in.succession(i))
		}
	}
	return found
}
