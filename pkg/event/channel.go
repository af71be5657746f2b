package event

import (
	"crypto/md5"
	"encoding/hex"
	"strconv"
)

// Channel returns the identifier of the connection. If the source sent none, Channel derives 32 hex
// digits from fields that do not change during a connection:
//
//   - If ConnectedAt is known, the MD5 of instance, client identifier, node and ConnectedAt.
//   - Otherwise, if the address and the port are known, the MD5 of instance, client identifier,
//     node, address and port.
//   - Otherwise, Channel returns "".
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

// digest returns, in hex, the MD5 of the given parts. It prefixes each part with its length. A
// separator alone would be ambiguous, because a client identifier may contain any character.
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
