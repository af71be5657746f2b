package broker_test

import (
	"encoding/base64"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
)

func TestAliyunIoTSamples(t *testing.T) {
	requireSamples(t, "aliyun-iot", map[string]string{
		"aliyun-iot-online":           "dev1 connect accepted",
		"aliyun-iot-offline-conflict": "dev1 close clientId conflict",
		"aliyun-iot-offline-no-code":  "dev1 close unexplained",
		"aliyun-iot-rocketmq":         "dev1 close clientId conflict",
		"aliyun-iot-mns":              "dev1 connect accepted",
	})
}

func TestAliyunIoTHasAllFields(t *testing.T) {
	want := &event.Event{
		InstanceID: "sample", ClientID: "a1Prod@@@dev1",
		Action: event.Close, ActionInfo: event.ClientIDConflict,
		Time: time.Date(2026, 11, 22, 9, 31, 30, 205e6, time.UTC), TimeOrigin: event.FromBroker, ReceivedAt: received.Truncate(time.Millisecond),
		Source: "aliyun-iot", NativeEvent: "offline", NativeReason: "427", PeerAddress: "192.0.2.7",
	}
	require.Equal(t, want, onlyEvent(t, "aliyun-iot-offline-conflict"))
	require.Equal(t, want, onlyEvent(t, "aliyun-iot-rocketmq"), "the envelope does not change the event")
	require.True(t, broker.IsEnd(want))
	require.Empty(t, want.Channel())
}

const aliyunDevice = `"productKey":"p","deviceName":"d","utcTime":"2026-11-22T09:30:00.5Z"`

func TestAliyunIoTReasons(t *testing.T) {
	for code, want := range map[string]string{
		`427`:                              "d close clientId conflict",
		`"427"`:                            "d close clientId conflict",
		`427.0`:                            "d close clientId conflict",
		`4.27e2`:                           "d close clientId conflict",
		`427.5`:                            "d close unexplained",
		`400`:                              "d close clientId conflict",
		`"Kicked by the same device"`:      "d close clientId conflict",
		`"Keepalive timeout after 90 sec"`: "d close no heart",
		`"TCP连接断开"`:                        "d close closed by client",
		`428`:                              "d close unexplained",
		`0`:                                "d close unexplained",
		`"Kicked by the same"`:             "d close unexplained",
		`null`:                             "d close unexplained",
		`""`:                               "d close unexplained",
		`"undefined"`:                      "d close unexplained",
		`[]`:                               "rejected 0 offlineReasonCode",
	} {
		got := decode(t, "aliyun-iot", `{"status":"offline",`+aliyunDevice+`,"offlineReasonCode":`+code+`}`)
		require.Equal(t, want, summary(got), code)
	}
	for code, reason := range map[string]string{`428`: "428", `427.0`: "427", `427.5`: "427.5", `"x"`: "x", `null`: ""} {
		got := decode(t, "aliyun-iot", `{"status":"offline",`+aliyunDevice+`,"offlineReasonCode":`+code+`}`)
		require.Equal(t, reason, got.Events[0].NativeReason)
	}
}

func TestAliyunIoTTime(t *testing.T) {
	for members, want := range map[string]string{
		`"utcTime":"2026-11-22T09:30:00.5Z","time":"2026-11-22 17:31:00.5","utcLastTime":"2026-11-22T09:20:00Z"`: "09:30:00.5 broker",
		`"time":"2026-11-22 17:31:00.5","lastTime":"2026-11-22 17:20:00"`:                                        "09:31:00.5 broker",
		`"time":"2026-11-22 17:31:00"`:                                          "09:31:00 broker",
		`"lastTime":"2026-11-22 17:20:00"`:                                      "09:20:00 broker",
		`"utcLastTime":"2026-11-22T09:20:00Z","lastTime":"2026-11-22 17:21:00"`: "09:20:00 broker",
		`"clientIp":"192.0.2.7"`:                                                "09:40:00.123 received",
		`"time":"2026-11-22T09:31:00Z"`:                                         "09:31:00 broker",
	} {
		got := decode(t, "aliyun-iot", `{"status":"online","productKey":"p","deviceName":"d",`+members+`}`)
		require.Len(t, got.Events, 1, members)
		e := got.Events[0]
		require.Equal(t, want, fmt.Sprint(e.Time.Format("15:04:05.999"), " ", e.TimeOrigin), members)
	}
	require.Equal(t, "rejected 0 time", summary(decode(t, "aliyun-iot", `{"status":"online","productKey":"p","deviceName":"d","time":"22.11.2026"}`)))
}

