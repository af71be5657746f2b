package broker

import (
	"strings"

	"devicetrace/pkg/event"
)

// hivemqReasons lists the beginnings of the reasons that HiveMQ gives if it closes a connection
// itself; see infoByPrefix. The reasons are from the source code of the Community Edition.
var hivemqReasons = []reasonPrefix{
	{"Client was idle for too long", event.NoHeart},
	{"Another client connected with the same client", event.ClientIDConflict}, // continues with "id" or "Id"

	{"Authentication failed", event.NotAuthorized},
	{"Re-authentication failed", event.NotAuthorized},
	{"Different auth method", event.NotAuthorized},
	{"Sent a CONNECT message with an not authorized Will Publish ", event.NotAuthorized},

	{"Not authorized to publish on topic ", event.TopicAuthFailed},
	{"Not authorized to subscribe to topic ", event.TopicAuthFailed},
	{"Sent a PUBLISH to an unauthorized topic ", event.TopicAuthFailed},
	{"Sent a SUBSCRIBE with an unauthorized subscription ", event.TopicAuthFailed},

	// ServerShutdown is the nearest word for the other decisions of the broker.
	{"Disconnected via extension system", event.ServerShutdown},
	{"Sent PUBLISH, but its onward delivery was prevented ", event.ServerShutdown},
	{"Negative SUBSCRIBE acknowledgement for an MQTT 3.1 client ", event.ServerShutdown},
	{"Tried to write ", event.ServerShutdown}, // continues with a SUBACK that HiveMQ must not send
	{"Connection prevented by extension ", event.ServerShutdown},
	{"The configured maximum amount of connections is reached", event.ServerShutdown},

	{"Sent a message ", event.InvalidParam},
	{"Sent message other than AUTH or DISCONNECT ", event.InvalidParam},
	{"Sent second CONNECT message", event.InvalidParam},
	{"Sent too many concurrent PUBLISH messages", event.InvalidParam},
	{"Sent shared subscription with empty topic", event.InvalidParam},
	{"Invalid will-topic/flag combination", event.InvalidParam},
	{"Invalid subscription topic ", event.InvalidParam},
	{"Illegal websocket data", event.InvalidParam},
	{"DISCONNECT with session expiry interval", event.InvalidParam},
	{"Success reason code set in AUTH", event.InvalidParam},
	{"REAUTHENTICATE reason code set in AUTH", event.InvalidParam},
}

// hivemqInfo returns the action info for a reason. If a reason about a packet is not listed in
// hivemqReasons, it means that the packet is invalid. Any other unknown reason is unexplained,
// because it may be an extension's own text. A reason that begins with "Channel exception: " is
// unexplained, too, because it reports an exception in HiveMQ or in an extension. HiveMQ ignores
// exceptions of the network.
func hivemqInfo(reason string) event.ActionInfo {
	reason = withCapital(reason)
	if info, ok := infoByPrefix(hivemqReasons, reason); ok {
		return info
	}
	if hivemqPacket(reason) != "" {
		return event.InvalidParam
	}
	return event.Unexplained
}

// hivemqRefusals lists the beginnings of the reasons that HiveMQ gives only for a refused CONNECT.
// isHiveMQRefusal adds those about a CONNECT packet.
var hivemqRefusals = []string{
	"Authentication failed", "The configured maximum amount of connections ", "Invalid will-topic/flag combination",
	"Sent message other than AUTH or DISCONNECT during enhanced authentication",
	"REAUTHENTICATE reason code set in AUTH during ongoing auth", "Connection prevented by extension in CONNACK ",
}

// isHiveMQRefusal reports whether a reason is certainly about a CONNECT that was refused. Other
// reasons may also be about a CONNECT. In that case, the client's other events show whether the
// client was connected.
func isHiveMQRefusal(reason string) bool {
	reason = withCapital(reason)
	return hasAnyPrefix(reason, hivemqRefusals) || hivemqPacket(reason) == "CONNECT"
}

// hivemqPacket returns the name of the packet that a reason such as "Sent a CONNECT with …" is
// about. It returns "" for a reason of any other form.
func hivemqPacket(reason string) string {
	opening, rest, _ := strings.Cut(reason, " ")
	if opening != "Sent" && opening != "Invalid" && opening != "Incorrect" {
		return ""
	}
	rest = strings.TrimPrefix(strings.TrimPrefix(rest, "a "), "an ")
	name, _, _ := strings.Cut(rest, " ")
	if name = strings.TrimSuffix(name, ","); hivemqPackets[name] {
		return name
	}
	return ""
}

var hivemqPackets = map[string]bool{
	"CONNECT": true, "CONNACK": true, "PUBLISH": true, "PUBACK": true, "PUBREC": true, "PUBREL": true, "PUBCOMP": true,
	"SUBSCRIBE": true, "SUBACK": true, "UNSUBSCRIBE": true, "UNSUBACK": true, "PINGREQ": true, "PINGRESP": true,
	"DISCONNECT": true, "AUTH": true,
}

// withCapital changes the first word of a reason from "sent" to "Sent". HiveMQ writes both.
func withCapital(reason string) string {
	if strings.HasPrefix(reason, "sent ") {
		return "S" + reason[1:]
	}
	return reason
}
