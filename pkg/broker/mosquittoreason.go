package broker

import (
	"bytes"

	"devicetrace/pkg/event"
)

// mosquittoEnds are the ends of 2.0 that say why in words of their own, and the end
// by a DISCONNECT of both versions. That last line also comes for a client that Mosquitto
// disconnects since its password or certificate is gone when those are read again.
var mosquittoEnds = []struct {
	says   []byte
	reason []byte // what of it says why
	action event.Action
	info   event.ActionInfo
}{
	{[]byte(" disconnected."), nil, event.Disconnect, event.DisconnectedByClient},
	{[]byte(" closed its connection."), []byte("closed its connection"), event.Close, event.ClosedByClient}, // a reset, too
	{[]byte(" has exceeded timeout, disconnecting."), []byte("has exceeded timeout"), event.Close, event.NoHeart},
	{[]byte(" already connected, closing old connection."), []byte("already connected"), event.Close, event.ClientIDConflict},
	{[]byte(" disconnected, not authorised."), []byte("not authorised"), event.Close, event.NotAuthorized},
	{[]byte(" been disconnected by administrative action."), []byte("administrative action"), event.Close, event.ServerShutdown},
}

// mosquittoBadSocket begins why a connection ended where 2.1 has no words of its own.
var mosquittoBadSocket = []byte("bad socket read/write: ")

// mosquittoReasons is what each reason means that stands after "disconnected due to"
// in 2.0 and after "disconnected:" in 2.1, as found in the source of 2.0.0 to 2.1.2.
// Those with a capital letter are texts of Mosquitto's library, which stand there and
// after "Bad socket read/write" for whatever the broker has no words of its own; 2.0
// ends them with a full stop. What is not here is another of them, such as the "Unknown
// error" of 2.0 for a retained message where none is allowed, or a text of the operating
// system, and means Socket IOException.
var mosquittoReasons = table(map[event.ActionInfo][]string{
	event.ClosedByClient:   {"connection closed by client"},
	event.NoHeart:          {"exceeded timeout"},
	event.ClientIDConflict: {"session taken over"},
	event.NotAuthorized: {
		"not authorised",
		"bad username or password", "client banned", "bad authentication method",
	},
	event.TopicAuthFailed: {
		// A plugin's word, or said of a will message below $CONTROL/. Mosquitto itself ends
		// no connection because of a denied topic.
		"Access denied by ACL",
	},
	event.InvalidParam: {
		"protocol error", "malformed packet", "oversize packet", "oversize payload",
		"QoS too high or retain not supported",                                               // up to 2.0.11
		"using not allowed feature (QoS too high, retain not supported, or bad AUTH method)", // 2.0
		"used disallowed feature (QoS too high, retain not supported, or bad AUTH method)",   // 2.1
		"exceeding the receive maximum",                                                      // 2.1.0
		"receive maximum exceeded", "implementation specific error", "client identifier not valid",
		"topic alias invalid", "non-matching http origin",
		"quota exceeded", "connection rate exceeded",
		"Requested QoS not supported on server", "Retain not supported", "Duplicate property in property list", "Malformed UTF-8",
		// max_keepalive for MQTT 3, global_max_clients
		"Invalid arguments provided", // 2.0
		"Invalid input",              // 2.1
	},
	event.ServerShutdown: {"administrative action", "server unavailable", "server busy", "out of memory"},
})

// mosquittoInfo is what a reason means.
func mosquittoInfo(why []byte) event.ActionInfo {
	why = bytes.TrimSuffix(bytes.TrimPrefix(why, mosquittoBadSocket), []byte("."))
	if info, ok := mosquittoReasons[string(why)]; ok {
		return info
	}
	return event.SocketIOException
}