// A takeover ends the old connection when the new one begins, even if the old one was silent for
// some time. The two events must therefore have nearly the same time.
func TestAliyunIoTTakeoverIsBesideTheNewConnect(t *testing.T) {
	const ended = `{"status":"offline","productKey":"p","deviceName":"d","offlineReasonCode":427,"utcTime":"2026-11-22T09:31:30.205Z","utcLastTime":"2026-11-22T09:30:00.195Z"}`
	const began = `{"status":"online","productKey":"p","deviceName":"d","utcTime":"2026-11-22T09:31:30.206Z","utcLastTime":"2026-11-22T09:31:30.196Z"}`
	got := decode(t, "aliyun-iot", began+"\n"+ended).Events
	require.Equal(t, time.Millisecond, got[0].Time.Sub(got[1].Time))
}

func TestAliyunIoTMembers(t *testing.T) {
	for body, want := range map[string]string{
		`{"status":"online","deviceName":"d"}`:                   "rejected 0 productKey",
		`{"status":"online","productKey":"p"}`:                   "rejected 0 deviceName",
		`{"status":"ONLINE",` + aliyunDevice + `}`:               "d connect accepted",
		`{"status":"Offline",` + aliyunDevice + `}`:              "d close unexplained",
		`{"status":"on",` + aliyunDevice + `}`:                   "rejected 0 status",
		`{"status":7,` + aliyunDevice + `}`:                      "rejected 0 status",
		`{"action":"create",` + aliyunDevice + `}`:               "rejected 0 status",
		`{"status":"online",` + aliyunDevice + `,"clientIp":[]}`: "rejected 0 clientIp",
		`{"data":7}`:                    "rejected 0 data",
		`{"data":{}}`:                   "rejected 0 data.body",
		`{"data":{"body":"no notice"}}`: "rejected 0 data.body",
		`{"data":{"body":{"status":"online","productKey":"p"}}}`: "rejected 0 data.body.deviceName",
		`{"payload":"x"}`: "rejected 0 payload",
		`{"payload":{"status":"online","productKey":"p"}}`:          "rejected 0 payload.deviceName",
		`{"topic":7,"payload":{"status":"online"}}`:                 "rejected 0 topic",
		`{"topic":"/p/d/thing/event/property/post","payload":"eA"}`: "",
		`{"topic":"/p/d/thing/event/property/post","content":{}}`:   "",
		`{"content":"x"}`: "rejected 0 content",
		`{"content":{"status":"online","productKey":"p"}}`: "rejected 0 content.deviceName",
	} {
		require.Equal(t, want, summary(decode(t, "aliyun-iot", body)), body)
	}
}

func TestAliyunIoTEnvelopes(t *testing.T) {
	const notice = `{"status":"online",` + aliyunDevice + `}`
	inBase64 := fmt.Sprintf("%q", base64.StdEncoding.EncodeToString([]byte(notice)))
	for _, body := range []string{notice, fmt.Sprintf("%q", notice), inBase64} {
		for _, envelope := range []string{
			`{"id":"e","time":"2026-11-22T09:35:00Z","data":{"systemProperties":{"UNIQ_KEY":"k"},"body":%s}}`,
			`{"messageid":"1","messagetype":"status","topic":"/as/mqtt/status/p/d","payload":%s}`,
			`{"topic":"/sys/p/d/device/status/notify","payload":%s}`,
			`{"topic":"/as/mqtt/status/p/d","messageId":1,"content":%s}`,
		} {
			require.Equal(t, "d connect accepted", summary(decode(t, "aliyun-iot", fmt.Sprintf(envelope, body))), envelope)
		}
	}
	require.Equal(t, "d connect accepted, d connect accepted", summary(decode(t, "aliyun-iot", "["+notice+","+notice+"]")))
	require.Equal(t, "d connect accepted, d connect accepted", summary(decode(t, "aliyun-iot", notice+"\n"+notice)))
}

func FuzzAliyunIoT(f *testing.F) { fuzz(f, "aliyun-iot") }
