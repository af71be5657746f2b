package diagnose

import (
	"slices"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/history"
)

// minRestarts is how many connections the broker must have ended before brokerRestart reports a
// restart. But a single connection is enough if the client connected to a different node after it.
const minRestarts = 2

// brokerRestart finds connections that the broker may have ended because it restarted. It ignores
// connections that fixedLength explains, and connections whose native reason rules out a restart.
// Of the others, it needs at least minRestarts, or one after which the client connected to a
// different node. Otherwise, it returns nil.
func (in *input) brokerRestart() *finding {
	timed := in.timed()
	var found []succession
	for i, c := range in.Connections {
		if c.Kind == history.Server && !broker.ExcludesRestart(c.NativeReason) && !timed[c] {
			found = append(found, in.succession(i))
		}
	}
	if len(found) < minRestarts && !slices.ContainsFunc(found, succession.moved) {
		return nil
	}
	return ofMoves(found)
}
