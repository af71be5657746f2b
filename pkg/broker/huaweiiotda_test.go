package broker_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
)

func TestHuaweiIoTDASamples(t *testing.T) {
	requireSamples(t, "huawei-iotda", map[string]string{
		"huawei-iotda-online":          "p1_dev1 connect accepted",
		"huawei-iotda-offline":         "p1_dev1 close unexplained",
		"huawei-iotda-offline-seconds": "p1_dev1 close unexplained",
		"huawei-iotda-abnormal":        "",
	})
}

func TestHuaweiIoTDAHasAllFields(t *testing.T) {
	want := event.Event{
		InstanceID: "sample", ClientID: "p1_dev1",
		Action: event.Close, ActionInfo: event.Unexplained,
		Time: time.Date(2026, 11, 22, 9, 31, 30, 500e6, time.UTC), TimeOrigin: event.FromBroker, ReceivedAt: received.Truncate(time.Millisecond),
		Source: "huawei-iotda", NativeEvent: "device.status OFFLINE",
	}
	require.Equal(t, &want, onlyEvent(t, "huawei-iotda-offline"))
	want.Time = want.Time.Truncate(time.Second)
	require.Equal(t, &want, onlyEvent(t, "huawei-iotda-offline-seconds"))
	require.True(t, broker.IsEnd(&want))
	require.True(t, broker.IsSnapshot(want.NativeEvent))
	require.True(t, broker.IsSnapshot(onlyEvent(t, "huawei-iotda-online").NativeEvent))
}

// huaweiNotice returns a notice with the given resource, header and body, each of which is JSON.
func huaweiNotice(resource, header, body string) string {
	return fmt.Sprintf(`{"resource":%s,"event":"update","event_time":"20261122T093000Z","notify_data":{"header":%s,"body":%s}}`, resource, header, body)
}

func TestHuaweiIoTDAStatus(t *testing.T) {
	for status, want := range map[string]string{
		`"ONLINE"`: "d connect accepted", `"OFFLINE"`: "d close unexplained",
		`"ABNORMAL"`: "", `"INACTIVE"`: "", `"FROZEN"`: "", `"FREEZED"`: "",
		`"online"`: "rejected 0 notify_data.body.status", `null`: "rejected 0 notify_data.body.status", `7`: "rejected 0 notify_data.body.status",
	} {
		body := huaweiNotice(`"device.status"`, `{"device_id":"d"}`, `{"status":`+status+`}`)
		require.Equal(t, want, summary(decode(t, "huawei-iotda", body)), status)
	}
}

func TestHuaweiIoTDAResources(t *testing.T) {
	for resource, want := range map[string]string{
		`"device.status"`: "d connect accepted", `"device.property"`: "", `"device.message"`: "", `"device"`: "", `"batchtask"`: "",
		`"device.statuses"`: "rejected 0 resource", `null`: "rejected 0 resource", `7`: "rejected 0 resource",
	} {
		require.Equal(t, want, summary(decode(t, "huawei-iotda", huaweiNotice(resource, `{"device_id":"d"}`, `{"status":"ONLINE"}`))), resource)
	}
}

func TestHuaweiIoTDAMalformed(t *testing.T) {
	const online = `{"status":"ONLINE"}`
	for body, want := range map[string]string{
		huaweiNotice(`"device.status"`, `{}`, online):                                                                                  "rejected 0 notify_data.header.device_id",
		huaweiNotice(`"device.status"`, `null`, online):                                                                                "rejected 0 notify_data.header.device_id",
		huaweiNotice(`"device.status"`, `7`, online):                                                                                   "rejected 0 notify_data.header",
		huaweiNotice(`"device.status"`, `{"device_id":[]}`, online):                                                                    "rejected 0 notify_data.header.device_id",
		huaweiNotice(`"device.status"`, `{"device_id":"d"}`, `[]`):                                                                     "rejected 0 notify_data.body",
		`{"resource":"device.status","notify_data":[]}`:                                                                                "rejected 0 notify_data",
		`{"resource":"device.status","body":{"status":"ONLINE"}}`:                                                                      "rejected 0 notify_data.header.device_id",
		`{"resource":"device.status","event_time":"22.11.2026","notify_data":{"header":{"device_id":"d"},"body":{"status":"ONLINE"}}}`: "rejected 0 event_time",
	} {
		require.Equal(t, want, summary(decode(t, "huawei-iotda", body)), body)
	}
}

// The order of the keys does not matter, and notices may arrive in an array or one per line.
func TestHuaweiIoTDABodies(t *testing.T) {
	const notice = `{"body":{"status":"OFFLINE"},"notify_data":{"body":{"status":"ONLINE"},"header":{"device_id":"d"}},"event_time_ms":"2026-11-22T09:30:00.123Z","resource":"device.status"}`
	require.Equal(t, "d connect accepted", summary(decode(t, "huawei-iotda", notice)))
	require.Equal(t, "d connect accepted, d connect accepted", summary(decode(t, "huawei-iotda", "["+notice+","+notice+"]")))
	require.Equal(t, "d connect accepted, d connect accepted", summary(decode(t, "huawei-iotda", notice+"\n"+notice)))
}

func FuzzHuaweiIoTDA(f *testing.F) { fuzz(f, "huawei-iotda") }
