package broker

import (
	"encoding/base64"

	"devicetrace/pkg/event"
)

var apsaraMQSource = Source{
	Name:   ApsaraMQ,
	Decode: decode[apsaraMQ],
	vocabulary: vocabulary{
		ends:  []string{"disconnect", "tcpclean"},
		drops: []string{"tcpclean"}, // see apsaraMQEvents
	},
}

// apsaraMQ is an ApsaraMQ for MQTT client status notification. The broker publishes it to a
// RocketMQ topic:
//
//	key        meaning
//	eventType  see apsaraMQEvents
//	clientId   client identifier, group and device
//	channelId  identifier of the connection
//	clientIp   address of the client, with or without a port
//	time       Unix milliseconds
//
// A notification arrives on its own or in an envelope. The envelope is a CloudEvent from a RocketMQ
// trigger in Function Compute, with the notification in data.body
// (https://www.alibabacloud.com/help/en/functioncompute/fc/apsaramq-for-rocketmq-triggers).
//
// If the notification has a time, the event depends only on the notification. It therefore stays
// the same event even if the broker publishes the notification again in another envelope. If the
// notification has no time, the envelope identifies the event; see identify. The trigger may
// deliver a message several times, but always in the same envelope.
type apsaraMQ struct {
	apsaraMQNotice       // also holds the envelope's "time" field
	id             value // the envelope's "id" field
	data           value // the envelope's "data" field
}

// apsaraMQNotice is a notification without an envelope.
type apsaraMQNotice struct {
	eventType, clientID, channelID, address, time value
}

func (m *apsaraMQ) slot(key []byte) *value {
	switch string(key) {
	case "id":
		return &m.id
	case "data":
		return &m.data
	default:
		return m.apsaraMQNotice.slot(key)
	}
}

func (m *apsaraMQNotice) slot(key []byte) *value {
	switch string(key) {
	case "eventType":
		return &m.eventType
	case "clientId":
		return &m.clientID
	case "channelId":
		return &m.channelID
	case "clientIp":
		return &m.address
	case "time":
		return &m.time
	default:
		return nil
	}
}

// row fills in the event. An item that has the key "data" but not the key "eventType" is an
// envelope, and its notification is in data.body.
func (m *apsaraMQ) row(r *reader, e *event.Event) bool {
	if m.data.missing() || !m.eventType.missing() {
		m.fill(r, e)
		return true
	}
	body, messageID := openEnvelope(r, m.data)
	var notice apsaraMQNotice
	r.notice("data.body", body, notice.slot)
	if r.refused() {
		return true
	}
	if notice.fill(r, e); r.refused() {
		r.field = "data.body." + r.field
		return true
	}
	m.identify(r, e, messageID)
	return true
}

// identify sets the event's identifier and time from the envelope if the notification has no time.
// The identifier is the RocketMQ message's or, if the message has none, the envelope's. The time is
// the envelope's, which is when the message was published. If there is no identifier or no time,
// the event keeps the time of receipt.
func (m *apsaraMQ) identify(r *reader, e *event.Event, messageID value) {
	if e.TimeOrigin == event.FromBroker {
		return
	}
	e.SourceEventID = orElse(r.text("data.systemProperties.UNIQ_KEY", messageID), r.text("id", m.id))
	if e.SourceEventID != "" {
		r.setTime(e, timeField{"time", m.time})
	}
}

// fill sets the fields of e from the notification.
func (m *apsaraMQNotice) fill(r *reader, e *event.Event) {
	e.NativeEvent = r.text("eventType", m.eventType)
	known, ok := apsaraMQEvents[e.NativeEvent]
	if !ok {
		r.unknownKind("eventType", e.NativeEvent, "connect", "disconnect", "tcpclean")
		return
	}
	e.Source = ApsaraMQ
	e.Action, e.ActionInfo = known.action, known.info
	e.ClientID = r.clientID("clientId", m.clientID)
	e.ChannelID = r.text("channelId", m.channelID)
	e.PeerAddress, e.PeerPort = splitAddress(r.text("clientIp", m.address))
	r.setTime(e, timeField{"time", m.time})
}

// apsaraMQEvents maps each eventType to its meaning. If the client sends a DISCONNECT, the broker
// sends disconnect and later tcpclean, both with the same channel. If the connection ends in any
// other way, the broker sends only tcpclean. A tcpclean never reports the cause.
var apsaraMQEvents = map[string]struct {
	action event.Action
	info   event.ActionInfo
}{
	"connect":    {event.Connect, event.Accepted},
	"disconnect": {event.Disconnect, event.DisconnectedByClient},
	"tcpclean":   {event.Close, event.Unexplained},
}

// openEnvelope returns the value of data.body, which contains the notification, and the identifier
// of the RocketMQ message, which is the same each time the trigger delivers the message. A setting
// of the trigger decides whether data.body is JSON, a string that contains JSON, or base64.
func openEnvelope(r *reader, data value) (body, messageID value) {
	var properties value
	r.members("data", data, func(key []byte) *value {
		switch string(key) {
		case "body":
			return &body
		case "systemProperties":
			return &properties
		default:
			return nil
		}
	}, "must be an object")
	if body.missing() {
		r.refuse("data.body", "is missing; it must hold the notification")
	}
	if properties.kind == object {
		r.open("data.systemProperties", properties, func(key []byte) *value {
			if string(key) == "UNIQ_KEY" {
				return &messageID
			}
			return nil
		})
	}
	return body, messageID
}

// notice reads the members of a notification. It accepts an object, or a string that contains one;
// see objectIn. See reader.members for slot.
func (r *reader) notice(field string, v value, slot func(key []byte) *value) {
	if v.kind == text {
		v = objectIn(v)
	}
	r.members(field, v, slot, "must be a JSON object, or a string that contains one, plain or in base64")
}

// objectIn returns the JSON object that a string contains, either as plain text or in base64. If
// the string contains no such object, objectIn returns an absent value.
func objectIn(v value) value {
	raw, ok := v.unescaped()
	if !ok {
		return value{}
	}
	if found := parseObject(raw); found.kind == object {
		return found
	}
	decoded, err := base64.StdEncoding.AppendDecode(nil, raw)
	if err != nil {
		return value{}
	}
	return parseObject(decoded)
}

// parseObject returns the object in raw. If raw is anything other than exactly one JSON object,
// parseObject returns an absent value.
func parseObject(raw []byte) value {
	s := scanner{body: raw}
	v, err := s.value()
	if err != nil || v.kind != object || !s.ended() {
		return value{}
	}
	return v
}
