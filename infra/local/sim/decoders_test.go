package sim_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/sim"
	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
)

// bodies maps a source and a native event to the body that the broker would send. Each body is a
// format string. Its only verb stands for the native reason.
var bodies = map[string]map[string]string{
	broker.EMQX: {
		"client.connected":    `{"event":"client.connected","clientid":"c"%.0s}`,
		"client.disconnected": `{"event":"client.disconnected","clientid":"c","reason":%q}`,
		"client.connack":      `{"event":"client.connack","clientid":"c","reason_code":%q}`,
	},
	broker.EMQX4: {
		"client_connected":    `{"action":"client_connected","clientid":"c"%.0s}`,
		"client_disconnected": `{"action":"client_disconnected","clientid":"c","reason":%q}`,
		"client_connack":      `{"action":"client_connack","clientid":"c","conn_ack":%q}`,
	},
	broker.AWSIoT: {
		"connected":      `{"eventType":"connected","clientId":"c"%.0s}`,
		"disconnected":   `{"eventType":"disconnected","clientId":"c","disconnectReason":%q}`,
		"connect_failed": `{"eventType":"connect_failed","clientId":"c","connectFailureReason":%q}`,
	},
	broker.AzureEventGrid: {
		"Microsoft.EventGrid.MQTTClientSessionConnected":    `{"type":"Microsoft.EventGrid.MQTTClientSessionConnected","data":{"clientSessionName":"c"%.0s}}`,
		"Microsoft.EventGrid.MQTTClientSessionDisconnected": `{"type":"Microsoft.EventGrid.MQTTClientSessionDisconnected","data":{"clientSessionName":"c","disconnectionReason":%q}}`,
		"Microsoft.Devices.DeviceConnected":                 `{"type":"Microsoft.Devices.DeviceConnected","data":{"deviceId":"c"%.0s}}`,
		"Microsoft.Devices.DeviceDisconnected":              `{"type":"Microsoft.Devices.DeviceDisconnected","data":{"deviceId":"c"%.0s}}`,
	},
	broker.RMQTT: {
		"client_connected":    `{"action":"client_connected","clientid":"c"%.0s}`,
		"client_disconnected": `{"action":"client_disconnected","clientid":"c","reason":%q}`,
		"client_connack":      `{"action":"client_connack","clientid":"c","conn_ack":%q}`,
	},
	broker.HiveMQ: {
		"connected":                       `Client ID: c, IP: 192.0.2.7, Clean Start: true, Session Expiry: 0 connected.%.0s`,
		"disconnected gracefully":         `Client ID: c, IP: 192.0.2.7 disconnected gracefully.%.0s`,
		"disconnected ungracefully":       `Client ID: c, IP: 192.0.2.7 disconnected ungracefully.%.0s`,
		"was disconnected":                `Client ID: c, IP: 192.0.2.7 was disconnected. reason: %s.`,
		"was disconnected during CONNECT": `Client ID: c, IP: 192.0.2.7 was disconnected. reason: %s.`,
	},
	broker.AliyunIoT: {
		"online":  `{"status":"online","productKey":"p","deviceName":"c"%.0s}`,
		"offline": `{"status":"offline","productKey":"p","deviceName":"c","offlineReasonCode":%q}`,
	},
	broker.HuaweiIoTDA: {
		"device.status ONLINE":  `{"resource":"device.status","notify_data":{"header":{"device_id":"c"},"body":{"status":"ONLINE"}}%.0s}`,
		"device.status OFFLINE": `{"resource":"device.status","notify_data":{"header":{"device_id":"c"},"body":{"status":"OFFLINE"}}%.0s}`,
	},
	broker.ApsaraMQ: {
		"connect":    `{"eventType":"connect","clientId":"c"%.0s}`,
		"disconnect": `{"eventType":"disconnect","clientId":"c"%.0s}`,
		"tcpclean":   `{"eventType":"tcpclean","clientId":"c"%.0s}`,
	},
	broker.Mosquitto: {
		"connected":    `New client connected from 192.0.2.7:1 as c (p4, c1, k60).%.0s`,
		"disconnected": `Client c [192.0.2.7:1] disconnected: %s.`,
	},
	broker.VerneMQ: {
		"on_register":    `{"client_id":"c"%.0s}`,
		"on_client_gone": `{"client_id":"c"%.0s}`,
	},
}

// For each event that package sim generates, this test decodes the body that the broker would send.
// The decoder must return the event's action, action info, native event, reason code and source.
func TestDecodersMakeTheSameRows(t *testing.T) {
	seen := map[string]bool{}
	for _, cause := range sim.Causes {
		for seed := range uint64(40) {
			for _, e := range sim.Device(cause, seed, day) {
				row := fmt.Sprint(e.Source, e.NativeEvent, e.NativeReason)
				// Skip mochi, which has no decoder of its own, because it sends events in this
				// project's own form. Also skip ends that are due to a stop or start of the broker.
				if seen[row] || e.Source == "mochi" || broker.EndedWithBroker(e.NativeEvent) {
					continue
				}
				seen[row] = true
				got := decoded(t, e)
				require.Equal(t, e.Action, got.Action, row)
				require.Equal(t, e.ActionInfo, got.ActionInfo, row)
				require.Equal(t, e.NativeEvent, got.NativeEvent, row)
				require.Equal(t, e.ReasonCode, got.ReasonCode, row)
				require.Equal(t, e.Source, got.Source, row)
			}
		}
	}
	require.Greater(t, len(seen), 60)
}

func decoded(t *testing.T, e event.Event) event.Event {
	t.Helper()
	template, ok := bodies[e.Source][e.NativeEvent]
	require.True(t, ok, "%s %s", e.Source, e.NativeEvent)
	body := fmt.Sprintf(template, e.NativeReason)
	if e.Source == broker.Mosquitto && e.Action == event.Disconnect {
		body = "Client c [192.0.2.7:1] disconnected."
	}
	source, ok := broker.Find(e.Source)
	require.True(t, ok, e.Source)
	got := source.Decode([]byte(body), broker.Meta{InstanceID: "i", ReceivedAt: day, Hook: e.NativeEvent})
	require.Empty(t, got.Rejected, body)
	require.Len(t, got.Events, 1, body)
	return got.Events[0]
}
