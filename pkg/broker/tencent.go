package broker

import (
	"math"
	"strings"

	"devicetrace/pkg/event"
)

var tencentSource = Source{
	Name:   Tencent,
	Decode: decode[tencent],
	vocabulary: vocabulary{
		ends: []string{"client.disconnected"},
	},
}

// ComparableNodes reports whether two different node names are certain to mean different nodes.
// Tencent names a node by address and port in connect events, but by host alone in end events. So
// if only one of the names contains a colon, both may mean the same node.
func ComparableNodes(a, b string) bool { return strings.Contains(a, ":") == strings.Contains(b, ":") }

// tencent is an event that Tencent Cloud's TDMQ for MQTT publishes under $events. A bridge forwards
// the event (https://www.tencentcloud.com/document/product/1294/76432):
//
//	event                                           recorded as
//	client.connected                                connect, accepted
//	client.disconnected                             see emqx4End; EMQX 4 uses the same reason texts
//	session.subscribed, session.unsubscribed,
//	certificate.registered, certificate.rejected    nothing
//
// A connect event includes the start time of the connection, but not the client's address. An end
// event includes the address, but not the start time. Therefore no field links an end event to its
// connect event.
type tencent struct {
	event, clientID, username, node, peerName value
	timestamp, connectedAt, disconnectedAt    value
	protoVer, keepAlive, cleanStart           value
	reason                                    value
}

func (m *tencent) slot(key []byte) *value {
	switch string(key) {
	case "event":
		return &m.event
	case "clientid":
		return &m.clientID
	case "username":
		return &m.username
	case "node":
		return &m.node
	case "peername":
		return &m.peerName
	case "timestamp":
		return &m.timestamp
	case "connected_at":
		return &m.connectedAt
	case "disconnected_at":
		return &m.disconnectedAt
	case "proto_ver":
		return &m.protoVer
	case "keepalive":
		return &m.keepAlive
	case "clean_start":
		return &m.cleanStart
	case "reason":
		return &m.reason
	default:
		return nil
	}
}

func (m *tencent) row(r *reader, e *event.Event) bool {
	e.NativeEvent = r.text("event", m.event)
	switch e.NativeEvent {
	case "client.connected":
		e.Action, e.ActionInfo = event.Connect, event.Accepted
		r.setTime(e, timeField{"connected_at", m.connectedAt}, timeField{"timestamp", m.timestamp})
	case "client.disconnected":
		e.NativeReason = r.text("reason", m.reason)
		e.Action, e.ActionInfo = emqx4End(e.NativeReason)
		r.setTime(e, timeField{"disconnected_at", m.disconnectedAt}, timeField{"timestamp", m.timestamp})
	case "session.subscribed", "session.unsubscribed", "certificate.registered", "certificate.rejected":
		return false
	default:
		r.unknownKind("event", e.NativeEvent, "client.connected", "client.disconnected")
	}
	if !r.refused() {
		m.common(r, e)
	}
	return true
}

// common fills in the fields that events of every kind have.
func (m *tencent) common(r *reader, e *event.Event) {
	e.Source = Tencent
	e.ClientID = r.clientID("clientid", m.clientID)
	e.Username = r.text("username", m.username)
	e.Node = r.text("node", m.node)
	e.PeerAddress, e.PeerPort = splitPeer(r.text("peername", m.peerName))
	e.ProtocolVersion = r.integer("proto_ver", m.protoVer, math.MaxUint8).Value
	e.KeepAlive = r.seconds("keepalive", m.keepAlive)
	e.CleanStart = r.flag("clean_start", m.cleanStart)
	e.ConnectedAt = r.time("connected_at", m.connectedAt)
}
