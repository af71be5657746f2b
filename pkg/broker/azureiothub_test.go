package broker_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
)

func TestIoTHubHasAllFields(t *testing.T) {
	want := event.Event{
		InstanceID: "sample", ClientID: "dev1",
		Action: event.Connect, ActionInfo: event.Accepted,
		Time: time.Date(2026, 11, 22, 9, 30, 0, 123e6, time.UTC), TimeOrigin: event.FromBroker, ReceivedAt: received.Truncate(time.Millisecond),
		Source: "azure-eventgrid", NativeEvent: "Microsoft.Devices.DeviceConnected",
		SourceEventID: "000000000000000001DC5F00A1B2C3D400000002000000000000000000000006",
	}
	got := onlyEvent(t, "azure-eventgrid-iot-hub-connected")
	require.Equal(t, &want, got)
	require.Empty(t, got.Channel(), "a connect and its end have no identifier in common")
	ended := onlyEvent(t, "azure-eventgrid-iot-hub-disconnected")
	require.Equal(t, event.Unexplained, ended.ActionInfo)
	require.Empty(t, ended.NativeReason)
	require.True(t, broker.IsEnd(ended))
	require.True(t, broker.IsSnapshot(ended.NativeEvent))
}

// iotHubEvent returns an event of IoT Hub in the CloudEvents schema.
func iotHubEvent(kind, data string) string {
	return fmt.Sprintf(`{"id":"i","type":"Microsoft.Devices.%s","time":"2026-11-22T09:30:00.1234567Z","data":%s}`, kind, data)
}

func TestIoTHubKinds(t *testing.T) {
	for kind, want := range map[string]string{
		"DeviceConnected":    "d connect accepted",
		"DeviceDisconnected": "d close unexplained",
		"DeviceCreated":      "",
		"DeviceDeleted":      "",
		"DeviceTelemetry":    "",
		"DeviceRenamed":      "rejected 0 type",
	} {
		body := iotHubEvent(kind, `{"deviceId":"d","hubName":"h"}`)
		require.Equal(t, want, summary(decode(t, "azure-eventgrid", body)), kind)
		body = strings.NewReplacer(`"type"`, `"eventType"`, `"time"`, `"eventTime"`).Replace(body)
		want = strings.Replace(want, " type", " eventType", 1)
		require.Equal(t, want, summary(decode(t, "azure-eventgrid", "["+body+"]")), kind)
	}
}

func TestIoTHubDeviceAndModule(t *testing.T) {
	for data, want := range map[string]string{
		`{"deviceId":"d"}`:                 "d close unexplained",
		`{"deviceId":"d","moduleId":""}`:   "d close unexplained",
		`{"deviceId":"d","moduleId":null}`: "d close unexplained",
		`{"deviceId":"d","moduleId":"m"}`:  "d/m close unexplained",
		`{"deviceId":"undefined"}`:         "undefined close unexplained",
		`{"moduleId":"m"}`:                 "rejected 0 data.deviceId",
		`{"deviceId":[]}`:                  "rejected 0 data.deviceId",
		`{"deviceId":"d","moduleId":7}`:    "rejected 0 data.moduleId",
		`[]`:                               "rejected 0 data",
		`null`:                             "rejected 0 data.deviceId",
		`{"deviceId":"d","deviceConnectionStateEventInfo":7}`:                     "rejected 0 data.deviceConnectionStateEventInfo",
		`{"deviceId":"d","deviceConnectionStateEventInfo":{"sequenceNumber":[]}}`: "rejected 0 data.deviceConnectionStateEventInfo.sequenceNumber",
	} {
		require.Equal(t, want, summary(decode(t, "azure-eventgrid", iotHubEvent("DeviceDisconnected", data))), data)
	}
}

// Events with equal times must be sorted by their sequence numbers.
func TestIoTHubSequence(t *testing.T) {
	var got []event.Event
	for _, sequence := range []string{"0A", "0B", "FF"} {
		data := fmt.Sprintf(`{"deviceId":"d","deviceConnectionStateEventInfo":{"sequenceNumber":%q}}`, sequence)
		e := decode(t, "azure-eventgrid", iotHubEvent("DeviceConnected", data)).Events[0]
		require.Equal(t, sequence, e.SourceEventID)
		got = append(got, e)
	}
	require.Negative(t, event.Compare(&got[0], &got[1]))
	require.Negative(t, event.Compare(&got[1], &got[2]))
	require.Equal(t, "i", decode(t, "azure-eventgrid", iotHubEvent("DeviceConnected", `{"deviceId":"d"}`)).Events[0].SourceEventID)
}
