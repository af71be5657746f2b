package summary

import (
	"strconv"

	"devicetrace/pkg/segment"
)

// Channel is a hash of the properties by which an event identifies its connection. Zero means that
// the event does not identify its connection. The lowest bit says by which property: it is 1 for
// the channel that the source sent, and 0 for the address and port.
type Channel uint32

func channelOf(r *segment.Row) Channel {
	switch {
	case r.ChannelID != "":
		return max(3, hash(r.ChannelID)|1)
	case r.PeerAddress != "" && r.PeerPort != 0:
		return addressChannel(r.PeerAddress, int32(r.PeerPort))
	default:
		return 0
	}
}

// addressChannel returns the channel of an event that identifies its connection by the address and
// port only.
func addressChannel(address string, port int32) Channel {
	return max(2, hash(address+":"+strconv.Itoa(int(port)))&^1)
}

// isNamed reports whether the source sent the channel.
func (c Channel) isNamed() bool { return c&1 != 0 }

// isComparable reports whether two channels identify connections by the same property.
func (c Channel) isComparable(o Channel) bool { return c != 0 && o != 0 && c.isNamed() == o.isNamed() }

// hash returns the 32-bit FNV-1a hash of a text.
func hash(text string) Channel {
	const offset, prime = 2166136261, 16777619
	h := uint32(offset)
	for i := range len(text) {
		h = (h ^ uint32(text[i])) * prime
	}
	return Channel(h)
}
