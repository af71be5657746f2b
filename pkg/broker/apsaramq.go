package broker

import (
	"encoding/base64"
	"net/netip"

	"devicetrace/pkg/event"
)

var apsaraMQSource = Source{
	Name:   ApsaraMQ,
	Decode: decode[apsaraMQ],
	vocabulary: vocabulary{
		ends:      []string{"disconnect", "tcpclean"},
		muteDrops: []string{"tcpclean"}, // may follow a disconnect, too; see apsaraMQEvents
	},
}

// apsaraMQ is a client status notification of ApsaraMQ for MQTT, which the broker
// sends to a topic of RocketMQ:
//
//	key        what
//	eventType  see apsaraMQEvents
//	clientId   the client identifier, group and device
//	channelId  the connection's identifier
//	clientIp   of the client, with a port or without
//	time       Unix milliseconds
//
// It comes as it is, or in the envelope of a RocketMQ trigger of Function Compute, a
// CloudEvent with the message in data.body
// (https://www.alibabacloud.com/help/en/functioncompute/fc/apsaramq-for-rocketmq-triggers).
// A message in an envelope makes the same event as the message alone: the envelope's
// time is that of its publication, and its id is never the event's, since the same
// notification may come again in a message with another id. Client, channel, kind and
// time of a notification tell it from all others.
type apsaraMQ struct {
	apsaraMQNotice
	data value // of an envelope
}

// apsaraMQNotice is the notification itself.
type apsaraMQNotice struct {
	eventType, clientID, channelID, address, time value
}

func (m *apsaraMQ) slot(key []byte) *value {
	if string(key) == "data" {
		return &m.data
	}
	return m.apsaraMQNotice.slot(key)
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

// row takes an item with data and without a kind of its own for an envelope.
func (m *apsaraMQ) row(r *reader, e *event.Event) bool {
	if m.data.missing() || !m.eventType.missing() {
		m.fill(r, e)
		return true
	}
	notice, field, fault := openEnvelope(m.data)
	if fault != "" {
		r.refuse(field, fault)
		return true
	}
	if notice.fill(r, e); r.refused() {
		r.field = "data.body." + r.field
	}
	return true
}

// fill takes over what a notification tells.
func (m *apsaraMQNotice) fill(r *reader, e *event.Event) {
	e.NativeEvent = r.text("eventType", m.eventType)
	known, ok := apsaraMQEvents[e.NativeEvent]
	if !ok {
		r.unknownKind("eventType", e.NativeEvent)
		return
	}
	e.Source = ApsaraMQ
	e.Action, e.ActionInfo = known.action, known.info
	e.ClientID = r.clientID("clientId", m.clientID)
	e.ChannelID = r.text("channelId", m.channelID)
	e.PeerAddress, e.PeerPort = splitAddress(r.text("clientIp", m.address))
	r.when(e, timeField{"time", m.time})
}

// apsaraMQEvents is what each kind means. tcpclean follows disconnect on the same
// channel, or comes alone, when anything may have ended the connection: its true
// cause is never told.
var apsaraMQEvents = map[string]struct {
	action event.Action
	info   event.ActionInfo
}{
	"connect":    {event.Connect, event.Accepted},
	"disconnect": {event.Disconnect, event.DisconnectedByClient},
	"tcpclean":   {event.Close, event.ClosedByClient},
}

// openEnvelope reads the notification in data.body. Whether that is a text with JSON
// in it, JSON, or base64 is a setting of the trigger.
func openEnvelope(data value) (notice apsaraMQNotice, field, fault string) {
	var body value
	isObject := data.members(func(key []byte) *value {
		if string(key) == "body" {
			return &body
		}
		return nil
	})
	if !isObject {
		return notice, "data", "must be an object"
	}
	if body.missing() {
		return notice, "data.body", "the message is needed"
	}
	if body.kind == text {
		body = heldIn(body)
	}
	if !body.members(notice.slot) {
		return notice, "data.body", "must be a JSON object, or a text that holds one, as it is or in base64"
	}
	return notice, "", ""
}

// heldIn is the object that a text holds, as it is or in base64; absent if it holds none.
func heldIn(v value) value {
	raw, ok := v.unescaped()
	if !ok {
		return value{}
	}
	if held := heldObject(raw); held.kind == object {
		return held
	}
	decoded, err := base64.StdEncoding.AppendDecode(nil, raw)
	if err != nil {
		return value{}
	}
	return heldObject(decoded)
}

// heldObject is the object that a text holds and nothing else; absent if it holds none.
func heldObject(raw []byte) value {
	s := scanner{body: raw}
	v, err := s.value()
	if err != nil || v.kind != object || !s.ended() {
		return value{}
	}
	return v
}

// splitAddress cuts off a port, if there is one. An IPv6 address alone has colons, too.
func splitAddress(peer string) (address string, port int32) {
	if _, err := netip.ParseAddr(peer); err == nil {
		return peer, 0
	}
	return splitPeer(peer)
}
