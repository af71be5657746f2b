package broker

import (
	"strings"

	"devicetrace/pkg/event"
)

var awsIoTSource = Source{
	Name:      AWSIoT,
	Decode:    decode[awsIoT],
	Handshake: awsHandshake,
	vocabulary: vocabulary{
		refusals:          []string{"connect_failed"},
		ends:              []string{"disconnected"},
		ownRefusalReasons: []string{"AUTH_ERROR", "FORBIDDEN_ACCESS"},
		ownMuteReasons:    []string{""}, // see awsEnd
		notRestarts:       []string{"API_INITIATED_DISCONNECT", "WEBSOCKET_TTL_EXPIRATION", "SERVER_ERROR"},
	},
}

// awsIoT is a lifecycle event of AWS IoT Core. The HTTPS action of a rule sends it. The rule
// selects everything from $aws/events/presence/#
// (https://docs.aws.amazon.com/iot/latest/developerguide/life-cycle-events.html):
//
//	key                        meaning                                      in
//	clientId                   client identifier                            all
//	timestamp                  Unix milliseconds, approximate               all
//	eventType                  connected, disconnected, connect_failed      all
//	sessionIdentifier          unique identifier of the connection          all
//	principalIdentifier        identifier of the certificate or identity    all
//	ipAddress                  address of the client                        connected, connect_failed
//	versionNumber              grows with each connection of a client       connected, disconnected
//	disconnectReason           see awsReasons                               disconnected
//	clientInitiatedDisconnect  see awsEnd                                   disconnected
//	connectFailureReason       see awsFailures                              connect_failed
//
// A rule may also select other topics. Therefore the events subscribed and unsubscribed are ignored
// rather than rejected.
type awsIoT struct {
	eventType, clientID, timestamp         value
	session, principal, address, version   value
	disconnectReason, connectFailureReason value
	clientInitiated                        value
	topic, payload                         value // keys that a rule may add; see kindOf and row
}

func (m *awsIoT) slot(key []byte) *value {
	switch string(key) {
	case "eventType":
		return &m.eventType
	case "clientId":
		return &m.clientID
	case "timestamp":
		return &m.timestamp
	case "sessionIdentifier":
		return &m.session
	case "principalIdentifier":
		return &m.principal
	case "ipAddress":
		return &m.address
	case "versionNumber":
		return &m.version
	case "disconnectReason":
		return &m.disconnectReason
	case "clientInitiatedDisconnect":
		return &m.clientInitiated
	case "connectFailureReason":
		return &m.connectFailureReason
	case "topic":
		return &m.topic
	case "payload":
		return &m.payload
	default:
		return nil
	}
}

// row fills in the event. An item that has the key "payload" but neither "eventType" nor "clientId"
// is an envelope, and its event is in payload.
func (m *awsIoT) row(r *reader, e *event.Event) bool {
	if m.payload.missing() || !m.eventType.missing() || !m.clientID.missing() {
		return m.fill(r, e)
	}
	var inner awsIoT
	if r.notice("payload", m.payload, inner.slot); r.refused() {
		return true
	}
	if inner.topic.missing() {
		inner.topic = m.topic
	}
	isRow := inner.fill(r, e)
	if r.refused() {
		r.field = "payload." + r.field
	}
	return isRow
}

// fill sets the fields of e and reports whether to record it.
func (m *awsIoT) fill(r *reader, e *event.Event) bool {
	e.NativeEvent = m.kindOf(r)
	switch e.NativeEvent {
	case "connected":
		e.Action, e.ActionInfo = event.Connect, event.Accepted
	case "disconnected":
		e.NativeReason = r.text("disconnectReason", m.disconnectReason)
		e.Action, e.ActionInfo = awsEnd(e.NativeReason, r.flag("clientInitiatedDisconnect", m.clientInitiated))
	case "connect_failed":
		e.NativeReason = r.text("connectFailureReason", m.connectFailureReason)
		e.Action, e.ActionInfo = ending(awsFailures, e.NativeReason)
	case "subscribed", "unsubscribed":
		return false
	default:
		r.unknownKind("eventType", e.NativeEvent, "connected", "disconnected", "connect_failed")
	}
	if !r.refused() {
		m.common(r, e)
	}
	return true
}

// kindOf returns the kind of an event. If a rule leaves out "eventType", the kind follows from the
// topic, which a rule may add, or from a reason field that only one kind of event has. If these do
// not show the kind either, kindOf returns "".
func (m *awsIoT) kindOf(r *reader) string {
	if kind := r.text("eventType", m.eventType); kind != "" {
		return kind
	}
	if kind := awsTopicKind(r.text("topic", m.topic)); kind != "" {
		return kind
	}
	switch {
	case !m.disconnectReason.missing():
		return "disconnected"
	case !m.connectFailureReason.missing():
		return "connect_failed"
	default:
		return ""
	}
}

