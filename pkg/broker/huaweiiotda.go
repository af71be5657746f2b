package broker

import (
	"time"

	"devicetrace/pkg/event"
)

var huaweiIoTDASource = Source{
	Name:        HuaweiIoTDA,
	Decode:      decode[huaweiIoTDA],
	TokenInPath: true,
	vocabulary: vocabulary{
		ends:      []string{huaweiOffline},
		snapshots: []string{huaweiOnline, huaweiOffline},
	},
}

// The native events that are recorded consist of the resource and the status.
const (
	huaweiOnline  = huaweiResource + " ONLINE"
	huaweiOffline = huaweiResource + " OFFLINE"

	huaweiResource = "device.status"
)

// huaweiIoTDA is a device status notice from Huawei Cloud IoT Device Access
// (https://support.huaweicloud.com/api-iothub/iot_06_v5_01201.html):
//
//	field                         meaning
//	resource                      device.status
//	event_time_ms, event_time     when the status changed; event_time has only whole seconds,
//	                              as in 20261129T020000Z
//	notify_data.header.device_id  identifier of the device
//	notify_data.body.status       see huaweiStatus
//
// The client identifier in CONNECT is device_id followed by more text, which the notice does not
// contain. In one example in the documentation, body is next to notify_data rather than inside it.
//
// The platform notices a lost connection within about a minute, and never says why it was lost.
type huaweiIoTDA struct {
	resource, eventTime, eventTimeMS value
	data, header, body, outerBody    value
	device, status                   value
}

func (m *huaweiIoTDA) slot(key []byte) *value {
	switch string(key) {
	case "resource":
		return &m.resource
	case "event_time":
		return &m.eventTime
	case "event_time_ms":
		return &m.eventTimeMS
	case "notify_data":
		return &m.data
	case "body":
		return &m.outerBody
	default:
		return nil
	}
}

func (m *huaweiIoTDA) dataSlot(key []byte) *value {
	switch string(key) {
	case "header":
		return &m.header
	case "body":
		return &m.body
	default:
		return nil
	}
}

func (m *huaweiIoTDA) headerSlot(key []byte) *value {
	if string(key) == "device_id" {
		return &m.device
	}
	return nil
}

func (m *huaweiIoTDA) bodySlot(key []byte) *value {
	if string(key) == "status" {
		return &m.status
	}
	return nil
}

func (m *huaweiIoTDA) row(r *reader, e *event.Event) bool {
	resource := r.text("resource", m.resource)
	if huaweiOther[resource] {
		return false
	}
	if resource != huaweiResource {
		r.unknownKind("resource", resource, huaweiResource)
		return true
	}
	r.open("notify_data", m.data, m.dataSlot)
	r.open("notify_data.header", m.header, m.headerSlot)
	field := "notify_data.body"
	if m.body.missing() && !m.outerBody.missing() {
		field, m.body = "body", m.outerBody
	}
	r.open(field, m.body, m.bodySlot)
	field += ".status"
	status := r.text(field, m.status)
	known, ok := huaweiStatus[status]
	switch {
	case !ok:
		r.unknownKind(field, status, "ONLINE", "OFFLINE")
	case known.action == "":
		return r.refused()
	}
	e.Source = HuaweiIoTDA
	e.NativeEvent = huaweiResource + " " + status
	e.Action, e.ActionInfo = known.action, known.info
	e.ClientID = r.clientID("notify_data.header.device_id", m.device)
	r.setTime(e, timeField{"event_time_ms", m.eventTimeMS}, timeField{"event_time", extended(m.eventTime)})
	return true
}

// huaweiStatus maps each status to its meaning. A status without an action says nothing about a
// connection.
var huaweiStatus = map[string]struct {
	action event.Action
	info   event.ActionInfo
}{
	"ONLINE":   {event.Connect, event.Accepted},
	"OFFLINE":  {event.Close, event.Unexplained},
	"ABNORMAL": {}, // a device that keeps no connection open has sent nothing for 25 hours
	"INACTIVE": {}, // the device has never connected
	"FROZEN":   {}, // an operator has disabled the device
	"FREEZED":  {}, // the name of FROZEN in some documents
}

// huaweiOther holds the resources that report nothing about a connection.
var huaweiOther = map[string]bool{
	"product": true, "device": true, "device.property": true, "device.message": true, "device.message.status": true,
	"device.command.status": true, "batchtask": true,
}

// extended converts a time in the basic format of ISO 8601, such as 20261129T020000Z, to RFC 3339.
// It leaves any other value as it is.
func extended(v value) value {
	return v.toRFC3339("20060102T150405Z0700", time.UTC)
}
