package diagnose

import (
	"slices"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/history"
)

// minRestarts ends by the broker count as a restart even if the client came back to the same
// node, or if no node is known.
const minRestarts = 2

// brokerRestart finds ends by the broker that happened repeatedly or were followed by a
// connection on another node. It ignores ends that a timer explains.
func (in *input) brokerRestart() *finding {
	timed := in.timed()
	var found []succession
	for i := range in.Connections {
		c := &in.Connections[i]
		if c.Kind == history.Server && !broker.ExcludesRestart(c.NativeReason) && !timed[c] {
			found = append(found, in.succession(i))
		}
	}
	if len(found) < minRestarts && !slices.ContainsFunc(found, succession.moved) {
		return nil
	}
	return ofMoves(found)
}
