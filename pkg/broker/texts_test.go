package broker_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
)

// fromClient maps each source to the body of a delivery. In the body, %[1]s stands for the client
// identifier, and %[2]s for every other long text.
var fromClient = map[string]string{
	broker.EMQX:           `{"event":"client.disconnected","clientid":"%[1]s","username":"%[2]s","reason":"%[2]s","node":"%[2]s","peername":"%[2]s"}`,
	broker.EMQX4:          `{"action":"client_disconnected","clientid":"%[1]s","username":"%[2]s","reason":"%[2]s","node":"%[2]s","ipaddress":"%[2]s"}`,
	broker.Mosquitto:      `New client connected from 192.0.2.7:52341 as %[1]s (p2, c1, k60, u'%[2]s').`,
	broker.NanoMQ:         `{"action":"client_disconnected","clientid":"%[1]s","username":"%[2]s","reason":"%[2]s"}`,
	broker.VerneMQ:        `{"client_id":"%[1]s","username":"%[2]s","peer_addr":"%[2]s"}`,
	broker.AWSIoT:         `{"eventType":"disconnected","clientId":"%[1]s","principalIdentifier":"%[2]s","sessionIdentifier":"%[2]s","ipAddress":"%[2]s","disconnectReason":"%[2]s"}`,
	broker.AzureEventGrid: `{"id":"%[2]s","type":"Microsoft.EventGrid.MQTTClientSessionDisconnected","data":{"clientSessionName":"%[1]s","namespaceName":"%[2]s","sequenceNumber":7,"clientAuthenticationName":"%[2]s","disconnectionReason":"%[2]s"}}`,
	broker.ApsaraMQ:       `{"eventType":"connect","clientId":"%[1]s","channelId":"%[2]s","clientIp":"%[2]s"}`,
	broker.RMQTT:          `{"action":"client_disconnected","clientid":"%[1]s","username":"%[2]s","node":"%[2]s","ipaddress":"%[2]s","reason":"%[2]s"}`,
	broker.HiveMQ:         `Client ID: %[1]s, IP: 192.0.2.7 disconnected gracefully. Reason given by client: %[2]s`,
	broker.AliyunIoT:      `{"status":"offline","productKey":"p","deviceName":"%[1]s","clientIp":"%[2]s","offlineReasonCode":"%[2]s"}`,
	broker.HuaweiIoTDA:    `{"resource":"device.status","notify_data":{"header":{"device_id":"%[1]s"},"body":{"status":"ONLINE"}}}`,
	broker.Tencent:        `{"event":"client.disconnected","clientid":"%[1]s","username":"%[2]s","reason":"%[2]s","node":"%[2]s","peername":"%[2]s"}`,
	broker.Events: `{"client_id":"%[1]s","action":"connect","username":"%[2]s","channel_id":"%[2]s","source_event_id":"%[2]s","native_event":"%[2]s",` +
		`"native_reason":"%[2]s","peer_address":"%[2]s","node":"%[2]s","protocol":"%[2]s","source":"%[2]s"}`,
}

// clientPrefix maps a source to the text that its decoder puts before the client identifier of
// fromClient, if any.
var clientPrefix = map[string]string{broker.AliyunIoT: "p@@@"}

// delivered decodes the body that fromClient holds for the named source. clientID and other replace
// its two placeholders.
func delivered(t *testing.T, name, clientID, other string) broker.Batch {
	t.Helper()
	require.Contains(t, fromClient, name)
	with := meta
	if name == broker.VerneMQ {
		with.Hook = "on_register"
	}
	return decodeWith(t, name, fmt.Sprintf(fromClient[name], clientID, other), with)
}

func TestEverySourceCutsLongTexts(t *testing.T) {
	for _, name := range broker.Names() {
		long := strings.Repeat("x", 64<<10)
		if isLog(name) {
			long = strings.Repeat("x", 1900) // two texts must fit into a line of 4 KiB
		}
		got := delivered(t, name, long, long)
		require.Empty(t, got.Rejected, name)
		require.Len(t, got.Events, 1, name)
		requireValid(t, got)
		require.Equal(t, event.ClientID(clientPrefix[name]+long).Stored(), got.Events[0].ClientID, name)
		require.Less(t, event.Size(&got.Events[0]), int64(8<<10), name)
	}
}

func TestNoSourceAcceptsACutClientID(t *testing.T) {
	victim := strings.Repeat("x", 1500)
	for _, name := range broker.Names() {
		forged := event.ClientID(clientPrefix[name] + victim).Stored()
		got := delivered(t, name, strings.TrimPrefix(string(forged), clientPrefix[name]), "u")
		require.Empty(t, got.Events, name)
		require.Len(t, got.Rejected, 1, name)
		require.Contains(t, got.Rejected[0].Error, "looks like one that was shortened", name)
		require.Contains(t, got.Rejected[0].Error, "use another identifier", name)
	}
}

// If a client identifier is sent as group and device, the decoder must join the two before it cuts
// the identifier, or rejects it because it looks cut.
func TestTheJoinedClientIDIsCut(t *testing.T) {
	group, device := strings.Repeat("g", 600), strings.Repeat("d", 600)
	got := decode(t, "events", fmt.Sprintf(`{"group_id":%q,"device_id":%q,"action":"connect"}`, group, device))
	require.Equal(t, event.JoinClientID(group, device).Stored(), got.Events[0].ClientID)

	forged, _ := strings.CutPrefix(string(got.Events[0].ClientID), group+"@@@")
	got = decode(t, "events", fmt.Sprintf(`{"group_id":%q,"device_id":%q,"action":"connect"}`, group, forged))
	require.Empty(t, got.Events)
	require.Len(t, got.Rejected, 1)
}

// A decoder must interpret a text, such as a reason or an address, before the text is cut.
func TestTextsAreInterpretedBeforeTheyAreCut(t *testing.T) {
	long := strings.Repeat("x", 600)
	reason := "{" + long + ",keepalive_timeout}"
	e := decode(t, "emqx4", fmt.Sprintf(`{"action":"client_disconnected","clientid":"c","reason":%q}`, reason)).Events[0]
	require.Equal(t, event.NoHeart, e.ActionInfo)
	require.Len(t, e.NativeReason, 512)

	e = decode(t, "emqx", fmt.Sprintf(`{"event":"client.connected","clientid":"c","peername":"%s:52341"}`, long)).Events[0]
	require.Equal(t, int32(52341), e.PeerPort)
	require.Len(t, e.PeerAddress, 512)

	channels := map[string]bool{}
	for _, sequence := range []int{7, 8} {
		item, err := json.Marshal(map[string]any{"type": "Microsoft.EventGrid.MQTTClientSessionConnected",
			"data": map[string]any{"clientSessionName": "c", "namespaceName": long, "sequenceNumber": sequence}})
		require.NoError(t, err)
		e = decode(t, "azure-eventgrid", string(item)).Events[0]
		require.Len(t, e.ChannelID, 512)
		channels[e.ChannelID] = true
	}
	require.Len(t, channels, 2)
}
