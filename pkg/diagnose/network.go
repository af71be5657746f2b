package diagnose

import (
	"slices"

	"devicetrace/pkg/history"
)

const (
	// minAddresses is the minimum number of different addresses that counts as many.
	minAddresses = 10
	// minAddressShare is the minimum ratio of different addresses to connections with a known
	// address.
	minAddressShare = 0.8
)

// manyAddresses finds a client that drops and then comes back from a new address nearly every time,
// as in a mobile network. It returns nil if another rule explains the drops. The finding is only a
// notice if the program on the device may have caused most of the drops.
func (in *input) manyAddresses() *finding {
	if !in.hasManyAddresses() || in.isShared() || in.explainsTimeouts() || in.fixed != nil {
		return nil
	}
	dropped := only(in.Connections, isNetworkDrop)
	addresses, connections := in.addressesSeen()
	mayBeProgram := mostly(dropped, func(c *history.Connection) bool { return c.Kind == history.ClientClosed })
	if 2*len(dropped) <= connections || mayBeProgram && in.flaps != nil {
		return nil
	}
	f := ofEnds(dropped, withNothing).with(values{"addresses": number(addresses), "connections": number(connections)})
	if addresses == connections {
		f.more = []sentence{{phrase: noAddressReturned}}
	}
	if mayBeProgram {
		f.level = Notice
	}
	return f
}

// hasManyAddresses reports whether the client came from a new address nearly every time.
func (in *input) hasManyAddresses() bool {
	addresses, connections := in.addressesSeen()
	return addresses >= minAddresses && float64(addresses) >= minAddressShare*float64(connections)
}

// addressesSeen returns the number of different addresses, and the number of connections with a
// known address.
func (in *input) addressesSeen() (addresses, connections int) {
	seen := map[string]bool{}
	for _, c := range in.Connections {
		if c.PeerAddress != "" {
			seen[c.PeerAddress] = true
			connections++
		}
	}
	return len(seen), connections
}

// isNetworkDrop reports whether a connection has a known address and may have ended because the
// network failed or changed.
func isNetworkDrop(c *history.Connection) bool {
	return c.PeerAddress != "" && slices.Contains(networkDrops, c.Kind)
}

// networkDrops lists the kinds of ends that a network can cause. ClientClosed may also be due to
// the program on the device.
var networkDrops = []history.Kind{history.NoHeart, history.IO, history.Conflict, history.ClientClosed}

// explainsTimeouts reports whether a rule about missed keep alives explains most of them.
func (in *input) explainsTimeouts() bool {
	return in.sleep != nil || in.silentAfterConnect() != nil || in.keepAliveMargin() != nil
}
