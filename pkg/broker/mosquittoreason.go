package broker

import (
	"bytes"

	"devicetrace/pkg/event"
)

// mosquittoEnds lists the fixed phrases that report the end of a connection in a log line. From
// 2.1.1 on, Mosquitto uses only the first phrase. It normally means that the client sent a
// DISCONNECT. However, Mosquitto also uses the first phrase when, after a reload, it disconnects
// clients whose password or certificate no longer exists.
var mosquittoEnds = []struct {
	suffix []byte
	reason []byte // the part of the suffix that gives the reason
	action event.Action
	info   event.ActionInfo
}{
	{[]byte(" disconnected."), nil, event.Disconnect, event.DisconnectedByClient},
	{[]byte(" closed its connection."), []byte("closed its connection"), event.Close, event.ClosedByClient}, // also written after a connection reset
	{[]byte(" has exceeded timeout, disconnecting."), []byte("has exceeded timeout"), event.Close, event.NoHeart},
	{[]byte(" already connected, closing old connection."), []byte("already connected"), event.Close, event.ClientIDConflict},
	{[]byte(" disconnected, not authorised."), []byte("not authorised"), event.Close, event.NotAuthorized},
	{[]byte(" been disconnected by administrative action."), []byte("administrative action"), event.Close, event.ServerShutdown},
}

// mosquittoBadSocket is the prefix that Mosquitto writes, from 2.1.1 on, before a reason that
// is a message from its library or from the operating system.
var mosquittoBadSocket = []byte("bad socket read/write: ")

// mosquittoReasons maps each reason in a log line to its action info. Up to 2.1.0, the reason
// follows "disconnected due to". In 2.1.0, it may also follow "disconnected,". From 2.1.1 on, it
// follows "disconnected:". The reasons are from the source code of 2.0.0 to 2.1.2.
//
// Some reasons are messages from Mosquitto's library. Mosquitto uses these if it has no wording of
// its own. Library messages begin with a capital letter, and so does one of Mosquitto's own
// reasons: "QoS too high or retain not supported". In 2.0, most library messages end with a full
// stop. A library message may also follow "Bad socket read/write".
//
// A reason that is not in the map means Socket IOException. Such a reason is another message from
// the library, or a message from the operating system. For example, 2.0 gives the reason "Unknown
// error" for a retained message that is not allowed.
var mosquittoReasons = table(map[event.ActionInfo][]string{
	event.ClosedByClient:   {"connection closed by client"},
	event.NoHeart:          {"exceeded timeout"},
	event.ClientIDConflict: {"session taken over"},
	event.NotAuthorized: {
		"not authorised",
		"bad username or password", "client banned", "bad authentication method",
	},
	event.TopicAuthFailed: {
		// This reason comes from a plugin, or from a will message below $CONTROL/. Mosquitto
		// itself never closes a connection because of a denied topic.
		"Access denied by ACL",
	},
	event.InvalidParam: {
		"protocol error", "malformed packet", "oversize packet", "oversize payload",
		"QoS too high or retain not supported",                                               // up to 2.0.11
		"using not allowed feature (QoS too high, retain not supported, or bad AUTH method)", // up to 2.1.0
		"used disallowed feature (QoS too high, retain not supported, or bad AUTH method)",   // from 2.1.1 on
		"exceeding the receive maximum",                                                      // 2.1.0
		"receive maximum exceeded", "implementation specific error", "client identifier not valid",
		"topic alias invalid", "non-matching http origin",
		"quota exceeded", "connection rate exceeded",
		"Requested QoS not supported on server", "Retain not supported", "Duplicate property in property list", "Malformed UTF-8",
		// Mosquitto gives this reason if the keep alive of an MQTT 3 client is above
		// max_keepalive, or if there are more clients than global_max_clients:
		"Invalid arguments provided", // 2.0
		"Invalid input",              // 2.1
	},
	event.ServerShutdown: {"administrative action", "server unavailable", "server busy", "out of memory"},
})

// mosquittoInfo returns the action info for a reason.
func mosquittoInfo(why []byte) event.ActionInfo {
	why = bytes.TrimSuffix(bytes.TrimPrefix(why, mosquittoBadSocket), []byte("."))
	if info, ok := mosquittoReasons[string(why)]; ok {
		return info
	}
	return event.SocketIOException
}
