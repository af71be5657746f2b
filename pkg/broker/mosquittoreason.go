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
	{[]byte(" has exceeded timeout, disconnecting."), mosquittoTimeout, event.Close, event.NoHeart},
	{[]byte(" already connected, closing old connection."), mosquittoTakeover, event.Close, event.ClientIDConflict},
	{[]byte(" disconnected, not authorised."), mosquittoNotAuthorised, event.Close, event.NotAuthorized},
	{[]byte(" disconnected, no longer authorised."), []byte("no longer authorised"), event.Close, event.NotAuthorized}, // 1.6, after a reload
	{[]byte(" been disconnected by administrative action."), []byte("administrative action"), event.Close, event.ServerShutdown},
}

var (
	mosquittoTimeout  = []byte("has exceeded timeout")
	mosquittoTakeover = []byte("already connected")

	// mosquittoNotAuthorised is the reason for a refused CONNECT in 2.0 and 2.1.0. It does not mean
	// that an existing connection ended. From 2.1.1 on, the form is different and includes the
	// address.
	mosquittoNotAuthorised = []byte("not authorised")

	// mosquittoSocketError is the reason of the line "Socket error on client ID, disconnecting.",
	// which says nothing about the cause; see mosquittoLine.socketError.
	mosquittoSocketError = []byte("socket error")

	// mosquittoNoMemory is a reason that misleads up to 2.0.21: Mosquitto gave it whenever it could
	// not handle a PUBLISH, usually because the client was gone and could not be sent a PUBACK. The
	// line has the same form in 2.0.22 and 2.1.0, where the reason is true; see
	// mosquittoSender.correct. From 2.1.1 on, the form is different.
	mosquittoNoMemory = []byte("out of memory")
)

// mosquittoBadSocket is the prefix that Mosquitto writes, from 2.1.1 on, before a reason from its
// library. Up to 2.1.0, such a reason follows "Bad socket read/write on client ID: ".
var mosquittoBadSocket = []byte("bad socket read/write: ")

// mosquittoReasons maps each of Mosquitto's own reasons to its action info. Up to 2.1.0, the reason
// follows "disconnected due to". In 2.1.0, it may also follow "disconnected,". From 2.1.1 on, it
// follows "disconnected:". The reasons are from the source code of 1.6.0 to 2.1.2.
var mosquittoReasons = table(map[event.ActionInfo][]string{
	event.ClosedByClient:   {"connection closed by client"},
	event.NoHeart:          {"exceeded timeout"},
	event.ClientIDConflict: {"session taken over"},
	event.NotAuthorized: {
		"not authorised",
		"bad username or password", "client banned", "bad authentication method",
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
	},
	event.ServerShutdown: {"administrative action", "server unavailable", "server busy", "out of memory"},
})

