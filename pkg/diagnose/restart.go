package diagnose

import (
	"slices"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/history"
)

// restartCount ends by the broker are a restart even where the client came back to
// the same node, or no node is known.
const restartCount = 2

// brokerRestart finds ends by the broker that were followed by a connection on another
// node, or came more than once. What a timer ends needs no restart.
func (r *record) brokerRestart() *finding {
	timed := r.timed()
	var found []succession
	for i := range r.Connections {
		c := &r.Connections[i]
		if c.Kind == history.Server && !broker.ExcludesRestart(c.NativeReason) && !timed[c] {
			found = append(found, r.succession(i))
		}
	}
	if len(found) < restartCount && !slices.ContainsFunc(found, succession.moved) {
		return nil
	}
	return ofMoves(found)
}
