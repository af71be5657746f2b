package diagnose

import (
	"slices"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/history"
)

// minRestarts is the minimum number of ends by the broker that count as a restart even if the
// client came back to the same node, or if no node is known.
const minRestarts = 2

// brokerRestart finds ends by the broker, if there are at least minRestarts or if a connection on
// a different node followed one of them. It ignores ends that fixedLength explains, and
// ends with a native reason that excludes a restart.
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
