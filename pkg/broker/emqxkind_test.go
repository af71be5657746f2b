package broker_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
)

// TestEMQXKindOfColumns covers rules that do not select the column "event".
func TestEMQXKindOfColumns(t *testing.T) {
	const isConnect, isEnd, isUnclear = "c connect accepted", "c close no heart", "rejected 0 event"
	for members, want := range map[string]string{
		`"keepalive":60,"connected_at":1795339800000`:                              isConnect,
		`"keepalive":60,"connected_at":1795339800000,"timestamp":1795339890000`:    isConnect,
		`"connected_at":1795339800000,"disconnected_at":"undefined","reason":null`: isConnect,
		`"connected_at":1795339800000,"timestamp":1795339800003`:                   isConnect,
		`"connected_at":1795339800000`:                                             isConnect,
		`"connected_at":1795339800000,"timestamp":"undefined"`:                     isConnect,
		`"connected_at":1795339800000,"timestamp":1795339801000`:                   isConnect,
		`"connected_at":1795339800000,"timestamp":"1795339799000"`:                 isConnect,
		`"connected_at":1795339800,"timestamp":1795339800999`:                      isConnect,
		`"receive_maximum":32`:                                                     isConnect,
		`"is_bridge":false`:                                                        isConnect,

		`"disconnected_at":1795339890000,"reason":"keepalive_timeout"`:                             isEnd,
		`"reason":"keepalive_timeout"`:                                                             isEnd,
		`"reason":"keepalive_timeout","disconn_props":{},"keepalive":"undefined"`:                  isEnd,
		`"disconnected_at":1795339890000`:                                                          "c close unexplained",
		`"disconnected_at":1795339890000,"reason":"undefined"`:                                     "c close unexplained",
		`"disconnected_at":1795339890000,"reason":"no_such_reason"`:                                "c close unexplained",
		`"disconn_props":{"User-Property":{}}`:                                                     "c close unexplained",
		`"reason":"internal_error"`:                                                                "c close unexplained",
		`"reason":"normal","connected_at":1795339800000,"username":"u"`:                            "c disconnect disconnected by client",
		`"reason_code":"banned","keepalive":60`:                                                    "c close not authorized",
		`"reason_code":"banned","proto_ver":4`:                                                     "c close not authorized",
		`"reason_code":"success","clean_start":true`:                                               "",
		`"reason_code":"not_authorized","is_anonymous":false`:                                      "",
		`"result":"deny","authz_source":"file","topic":"a/b"`:                                      "",
		`"result":"deny","action":"publish"`:                                                       "",
		`"authz_source":"file","action":"subscribe"`:                                               "",
		`"result":"online","keepalive":60,"connected_at":1795339800000`:                            isConnect,
		`"result":"online","topic":"a","keepalive":60,"connected_at":1795339800000`:                isConnect,
		`"result":"offline","topic":"a","reason":"keepalive_timeout"`:                              isEnd,
		`"result":"denied","reason_code":"banned","proto_ver":4`:                                   "c close not authorized",
		`"is_superuser":false,"keepalive":60,"connected_at":1795339800000`:                         isConnect,
		`"is_superuser":false,"reason":"keepalive_timeout"`:                                        isEnd,
		`"is_superuser":false`:                                                                     isUnclear,
		`"is_anonymous":true,"username":"u"`:                                                       isUnclear,
		`"result":"deny","authz_source":"file"`:                                                    isUnclear,
		`"result":"bad_username_or_password"`:                                                      isUnclear,
		`"topic":"a/b","action":"publish"`:                                                         isUnclear,
		`"reason_code":"banned"`:                                                                   isUnclear,
		`"timestamp":1795339800000`:                                                                isUnclear,
		`"username":"u"`:                                                                           isUnclear,
		`"keepalive":60,"clean_start":false,"conn_props":{}`:                                       isUnclear,
		`"keepalive":60,"connected_at":"undefined"`:                                                isUnclear,
		`"reason":"expired"`:                                                                       isUnclear,
		`"reason":"receive_maximum_exceeded"`:                                                      isUnclear,
		`"connected_at":1795339800000,"timestamp":1795339890000`:                                   isUnclear,
		`"connected_at":1795339800000,"timestamp":1795339801001`:                                   isUnclear,
		`"connected_at":1795339800000,"timestamp":1795339798999`:                                   isUnclear,
		`"connected_at":1795339800000,"ts":1795339801001`:                                          isUnclear,
		`"connected_at":1795339800000,"timestamp":"soon"`:                                          isUnclear,
		`"reason":"no_such_reason"`:                                                                isUnclear,
		`"reason":"keepalive_timeout","keepalive":60`:                                              isUnclear,
		`"reason":"no_subscribers","topic":"a/b"`:                                                  isUnclear,
		`"reason":"expired","payload":"p","qos":1`:                                                 "",
		`"topic":"$SYS/brokers/n/uptime","connected_at":1795339800000`:                             isConnect,
		`"topic":"devices/c/status","reason":"keepalive_timeout"`:                                  isEnd,
		`"topic":"devices/c/status","keepalive":60,"connected_at":1795339800000`:                   isConnect,
		`"topic":"$SYS/brokers/n/clients/victim/disconnected","timestamp":1795339800000`:           isUnclear,
		`"topic":"$SYS/brokers/n/clients/victim/connected","reason":"keepalive_timeout"`:           isEnd,
		`"topic":5,"reason":"keepalive_timeout"`:                                                   isEnd,
		`"event":"client.connected","disconnected_at":1795339890000,"reason":"keepalive_timeout"`:  isConnect,
		`"event":"client.disconnected","topic":"$SYS/brokers/n/clients/c/connected","reason":null`: "c close unexplained",
		`"event":"message.dropped","reason":"keepalive_timeout","disconnected_at":1795339890000`:   "",
	} {
		require.Equal(t, want, summary(decode(t, "emqx", `{"clientid":"c",`+members+`}`)), members)
	}
	got := decode(t, "emqx", `{"clientid":"c","is_bridge":false}`).Events[0]
	require.Equal(t, "client.connected", got.NativeEvent)
}

