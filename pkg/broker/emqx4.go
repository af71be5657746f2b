package broker

import (
	"strconv"
	"strings"

	"devicetrace/pkg/event"
)

var emqx4Source = Source{
	Name:   EMQX4,
	Decode: decode[emqx4],
	vocabulary: vocabulary{
		refusals: []string{"client_connack"},
		ends:     []string{"client_disconnected"},
	},
}

// emqx4 is what the plugin emqx_web_hook of EMQX 4 sends:
//
//	action                                    makes
//	client_connected                          connect, accepted
//	client_connack                            what client.connack of EMQX 5 makes: no row of success
//	client_disconnected                       see emqx4End
//	client_connect                            no row: it comes before authentication
//	client_subscribe, client_unsubscribe,
//	session_*, message_*                      no row
//
// A CONNACK has no time. The end of a connection has one from 4.2.9 on, and tells when
// it began from 4.3.12 on. 4.0 tells that of a connect in seconds.
type emqx4 struct {
	action, clientID, username, node value
	ipAddress, protoVer, keepAlive   value
	connectedAt, disconnectedAt      value
	connAck, reason                  value
}

func (m *emqx4) slot(key []byte) *value {
	switch string(key) {
	case "action":
		return &m.action
	case "clientid":
		return &m.clientID
	case "username":
		return &m.username
	case "node":
		return &m.node
	case "ipaddress":
		return &m.ipAddress
	case "proto_ver":
		return &m.protoVer
	case "keepalive":
		return &m.keepAlive
	case "connected_at":
		return &m.connectedAt
	case "disconnected_at":
		return &m.disconnectedAt
	case "conn_ack":
		return &m.connAck
	case "reason":
		return &m.reason
	default:
		return nil
	}
}

func (m *emqx4) row(r *reader, e *event.Event) bool {
	e.NativeEvent = r.text("action", m.action)
	switch e.NativeEvent {
	case "client_connected":
		e.Action, e.ActionInfo = event.Connect, event.Accepted
		r.when(e, timeField{"connected_at", milliseconds(m.connectedAt)})
	case "client_disconnected":
		e.NativeReason = r.text("reason", m.reason)
		e.Action, e.ActionInfo = emqx4End(e.NativeReason)
		r.when(e, timeField{"disconnected_at", m.disconnectedAt})
	case "client_connack":
		if m.clientID.isEmptyText() || !emqxConnack(r, e, "conn_ack", m.connAck) {
			return false
		}
		r.when(e)
	case "client_connect", "client_subscribe", "client_unsubscribe",
		"session_subscribed", "session_unsubscribed", "session_terminated",
		"message_publish", "message_delivered", "message_acked":
		return false
	default:
		r.unknownKind("action", e.NativeEvent)
	}
	if !r.refused() {
		m.common(r, e)
	}
	return true
}

// common fills in what all kinds share.
func (m *emqx4) common(r *reader, e *event.Event) {
	e.Source = EMQX4
	e.ClientID = r.clientID("clientid", m.clientID)
	e.Username = r.text("username", m.username)
	e.Node = r.text("node", m.node)
	e.PeerAddress = r.text("ipaddress", m.ipAddress)
	e.ProtocolVersion = emqxLevel(r, m.protoVer, "")
	e.KeepAlive = r.seconds("keepalive", m.keepAlive)
	e.ConnectedAt = r.time("connected_at", milliseconds(m.connectedAt))
}

// milliseconds is a Unix time in them, where it may be one in seconds.
func milliseconds(v value) value {
	if n, ok := v.integer(); ok && earliest/1000 < n && n < earliest {
		v.raw = strconv.AppendInt(nil, n*1000, 10)
	}
	return v
}

// emqx4End is what a reason of client_disconnected means: a name as in later versions,
// a term of Erlang such as {error,sock_closed}, or the code of a WebSocket close frame,
// which the client sent. The first name in a term that means more than
// Socket IOException decides; texts in it are for humans.
func emqx4End(reason string) (event.Action, event.ActionInfo) {
	if code, err := strconv.Atoi(reason); err == nil && 1000 <= code && code <= 4999 {
		return event.Close, event.ClosedByClient
	}
	action, info := emqxEnd(reasonName(reason), false)
	term, _, _ := strings.Cut(reason, `"`)
	for name := range strings.FieldsFuncSeq(term, isNoName) {
		if info != event.SocketIOException {
			break
		}
		action, info = emqxEnd(reasonName(name), false)
	}
	return action, info
}

// isNoName reports whether c cannot be part of a name in a term.
func isNoName(c rune) bool {
	return c != '_' && (c < 'a' || c > 'z') && (c < '0' || c > '9')
}
