package broker

import (
	"strconv"
	"strings"
	"unicode"

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

// emqx4 is an event from emqx_web_hook, a plugin of EMQX 4:
//
//	action                                    recorded as
//	client_connected                          connect, accepted
//	client_connack                            a refusal; nothing on success
//	client_disconnected                       see emqx4End
//	client_connect                            nothing: it precedes authentication
//	client_subscribe, client_unsubscribe,
//	session_*, message_*                      nothing
//
// client_connack never contains a time. client_disconnected contains disconnected_at since 4.2.9
// and connected_at since 4.3.12. In EMQX 4.0, connected_at is in seconds.
//
// EMQX 4 also has a rule engine, which sends nearly the same events as the rule engine of EMQX 5.
type emqx4 struct {
	emqx    // the fields of the rule engine's events, some of which the plugin sends, too
	connAck value
}

func (m *emqx4) slot(key []byte) *value {
	if string(key) == "conn_ack" {
		return &m.connAck
	}
	return m.emqx.slot(key)
}

func (m *emqx4) row(r *reader, e *event.Event) bool {
	if m.isFromPlugin() {
		return m.pluginRow(r, e)
	}
	kind := m.kindOf(r)
	if kind == "" {
		return m.pluginRow(r, e)
	}
	isRow := m.ruleRow(r, e, kind)
	e.Source = EMQX4
	return isRow
}

// pluginRow fills in an event from the plugin.
func (m *emqx4) pluginRow(r *reader, e *event.Event) bool {
	e.NativeEvent = r.text("action", m.action)
	switch e.NativeEvent {
	case "client_connected":
		e.Action, e.ActionInfo = event.Connect, event.Accepted
		r.setTime(e, timeField{"connected_at", inMilliseconds(m.connectedAt)})
	case "client_disconnected":
		e.NativeReason = r.text("reason", m.reason)
		e.Action, e.ActionInfo = emqx4End(e.NativeReason)
		r.setTime(e, timeField{"disconnected_at", m.disconnectedAt})
	case "client_connack":
		if m.clientID.isEmptyText() || !emqxConnack(r, e, "conn_ack", m.connAck) {
			return false
		}
		r.setTime(e)
	case "client_connect", "client_subscribe", "client_unsubscribe",
		"session_subscribed", "session_unsubscribed", "session_terminated",
		"message_publish", "message_delivered", "message_acked":
		return false
	default:
		r.unknownKind("action", e.NativeEvent, "client_connected", "client_disconnected", "client_connack")
	}
	if !r.refused() {
		m.common(r, e)
	}
	return true
}

// common fills in the fields that all kinds of event have.
func (m *emqx4) common(r *reader, e *event.Event) {
	e.Source = EMQX4
	e.ClientID = r.clientID("clientid", m.clientID)
	e.Username = r.name("username", m.username)
	e.Node = r.text("node", m.node)
	e.PeerAddress = r.text("ipaddress", m.ipAddress)
	e.ProtocolVersion = emqxLevel(r, m.protoVer, "")
	e.KeepAlive = r.seconds("keepalive", m.keepAlive)
	e.ConnectedAt = r.time("connected_at", inMilliseconds(m.connectedAt))
}

// emqx4End returns the action and action info for an end event's reason. The reason has one of
// three forms:
//
//   - A name has the same meaning as in later versions of EMQX.
//   - A number from 1000 to 4999 is the code of a WebSocket close frame from the client. It means
//     "closed by client".
//   - An Erlang term, such as {error,sock_closed}, may contain several names. The first name with a
//     meaning other than Socket IOException decides. If there is no such name, the result is Socket
//     IOException if any name has that meaning, and event.Unexplained otherwise. Text after the
//     first quotation mark is ignored, because strings in a term are messages for people.
func emqx4End(reason string) (event.Action, event.ActionInfo) {
	if code, err := strconv.Atoi(reason); err == nil && 1000 <= code && code <= 4999 {
		return event.Close, event.ClosedByClient
	}
	action, info := emqxEnd(reasonName(reason), false)
	term, _, _ := strings.Cut(reason, `"`)
	for name := range strings.FieldsFuncSeq(term, isSeparator) {
		if info != event.SocketIOException && info != event.Unexplained {
			break
		}
		if a, i := emqxEnd(reasonName(name), false); i != event.Unexplained {
			action, info = a, i
		}
	}
	return action, info
}

// isSeparator reports whether c separates names in an Erlang term, where a name consists of
// lower-case letters, digits and underscores.
func isSeparator(c rune) bool {
	return c != '_' && !unicode.IsLower(c) && !unicode.IsDigit(c)
}