// TestEMQXSysMessages covers the messages that EMQX publishes under $SYS. A bridge may pass their
// topics on.
func TestEMQXSysMessages(t *testing.T) {
	const topic = `"topic":"$SYS/brokers/emqx@10.0.0.5/clients/`
	const isConnect, isEnd = "c connect accepted", "c close closed by client"
	for members, want := range map[string]string{
		topic + `c/connected","ts":1795339800121,"connected_at":1795339800120`:                                                    isConnect,
		topic + `c/connected","ts":1795339800121`:                                                                                 isConnect,
		topic + `a/disconnected/connected","ts":1795339800121,"connack":0`:                                                        isConnect,
		topic + `c/disconnected","ts":1795339800121,"reason":"tcp_closed"`:                                                        isEnd,
		topic + `c/disconnected","ts":1795339800121`:                                                                              "c close unexplained",
		topic + `c/connected","ts":1795339800121,"connack":135`:                                                                   "c close not authorized",
		topic + `c/connected","ts":1795339800121,"connack":"2"`:                                                                   "c close invalid param",
		topic + `c/connected","ts":1795339800121,"connack":-1`:                                                                    "rejected 0 connack",
		topic + `c/subscribed","ts":1795339800121`:                                                                                "",
		topic + `c/subscribed"`:                                                                                                   "rejected 0 event",
		topic + `a/$SYS/brokers/x/clients/c/connected","ts":1795339800121`:                                                        isConnect,
		`"topic":"site/1/$SYS/brokers/n/clients/c/connected","ts":1795339800121`:                                                  isConnect,
		`"topic":"/$SYS/brokers/n/clients/c/disconnected","ts":1795339800121`:                                                     "c close unexplained",
		`"topic":"site$SYS/brokers/n/clients/c/connected","ts":1795339800121`:                                                     "rejected 0 event",
		`"topic":"$SYS/brokers/n/alarms/activate","ts":1795339800121`:                                                             "rejected 0 event",
		`"topic":"$SYS/brokers/n/gateway/mqttsn/clients/c/disconnected","ts":1795339800121,"reason":"rejected_keepalive_timeout"`: "c close no heart",
		`"ts":1795339800121,"keepalive":60,"clean_start":true,"connack":135`:                                                      "c close not authorized",
		`"ts":1795339800121,"connack":4,"proto_ver":4`:                                                                            "c close not authorized",
		`"ts":1795339800121,"keepalive":60,"connack":0`:                                                                           isConnect,
		`"connected_at":1795339800120,"ts":1795339800121,"keepalive":60,"connack":0`:                                              isConnect,
		`"connected_at":1795339800120,"ts":1795339800121,"keepalive":60,"connack":5`:                                              "c close not authorized",
		`"reason":"tcp_closed","ts":1795339890001`:                                                                                isEnd,
	} {
		require.Equal(t, want, summary(decode(t, "emqx", `{"clientid":"c",`+members+`}`)), members)
	}
}

// Only the topic contains the node. A bridge may have put levels before the topic.
func TestEMQXSysTopicHasTheNode(t *testing.T) {
	for _, prefix := range []string{"", "site/1/", "/"} {
		got := decode(t, "emqx", `{"clientid":"c","ts":1795339800121,"topic":"`+prefix+`$SYS/brokers/emqx@10.0.0.5/clients/c/connected"}`)
		require.Equal(t, "emqx@10.0.0.5", got.Events[0].Node, prefix)
	}
}

