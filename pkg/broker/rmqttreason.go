package broker

import (
	"strings"

	"devicetrace/pkg/event"
)

// rmqttRefusals maps each conn_ack of a refused CONNECT to its meaning. RMQTT reports refused
// CONNECTs only up to version 0.13.4. For MQTT 3, the texts have the prefix "Connection Refused, ",
// and for MQTT 5, they have no prefix. "Connection Refused" alone means any other code, such as one
// for an unsupported authentication method or will message, so it has no entry.
var rmqttRefusals = table(map[event.ActionInfo][]string{
	event.NotAuthorized: {
		"Connection Refused, bad user name or password", "bad user name or password",
		"Connection Refused, not authorized", "not authorized",
	},
	event.InvalidParam: {
		"Connection Refused, identifier rejected", "client identifier is invalid",
		"Connection Refused, unacceptable protocol version", "protocol version is not supported",
	},
	event.ServerShutdown: {"Connection Refused, Server unavailable", "Server unavailable"},
})

// rmqttReasons maps each reason that is a fixed text to its meaning.
var rmqttReasons = table(map[event.ActionInfo][]string{
	event.DisconnectedByClient: {"Disconnect"},
	event.NoHeart:              {"KeepaliveTimeout", "Keep Alive timeout", "Mqtt protocol error: Keep Alive timeout"},
	event.ClientIDConflict:     {"Kicked"},
	event.ServerShutdown:       {"ByAdminKick", "HandshakeRateExceeded", "service unavailable"},
	event.ClosedByClient:       {"RemoteClose"}, // also sent if RMQTT knows no reason
	event.NotAuthorized: { // RMQTT itself closes the connection
		`Disconnect(Other("JWT Auth expired"))`, `Disconnect(Other("Http Auth expired"))`,
		"Disconnect(JWT Auth expired)", "Disconnect(Http Auth expired)", // up to 0.13.4
	},
	event.TopicAuthFailed: {"SubscribeRefused", "PublishRefused", "DelayedPublishRefused", "NotAuthorized"},
	event.InvalidParam: {
		"Malformed packet", "utf8 error", "Packet id is required", "Provided packet id is in use", "identifier rejected",
		"Connect frame's reserved flag is set", "ConnectAck frame's reserved flag is set",
		"too many subscriptions", "too many topic levels", "Inflight window is full", "MessageQueueFull",
		"invalid protocol",
	},
	event.SocketIOException: {
		"ReadWriteTimeout", "ReadWriteError", "Read timeout", "Write timeout", "Flush timeout", "Close timeout",
	},
})

// rmqttPrefixes lists the beginnings of reasons that end with details; see infoByPrefix.
//
// After "Disconnect(", RMQTT writes the content of the client's DISCONNECT. Up to version 0.13.4,
// it writes only the reason string that an MQTT 5 client has chosen, unchanged. After
// "Disconnect(Other(", it writes a plugin's text.
var rmqttPrefixes = []reasonPrefix{
	{"Disconnect(Other(", event.Unexplained},
	{"Disconnect(", event.DisconnectedByClient},
	{"io error, ", event.SocketIOException},
	{"Connection reset", event.SocketIOException},
	{"Broken pipe", event.SocketIOException},
	{"Mqtt send packet error: Encoding error Io(", event.SocketIOException},
	{"Mqtt protocol error: Decoding error: Io(", event.SocketIOException},
	{"Mqtt protocol error: Encoding error: Io(", event.SocketIOException},
	{"Decoding error: Io(", event.SocketIOException},
	{"Encoding error: Io(", event.SocketIOException},
	{"ProtocolError(KeepAliveTimeout)", event.NoHeart},
	{"ProtocolError(Io(", event.SocketIOException},
	{"ProtocolError(Encode(", event.Unexplained}, // RMQTT could not encode a packet of its own
	{"ProtocolError(", event.InvalidParam},
	{"Mqtt protocol error: Encoding error: ", event.Unexplained},
	{"Mqtt protocol error: ", event.InvalidParam},
	{"Decoding error: ", event.InvalidParam},
	{"Max size exceeded", event.InvalidParam},
	{"Invalid ", event.InvalidParam},
	{"Unsupported ", event.InvalidParam},
	{"subscription limit reached, ", event.InvalidParam},
	{"topic error, ", event.InvalidParam},
	{"Illegal topic filter, ", event.InvalidParam},
	{"Shared subscription is not enabled, ", event.InvalidParam},
	{"Limit subscription is not enabled, ", event.InvalidParam},
}

// rmqttEnd returns the action and action info for an end event's reason, which may be a list of
// reasons, separated by commas. The first reason with a known meaning decides. If a reason begins
// with "Disconnect(", the reasons after it are ignored, because the client may have chosen the
// text.
func rmqttEnd(reason string) (event.Action, event.ActionInfo) {
	for rest := reason; rest != ""; {
		var one string
		one, rest = rmqttCut(rest)
		switch info := rmqttInfo(one); {
		case info == event.DisconnectedByClient:
			return event.Disconnect, info
		case info != event.Unexplained, strings.HasPrefix(one, "Disconnect("):
			return event.Close, info
		}
	}
	return event.Close, event.Unexplained
}

// rmqttInfo returns the action info for a single reason. If a SUBSCRIBE or UNSUBSCRIBE failed, the
// cause is the text in parentheses. The broker itself may be the cause, for example after a timeout
// in the cluster.
func rmqttInfo(reason string) event.ActionInfo {
	for _, failed := range []string{"SubscribeFailed(", "UnsubscribeFailed("} {
		if text, ok := strings.CutPrefix(reason, failed); ok {
			reason = strings.TrimSuffix(text, ")")
		}
	}
	if info, ok := rmqttReasons[reason]; ok {
		return info
	}
	info, _ := infoByPrefix(rmqttPrefixes, reason) // event.Unexplained if there is no such prefix
	return info
}

// rmqttCut splits the first reason from the others. A comma separates reasons if no space follows
// it and it is in neither quotes nor brackets. In quotes, a backslash escapes the next character.
func rmqttCut(reasons string) (first, others string) {
	depth, quoted := 0, false
	for i := 0; i < len(reasons); i++ {
		switch c := reasons[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '(' || c == '{' || c == '[':
			depth++
		case c == ')' || c == '}' || c == ']':
			depth--
		case c == ',' && depth <= 0 && !strings.HasPrefix(reasons[i+1:], " "):
			return reasons[:i], reasons[i+1:]
		}
	}
	return reasons, ""
}
