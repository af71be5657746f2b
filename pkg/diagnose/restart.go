package diagnose

import (
	"slices"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/history"
)

// minRestarts is how many connections the broker must have ended to suggest a restart. A single
// connection is enough if the client then connected to a different node.
const minRestarts = 2

// brokerRestart finds connections that the broker may have ended for a restart. It ignores
// connections that fixedLength explains, and connections whose native reason excludes a restart. It
// returns nil if there are fewer than minRestarts connections left. An exception: one connection is
// enough if the client then connected to a different node.
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
