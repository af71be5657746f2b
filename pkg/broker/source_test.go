package broker_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
)

func TestFindKnowsEverySource(t *testing.T) {
	seen := map[string]bool{}
	for _, name := range broker.Names() {
		found, ok := broker.Find(name)
		require.True(t, ok, name)
		require.Equal(t, name, found.Name)
		require.NotNil(t, found.Decode, name)
		require.False(t, seen[name], "%s is registered twice", name)
		seen[name] = true
	}
	_, ok := broker.Find("nobroker")
	require.False(t, ok)
	require.Zero(t, broker.TraitsOf("nobroker"))
}

// A decoder sets each event's Source to the source's name in the registry.
func TestDecodersSetTheirSource(t *testing.T) {
	for _, name := range broker.Names() {
		if name == broker.Events {
			continue // in the project's own form, the sender chooses the source name
		}
		for _, path := range allSamples(t, name) {
			_, body := sample(t, path)
			for _, e := range decodeWith(t, name, body, sampleMeta(t, path)).Events {
				require.Equal(t, name, e.Source, path)
			}
		}
	}
}

// TestNativeWords checks what functions such as IsRefusal conclude from an event's native event and
// native reason.
func TestNativeWords(t *testing.T) {
	for name, c := range map[string]struct {
		event            event.Event
		isRefusal, isEnd bool
	}{
		"EMQX refusal":                     {event: event.Event{Source: broker.EMQX, Action: event.Close, NativeEvent: "client.connack"}, isRefusal: true},
		"EMQX end":                         {event: event.Event{Source: broker.EMQX, Action: event.Close, NativeEvent: "client.disconnected"}, isEnd: true},
		"EMQX 4 end":                       {event: event.Event{Source: broker.EMQX4, Action: event.Close, NativeEvent: "client_disconnected"}, isEnd: true},
		"NanoMQ end":                       {event: event.Event{Source: broker.NanoMQ, Action: event.Close, NativeEvent: "client_disconnected"}, isEnd: true},
		"NanoMQ connect":                   {event: event.Event{Source: broker.NanoMQ, Action: event.Connect, NativeEvent: "client_connack"}},
		"Mosquitto has one form for both":  {event: event.Event{Source: broker.Mosquitto, Action: event.Close, NativeEvent: "disconnected"}},
		"Mosquitto DISCONNECT":             {event: event.Event{Source: broker.Mosquitto, Action: event.Disconnect, NativeEvent: "disconnected"}, isEnd: true},
		"AWS end":                          {event: event.Event{Source: broker.AWSIoT, Action: event.Close, NativeEvent: "disconnected"}, isEnd: true},
		"AWS end that may be a refusal":    {event: event.Event{Source: broker.AWSIoT, Action: event.Close, ActionInfo: event.NotAuthorized, NativeEvent: "disconnected", NativeReason: "AUTH_ERROR"}},
		"AWS end of an expired login":      {event: event.Event{Source: broker.AWSIoT, Action: event.Close, ActionInfo: event.NotAuthorized, NativeEvent: "disconnected", NativeReason: "CUSTOMAUTH_TTL_EXPIRATION"}, isEnd: true},
		"VerneMQ end":                      {event: event.Event{Source: broker.VerneMQ, Action: event.Close, NativeEvent: "on_client_gone"}, isEnd: true},
		"VerneMQ end, passed on by others": {event: event.Event{Source: "bridge", Action: event.Close, NativeEvent: "on_client_gone"}, isEnd: true},
		"RMQTT refusal":                    {event: event.Event{Source: broker.RMQTT, Action: event.Close, NativeEvent: "client_connack"}, isRefusal: true},
		"HiveMQ refusal":                   {event: event.Event{Source: broker.HiveMQ, Action: event.Close, ActionInfo: event.NotAuthorized, NativeEvent: "was disconnected during CONNECT"}, isRefusal: true},
		"HiveMQ has one form for both":     {event: event.Event{Source: broker.HiveMQ, Action: event.Close, ActionInfo: event.InvalidParam, NativeEvent: "was disconnected"}},
		"HiveMQ DISCONNECT":                {event: event.Event{Source: broker.HiveMQ, Action: event.Disconnect, NativeEvent: "disconnected gracefully"}, isEnd: true},
		"Alibaba IoT end":                  {event: event.Event{Source: broker.AliyunIoT, Action: event.Close, NativeEvent: "offline"}, isEnd: true},
		"Huawei IoTDA end":                 {event: event.Event{Source: broker.HuaweiIoTDA, Action: event.Close, NativeEvent: "device.status OFFLINE"}, isEnd: true},
		"IoT Hub end":                      {event: event.Event{Source: broker.AzureEventGrid, Action: event.Close, NativeEvent: "Microsoft.Devices.DeviceDisconnected"}, isEnd: true},
		"unknown word":                     {event: event.Event{Source: "bridge", Action: event.Close, NativeEvent: "gone"}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.isRefusal, broker.IsRefusal(&c.event), "refusal")
			require.Equal(t, c.isEnd, broker.IsEnd(&c.event), "end")
		})
	}
	require.True(t, broker.ExcludesDisconnect("tcpclean"))
	require.False(t, broker.ExcludesDisconnect("on_client_gone"))
	for reason, want := range map[string]bool{
		"kicked": true, "Server busy": true, "API_INITIATED_DISCONNECT": true, "ServerError": true, "out of memory": true,
		"server_shutting_down": false, "server unavailable": false, "": false,
	} {
		require.Equal(t, want, broker.ExcludesRestart(reason), reason)
	}
}

// A close event without an action info is mute, whatever its source.
func TestIsMute(t *testing.T) {
	for _, c := range []struct {
		event event.Event
		want  bool
	}{
		{event.Event{Action: event.Close}, true},
		{event.Event{Action: event.Close, NativeReason: "internal_error"}, true},
		{event.Event{Action: event.Close, ActionInfo: event.ClosedByClient}, false},
		{event.Event{Action: event.Disconnect, ActionInfo: event.DisconnectedByClient}, false},
		{event.Event{Action: event.Connect, ActionInfo: event.Accepted}, false},
	} {
		require.Equal(t, c.want, broker.IsMute(&c.event), "%+v", c.event)
	}
}

func TestSnapshots(t *testing.T) {
	for native, want := range map[string]bool{
		"device.status ONLINE": true, "device.status OFFLINE": true,
		"Microsoft.Devices.DeviceConnected": true, "Microsoft.Devices.DeviceDisconnected": true,
		"Microsoft.EventGrid.MQTTClientSessionDisconnected": false, "client.disconnected": false, "": false,
	} {
		require.Equal(t, want, broker.IsSnapshot(native), native)
	}
}

func TestComparableNodes(t *testing.T) {
	require.True(t, broker.ComparableNodes("n1", "n2"))
	require.True(t, broker.ComparableNodes("192.0.2.1:1883", "192.0.2.2:1883"))
	require.False(t, broker.ComparableNodes("192.0.2.1:1883", "host1"))
}
