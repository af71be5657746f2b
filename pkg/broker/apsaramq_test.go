package broker_test

import (
	"encoding/base64"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
)

func TestApsaraMQSamples(t *testing.T) {
	requireSamples(t, "apsaramq", map[string]string{
		"apsaramq-connect":    "dev1 connect accepted",
		"apsaramq-disconnect": "dev1 disconnect disconnected by client",
		"apsaramq-tcpclean":   "dev1 close unexplained",
		"apsaramq-batch":      "dev1 connect accepted, dev1 disconnect disconnected by client, dev1 close unexplained",
		"apsaramq-envelope":   "dev1 connect accepted",
	})
}

// triggerPayload returns the content of a sample file, which is exactly what a trigger passes
// to the recorder.
func triggerPayload(t testing.TB, name string) string {
	t.Helper()
	raw, err := os.ReadFile(samples + "/" + name + ".json")
	require.NoError(t, err)
	return string(raw)
}

func TestApsaraMQTriggerPayloads(t *testing.T) {
	for name, want := range map[string]string{
		"rocketmq-one":   "dev1 close unexplained",
		"rocketmq-array": "dev1 connect accepted, dev1 disconnect disconnected by client, dev1 close unexplained",
	} {
		body := triggerPayload(t, name)
		require.Contains(t, body, `"CONSUME_START_TIME": 17953398`)
		require.Equal(t, want, summary(decode(t, "apsaramq", body)), name)
	}
}

func TestApsaraMQHasAllFields(t *testing.T) {
	want := event.Event{
		InstanceID: "sample", ClientID: "GID_a@@@dev1", ChannelID: "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
		Action: event.Connect, ActionInfo: event.Accepted,
		Time: time.Date(2026, 11, 22, 9, 30, 0, 120e6, time.UTC), TimeOrigin: event.FromBroker, ReceivedAt: received.Truncate(time.Millisecond),
		Source: "apsaramq", NativeEvent: "connect",
		PeerAddress: "192.0.2.7", PeerPort: 52341,
	}
	for _, name := range []string{"apsaramq-connect", "apsaramq-envelope"} {
		_, body := sample(t, samples+"/"+name+".json")
		require.Equal(t, []event.Event{want}, decode(t, "apsaramq", body).Events, name)
	}
}

const (
	tcpclean    = `{"eventType":"tcpclean","clientId":"c","channelId":"ch","clientIp":"192.0.2.7","time":1795339800000}`
	tcpcleanRow = "c close unexplained"
)

// envelope returns a CloudEvent with the given id and body.
func envelope(id, body string) string {
	return fmt.Sprintf(`{"id":%q,"type":"mq:Topic:SendMessage","time":"2026-11-22T09:35:00Z",
		"data":{"topic":"t","systemProperties":{"TAGS":"connect","CONSUME_START_TIME":1795339800000},"body":%s}}`, id, body)
}

// inBase64 returns a JSON string that contains the given text in base64.
func inBase64(text string) string {
	return `"` + base64.StdEncoding.EncodeToString([]byte(text)) + `"`
}

// The decoded event must depend neither on how the envelope encodes the notification nor on the
// envelope's id.
func TestApsaraMQEnvelopeIsTransparent(t *testing.T) {
	want := decode(t, "apsaramq", tcpclean).Events
	require.Len(t, want, 1)
	require.Empty(t, want[0].SourceEventID)
	for name, body := range map[string]string{
		"string":                  fmt.Sprintf("%q", tcpclean),
		"string with white space": fmt.Sprintf("%q", "\r\n"+tcpclean+"\n"),
		"escaped string":          `"\u007b` + strings.ReplaceAll(tcpclean, `"`, `\"`)[1:] + `"`,
		"object":                  tcpclean,
		"base64":                  inBase64(tcpclean),
		"escaped base64":          strings.ReplaceAll(inBase64(tcpclean), "e", `\u0065`),
		"with unknown fields":     fmt.Sprintf("%q", `{"reason":{"a":[1]},`+tcpclean[1:]),
	} {
		for _, id := range []string{"first", "second"} {
			got := decode(t, "apsaramq", envelope(id, body))
			require.Empty(t, got.Rejected, name)
			require.Equal(t, want, got.Events, name)
		}
	}
}

// TestApsaraMQKinds covers every eventType.
func TestApsaraMQKinds(t *testing.T) {
	for kind, want := range map[string]string{
		`"connect"`:    "c connect accepted",
		`"disconnect"`: "c disconnect disconnected by client",
		`"tcpclean"`:   tcpcleanRow,
		`"renamed"`:    "rejected 0 eventType",
		`null`:         "rejected 0 eventType",
		`7`:            "rejected 0 eventType",
	} {
		notice := strings.Replace(tcpclean, `"tcpclean"`, kind, 1)
		require.Equal(t, want, summary(decode(t, "apsaramq", notice)), kind)
		want = strings.Replace(want, " eventType", " data.body.eventType", 1)
		require.Equal(t, want, summary(decode(t, "apsaramq", envelope("i", notice))), kind)
	}
}

