package broker

import (
	"math"

	"devicetrace/pkg/event"
)

var nanomqSource = Source{
	Name:   NanoMQ,
	Decode: decode[nanomq],
	Traits: Traits{RefusalsEnd: true},
	vocabulary: vocabulary{
		refusals: []string{"client_connack"},
		ends:     []string{"client_disconnected"},
	},
}

// nanomq is an event of NanoMQ's webhook. The table follows the source code of NanoMQ 0.25 and a
// trial with 0.25.5:
//
//	action                 conn_ack    recorded as
//	client_connack         success     connect, accepted
//	client_connack         fail        close, not authorized
//	client_disconnected                close, unexplained
//	message_publish                    nothing
//
// NanoMQ sends client_connack with fail only if the authentication failed. For such a refused
// CONNECT, NanoMQ also sends client_disconnected, before or after client_connack. The reason in
// client_disconnected is always "normal", so it says nothing about the cause. No event has a time,
// an address or an identifier of the connection.
type nanomq struct {
	action, clientID, username value
	protoVer, keepAlive        value
	connAck, reason            value
}

func (m *nanomq) slot(key []byte) *value {
	switch string(key) {
	case "action":
		return &m.action
	case "clientid":
		return &m.clientID
	case "username":
		return &m.username
	case "proto_ver":
		return &m.protoVer
	case "keepalive":
		return &m.keepAlive
	case "conn_ack":
		return &m.connAck
	case "reason":
		return &m.reason
	default:
		return nil
	}
}

func (m *nanomq) row(r *reader, e *event.Event) bool {
	e.NativeEvent = r.text("action", m.action)
	switch e.NativeEvent {
	case "client_connack":
		m.connack(r, e)
	case "client_disconnected":
		e.NativeReason = r.text("reason", m.reason)
		e.Action, e.ActionInfo = event.Close, event.Unexplained
	case "message_publish":
		return false
	default:
		r.unknownKind("action", e.NativeEvent, "client_connack", "client_disconnected")
	}
	if !r.refused() {
		m.common(r, e)
	}
	return true
}

func (m *nanomq) connack(r *reader, e *event.Event) {
	switch outcome := r.text("conn_ack", m.connAck); outcome {
	case "success":
		e.Action, e.ActionInfo = event.Connect, event.Accepted
	case "":
		r.refuse("conn_ack", "is missing; use success or fail")
	default:
		e.NativeReason = outcome
		e.Action, e.ActionInfo = event.Close, event.NotAuthorized
	}
}

// common fills in the fields that all kinds of event have.
func (m *nanomq) common(r *reader, e *event.Event) {
	e.Source = NanoMQ
	e.ClientID = r.clientID("clientid", m.clientID)
	e.Username = r.text("username", m.username)
	e.ProtocolVersion = r.integer("proto_ver", m.protoVer, math.MaxUint8).Value
	e.KeepAlive = r.seconds("keepalive", m.keepAlive)
	r.setTime(e)
}
