package broker

import (
	"math"

	"devicetrace/pkg/event"
)

var rmqttSource = Source{
	Name:        RMQTT,
	Decode:      decode[rmqtt],
	TokenInPath: true,
	vocabulary: vocabulary{
		refusals:    []string{rmqttConnack},
		ends:        []string{rmqttDisconnected},
		notRestarts: []string{"ByAdminKick", "HandshakeRateExceeded", "service unavailable"},
	},
}

// The names of the events that are recorded.
const (
	rmqttConnected    = "client_connected"
	rmqttConnack      = "client_connack"
	rmqttDisconnected = "client_disconnected"
)

// rmqtt is an event from RMQTT's plugin rmqtt-web-hook. The table follows the source code of
// 0.23.1:
//
//	field            event                meaning
//	action           all                  name of the event, unless the operator has chosen another text
//	node             all                  number of the node
//	ipaddress        all                  address and port; an IPv6 address is in brackets
//	clientid         all                  client identifier
//	username         all                  user name; "undefined" if there is none
//	time             all                  local time without a zone, which is not used
//	keepalive        connected, connack   seconds
//	proto_ver        connected, connack   3, 4 or 5
//	clean_session    connected, connack   in MQTT 3
//	clean_start      connected, connack   in MQTT 5
//	connected_at     connected            Unix milliseconds
//	conn_ack         connack              see rmqttRefusals; only of accepted CONNECTs from 0.15.0 on
//	disconnected_at  disconnected         Unix milliseconds; when the DISCONNECT arrived, if there was one
//	reason           disconnected         see rmqttEnd
//
// A connect and its end have the same node, address, port and client identifier, which together
// identify the connection. connected_at cannot identify it, because the end does not contain it.
type rmqtt struct {
	action, node, ipAddress, clientID, username value
	keepAlive, protoVer                         value
	cleanSession, cleanStart                    value
	connectedAt, connAck                        value
	disconnectedAt, reason                      value
	topic, createdAt                            value // only in events that are not recorded
}

func (m *rmqtt) slot(key []byte) *value {
	switch string(key) {
	case "action":
		return &m.action
	case "node":
		return &m.node
	case "ipaddress":
		return &m.ipAddress
	case "clientid":
		return &m.clientID
	case "username":
		return &m.username
	case "keepalive":
		return &m.keepAlive
	case "proto_ver":
		return &m.protoVer
	case "clean_session":
		return &m.cleanSession
	case "clean_start":
		return &m.cleanStart
	case "connected_at":
		return &m.connectedAt
	case "conn_ack":
		return &m.connAck
	case "disconnected_at":
		return &m.disconnectedAt
	case "reason":
		return &m.reason
	case "topic":
		return &m.topic
	case "created_at":
		return &m.createdAt
	default:
		return nil
	}
}

func (m *rmqtt) row(r *reader, e *event.Event) bool {
	kind, isRecorded := m.kind(r)
	if !isRecorded {
		return false
	}
	e.NativeEvent = kind
	switch kind {
	case rmqttConnected:
		e.Action, e.ActionInfo = event.Connect, event.Accepted
		r.setTime(e, timeField{"connected_at", withoutZero(m.connectedAt)})
	case rmqttDisconnected:
		e.NativeReason = r.text("reason", m.reason)
		e.Action, e.ActionInfo = rmqttEnd(e.NativeReason)
		r.setTime(e, timeField{"disconnected_at", withoutZero(m.disconnectedAt)})
	case rmqttConnack:
		if m.clientID.isEmptyText() || !m.connack(r, e) {
			return false
		}
		r.setTime(e)
	default:
		r.unknownKind("action", kind, rmqttConnected, rmqttConnack, rmqttDisconnected)
	}
	if !r.refused() {
		m.common(r, e)
	}
	return true
}

// kind returns the name of the event and reports whether the event is recorded. If the action is
// not the name of an event, the operator has chosen it. kind then looks at the other fields,
// because each recorded event has a field that no other event has. If the fields do not show the
// event either, kind returns the unknown action, so that the item is rejected.
func (m *rmqtt) kind(r *reader) (name string, isRecorded bool) {
	action := r.text("action", m.action)
	switch {
	case rmqttOther[action]:
		return "", false
	case action == rmqttConnected, action == rmqttConnack, action == rmqttDisconnected:
		return action, true
	case !m.connAck.missing():
		return rmqttConnack, true
	case !m.disconnectedAt.missing():
		return rmqttDisconnected, true
	case !m.connectedAt.missing():
		return rmqttConnected, true
	// Each of the other events has one of these fields: client_connect has the first,
	// session_terminated the second, and every other event the third or the fourth.
	case !m.keepAlive.missing(), !m.reason.missing(), !m.topic.missing(), !m.createdAt.missing():
		return "", false
	default:
		return action, true
	}
}

// rmqttOther holds the names of the events that are not recorded. client_connect precedes the
// login, and session_terminated repeats the reason of the last connection of a session.
var rmqttOther = map[string]bool{
	"client_connect": true, "client_subscribe": true, "client_unsubscribe": true,
	"session_created": true, "session_terminated": true, "session_subscribed": true, "session_unsubscribed": true,
	"message_publish": true, "message_delivered": true, "message_acked": true, "message_dropped": true,
	"offline_message": true, "offline_inflight_messages": true,
}

// connack fills in a refused CONNECT. It returns false if the CONNECT was accepted, because RMQTT
// then also sends client_connected.
func (m *rmqtt) connack(r *reader, e *event.Event) bool {
	outcome := r.text("conn_ack", m.connAck)
	switch outcome {
	case "Connection Accepted":
		return false
	case "":
		r.refuse("conn_ack", "is missing; it must say whether the CONNECT was accepted")
	}
	e.NativeReason = outcome
	e.Action, e.ActionInfo = event.Close, rmqttRefusals[outcome]
	return true
}

// common fills in the fields that all recorded events may have.
func (m *rmqtt) common(r *reader, e *event.Event) {
	e.Source = RMQTT
	e.ClientID = r.clientID("clientid", m.clientID)
	e.Username = r.text("username", m.username)
	e.Node = r.name("node", m.node)
	e.PeerAddress, e.PeerPort = splitPeer(r.text("ipaddress", m.ipAddress))
	e.KeepAlive = r.seconds("keepalive", m.keepAlive)
	e.ProtocolVersion = r.integer("proto_ver", m.protoVer, math.MaxUint8).Value
	e.CleanStart = r.flag("clean_start", m.cleanStart)
	if !e.CleanStart.Known {
		e.CleanStart = r.flag("clean_session", m.cleanSession)
	}
}

// withoutZero returns an absent value in place of 0, which RMQTT sends if it does not know a time.
func withoutZero(v value) value {
	if n, ok := v.integer(); ok && n == 0 {
		return value{}
	}
	return v
}
