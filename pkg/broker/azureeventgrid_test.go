package broker_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
)

func TestAzureEventGridSamples(t *testing.T) {
	requireSamples(t, "azure-eventgrid", map[string]string{
		"azure-eventgrid-connected":              "dev1 connect accepted",
		"azure-eventgrid-disconnected-by-client": "dev1 disconnect disconnected by client",
		"azure-eventgrid-disconnected-lost":      "dev1 close Socket IOException",
		"azure-eventgrid-disconnected-takenover": "dev1 close clientId conflict",
		"azure-eventgrid-disconnected-denied":    "dev1 close topic auth failed",
		"azure-eventgrid-batch":                  "dev1 connect accepted, dev1 close Socket IOException",
		"azure-eventgrid-own-schema":             "dev1 connect accepted, dev1 close invalid param",
		"azure-eventgrid-client-created":         "",
		"azure-eventgrid-validation":             "",
		"azure-eventgrid-iot-hub-connected":      "dev1 connect accepted",
		"azure-eventgrid-iot-hub-disconnected":   "dev1 close unexplained",
		"azure-eventgrid-iot-hub-module":         "dev1/camera close unexplained",
		"azure-eventgrid-iot-hub-created":        "",
	})
}

func TestAzureEventGridHasAllFields(t *testing.T) {
	want := event.Event{
		InstanceID: "sample", ClientID: "GID_a@@@dev1", ChannelID: "fleet-1/7",
		Action: event.Connect, ActionInfo: event.Accepted,
		Time: time.Date(2026, 11, 22, 9, 30, 0, 123e6, time.UTC), TimeOrigin: event.FromBroker, ReceivedAt: received.Truncate(time.Millisecond),
		Source: "azure-eventgrid", SourceEventID: "5249c38a-0000-4000-8000-000000000001", NativeEvent: "Microsoft.EventGrid.MQTTClientSessionConnected",
		Username: "device-1", Node: "fleet-1",
	}
	_, body := sample(t, samples+"/azure-eventgrid-connected.json")
	require.Equal(t, []event.Event{want}, decode(t, "azure-eventgrid", body).Events)

	_, body = sample(t, samples+"/azure-eventgrid-own-schema.json")
	want.SourceEventID, want.ChannelID = "5249c38a-0000-4000-8000-000000000006", "fleet-1/8"
	got := decode(t, "azure-eventgrid", body).Events
	require.Equal(t, want, got[0])
	require.Equal(t, "QuotaExceeded", got[1].NativeReason)
	require.Equal(t, time.Date(2026, 11, 22, 9, 31, 30, 765e6, time.UTC), got[1].Time)
}

// azureEvent returns an event in the CloudEvents schema.
func azureEvent(kind, data string) string {
	return fmt.Sprintf(`{"id":"i","type":"Microsoft.EventGrid.%s","time":"2026-11-22T09:30:00.1234567Z","data":%s}`, kind, data)
}

// TestAzureEventGridReasons covers every disconnectionReason.
func TestAzureEventGridReasons(t *testing.T) {
	for reason, want := range map[string]string{
		"ClientInitiatedDisconnect": "c disconnect disconnected by client",
		"ConnectionLost":            "c close Socket IOException",
		"SessionTakenOver":          "c close clientId conflict",
		"ClientAuthenticationError": "c close not authorized",
		"IpForbidden":               "c close not authorized",
		"ClientAuthorizationError":  "c close topic auth failed",
		"ClientError":               "c close invalid param",
		"QuotaExceeded":             "c close invalid param",
		"QuotaExceededed":           "c close invalid param", // in some translations of the documentation
		"SessionOverflow":           "c close invalid param",
		"ServerError":               "c close ServerShutdown",
		"ServerInitiatedDisconnect": "c close ServerShutdown",
		"SomethingNew":              "c close unexplained",
	} {
		got := decode(t, "azure-eventgrid", azureEvent("MQTTClientSessionDisconnected", fmt.Sprintf(`{"clientSessionName":"c","disconnectionReason":%q}`, reason)))
		require.Equal(t, want, summary(got), reason)
		require.Equal(t, reason, got.Events[0].NativeReason)
	}
}

