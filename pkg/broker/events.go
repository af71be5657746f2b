package broker

import (
	"fmt"
	"math"
	"slices"

	"devicetrace/pkg/event"
)

var ownSource = Source{
	Name:       Events,
	Decode:     decode[own],
	SignedBody: true,
	vocabulary: vocabulary{
		refusals: []string{"connack"},
		ends:     []string{"disconnect"},
		notRestarts: []string{ // names as in the table "reasons"
			"administrative_action", "maximum_connect_time", "server_busy", "unspecified_error",
			"closed_via_management_plugin", // RabbitMQ's reason if an operator closes a connection
		},
	},
}

// own is an event in the project's own JSON form. It is sent by bridges, and by brokers that can be
// configured or extended to send it.
//
//	key                meaning                                                  if missing
//	client_id          client identifier                                        from group_id and device_id
//	group_id           the part before "@@@"                                    no group
//	device_id          the part after "@@@"
//	action             connect, close or disconnect                             rejected
//	action_info        a word of the vocabulary, or an alias                    see defaultInfo
//	time               RFC 3339 or Unix milliseconds                            time of receipt; see collector.identify
//	channel_id         the broker's identifier of the connection                derived when read
//	source_event_id    the source's identifier of this event
//	native_event       the source's own word for what happened                  action, as sent
//	native_reason      the source's own word for the reason                     action_info, as sent
//	reason_code        MQTT reason or return code, 0 to 255
//	peer_address       address of the client
//	peer_port          0 to 65535                                               the port in peer_address
//	username           as in CONNECT
//	node               broker node of the connection
//	protocol           "MQTT", or a gateway's name for its protocol
//	protocol_version   3 (MQTT 3.1), 4 (3.1.1), 5 (5.0)
//	keep_alive         seconds
//	clean_start        true or false
//	connected_at       when the broker accepted the connection; forms: see time
//	source             name of the sender                                       "events"
//
// Other keys are refused, because their values would be lost unnoticed.
//
// An event's identity includes native_event and native_reason, but not action and action_info. The
// decoder therefore copies action to a missing native_event, and action_info to a missing
// native_reason, so that two different actions in the same millisecond remain two events.
type own struct {
	clientID, groupID, deviceID                      value
	action, actionInfo, time                         value
	channelID, sourceEventID, source                 value
	nativeEvent, nativeReason, reasonCode            value
	peerAddress, peerPort, username, node            value
	protocol, protocolVersion, keepAlive, cleanStart value
	connectedAt                                      value

	hasUnknownKey bool
	unknownKey    string // the first key that the form does not define
}

// ownKeys lists the keys of the form.
var ownKeys = []string{
	"client_id", "group_id", "device_id", "action", "action_info", "time", "channel_id", "source_event_id",
	"native_event", "native_reason", "reason_code", "peer_address", "peer_port", "username", "node",
	"protocol", "protocol_version", "keep_alive", "clean_start", "connected_at", "source",
}

func (m *own) slot(key []byte) *value {
	switch string(key) {
	case "client_id":
		return &m.clientID
	case "group_id":
		return &m.groupID
	case "device_id":
		return &m.deviceID
	case "action":
		return &m.action
	case "action_info":
		return &m.actionInfo
	case "time":
		return &m.time
	case "channel_id":
		return &m.channelID
	case "source_event_id":
		return &m.sourceEventID
	case "source":
		return &m.source
	case "native_event":
		return &m.nativeEvent
	case "native_reason":
		return &m.nativeReason
	case "reason_code":
		return &m.reasonCode
	case "peer_address":
		return &m.peerAddress
	case "peer_port":
		return &m.peerPort
	case "username":
		return &m.username
	case "node":
		return &m.node
	case "protocol":
		return &m.protocol
	case "protocol_version":
		return &m.protocolVersion
	case "keep_alive":
		return &m.keepAlive
	case "clean_start":
		return &m.cleanStart
	case "connected_at":
		return &m.connectedAt
	default:
		if !m.hasUnknownKey {
			m.hasUnknownKey, m.unknownKey = true, string(key)
		}
		return nil
	}
}

func (m *own) row(r *reader, e *event.Event) bool {
	if m.hasUnknownKey {
		r.unknownKey(m.unknownKey, ownKeys)
	}
	e.ClientID = m.client(r)
	e.ReasonCode = r.integer("reason_code", m.reasonCode, math.MaxUint8)
	e.ProtocolVersion = r.integer("protocol_version", m.protocolVersion, math.MaxUint8).Value
	m.words(r, e)
	r.setTime(e, timeField{"time", m.time})
	m.evidence(r, e)
	return true
}

// client returns the client identifier, which the sender gives either whole or in two parts.
func (m *own) client(r *reader) event.ClientID {
	group, device := r.id("group_id", m.groupID), r.id("device_id", m.deviceID)
	if group == "" && device == "" {
		return r.clientID("client_id", m.clientID)
	}
	joined := event.JoinClientID(group, device)
	whole := event.ClientID(r.id("client_id", m.clientID))
	switch split, _ := joined.Split(); {
	case device == "":
		r.refuse("device_id", "is missing; group_id needs a device_id")
	case split != group:
		r.refuse("group_id", `and device_id must be joined by the first "@@@" of the client identifier`)
	case whole != "" && whole != joined:
		r.refuse("client_id", `must be group_id, "@@@" and device_id; or leave it out`)
	}
	return joined
}