// awsTopicKind returns the kind of event that AWS IoT publishes under a topic, or "" for any other
// topic. The kind is the level before the client identifier.
func awsTopicKind(topic string) string {
	for _, prefix := range []string{"$aws/events/presence/", "$aws/events/subscriptions/"} {
		if rest, isEvent := strings.CutPrefix(topic, prefix); isEvent {
			kind, _, _ := strings.Cut(rest, "/")
			return kind
		}
	}
	return ""
}

// common fills in the fields that all kinds of event have.
func (m *awsIoT) common(r *reader, e *event.Event) {
	e.Source = AWSIoT
	e.ClientID = r.clientID("clientId", m.clientID)
	e.SourceEventID = m.versionID(r)
	e.ChannelID = orElse(r.text("sessionIdentifier", m.session), e.SourceEventID)
	e.PeerAddress = r.text("ipAddress", m.address)
	e.Username = r.text("principalIdentifier", m.principal)
	r.setTime(e, timeField{"timestamp", m.timestamp})
}

// versionDigits is the number of digits to which version numbers are padded with zeros.
const versionDigits = 10

// versionID returns the version number with leading zeros, or "" if the number is missing. The
// result becomes the event's identifier, which decides the order of events in the same millisecond.
// In a session takeover, the old connection has the smaller version number, so its end event sorts
// before the new connection's connect event. The connect event and the end event of one connection
// share a version number, but they still count as two events, because their native events differ.
// If a rule leaves out the session identifier, the version number is the channel, too.
func (m *awsIoT) versionID(r *reader) string {
	digits := r.numeral("versionNumber", m.version)
	if digits == "" {
		return ""
	}
	return strings.Repeat("0", max(0, versionDigits-len(digits))) + digits
}

// awsEnd returns the action and action info for a disconnectReason. clientInitiated is the value of
// clientInitiatedDisconnect. It matters in two cases:
//
//   - If the reason is CLIENT_INITIATED_DISCONNECT, false means that the client may not have sent a
//     DISCONNECT. AWS has been seen to send this combination for WebSocket clients that just close
//     the connection.
//   - If the reason is missing, true means that the client closed the connection. Whether it sent a
//     DISCONNECT is unknown, so the vocabulary of the source lists the empty reason in
//     ownMuteReasons.
func awsEnd(reason string, clientInitiated event.Optional[bool]) (event.Action, event.ActionInfo) {
	byClient := clientInitiated.Known && clientInitiated.Value
	switch {
	case reason == "CLIENT_INITIATED_DISCONNECT" && clientInitiated.Known && !byClient:
		return event.Close, event.ClosedByClient
	case reason == "" && byClient:
		return event.Close, event.ClosedByClient
	default:
		return ending(awsReasons, reason)
	}
}

// awsReasons maps each disconnectReason to its meaning. UNKNOWN and NONE are not listed, because
// they give no reason.
var awsReasons = table(map[event.ActionInfo][]string{
	event.DisconnectedByClient: {"CLIENT_INITIATED_DISCONNECT"}, // for a DISCONNECT or a WebSocket close frame
	event.NoHeart:              {"MQTT_KEEP_ALIVE_TIMEOUT"},
	event.ClientIDConflict:     {"DUPLICATE_CLIENTID", "DUPLICATE_CLIENT_ID"},
	event.NotAuthorized: {
		// AWS sends these both for refused CONNECTs and for connections that it ends, for example
		// because a policy denied a topic.
		"AUTH_ERROR", "FORBIDDEN_ACCESS",
		"CUSTOMAUTH_TTL_EXPIRATION",
	},
	event.InvalidParam: {
		"CLIENT_ERROR",
		"THROTTLED", // no exact equivalent; InvalidParam is the nearest
	},
	event.ServerShutdown: {
		"SERVER_ERROR", "SERVER_INITIATED_DISCONNECT",
		"API_INITIATED_DISCONNECT", "WEBSOCKET_TTL_EXPIRATION", // no exact equivalent; ServerShutdown is the nearest
	},
	event.SocketIOException: {"CONNECTION_LOST"},
})

// awsFailures maps each connectFailureReason to its meaning. AWS documents only one reason.
var awsFailures = table(map[event.ActionInfo][]string{
	event.NotAuthorized: {"AUTHORIZATION_FAILED"}, // also sent if the will message's topic is denied
})
