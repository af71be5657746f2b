package event

import (
	"crypto/md5"
	"encoding/hex"
	"strconv"
)

// Channel is the identifier of the connection: the one the source sent, else one
// derived from what both ends of a connection tell about it, as 32 hex digits;
// empty where they tell too little.
//
// With the time it connected: MD5 over instance, client identifier, node and that
// time. Without it: over instance, client identifier, node, address and port.
func (e *Event) Channel() string {
	switch {
	case e.ChannelID != "":
		return e.ChannelID
	case !e.ConnectedAt.IsZero():
		return digest(string(e.InstanceID), string(e.ClientID), e.Node, strconv.FormatInt(e.ConnectedAt.UnixMilli(), 10))
	case e.PeerAddress != "" && e.PeerPort != 0:
		return digest(string(e.InstanceID), string(e.ClientID), e.Node, e.PeerAddress, strconv.Itoa(int(e.PeerPort)))
	default:
		return ""
	}
}

// digest separates its parts by their lengths, since a client identifier may hold any byte.
func digest(parts ...string) string {
	var b []byte
	for _, part := range parts {
		b = strconv.AppendInt(b, int64(len(part)), 10)
		b = append(b, ':')
		b = append(b, part...)
	}
	sum := md5.Sum(b)
	return hex.EncodeToString(sum[:])
}
