package broker_test

import (
	"fmt"
	"math"
	"testing"
	"time"

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

// In some protocols a client may choose a number that means no limit. Such a keep alive is unknown,
// but does not make the event invalid.
func TestHugeKeepAliveIsUnknown(t *testing.T) {
	for route, body := range map[string]string{
		"emqx":    `{"event":"client.connected","clientid":"c","proto_name":"LwM2M","keepalive":%s}`,
		"emqx4":   `{"action":"client_connected","clientid":"c","keepalive":%s}`,
		"nanomq":  `{"action":"client_connack","conn_ack":"success","clientid":"c","keepalive":%s}`,
		"tencent": `{"event":"client.connected","clientid":"c","keepalive":%s}`,
		"rmqtt":   `{"action":"client_connected","clientid":"c","keepalive":%s}`,
		"events":  `{"action":"connect","client_id":"c","keep_alive":%s}`,
	} {
		for _, huge := range []string{"4294967295", `"4294967295"`, "2147483648", "9007199254740991.0"} {
			got := decode(t, route, fmt.Sprintf(body, huge))
			require.Empty(t, got.Rejected, route)
			require.False(t, got.Events[0].KeepAlive.Known, route)
		}
		got := decode(t, route, fmt.Sprintf(body, "2147483647"))
		require.Equal(t, event.Some(math.MaxInt32*time.Second), got.Events[0].KeepAlive, route)
		for _, invalid := range []string{"-1", "1.5", `"long"`, "-4294967295"} {
			require.Len(t, decode(t, route, fmt.Sprintf(body, invalid)).Rejected, 1, route)
		}
	}
}
