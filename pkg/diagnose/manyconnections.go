package diagnose

import "devicetrace/pkg/history"

// manyCount is the minimum number of short connections within flapWindow that is worth a notice even
// if nothing else is wrong. A device that is designed to connect often rarely connects every minute.
const manyCount = 60

// manyConnections finds at least manyCount short connections within an hour that ended, or may have
// ended, with DISCONNECT.
func (in *input) manyConnections() *finding {
	short := only(in.Connections, func(c *history.Connection) bool { return isShort(c) && !c.Dropped() })
	if !crowded(short, manyCount) {
		return nil
	}
	return ofEnds(short, withNothing).with(values{"short": length(shortLived), "rate": in.rate()})
}