// mosquittoLibraryReasons maps each message of Mosquitto's library to its action info. Mosquitto
// gives such a message as the reason if it has no wording of its own. The messages are in lower
// case and without their final full stop, because versions differ in both. The functions
// mosquitto_strerror, mosquitto_reason_string and mosquitto_connack_string return them in 2.0.0 to
// 2.1.2. Messages that say nothing about the cause are left out.
var mosquittoLibraryReasons = table(map[event.ActionInfo][]string{
	event.NoHeart:          {"keepalive exceeded", "keep alive timeout"},
	event.ClientIDConflict: {"session taken over"},
	event.NotAuthorized: {
		"authorisation failed", "bad username or password", "bad user name or password", "banned", "bad authentication method",
		"connection refused: bad user name or password", "connection refused: not authorised",
	},
	event.TopicAuthFailed: {
		// "access denied by acl" comes from a plugin, or from a will message whose topic is below
		// $CONTROL/.
		"access denied by acl", "not authorized",
	},
	event.InvalidParam: {
		"a network protocol error occurred when communicating with the broker", "protocol error",
		"malformed packet", "malformed utf-8", "duplicate property in property list",
		"payload too large", "packet larger than supported by the server", "packet too large", "payload format invalid",
		"this feature is not supported", "requested qos not supported on server", "qos not supported", "retain not supported",
		"shared subscriptions not supported", "subscription identifiers not supported", "wildcard subscriptions not supported",
		"topic filter invalid", "topic name invalid", "topic alias invalid",
		"packet identifier in use", "packet identifier not found",
		"receive maximum exceeded", "message rate too high", "connection rate exceeded", "bad http origin",
		"client identifier not valid", "unsupported protocol version",
		"implementation specific error", "implementaion specific error", // the second is how 2.1 spells it
		"connection refused: unacceptable protocol version", "connection refused: identifier rejected",
		// Mosquitto gives this reason if it refuses a PUBLISH while too many packets for the client
		// are waiting, which is always the case if max_queued_messages is 0. The PUBLISH may be too
		// large, or its topic may be denied.
		"quota exceeded",
		// 2.0 gives this reason for codes that its library has no text for. They are about what the
		// client sent, such as a retained message that is not allowed.
		"unknown error",
		// Mosquitto gives these reasons if the keep alive of an MQTT 3 client is above
		// max_keepalive, or if there are more clients than global_max_clients:
		"invalid arguments provided", // 2.0
		"invalid input",              // 2.1
	},
	event.ServerShutdown: {
		"server unavailable", "server busy", "server shutting down", "administrative action", "use another server", "server moved",
		"maximum connect time", "connection refused: broker unavailable",
	},
	event.SocketIOException: {
		"the connection was lost", "the client is not currently connected", "a tls error occurred", "tls handshake failed",
		"ocsp error", "proxy error", "lookup error", "dns lookup failed",
	},
})

// mosquittoNetworkReasons lists, in lower case, the operating system's messages about the network,
// as glibc, musl, the BSDs and Windows word them. Mosquitto passes them on as reasons. Messages about
// anything else are left out because they do not name a cause. For example, Mosquitto itself sets the
// error "Protocol error" after faults in TLS and in WebSockets.
var mosquittoNetworkReasons = table(map[event.ActionInfo][]string{
	event.SocketIOException: {
		"connection timed out", "operation timed out", "timed out",
		"connection reset by peer", "connection reset by network", "connection reset", "network dropped connection on reset", "network reset",
		"connection refused", "connection aborted", "software caused connection abort", "broken pipe",
		"no route to host", "host is unreachable", "host unreachable", "host is down",
		"network is unreachable", "network unreachable", "network is down", "network down",
		"transport endpoint is not connected", "socket is not connected", "socket not connected", "not connected",
	},
})

// mosquittoOldInfo returns the action info for a reason that follows "disconnected due to".
func mosquittoOldInfo(why []byte) event.ActionInfo {
	if bytes.Equal(why, mosquittoNoMemory) {
		return event.SocketIOException
	}
	return mosquittoReasons[string(why)]
}

// mosquittoInfo returns the action info for a reason that follows "disconnected:".
func mosquittoInfo(why []byte) event.ActionInfo {
	if library, ok := bytes.CutPrefix(why, mosquittoBadSocket); ok {
		return mosquittoLibraryInfo(library)
	}
	if info, ok := mosquittoReasons[string(why)]; ok {
		return info
	}
	return mosquittoNetworkReasons[string(bytes.ToLower(why))]
}

// mosquittoLibraryInfo returns the action info for a reason from Mosquitto's library.
func mosquittoLibraryInfo(why []byte) event.ActionInfo {
	why = bytes.TrimSuffix(why, []byte("."))
	lower := bytes.ToLower(why)
	switch info, ok := mosquittoLibraryReasons[string(lower)]; {
	case string(why) == "Protocol error": // the library writes "Protocol Error"
		return event.Unexplained
	case ok:
		return info
	default:
		return mosquittoNetworkReasons[string(lower)]
	}
}