func TestAzureEventGridKinds(t *testing.T) {
	const data = `{"clientSessionName":"c"}`
	for kind, want := range map[string]string{
		"MQTTClientSessionConnected":    "c connect accepted",
		"MQTTClientSessionDisconnected": "c close unexplained",
		"MQTTClientCreatedOrUpdated":    "",
		"MQTTClientDeleted":             "",
		"SubscriptionValidationEvent":   "",
		"SubscriptionDeletedEvent":      "",
		"SomethingNew":                  "rejected 0 type",
	} {
		body := azureEvent(kind, data)
		require.Equal(t, want, summary(decode(t, "azure-eventgrid", body)), kind)
		body = strings.NewReplacer(`"type"`, `"eventType"`, `"time"`, `"eventTime"`).Replace(body)
		want = strings.Replace(want, " type", " eventType", 1)
		require.Equal(t, want, summary(decode(t, "azure-eventgrid", body)), kind)
	}
	require.Equal(t, "rejected 0 type", summary(decode(t, "azure-eventgrid", `{"data":`+data+`}`)))
}

// A rejection must state the full path of an invalid field inside the data field.
func TestAzureEventGridNamesNestedFields(t *testing.T) {
	for _, c := range []struct{ data, field string }{
		{`null`, "data.clientSessionName"},
		{`{}`, "data.clientSessionName"},
		{`{"clientSessionName":""}`, "data.clientSessionName"},
		{`{"clientSessionName":true}`, "data.clientSessionName"},
		{`{"clientSessionName":"\ud83d"}`, "data.clientSessionName"},
		{`{"clientSessionName":"c","clientAuthenticationName":{}}`, "data.clientAuthenticationName"},
		{`{"clientSessionName":"c","namespaceName":7}`, "data.namespaceName"},
		{`{"clientSessionName":"c","sequenceNumber":-1}`, "data.sequenceNumber"},
		{`{"clientSessionName":"c","sequenceNumber":"seven"}`, "data.sequenceNumber"},
		{`{"clientSessionName":"c","disconnectionReason":[]}`, "data.disconnectionReason"},
		{`{"clientSessionName":"c","clientSessionName":"victim"}`, "data.clientSessionName"},
		{`[]`, "data"},
		{`"text"`, "data"},
		{`true`, "data"},
	} {
		got := decode(t, "azure-eventgrid", azureEvent("MQTTClientSessionDisconnected", c.data))
		require.Empty(t, got.Events, c.data)
		require.Equal(t, c.field, got.Rejected[0].Field, c.data)
	}
}

// The decoder takes the session name, not the user name, as the client identifier, because one
// user name may have many sessions.
func TestAzureEventGridClientIsTheSession(t *testing.T) {
	got := decode(t, "azure-eventgrid", azureEvent("MQTTClientSessionConnected", `{"clientAuthenticationName":"user","clientSessionName":"undefined"}`)).Events[0]
	require.Equal(t, "undefined", string(got.ClientID))
	require.Equal(t, "user", got.Username)
}

// All events of a connection must have the same channel. Two connections must have different
// channels, even if they have the same sequence number in different namespaces.
func TestAzureEventGridConnectionHasOneChannel(t *testing.T) {
	channel := func(kind, namespace, sequence string) string {
		data := fmt.Sprintf(`{"clientSessionName":"c","namespaceName":%s,"sequenceNumber":%s}`, namespace, sequence)
		return decode(t, "azure-eventgrid", azureEvent(kind, data)).Events[0].Channel()
	}
	const connected, disconnected = "MQTTClientSessionConnected", "MQTTClientSessionDisconnected"
	require.Equal(t, "n/7", channel(connected, `"n"`, `7`))
	require.Equal(t, "n/7", channel(disconnected, `"n"`, `"7"`))
	require.Equal(t, "n/8", channel(connected, `"n"`, `8`))
	require.Equal(t, "m/7", channel(connected, `"m"`, `7`))
	require.Equal(t, "7", channel(connected, `null`, `7`))
	require.Empty(t, channel(connected, `"n"`, `null`))
}

func FuzzAzureEventGrid(f *testing.F) { fuzz(f, "azure-eventgrid") }
