package broker

import (
	"math"
	"strings"

	"devicetrace/pkg/event"
)

var emqxSource = Source{
	Name:   EMQX,
	Decode: decode[emqx],
	Traits: Traits{SessionTakeovers: true}, // in EMQX 5.0.10 to 5.6
	vocabulary: vocabulary{
		refusals:    []string{"client.connack", "client.check_authn_complete"},
		ends:        []string{"client.disconnected"},
		notRestarts: []string{"kicked", "unknown_error"},
	},
}

// emqx is an event from the rule engine of EMQX 5 or 6. An HTTP action with an empty body template
// sends it. The events are recorded as follows:
//
//	event                                                    recorded as
//	client.connected                                         connect, accepted
//	client.disconnected                                      see emqx5End
//	client.connack                                           a refusal; nothing on success
//	client.check_authn_complete                              nothing: client.connack follows
//	client.check_authz_complete                              nothing: client.disconnected follows if a denial closes the connection
//	client.ping, message.*, session.*, delivery.*            nothing
type emqx struct {
	event, clientID, username, node        value
	timestamp, connectedAt, disconnectedAt value
	peerName, protoName, protoVer          value
	keepAlive, cleanStart                  value
	reason, reasonCode, disconnProps       value
}

func (m *emqx) slot(key []byte) *value {
	switch string(key) {
	case "event":
		return &m.event
	case "clientid":
		return &m.clientID
	case "username":
		return &m.username
	case "node":
		return &m.node
	case "timestamp":
		return &m.timestamp
	case "connected_at":
		return &m.connectedAt
	case "disconnected_at":
		return &m.disconnectedAt
	case "peername":
		return &m.peerName
	case "proto_name":
		return &m.protoName
	case "proto_ver":
		return &m.protoVer
	case "keepalive":
		return &m.keepAlive
	case "clean_start":
		return &m.cleanStart
	case "reason":
		return &m.reason
	case "reason_code":
		return &m.reasonCode
	case "disconn_props":
		return &m.disconnProps
	default:
		return nil
	}
}

// row fills in the event according to its kind. A rule's FROM clause may use the old topic names or
// the newer ones, such as $events/client/connected. In both cases, the "event" field has the same
// value.
func (m *emqx) row(r *reader, e *event.Event) bool {
	e.NativeEvent = r.text("event", m.event)
	switch e.NativeEvent {
	case "client.connected":
		m.connected(r, e)
	case "client.disconnected":
		m.disconnected(r, e)
	case "client.connack":
		if !m.connack(r, e) {
			return false
		}
	case "client.check_authn_complete", "client.check_authz_complete", "client.ping":
		return false
	default:
		if isTraffic(e.NativeEvent) {
			return false
		}
		r.unknownKind("event", e.NativeEvent, "client.connected", "client.disconnected", "client.connack")
	}
	if !r.refused() {
		m.common(r, e)
	}
	return true
}

// isTraffic reports whether a kind of event is about messages or subscriptions. A rule may select
// such events by mistake. They are ignored rather than rejected, because rejections would fill the
// quarantine with message payloads.
func isTraffic(kind string) bool {
	return strings.HasPrefix(kind, "message.") || strings.HasPrefix(kind, "session.") || strings.HasPrefix(kind, "delivery.")
}

func (m *emqx) connected(r *reader, e *event.Event) {
	e.Action, e.ActionInfo = event.Connect, event.Accepted
	r.setTime(e, timeField{"connected_at", m.connectedAt}, timeField{"timestamp", m.timestamp})
}

func (m *emqx) disconnected(r *reader, e *event.Event) {
	e.NativeReason = r.text("reason", m.reason)
	e.Action, e.ActionInfo = emqx5End(reasonName(e.NativeReason), m.sentByClient(), r.text("proto_name", m.protoName))
	r.setTime(e, timeField{"disconnected_at", m.disconnectedAt}, timeField{"timestamp", m.timestamp})
}

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

// connack fills in a refusal and reports whether to record it. It returns false if the CONNACK
// accepts the connection. It also returns false for a refusal without a client identifier, because
// no query could find the refusal, and anybody can send a CONNECT without an identifier.
func (m *emqx) connack(r *reader, e *event.Event) bool {
	if m.clientID.isEmptyText() {
		return false
	}
	isRefusal := emqxConnack(r, e, "reason_code", m.reasonCode)
	if isRefusal {
		r.setTime(e, timeField{"timestamp", m.timestamp})
	}
	return isRefusal
}

// emqxConnack fills in the meaning of the code in a CONNACK, and reports whether the CONNACK is a
// refusal.
func emqxConnack(r *reader, e *event.Event, field string, code value) bool {
	e.NativeReason = r.text(field, code)
	name := reasonName(e.NativeReason)
	if name == "" {
		r.refuse(field, "is missing; it must name the reason code of CONNACK, such as success")
	}
	e.Action, e.ActionInfo = event.Close, event.Unexplained
	if known, ok := reasonNames[name]; ok {
		e.ActionInfo, e.ReasonCode = known.inConnack, event.Some(known.code)
	} else if info, ok := emqxRefusals[name]; ok {
		e.ActionInfo = info
	}
	return !emqxAccepted[name]
}

// common fills in the fields that all kinds of event have.
func (m *emqx) common(r *reader, e *event.Event) {
	e.Source = EMQX
	e.ClientID = r.clientID("clientid", m.clientID)
	e.Username = r.name("username", m.username)
	e.Node = r.text("node", m.node)
	e.PeerAddress, e.PeerPort = splitPeer(r.text("peername", m.peerName))
	e.Protocol = r.text("proto_name", m.protoName)
	e.ProtocolVersion = emqxLevel(r, m.protoVer, e.Protocol)
	e.KeepAlive = r.seconds("keepalive", m.keepAlive)
	e.CleanStart = r.flag("clean_start", m.cleanStart)
	e.ConnectedAt = r.time("connected_at", m.connectedAt)
}

// emqxLevel returns the MQTT protocol level in v, the value of the event's proto_ver. In an event
// from a gateway, v may be another protocol's version, such as "1.2" or "2019". For such a string,
// emqxLevel returns 0.
func emqxLevel(r *reader, v value, protocol string) int32 {
	isOther := protocol != "" && protocol != "MQTT" && protocol != "MQIsdp"
	if _, isNumber := v.integer(); v.kind == text && (isOther || protocol == "" && !isNumber) {
		return 0
	}
	return r.integer("proto_ver", v, math.MaxUint8).Value
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
