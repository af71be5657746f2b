package broker

import (
	"fmt"
	"math"
	"slices"
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

// emqx is an event from the rule engine of EMQX. An HTTP action with an empty body template sends
// it. A rule may select only some columns, and a bridge may forward EMQX's messages under $SYS
// instead; see kindOf. The events are recorded as follows:
//
//	event                                                    recorded as
//	client.connected                                         connect, accepted
//	client.disconnected                                      see ruleEnd
//	client.connack                                           a refusal; nothing on success
//	client.check_authn_complete                              nothing: client.connack follows
//	client.check_authz_complete, client.check_acl_complete   nothing: client.disconnected follows if a denial closes the connection
//	client.ping, message.*, session.*, delivery.*            nothing
type emqx struct {
	event, clientID, username, node        value
	timestamp, connectedAt, disconnectedAt value
	peerName, protoName, protoVer          value
	keepAlive, cleanStart                  value
	reason, reasonCode, disconnProps       value

	topic, ts, ipAddress, sysConnack value // in messages under $SYS; topic also in other events

	// The rule engine's decoder uses these fields only to find out the kind of an event; see
	// kindOfColumns and isFromPlugin.
	connProps, expiryInterval, receiveMaximum, isBridge value
	isAnonymous, isSuperuser, action, result            value
	authzSource, payload, qos, fromClientID             value
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
	case "topic":
		return &m.topic
	case "ts":
		return &m.ts
	case "ipaddress":
		return &m.ipAddress
	case "connack":
		return &m.sysConnack
	default:
		return m.kindSlot(key)
	}
}

// kindSlot continues slot with the columns that the rule engine's decoder uses only to find out the
// kind of an event.
func (m *emqx) kindSlot(key []byte) *value {
	switch string(key) {
	case "conn_props":
		return &m.connProps
	case "expiry_interval":
		return &m.expiryInterval
	case "receive_maximum":
		return &m.receiveMaximum
	case "is_bridge":
		return &m.isBridge
	case "is_anonymous":
		return &m.isAnonymous
	case "is_superuser":
		return &m.isSuperuser
	case "action":
		return &m.action
	case "result":
		return &m.result
	case "authz_source":
		return &m.authzSource
	case "payload":
		return &m.payload
	case "qos":
		return &m.qos
	case "from_clientid":
		return &m.fromClientID
	default:
		return nil
	}
}

func (m *emqx) row(r *reader, e *event.Event) bool {
	if m.isFromPlugin() {
		if !strings.HasPrefix(string(m.action.raw), "client_") {
			return false // for the same reason as in isOther
		}
		r.refuse("action", fmt.Sprintf("%.64q is an event of EMQX 4's plugin emqx_web_hook; send its events to the route %s", m.action.raw, EMQX4))
		return true
	}
	return m.ruleRow(r, e, m.kindOf(r))
}

// ruleRow fills in an event of the given kind. A rule's FROM clause may use the old topic names or
// the newer ones, such as $events/client/connected. In both cases, the "event" field has the same
// value.
func (m *emqx) ruleRow(r *reader, e *event.Event, kind string) bool {
	e.NativeEvent = kind
	switch kind {
	case "client.connected":
		m.connected(r, e)
	case "client.disconnected":
		m.disconnected(r, e)
	case "client.connack":
		if !m.connack(r, e) {
			return false
		}
	case "client.check_authn_complete", "client.check_authz_complete", "client.check_acl_complete", "client.ping":
		return false
	default:
		if isOther(kind) {
			return false
		}
		r.unknownKind("event", kind, "client.connected", "client.disconnected", "client.connack")
	}
	if !r.refused() {
		m.common(r, e)
	}
	return true
}

// isOther reports whether a kind of event is about messages, subscriptions, schemas or alarms. A
// rule may select such events by mistake. They are ignored rather than rejected, because rejections
// would fill the quarantine with message payloads.
func isOther(kind string) bool {
	group, _, isKind := strings.Cut(kind, ".")
	return isKind && slices.Contains([]string{"message", "session", "delivery", "schema", "alarm"}, group)
}