// words sets Action and ActionInfo, which hold vocabulary words, and NativeEvent and NativeReason,
// which hold the sender's own words.
func (m *own) words(r *reader, e *event.Event) {
	action := r.text("action", m.action)
	e.Action = event.Action(action)
	switch {
	case action == "":
		r.refuse("action", "is missing; send connect, close or disconnect")
	case !e.Action.Valid():
		r.refuse("action", fmt.Sprintf("%.64q is not known; use connect, close or disconnect", action))
	}
	var info string
	if m.actionInfo.missing() {
		e.ActionInfo = m.defaultInfo(r, e)
	} else {
		info = m.info(r, e)
	}
	e.NativeEvent = orElse(r.text("native_event", m.nativeEvent), action)
	e.NativeReason = orElse(r.text("native_reason", m.nativeReason), info)
}

// info sets ActionInfo to the meaning of the word that the sender chose, and returns that word. It
// refuses a word that contradicts the action or the reason code. Every error lists the allowed words.
func (m *own) info(r *reader, e *event.Event) string {
	allowed := infosOf[e.Action]
	if m.actionInfo.kind != text {
		r.refuse("action_info", "must be a string; use one of "+event.JoinActionInfos(allowed))
		return ""
	}
	raw, _ := m.actionInfo.unescaped()
	word := r.interned.text(raw)
	known, ok := event.ParseActionInfo(word)
	switch {
	case !ok:
		r.refuse("action_info", fmt.Sprintf("%.64q is not known; use one of %s", word, event.JoinActionInfos(allowed)))
	case !slices.Contains(allowed, known):
		r.refuse("action_info", fmt.Sprintf("%q contradicts the action %s; use one of %s", word, e.Action, event.JoinActionInfos(allowed)))
	case known == event.Accepted && e.ReasonCode.Value != 0:
		r.refuse("action_info", fmt.Sprintf("%q contradicts the reason code %d, which refuses the CONNECT; use one of %s",
			word, e.ReasonCode.Value, event.JoinActionInfos(allowed)))
	}
	e.ActionInfo = known
	return word
}

// infosOf lists the action infos that fit each action. A sender may report a refused CONNECT as a
// connect event or as a close event.
var infosOf = map[event.Action][]event.ActionInfo{
	event.Connect: {event.Accepted, event.NotAuthorized, event.TopicAuthFailed, event.ServerShutdown, event.InvalidParam},
	event.Close: {
		event.NotAuthorized, event.TopicAuthFailed, event.ClientIDConflict, event.NoHeart, event.ClosedByClient,
		event.DisconnectedByClient, event.ServerShutdown, event.InvalidParam, event.SocketIOException,
	},
	event.Disconnect: {event.DisconnectedByClient},
}

// defaultInfo returns the action info for an event that was sent without one:
//
//   - In a connect event, the reason code is the code in the CONNACK. If it is missing or 0, the
//     CONNECT was accepted. Any other code says why the CONNECT was refused.
//   - A disconnect event always means "disconnected by client".
//   - In a close event, a code from 1 to 5 is an MQTT 3 return code that says why the CONNECT was
//     refused. Any other code is the reason code of the broker's DISCONNECT. If there is no code,
//     the result is event.Unexplained.
//
// MQTT 5 does not define the codes from 1 to 5. If the event's protocol version is 5, a close event
// with such a code is unexplained, and a connect event with such a code is rejected.
func (m *own) defaultInfo(r *reader, e *event.Event) event.ActionInfo {
	code := e.ReasonCode
	isReturnCode := returnCodes[code.Value] != ""
	switch {
	case e.Action == event.Connect && code.Value == 0:
		return event.Accepted
	case e.Action == event.Connect && isReturnCode && e.ProtocolVersion == 5:
		r.refuse("reason_code", fmt.Sprintf("%d refuses a CONNECT in MQTT 3 only, but protocol_version is 5; send MQTT 5's code", code.Value))
		return event.Unexplained
	case e.Action == event.Connect:
		return Refused(byte(code.Value))
	case e.Action == event.Disconnect:
		return event.DisconnectedByClient
	case !code.Known, isReturnCode && e.ProtocolVersion == 5:
		return event.Unexplained
	case isReturnCode:
		return returnCodes[code.Value]
	default:
		return ClosedByBroker(byte(code.Value))
	}
}

// evidence sets the remaining fields of the event from the fields that the sender gave.
func (m *own) evidence(r *reader, e *event.Event) {
	e.Source = orElse(r.text("source", m.source), Events)
	e.SourceEventID = r.text("source_event_id", m.sourceEventID)
	e.ChannelID = r.text("channel_id", m.channelID)
	m.peer(r, e)
	e.Username = r.name("username", m.username)
	e.Node = r.text("node", m.node)
	e.Protocol = r.text("protocol", m.protocol)
	e.KeepAlive = r.seconds("keep_alive", m.keepAlive)
	e.CleanStart = r.flag("clean_start", m.cleanStart)
	e.ConnectedAt = r.time("connected_at", m.connectedAt)
}

// peer sets the address and the port. The port may follow the address or have a key of its own.
func (m *own) peer(r *reader, e *event.Event) {
	e.PeerAddress, e.PeerPort = splitAddress(r.text("peer_address", m.peerAddress))
	port := r.integer("peer_port", m.peerPort, maxPort)
	if !port.Known {
		return
	}
	if e.PeerPort != 0 && e.PeerPort != port.Value {
		r.refuse("peer_port", fmt.Sprintf("contradicts the port %d in peer_address; send the port once", e.PeerPort))
	}
	e.PeerPort = port.Value
}

func orElse(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}
