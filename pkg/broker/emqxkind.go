package broker

import (
	"bytes"
	"math"
	"slices"
	"strings"

	"devicetrace/pkg/event"
)

// kindOf returns the kind of an event: its "event" column or, without this column, the kind that
// its topic or its other columns show. It returns "" if they do not show the kind.
func (m *emqx) kindOf(r *reader) string {
	if native := r.text("event", m.event); native != "" {
		return native
	}
	_, kind := m.sysTopic(r)
	if kind == "" {
		kind = m.kindOfColumns(r)
	}
	if code := r.integer("connack", m.sysConnack, math.MaxUint8); kind == "client.connected" && code.Value != 0 {
		return "client.connack"
	}
	return kind
}

// isFromPlugin reports whether the event is from emqx_web_hook, a plugin of EMQX 4. Such an event
// has no "event", and its "action" has a prefix, such as "client_", that no action of the rule
// engine has.
func (m *emqx) isFromPlugin() bool {
	group, _, isKind := bytes.Cut(m.action.raw, []byte("_"))
	return m.event.missing() && isKind && slices.Contains([]string{"client", "session", "message"}, string(group))
}

// kindOfColumns returns the kind of event that has the columns of m, or "" if several kinds have
// them. If a rule selects columns of several kinds, EMQX sends "undefined" for the columns that an
// event does not have, so only columns with a value count. A rule may also define columns of its
// own, so a common name such as "topic" or "result" proves nothing by itself.
func (m *emqx) kindOfColumns(r *reader) string {
	isHandshake := anySent(m.keepAlive, m.cleanStart, m.connProps, m.expiryInterval)
	switch {
	case anySent(m.payload) && anySent(m.qos):
		return "message.publish" // or another event about a message, which isOther treats in the same way
	case anySent(m.payload, m.qos, m.fromClientID):
		return ""
	case anySent(m.disconnectedAt, m.disconnProps):
		return "client.disconnected"
	case anySent(m.sysConnack):
		return "client.connected"
	case anySent(m.reasonCode) && (isHandshake || anySent(m.protoName, m.protoVer)):
		return "client.connack"
	case anySent(m.reasonCode) && anySent(m.isAnonymous, m.isSuperuser):
		return "client.check_authn_complete"
	case anySent(m.reasonCode):
		return ""
	case anySent(m.reason):
		if isOnlyAnEnd(r.text("reason", m.reason)) && !isHandshake {
			return "client.disconnected"
		}
		return ""
	case anySent(m.receiveMaximum, m.isBridge), anySent(m.connectedAt) && (isHandshake || m.isMadeAtConnect()):
		return "client.connected"
	case anySent(m.result, m.authzSource) && anySent(m.topic, m.action):
		return "client.check_authz_complete"
	default:
		// Columns of the handshake decide nothing, because client.connack and client.ping have them,
		// too.
		return ""
	}
}

// anySent reports whether any of the given columns has a value.
func anySent(columns ...value) bool {
	return slices.ContainsFunc(columns, func(v value) bool { return !v.missing() })
}

// isOnlyAnEnd reports whether a reason can only be about the end of a connection. Events about
// dropped messages have a reason, too.
func isOnlyAnEnd(reason string) bool {
	if reason == "expired" || reason == "receive_maximum_exceeded" {
		return false
	}
	name := reasonName(reason)
	_, isCode := reasonNames[name]
	action, info := emqxEnd(name, false)
	return isCode || action == event.Disconnect || info != event.Unexplained || name == "internal_error"
}

// isMadeAtConnect reports whether EMQX made the event when the connection began. An event that EMQX
// made later may be about the end of the connection. An event without "timestamp" and "ts" counts
// as made when the connection began.
func (m *emqx) isMadeAtConnect() bool {
	const tolerance = 1_000 // ms
	at := m.timestamp
	if at.missing() {
		at = m.ts
	}
	made, isKnown := at.milliseconds()
	begun, _ := inMilliseconds(m.connectedAt).milliseconds()
	return at.missing() || isKnown && max(made-begun, begun-made) <= tolerance
}

// These are the parts of the topics under which EMQX publishes a message about a client:
//
//	$SYS/brokers/NODE/clients/ID/KIND
//	$SYS/brokers/NODE/gateway/NAME/clients/ID/KIND    from gateways, since 5.0
//
// A client identifier may contain slashes. The body has the client identifier, but neither the node
// nor the kind, so a bridge should pass the topic on in the key "topic".
const (
	sysPrefix  = "$SYS/brokers/"
	sysClients = "/clients/"
)

// sysTopic returns the node and the kind of event in the topic of a message under $SYS. It returns
// empty strings for any other event. A client may choose the topic of a message, so sysTopic trusts
// a topic only if the body has "ts", which every message under $SYS has. A bridge may have put
// levels before the topic. Messages of a kind other than connected and disconnected are about
// subscriptions.
func (m *emqx) sysTopic(r *reader) (node, kind string) {
	if m.topic.kind != text || m.ts.missing() {
		return "", ""
	}
	topic := "/" + r.text("topic", m.topic)
	_, rest, isSys := strings.Cut(topic, "/"+sysPrefix)
	node, rest, _ = strings.Cut(rest, "/")
	if !isSys || !strings.Contains("/"+rest, sysClients) {
		return "", ""
	}
	switch last := rest[strings.LastIndexByte(rest, '/')+1:]; last {
	case "connected", "disconnected":
		return node, "client." + last
	default:
		return node, "session." + last
	}
}
