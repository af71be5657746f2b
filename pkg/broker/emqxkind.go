package broker

import (
	"math"
	"strings"

	"devicetrace/pkg/event"
)

// kindOf returns the kind of an event: its "event" column or, without this column, the kind that
// its topic or its other columns show. It returns "" if they do not show the kind.
func (m *emqx) kindOf(r *reader) string {
	if native := r.text("event", m.event); native != "" {
		return native
	}
	kind := m.kindOfColumns(r)
	if !m.topic.missing() {
		kind = sysKind(r.text("topic", m.topic))
	}
	if code := r.integer("connack", m.sysConnack, math.MaxUint8); kind == "client.connected" && code.Value != 0 {
		return "client.connack"
	}
	return kind
}

// kindOfColumns returns the kind of event that has the columns of m, or "" if several kinds have
// them. A rule that selects columns of several kinds sends "undefined" for those that an event does
// not have, so only columns with a value count.
func (m *emqx) kindOfColumns(r *reader) string {
	isHandshake := !m.keepAlive.missing() || !m.cleanStart.missing() || !m.handshake.missing()
	switch {
	case !m.messageOnly.missing():
		return ""
	case !m.disconnectedAt.missing(), !m.disconnProps.missing():
		return "client.disconnected"
	case !m.authnOnly.missing():
		return "client.check_authn_complete"
	case !m.authzOnly.missing():
		return "client.check_authz_complete"
	case !m.reasonCode.missing():
		if isHandshake || !m.protoName.missing() || !m.protoVer.missing() {
			return "client.connack"
		}
		return "" // check_authn_complete has a reason code, too
	case !m.reason.missing():
		if isOnlyAnEnd(r.text("reason", m.reason)) && !isHandshake {
			return "client.disconnected"
		}
		return ""
	case !m.connectOnly.missing(), !m.connectedAt.missing() && (isHandshake || !m.isMuchLaterThanConnect()):
		return "client.connected"
	default:
		return "" // client.connack has the columns of the handshake, too
	}
}

// isOnlyAnEnd reports whether a reason stands for the end of a connection and for nothing else.
// Events about dropped messages have a reason, too.
func isOnlyAnEnd(reason string) bool {
	if reason == "expired" || reason == "receive_maximum_exceeded" {
		return false
	}
	action, info := emqxEnd(reasonName(reason), false)
	return action == event.Disconnect || info != event.Unexplained || reason == "internal_error"
}

// isMuchLaterThanConnect reports whether EMQX made the event long after the connection began. The
// event may then be about the end of the connection.
func (m *emqx) isMuchLaterThanConnect() bool {
	const much = 10_000 // ms
	at, isKnown := m.timestamp.integer()
	begun, _ := inMilliseconds(m.connectedAt).integer()
	return isKnown && at-begun > much
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

// sysKind returns the kind of event that a topic under $SYS stands for, or "" if the topic is not
// about a client. The kinds other than connected and disconnected are about subscriptions.
func sysKind(topic string) string {
	if !strings.HasPrefix(topic, sysPrefix) || !strings.Contains(topic, sysClients) {
		return ""
	}
	switch last := topic[strings.LastIndexByte(topic, '/')+1:]; last {
	case "connected", "disconnected":
		return "client." + last
	default:
		return "session." + last
	}
}

// sysNode returns the node in a topic under $SYS, or "" if there is no such topic.
func (m *emqx) sysNode(r *reader) string {
	rest, isSys := strings.CutPrefix(r.text("topic", m.topic), sysPrefix)
	node, _, isComplete := strings.Cut(rest, "/")
	if !isSys || !isComplete {
		return ""
	}
	return node
}

// sysRefusal fills in a refusal that EMQX 3 announces under $SYS as a connect event with the code
// of the CONNACK.
func (m *emqx) sysRefusal(r *reader, e *event.Event) {
	e.ReasonCode = r.integer("connack", m.sysConnack, math.MaxUint8)
	e.Action, e.ActionInfo = event.Close, Refused(byte(e.ReasonCode.Value))
}