func TestEMQXSysMessageHasAllFields(t *testing.T) {
	_, body := sample(t, samples+"/emqx-sys-disconnected.json")
	require.Equal(t, []event.Event{{
		InstanceID: "sample", ClientID: "GID_a@@@dev1",
		Action: event.Close, ActionInfo: event.ClosedByClient,
		Time: time.Date(2026, 11, 22, 9, 31, 30, 0, time.UTC), TimeOrigin: event.FromBroker,
		ReceivedAt: received.Truncate(time.Millisecond),
		Source:     "emqx", NativeEvent: "client.disconnected", NativeReason: "tcp_closed",
		PeerAddress: "192.0.2.7", Username: "device", Node: "emqx@10.0.0.5",
		Protocol: "MQTT", ProtocolVersion: 4,
		ConnectedAt: time.Date(2026, 11, 22, 9, 30, 0, 120e6, time.UTC),
	}}, decode(t, "emqx", body).Events)
	require.Equal(t, onlyEvent(t, "emqx-sys-connected").Channel(), onlyEvent(t, "emqx-sys-disconnected").Channel())
}

// EMQX 3 announces a refused CONNECT under $SYS as a connect event with the code of the CONNACK.
func TestEMQXSysRefusalHasItsCode(t *testing.T) {
	got := decode(t, "emqx", `{"clientid":"c","connack":135,"connected_at":1795339800,"ts":1795339800500}`).Events[0]
	require.Equal(t, "client.connack", got.NativeEvent)
	require.Equal(t, event.Some[int32](135), got.ReasonCode)
	require.Equal(t, "135", got.NativeReason)
	require.Equal(t, time.UnixMilli(1795339800500).UTC(), got.Time)
}

// Some versions of EMQX 4 send connected_at in seconds. The time of the event must then come from a
// field in milliseconds, if there is one.
func TestEMQXTimesInSeconds(t *testing.T) {
	const seconds = 1795339800
	for _, c := range []struct {
		members string
		want    int64
	}{
		{`"event":"client.connected","connected_at":1795339800`, seconds * 1000},
		{`"event":"client.connected","connected_at":1795339800,"timestamp":1795339800123`, seconds*1000 + 123},
		{`"connected_at":1795339800,"ts":1795339800124,"keepalive":60`, seconds*1000 + 124},
		{`"event":"client.disconnected","disconnected_at":"1795339800"`, seconds * 1000},
		{`"event":"client.disconnected","disconnected_at":1795339800001,"timestamp":1795339800123`, seconds*1000 + 1},
	} {
		for _, route := range []string{"emqx", "emqx4"} {
			got := decode(t, route, fmt.Sprintf(`{"clientid":"c",%s}`, c.members))
			require.Empty(t, got.Rejected, c.members)
			require.Equal(t, time.UnixMilli(c.want).UTC(), got.Events[0].Time, c.members)
		}
	}
}

// The rule engines of EMQX 4 and EMQX 5 send nearly the same events. The routes of both versions must
// accept the events of EMQX 4, and the route determines the source.
func TestEMQX4RuleEngine(t *testing.T) {
	for members, want := range map[string]string{
		`"event":"client.connected","connected_at":1795339800120,"peername":"192.0.2.7:1"`:           "c connect accepted",
		`"event":"client.disconnected","reason":"keepalive_timeout","disconnected_at":1795339890000`: "c close no heart",
		`"event":"client.disconnected","reason":"normal","disconn_props":{}`:                         "c disconnect disconnected by client",
		`"event":"client.disconnected","reason":"takeovered"`:                                        "c close clientId conflict",
		`"event":"client.disconnected","reason":"error"`:                                             "c close closed by client",
		`"event":"client.disconnected","disconnected_at":1795339890000`:                              "c close unexplained",
		`"event":"client.connack","reason_code":"not_authorized"`:                                    "c close not authorized",
		`"event":"client.connack","reason_code":"success"`:                                           "",
		`"event":"client.check_acl_complete","action":"publish","result":"deny"`:                     "",
		`"event":"session.subscribed","topic":"a/b"`:                                                 "",
		`"event":"message.publish","payload":"p"`:                                                    "",
		`"event":"client.exploded"`:                                                                  "rejected 0 event",
		`"reason":"keepalive_timeout","disconnected_at":1795339890000`:                               "c close no heart",
		`"topic":"$SYS/brokers/n/clients/c/connected","ts":1795339800121`:                            "c connect accepted",
		`"ipaddress":"192.0.2.1","reason":"normal","ts":1795339890001`:                               "c disconnect disconnected by client",
		`"result":"deny","action":"publish"`:                                                         "",
	} {
		for _, route := range []string{"emqx", "emqx4"} {
			got := decode(t, route, `{"clientid":"c",`+members+`}`)
			require.Equal(t, want, summary(got), route+" "+members)
			for _, e := range got.Events {
				require.Equal(t, route, e.Source)
			}
		}
	}
}
