package broker

import "devicetrace/pkg/event"

var azureEventGridSource = Source{
	Name:         AzureEventGrid,
	Decode:       decode[azureEventGrid],
	TokenInQuery: true,
	Handshake:    azureHandshake,
	vocabulary: vocabulary{
		ends:        []string{azureDisconnected, iotHubDisconnected},
		notRestarts: []string{"ServerError"},
		snapshots:   []string{iotHubConnected, iotHubDisconnected},
	},
}

// The kinds of events that are recorded.
const (
	azureConnected    = "Microsoft.EventGrid.MQTTClientSessionConnected"
	azureDisconnected = "Microsoft.EventGrid.MQTTClientSessionDisconnected"
)

// azureEventGrid is a life cycle event that Azure Event Grid sends. It comes from the MQTT broker in
// Event Grid (https://learn.microsoft.com/azure/event-grid/mqtt-client-life-cycle-events) or from
// Azure IoT Hub. Its schema is CloudEvents 1.0 or Event Grid:
//
//	CloudEvents  Event Grid  meaning
//	id           id          identifier of the event, the same in every delivery
//	type         eventType   kind of the event, such as azureConnected or iotHubConnected
//	time         eventTime   RFC 3339, with seven decimals
//	data         data        an object; see azureIoTHub for events of IoT Hub
//
// The MQTT broker's object has these fields:
//
//	namespaceName             name of the broker
//	clientSessionName         client identifier
//	clientAuthenticationName  user name
//	sequenceNumber            the same in all events of a connection; grows with each connection
//	disconnectionReason       see azureReasons; in …Disconnected only
//
// clientAuthenticationName is the user name in CONNECT. Several client identifiers may share one
// user name
// (https://learn.microsoft.com/azure/event-grid/mqtt-establishing-multiple-sessions-per-client).
type azureEventGrid struct {
	id, kind, eventKind, time, eventTime, data value

	namespace, session, user, sequence, reason value
}

func (m *azureEventGrid) slot(key []byte) *value {
	switch string(key) {
	case "id":
		return &m.id
	case "type":
		return &m.kind
	case "eventType":
		return &m.eventKind
	case "time":
		return &m.time
	case "eventTime":
		return &m.eventTime
	case "data":
		return &m.data
	default:
		return nil
	}
}

func (m *azureEventGrid) dataSlot(key []byte) *value {
	switch string(key) {
	case "namespaceName":
		return &m.namespace
	case "clientSessionName":
		return &m.session
	case "clientAuthenticationName":
		return &m.user
	case "sequenceNumber":
		return &m.sequence
	case "disconnectionReason":
		return &m.reason
	default:
		return nil
	}
}

func (m *azureEventGrid) row(r *reader, e *event.Event) bool {
	field, kind := m.anyKind()
	e.NativeEvent = r.text(field, kind)
	switch {
	case azureOther[e.NativeEvent], iotHubOther[e.NativeEvent]:
		return false
	case e.NativeEvent == iotHubConnected, e.NativeEvent == iotHubDisconnected:
		m.iotHubRow(r, e)
		return true
	}
	r.open("data", m.data, m.dataSlot)
	switch e.NativeEvent {
	case azureConnected:
		e.Action, e.ActionInfo = event.Connect, event.Accepted
	case azureDisconnected:
		e.NativeReason = r.text("data.disconnectionReason", m.reason)
		e.Action, e.ActionInfo = ending(azureReasons, e.NativeReason)
	default:
		r.unknownKind(field, e.NativeEvent, azureConnected, azureDisconnected, iotHubConnected, iotHubDisconnected)
	}
	if !r.refused() {
		m.common(r, e)
	}
	return true
}

// anyKind returns the kind of the event and the name of the field that holds the kind. The schema
// of the item determines the name.
func (m *azureEventGrid) anyKind() (field string, kind value) {
	if m.kind.missing() && !m.eventKind.missing() {
		return "eventType", m.eventKind
	}
	return "type", m.kind
}

// common fills in the fields that both of the MQTT broker's kinds of event have.
func (m *azureEventGrid) common(r *reader, e *event.Event) {
	e.Source = AzureEventGrid
	e.SourceEventID = r.text("id", m.id)
	e.ClientID = r.clientID("data.clientSessionName", m.session)
	e.Username = r.text("data.clientAuthenticationName", m.user)
	e.Node = r.text("data.namespaceName", m.namespace)
	e.ChannelID = azureChannel(e.Node, r.numeral("data.sequenceNumber", m.sequence))
	m.setTime(r, e)
}

func (m *azureEventGrid) setTime(r *reader, e *event.Event) {
	r.setTime(e, timeField{"time", m.time}, timeField{"eventTime", m.eventTime})
}

// azureChannel returns a connection's identifier, which consists of the namespace and the sequence
// number. The sequence number alone is not unique. After a failover, the client continues in
// another namespace, where the sequence numbers start again.
func azureChannel(namespace, sequence string) string {
	if sequence == "" || namespace == "" {
		return sequence
	}
	return namespace + "/" + sequence
}

// azureOther holds the kinds of event that report nothing about a connection.
var azureOther = map[string]bool{
	"Microsoft.EventGrid.MQTTClientCreatedOrUpdated": true,
	"Microsoft.EventGrid.MQTTClientDeleted":          true,
	azureValidation:                                  true, // a handshake; see azureValidate
	"Microsoft.EventGrid.SubscriptionDeletedEvent":   true,
}

// azureReasons maps each disconnectionReason to its meaning. Azure has no reason for an expired keep alive.
var azureReasons = table(map[event.ActionInfo][]string{
	event.DisconnectedByClient: {"ClientInitiatedDisconnect"}, // for a DISCONNECT or a WebSocket close frame
	event.ClientIDConflict:     {"SessionTakenOver"},
	event.NotAuthorized:        {"ClientAuthenticationError", "IpForbidden"},
	event.TopicAuthFailed:      {"ClientAuthorizationError"},
	event.InvalidParam: {
		"ClientError",
		"QuotaExceeded", "QuotaExceededed", "SessionOverflow", // no exact equivalent; InvalidParam is the nearest
	},
	event.ServerShutdown:    {"ServerError", "ServerInitiatedDisconnect"},
	event.SocketIOException: {"ConnectionLost"},
})
