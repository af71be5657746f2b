package broker

import "devicetrace/pkg/event"

// These native events of Azure IoT Hub are recorded.
const (
	iotHubConnected    = "Microsoft.Devices.DeviceConnected"
	iotHubDisconnected = "Microsoft.Devices.DeviceDisconnected"
)

// azureIoTHub is the "data" field of an event that Azure IoT Hub publishes through Event Grid
// (https://learn.microsoft.com/azure/iot-hub/iot-hub-event-grid):
//
//	deviceId                                       identifier of the device
//	moduleId                                       identifier of a module; empty for a device
//	hubName                                        name of the hub; not used
//	deviceConnectionStateEventInfo.sequenceNumber  64 hex digits that grow with each event of a device
//
// The client identifier in CONNECT is deviceId or, for a module, deviceId/moduleId. hubName does
// not become the event's node, because hubs are not nodes of one cluster. A device identifier is
// unique only within its hub, and a device can be moved to another hub although its old hub is
// still up.
//
// Event Grid checks the state of a device once a minute and publishes an event if the state has
// changed. An event can be late by up to a minute, and a change that is undone within a minute
// causes no event. IoT Hub never says why a device disconnected.
type azureIoTHub struct {
	device, module, state value

	sequence value // in state
}

func (m *azureIoTHub) slot(key []byte) *value {
	switch string(key) {
	case "deviceId":
		return &m.device
	case "moduleId":
		return &m.module
	case "deviceConnectionStateEventInfo":
		return &m.state
	default:
		return nil
	}
}

func (m *azureIoTHub) stateSlot(key []byte) *value {
	if string(key) == "sequenceNumber" {
		return &m.sequence
	}
	return nil
}

// iotHubRow fills in an event from IoT Hub. The sequence number becomes the event's identifier. It
// is the same in every delivery, and puts events with equal times in the right order.
func (m *azureEventGrid) iotHubRow(r *reader, e *event.Event) {
	var hub azureIoTHub
	r.open("data", m.data, hub.slot)
	r.open("data.deviceConnectionStateEventInfo", hub.state, hub.stateSlot)
	e.Action, e.ActionInfo = event.Connect, event.Accepted
	if e.NativeEvent == iotHubDisconnected {
		e.Action, e.ActionInfo = event.Close, event.Unexplained
	}
	e.Source = AzureEventGrid
	e.ClientID = r.clientID("data.deviceId", hub.device)
	if module := r.text("data.moduleId", hub.module); module != "" {
		e.ClientID += event.ClientID("/" + module)
	}
	e.SourceEventID = orElse(r.text("data.deviceConnectionStateEventInfo.sequenceNumber", hub.sequence), r.text("id", m.id))
	m.setTime(r, e)
}

// iotHubOther holds the kinds of IoT Hub's events that report nothing about a connection.
var iotHubOther = map[string]bool{
	"Microsoft.Devices.DeviceCreated":   true,
	"Microsoft.Devices.DeviceDeleted":   true,
	"Microsoft.Devices.DeviceTelemetry": true,
}
