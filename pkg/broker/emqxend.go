package broker

import (
	"strings"

	"devicetrace/pkg/event"
)

// sentByClient reports whether the event contains properties of a DISCONNECT from the client. A
// result of false does not rule out a DISCONNECT, because a client may send one without properties.
// An empty User-Property does not count, because EMQX adds one to every event from 5.0.11 on
// (printable_maps in emqx_rule_events).
func (m *emqx) sentByClient(r *reader) bool {
	if m.disconnProps.kind != object {
		return false
	}
	var user value
	sent := false
	r.open("disconn_props", m.disconnProps, func(key []byte) *value {
		if string(key) == "User-Property" {
			return &user
		}
		sent = true
		return nil
	})
	return sent || user.hasMembers()
}

// ruleEnd returns the action and action info for the reason in a client.disconnected event of the
// rule engine. protocol is the event's proto_name, which names a gateway's protocol. level is the
// MQTT protocol level, or 0 if it is unknown. Some reasons are misleading:
//
//   - A reason that is the name of an MQTT 5 reason code may come from a DISCONNECT of the client. If
//     the connection used MQTT 5 and a client may send the code, nothing shows whether the client or
//     EMQX chose it, unless the DISCONNECT had properties.
//   - EMQX writes "error" for the Erlang term {error, X}. It nearly always means that a WebSocket
//     connection was closed without a close frame. For TCP, the equivalent reason is "tcp_closed".
//   - EMQX writes "internal_error" for any other term without a name, so it gives no reason. It
//     nearly always means that EMQX received a WebSocket close frame with a code. From 5.10 on, the
//     connection may also have ended for a reason at the MQTT level, such as a DISCONNECT or an
//     expired keep alive. Up to 6.2, "internal_error" may also mean that EMQX received bad frames
//     on a TCP connection.
//   - The LwM2M gateway sends "timeout" when a registration's lifetime ends.
//   - "normal" does not always mean that the client sent a DISCONNECT; see normalMeansDisconnect.
func ruleEnd(name string, sentByClient bool, protocol string, level int32) (event.Action, event.ActionInfo) {
	protocol = strings.ToLower(protocol)
	switch {
	case level == 5 && !sentByClient && clientMaySend(reasonNames[name].code):
		return event.Close, event.Unexplained
	case name == "error":
		return event.Close, event.ClosedByClient
	case name == "timeout" && protocol == "lwm2m":
		return event.Close, event.NoHeart
	case name == "normal" && !normalMeansDisconnect[protocol]:
		return event.Close, event.Unexplained
	default:
		return emqxEnd(name, sentByClient)
	}
}

// normalMeansDisconnect holds, in lower case, the protocols for which the reason "normal" means
// that the client ended the connection properly. Protocols of the ExProto gateway are not among
// them. This gateway sends "normal" if the adapter closed the connection, and its proto_name may be
// any name that the adapter chose. A rule that does not select proto_name is assumed to be about
// MQTT. Over QUIC, EMQX also sends "normal" if the client closed the connection with code 0 and
// without DISCONNECT, but no column shows the transport.
var normalMeansDisconnect = map[string]bool{
	"": true, "mqtt": true, "mqisdp": true,
	"mqtt-sn": true, // DISCONNECT without a duration
	"stomp":   true, // DISCONNECT
	"coap":    true, // DELETE of the connection
	"jt808":   true, // deregistration of the terminal
}

// emqxEnd returns the action and action info for the reason in an end event of any version. If
// sentByClient is true, the client chose the reason in two cases: if EMQX never gives this reason
// itself, and if the reason is the name of an MQTT 5 reason code, even one that EMQX also gives.
func emqxEnd(name string, sentByClient bool) (event.Action, event.ActionInfo) {
	_, isCode := reasonNames[name]
	info, isOfEMQX := emqxReasons[name]
	switch {
	case name == "normal", name == "disconnect_with_will_message":
		return event.Disconnect, event.DisconnectedByClient
	case sentByClient && name != "" && (isCode || !isOfEMQX):
		return event.Disconnect, event.DisconnectedByClient
	case isOfEMQX:
		return event.Close, info
	default:
		return event.Close, emqxRefusals[name] // event.Unexplained if there is no such name
	}
}
