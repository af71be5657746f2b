package diagnose

import (
	"slices"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/history"
)

// minRestarts is the minimum number of connections ended by the broker that suggest a restart.
// If the client came back to a different node, a single one is enough.
const minRestarts = 2

// brokerRestart finds connections that the broker ended. There must be at least minRestarts of
// them, or one must have been followed by a connection on a different node. It ignores ends
// that fixedLength explains and ends whose native reason excludes a restart.
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
