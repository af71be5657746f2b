package history_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
	"devicetrace/pkg/history"
)

// payloads decodes a body of items, one per line. The items contain times on the date of day.
func payloads(t *testing.T, route string, items ...string) []event.Event {
	t.Helper()
	source, ok := broker.Find(route)
	require.True(t, ok)
	batch := source.Decode([]byte(strings.Join(items, "\n")), broker.Meta{InstanceID: "i", ReceivedAt: day.AddDate(0, 0, 1), Position: "log:0"})
	require.Empty(t, batch.Rejected)
	return batch.Events
}

// at returns an RFC 3339 time on day.
func at(clock string) string { return day.Format("2006-01-02") + "T" + clock + "Z" }

func hiveMQ(clock, text string) string {
	return at(clock) + "- Client ID: c, IP: 192.0.2.7" + text
}

const (
	hiveMQBegan = ", Clean Start: true, Session Expiry: 0 connected."
	hiveMQGone  = " disconnected ungracefully."
)

func hiveMQClosed(why string) string { return " was disconnected. reason: " + why + "." }

func aliyun(status, clock, members string) string {
	return fmt.Sprintf(`{"status":%q,"productKey":"p","deviceName":"c","utcTime":%q%s}`, status, at(clock), members)
}

func iotHub(kind, clock, sequence string) string {
	return fmt.Sprintf(`{"type":"Microsoft.Devices.%s","time":%q,"data":{"deviceId":"c","deviceConnectionStateEventInfo":{"sequenceNumber":%q}}}`, kind, at(clock), sequence)
}

// TestPairingOfPayloads checks how the events of sources that do not identify connections are
// combined into connections.
func TestPairingOfPayloads(t *testing.T) {
	for _, c := range []struct {
		name  string
		route string
		items []string
		want  []string
	}{
		{"HiveMQ: takeover behind one address", broker.HiveMQ, []string{
			hiveMQ("08:00:00.000", hiveMQBegan), hiveMQ("09:00:00.000", hiveMQClosed("Another client connected with the same client id.")),
			hiveMQ("09:00:00.000", hiveMQBegan),
		}, []string{"08:00:00..09:00:00 reported conflict", "09:00:00..? open open"}},
		{"HiveMQ: refused before and after a connection", broker.HiveMQ, []string{
			hiveMQ("08:00:00.000", hiveMQClosed("Authentication failed")), hiveMQ("09:00:00.000", hiveMQBegan),
			hiveMQ("09:30:00.000", hiveMQGone), hiveMQ("10:00:00.000", hiveMQClosed("Different auth method")),
		}, []string{"09:00:00..09:30:00 reported client-closed", "refused 08:00:00 not authorized", "refused 10:00:00 not authorized"}},
		{"HiveMQ: refused while a connection is open", broker.HiveMQ, []string{
			hiveMQ("08:00:00.000", hiveMQBegan), hiveMQ("09:00:00.000", hiveMQClosed("Authentication failed")),
		}, []string{"08:00:00..? open open", "refused 09:00:00 not authorized"}},
		{"HiveMQ Enterprise: the second line of an end and of a refusal", broker.HiveMQ, []string{
			hiveMQ("08:00:00.000", hiveMQBegan), hiveMQ("09:00:00.000", hiveMQClosed("Client was idle for too long")), hiveMQ("09:00:00.900", hiveMQGone),
			hiveMQ("10:00:00.000", hiveMQClosed("Authentication failed")), hiveMQ("10:00:00.001", hiveMQGone),
		}, []string{"08:00:00..09:00:00 reported no-heart", "refused 10:00:00 not authorized"}},
		{"HiveMQ: an invalid packet of an open connection", broker.HiveMQ, []string{
			hiveMQ("08:00:00.000", hiveMQBegan), hiveMQ("09:00:00.000", hiveMQClosed("Sent second CONNECT message")),
		}, []string{"08:00:00..09:00:00 reported invalid"}},

		{"Alibaba IoT: a takeover whose notices arrive in the wrong order", broker.AliyunIoT, []string{
			aliyun("online", "09:00:00.010", ""), aliyun("offline", "09:00:00.020", `,"offlineReasonCode":427`), aliyun("online", "08:00:00", ""),
		}, []string{"08:00:00..09:00:00.02 reported conflict", "09:00:00.01..? open open"}},
		{"Alibaba IoT: a loss that was noticed late", broker.AliyunIoT, []string{
			aliyun("online", "08:00:00", ""), aliyun("offline", "09:01:30", `,"utcLastTime":"`+at("09:00:00")+`"`), aliyun("online", "09:05:00", ""),
		}, []string{"08:00:00..09:01:30 reported unknown", "09:05:00..? open open"}},

		{"IoT Hub: events with equal times are in the order of their sequence numbers", broker.AzureEventGrid, []string{
			iotHub("DeviceConnected", "09:00:00", "0B"), iotHub("DeviceDisconnected", "09:00:00", "0A"), iotHub("DeviceConnected", "08:00:00", "09"),
		}, []string{"08:00:00..09:00:00 reported unknown", "09:00:00..? open open"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			bothWays(t, payloads(t, c.route, c.items...), func(t require.TestingT, events *history.Log) {
				require.Equal(t, c.want, lines(ofDayLog(events)))
			})
		})
	}
}
