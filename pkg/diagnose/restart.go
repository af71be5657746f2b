package diagnose

import (
	"slices"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/history"
)

// At least minRestarts connections that the broker ended suggest a restart. One is enough if the
// client then connected to a different node.
const minRestarts = 2

// brokerRestart finds connections that the broker may have ended because it restarted. It ignores
// connections that fixedLength explains, and connections whose native reason rules out a restart.
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