// A rejection must name the invalid field by its path.
func TestApsaraMQNamesTheFieldAtFault(t *testing.T) {
	for _, c := range []struct{ body, field string }{
		{`{}`, "eventType"},
		{`{"eventType":"connect"}`, "clientId"},
		{`{"eventType":"connect","clientId":"c","time":1795339800}`, "time"},
		{`{"eventType":"connect","clientId":"c","channelId":7}`, "channelId"},
		{`{"data":null}`, "eventType"},
		{`{"data":7}`, "data"},
		{`{"data":"text"}`, "data"},
		{`{"data":[]}`, "data"},
		{`{"data":{}}`, "data.body"},
		{`{"data":{"body":{},"body":{}}}`, "data.body"},
		{`{"data":{"body":{"clientId":"c","clientId":"c"}}}`, "data.body.clientId"},
		{`{"data":{"body":"{\"clientId\":\"c\",\"clientId\":\"c\"}"}}`, "data.body.clientId"},
		{envelope("i", `null`), "data.body"},
		{envelope("i", `""`), "data.body"},
		{envelope("i", `7`), "data.body"},
		{envelope("i", `[]`), "data.body"},
		{envelope("i", `"no JSON"`), "data.body"},
		{envelope("i", `"[]"`), "data.body"},
		{envelope("i", `"{} {}"`), "data.body"},
		{envelope("i", `"{}\u0000{}"`), "data.body"},
		{envelope("i", inBase64("{}\x00")), "data.body"},
		{envelope("i", `"\ud83d"`), "data.body"},
		{envelope("i", inBase64(`hello`)), "data.body"},
		{envelope("i", inBase64(`{} x`)), "data.body"},
		{envelope("i", fmt.Sprintf("%q", strings.Repeat(`{"a":`, 65)+"1"+strings.Repeat("}", 65))), "data.body"},
		{envelope("i", `"{}"`), "data.body.eventType"},
		{envelope("i", `{"eventType":"connect"}`), "data.body.clientId"},
		{envelope("i", inBase64("{\"eventType\":\"connect\",\"clientId\":\"\xff\"}")), "data.body.clientId"},
		{envelope("i", `{"eventType":"connect","clientId":"c","time":"yesterday"}`), "data.body.time"},
	} {
		got := decode(t, "apsaramq", c.body)
		require.Empty(t, got.Events, c.body)
		require.Equal(t, c.field, got.Rejected[0].Field, c.body)
	}
}

// A batch may mix envelopes and bare notifications, and a bad item does not affect the items
// around it.
func TestApsaraMQMixesEnvelopesAndNotifications(t *testing.T) {
	got := decode(t, "apsaramq", "["+envelope("i", tcpclean)+","+envelope("j", `"x"`)+","+tcpclean+"]")
	require.Equal(t, tcpcleanRow+", "+tcpcleanRow+", rejected 1 data.body", summary(got))
}

// The disconnect and tcpclean events of a connection must have the same channel as its connect
// event.
func TestApsaraMQConnectionHasOneChannel(t *testing.T) {
	rows := decode(t, "apsaramq", triggerPayload(t, "rocketmq-array")).Events
	require.Len(t, rows, 3)
	for _, row := range rows {
		require.Equal(t, "0f1e2d3c4b5a69788796a5b4c3d2e1f0", row.Channel())
	}
}

func TestApsaraMQAddress(t *testing.T) {
	for peer, want := range map[string]struct {
		address string
		port    int32
	}{
		"192.0.2.7":           {"192.0.2.7", 0},
		"192.0.2.7:52341":     {"192.0.2.7", 52341},
		"2001:db8::7":         {"2001:db8::7", 0},
		"[2001:db8::7]:52341": {"2001:db8::7", 52341},
		"/192.0.2.7:52341":    {"192.0.2.7", 52341},
		"/192.0.2.7":          {"192.0.2.7", 0},
		"/2001:db8::7":        {"2001:db8::7", 0},
		"":                    {"", 0},
	} {
		got := decode(t, "apsaramq", fmt.Sprintf(`{"eventType":"connect","clientId":"c","clientIp":%q}`, peer)).Events[0]
		require.Equal(t, want.address, got.PeerAddress, peer)
		require.Equal(t, want.port, got.PeerPort, peer)
	}
}

func FuzzApsaraMQ(f *testing.F) {
	for _, name := range []string{"rocketmq-one", "rocketmq-array"} {
		f.Add([]byte(triggerPayload(f, name)), "")
	}
	f.Add([]byte(envelope("i", inBase64(tcpclean))), "")
	fuzz(f, "apsaramq")
}