func (m *emqx) connected(r *reader, e *event.Event) {
	e.Action, e.ActionInfo = event.Connect, event.Accepted
	times := m.times(timeField{"connected_at", m.connectedAt})
	r.setTime(e, times[:]...)
}

func (m *emqx) disconnected(r *reader, e *event.Event) {
	e.NativeReason = r.text("reason", m.reason)
	protocol := r.text("proto_name", m.protoName)
	e.Action, e.ActionInfo = ruleEnd(reasonName(e.NativeReason), m.sentByClient(r), protocol, emqxLevel(r, m.protoVer, protocol))
	times := m.times(timeField{"disconnected_at", m.disconnectedAt})
	r.setTime(e, times[:]...)
}

// times returns the fields that may hold the time of an event, the best one first. exact is the
// field with the time at which the event happened. If that field is in seconds, it comes last.
func (m *emqx) times(exact timeField) [3]timeField {
	timestamp, ts := timeField{"timestamp", m.timestamp}, timeField{"ts", m.ts}
	if inSeconds(exact.value) {
		return [...]timeField{timestamp, ts, {exact.name, inMilliseconds(exact.value)}}
	}
	return [...]timeField{exact, timestamp, ts}
}

// connack fills in a refusal and reports whether to record it. It returns false if the CONNACK
// accepts the connection. It also returns false for a refusal without a client identifier, because
// no query could find the refusal, and anybody can send a CONNECT without an identifier.
func (m *emqx) connack(r *reader, e *event.Event) bool {
	field, code := "reason_code", m.reasonCode
	if !m.sysConnack.missing() {
		field, code = "connack", m.sysConnack // EMQX 3 announces refusals under $SYS
	}
	if m.clientID.isEmptyText() || !emqxConnack(r, e, field, code) {
		return false
	}
	r.setTime(e, timeField{"timestamp", m.timestamp}, timeField{"ts", m.ts})
	return true
}

// emqxConnack fills in the meaning of the code in a CONNACK, and reports whether the CONNACK is a
// refusal. code is the name of an MQTT 5 reason code, a gateway's own name for a code or, in some
// versions of EMQX 3 and 4, a number.
func emqxConnack(r *reader, e *event.Event, field string, code value) bool {
	e.NativeReason = r.name(field, code)
	e.Action, e.ActionInfo = event.Close, event.Unexplained
	if _, isNumber := code.integer(); isNumber {
		e.ReasonCode = r.integer(field, code, math.MaxUint8)
		e.ActionInfo = Refused(byte(e.ReasonCode.Value))
		return e.ReasonCode.Value != 0
	}
	name := reasonName(e.NativeReason)
	if name == "" {
		r.refuse(field, "is missing; it must name the reason code of CONNACK, such as success")
	}
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
	sysNode, _ := m.sysTopic(r)
	e.Node = orElse(r.text("node", m.node), sysNode)
	e.PeerAddress, e.PeerPort = splitPeer(r.text("peername", m.peerName))
	if e.PeerAddress == "" {
		e.PeerAddress = r.text("ipaddress", m.ipAddress)
	}
	e.Protocol = r.text("proto_name", m.protoName)
	e.ProtocolVersion = emqxLevel(r, m.protoVer, e.Protocol)
	e.KeepAlive = r.seconds("keepalive", m.keepAlive)
	e.CleanStart = r.flag("clean_start", m.cleanStart)
	e.ConnectedAt = r.time("connected_at", inMilliseconds(m.connectedAt))
}

// emqxLevel returns the MQTT protocol level in v, the value of the event's proto_ver. In an event
// from a gateway, v may be another protocol's version, such as "1.2" or "2016". For such a version,
// emqxLevel returns 0.
func emqxLevel(r *reader, v value, protocol string) int32 {
	if !IsMQTT(protocol) {
		return 0
	}
	if n, isNumber := v.integer(); protocol == "" && v.kind == text && (!isNumber || n < 0 || n > math.MaxUint8) {
		return 0
	}
	return r.integer("proto_ver", v, math.MaxUint8).Value
}
