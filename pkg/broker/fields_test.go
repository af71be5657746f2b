package broker_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
)

// Every JSON source may send a client identifier as a number. The identifier is then the digits
// exactly as sent, because converting a long number would change it.
func TestNumbersAsClientIdentifiers(t *testing.T) {
	for route, body := range map[string]string{
		"emqx":            `{"event":"client.connected","clientid":86012345678901234567890,"username":7}`,
		"emqx4":           `{"action":"client_connected","clientid":86012345678901234567890,"username":7}`,
		"nanomq":          `{"action":"client_connack","conn_ack":"success","clientid":86012345678901234567890}`,
		"aws-iot":         `{"eventType":"connected","clientId":86012345678901234567890}`,
		"azure-eventgrid": `{"id":"1","type":"Microsoft.EventGrid.MQTTClientSessionConnected","data":{"clientSessionName":86012345678901234567890}}`,
		"apsaramq":        `{"eventType":"connect","clientId":86012345678901234567890}`,
		"tencent":         `{"event":"client.connected","clientid":86012345678901234567890}`,
		"events":          `{"action":"connect","client_id":86012345678901234567890,"username":7}`,
	} {
		got := decode(t, route, body)
		require.Empty(t, got.Rejected, route)
		require.Equal(t, event.ClientID("86012345678901234567890"), got.Events[0].ClientID, route)
		if route == "emqx" || route == "emqx4" || route == "events" {
			require.Equal(t, "7", got.Events[0].Username, route)
		}
	}
}
