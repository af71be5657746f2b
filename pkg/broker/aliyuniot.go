package broker

import (
	"strconv"
	"strings"
	"time"

	"devicetrace/pkg/event"
)

var aliyunIoTSource = Source{
	Name:       AliyunIoT,
	Decode:     decode[aliyunIoT],
	vocabulary: vocabulary{ends: []string{aliyunOffline}},
}

// The values of status in lower case, which are the native events.
const (
	aliyunOnline  = "online"
	aliyunOffline = "offline"
)

// aliyunIoT is a device status notice from Alibaba Cloud IoT Platform, which publishes it under
// /as/mqtt/status/{productKey}/{deviceName}
// (https://help.aliyun.com/document_detail/73736.html):
//
//	field              meaning
//	status             online or offline
//	productKey         identifier of the product
//	deviceName         name of the device; unique in its product
//	utcTime, time      when the device went online or offline, in UTC and in UTC+8
//	utcLastTime,
//	lastTime           when the last packet before that arrived, in UTC and in UTC+8
//	clientIp           address of the client, without a port
//	offlineReasonCode  see aliyunReasons; in offline only
//
// The client identifier in CONNECT is a different text, which the notice does not contain. The
// decoder therefore joins productKey and deviceName in the same way as a group and a device.
//
// Notices may arrive in any order. According to Alibaba, time gives their order
// (https://help.aliyun.com/en/iot/support/faq-about-amqp-client-messages-delay). Documents up to about
// 2020 used lastTime instead. The decoder uses lastTime only if time is missing, because the last
// packet may have arrived minutes before the connection ended. An end caused by a takeover would
// then be recorded minutes before the takeover.
//
// A notice arrives on its own or in an envelope. The envelope is one of the following:
//
//   - a CloudEvent from a RocketMQ trigger, with the notice in data.body
//   - a message of the Message Service, with the notice in payload
//   - an AMQP message as a consumer may pass it on, with the notice in content
type aliyunIoT struct {
	aliyunNotice
	data, payload, content, topic value // only in an envelope
}

// aliyunNotice is a notice without an envelope.
type aliyunNotice struct {
	status, productKey, deviceName, address, reason value
	utcTime, time, utcLastTime, lastTime            value
}

func (m *aliyunIoT) slot(key []byte) *value {
	switch string(key) {
	case "data":
		return &m.data
	case "payload":
		return &m.payload
	case "content":
		return &m.content
	case "topic":
		return &m.topic
	default:
		return m.aliyunNotice.slot(key)
	}
}

func (m *aliyunNotice) slot(key []byte) *value {
	switch string(key) {
	case "status":
		return &m.status
	case "productKey":
		return &m.productKey
	case "deviceName":
		return &m.deviceName
	case "utcTime":
		return &m.utcTime
	case "time":
		return &m.time
	case "utcLastTime":
		return &m.utcLastTime
	case "lastTime":
		return &m.lastTime
	case "clientIp":
		return &m.address
	case "offlineReasonCode":
		return &m.reason
	default:
		return nil
	}
}

// row fills in the event. An item is an envelope if it does not have the key "status", but has one
// of the keys "data", "payload" and "content".
func (m *aliyunIoT) row(r *reader, e *event.Event) bool {
	if !m.status.missing() || m.data.missing() && m.payload.missing() && m.content.missing() {
		m.fill(r, e)
		return true
	}
	if topic := r.text("topic", m.topic); topic != "" && !isAliyunStatus(topic) {
		return false // the message is not about a status
	}
	notice, field := m.open(r)
	if r.refused() {
		return true
	}
	if notice.fill(r, e); r.refused() {
		r.field = field + "." + r.field
	}
	return true
}

// isAliyunStatus reports whether topic is one under which the platform publishes status notices.
// The second form is for devices behind one of the platform's own gateways.
func isAliyunStatus(topic string) bool {
	return strings.HasPrefix(topic, "/as/mqtt/status/") || strings.HasSuffix(topic, "/device/status/notify")
}

// open returns the notice in an envelope, and the name of the field that contains the notice.
func (m *aliyunIoT) open(r *reader) (notice aliyunNotice, field string) {
	body, field := m.payload, "payload"
	if body.missing() {
		body, field = m.content, "content"
	}
	if !m.data.missing() {
		field = "data.body"
		body, _ = openEnvelope(r, m.data)
	}
	r.notice(field, body, notice.slot)
	return notice, field
}

// fill sets the fields of e from the notice.
func (m *aliyunNotice) fill(r *reader, e *event.Event) {
	e.NativeEvent = strings.ToLower(r.text("status", m.status))
	switch e.NativeEvent {
	case aliyunOnline:
		e.Action, e.ActionInfo = event.Connect, event.Accepted
	case aliyunOffline:
		e.NativeReason = r.name("offlineReasonCode", withoutFraction(m.reason))
		e.Action, e.ActionInfo = event.Close, aliyunInfo(e.NativeReason)
	default:
		r.unknownKind("status", e.NativeEvent, aliyunOnline, aliyunOffline)
		return
	}
	e.Source = AliyunIoT
	product, device := r.clientID("productKey", m.productKey), r.clientID("deviceName", m.deviceName)
	e.ClientID = event.JoinClientID(string(product), string(device))
	e.PeerAddress, e.PeerPort = splitAddress(r.text("clientIp", m.address))
	r.setTime(e,
		timeField{"utcTime", m.utcTime}, timeField{"time", inBeijing(m.time)},
		timeField{"utcLastTime", m.utcLastTime}, timeField{"lastTime", inBeijing(m.lastTime)})
}

// inBeijing converts a time such as "2026-11-29 10:00:00.123", which is in UTC+8, to RFC 3339. It
// leaves any other value as it is.
func inBeijing(v value) value {
	const offset = 8 * 60 * 60
	return v.toRFC3339("2006-01-02 15:04:05", time.FixedZone("", offset))
}

// withoutFraction rewrites a whole number such as 427.0 or 4.27e2 without a fraction or an
// exponent, as 427. It leaves any other value as it is.
func withoutFraction(v value) value {
	n, ok := v.integer()
	if v.kind != number || !ok {
		return v
	}
	return value{kind: number, raw: strconv.AppendInt(nil, n, 10)}
}

// aliyunReasons maps each known value of offlineReasonCode to its meaning. The platform sends a
// number. The texts are from the platform's log, in case a consumer sends the text instead. Alibaba
// explains the codes of the log at https://help.aliyun.com/document_detail/44542.html.
var aliyunReasons = table(map[event.ActionInfo][]string{
	event.ClientIDConflict: {"427", "400", "Kicked by the same device"}, // 400 in older documents
	event.ClosedByClient:   {"TCP连接断开"},
})

// aliyunInfo returns the action info for an offlineReasonCode.
func aliyunInfo(code string) event.ActionInfo {
	if info, ok := aliyunReasons[code]; ok {
		return info
	}
	if strings.HasPrefix(code, "Keepalive timeout") { // continues with "after N sec"
		return event.NoHeart
	}
	return event.Unexplained
}
