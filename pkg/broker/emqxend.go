package broker

import "devicetrace/pkg/event"

// sentByClient reports whether the event contains properties of a DISCONNECT from the client. A
// result of false does not rule out a DISCONNECT, because a client may send one without properties.
// An empty User-Property does not count, because EMQX adds one to every event from 5.0.11 on
// (printable_maps in emqx_rule_events).
func (m *emqx) sentByClient() bool {
	var user value
	sent := false
	isObject := m.disconnProps.members(func(key []byte) *value {
		if string(key) == "User-Property" {
			return &user
		}
		sent = true
		return nil
	})
	return isObject && (sent || user.hasMembers())
}

// emqx5End returns the action and action info for a client.disconnected event of EMQX 5 or 6. The
// names of three reasons are misleading in these versions:
//
//   - EMQX writes "error" for the Erlang term {error, X}. It nearly always means that a WebSocket
//     connection was closed without a close frame. For TCP, the equivalent reason is "tcp_closed".
//   - EMQX writes "internal_error" for any other term without a name, so it gives no reason. It nearly
//     always means that EMQX received a WebSocket close frame with a code. From 5.10 on, the connection may also have
//     ended for a reason at the MQTT level, such as a DISCONNECT or an expired keep alive. Up to
//     6.2, "internal_error" may also mean that EMQX received bad frames on a TCP connection.
//   - The LwM2M gateway sends "timeout" when a registration's lifetime ends.
func emqx5End(name string, sentByClient bool, protocol string) (event.Action, event.ActionInfo) {
	switch {
	case name == "internal_error" && sentByClient:
		return event.Disconnect, event.DisconnectedByClient
	case name == "internal_error":
		return event.Close, event.Unexplained
	case name == "error":
		return event.Close, event.ClosedByClient
	case name == "timeout" && protocol == "LwM2M":
		return event.Close, event.NoHeart
	default:
		return emqxEnd(name, sentByClient)
	}
}

// emqxEnd returns the action and action info for the reason in a client.disconnected event of
// any version.
func emqxEnd(name string, sentByClient bool) (event.Action, event.ActionInfo) {
	if name == "normal" || name == "disconnect_with_will_message" {
		return event.Disconnect, event.DisconnectedByClient
	}
	if _, isCode := reasonNames[name]; isCode && sentByClient {
		return event.Disconnect, event.DisconnectedByClient
	}
	if info, ok := emqxReasons[name]; ok {
		return event.Close, info
	}
	return event.Close, event.Unexplained
}
