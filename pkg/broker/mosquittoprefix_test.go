package broker_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
)

// prefix is a text that a program writes before a line of Mosquitto's log.
type prefix struct {
	text string
	at   time.Time // the time in the prefix; zero if the prefix has no usable time
}

// millis is the time of the prefixes that have fractions of a second.
var millis = lineTime.Add(123 * time.Millisecond)

var prefixes = []prefix{
	{"", time.Time{}},
	{"\xEF\xBB\xBF", time.Time{}},
	// docker, and docker compose 1 and 2, with and without colors
	{"2026-11-22T09:30:00.123456789Z ", millis},
	{"mosquitto-1  | ", time.Time{}},
	{"mosquitto_1         | ", time.Time{}},
	{"mosquitto-1 | 2026-11-22T09:30:00.123456789Z ", millis},
	{"\x1b[36mmosquitto_1  |\x1b[0m ", time.Time{}},
	{"\x1b[36mmosquitto-1  | \x1b[0m", time.Time{}},
	{"\x1b[36;1mplant-mosquitto-1  | \x1b[0m2026-11-22T09:30:00.123456789Z ", millis},
	// kubectl and tools that follow several pods
	{"[pod/mosquitto-0/mosquitto] ", time.Time{}},
	{"[pod/mosquitto-0/mosquitto] 2026-11-22T09:30:00.123456789Z ", millis},
	{"mosquitto-0 mosquitto 2026-11-22T09:30:00.123456789Z ", millis},
	{"mosquitto-6d4cf56db6-x2x7f broker ", time.Time{}},
	{"\x1b[32mmosquitto-0\x1b[0m \x1b[33mbroker\x1b[0m ", time.Time{}},
	{"default/mosq-0[mosquitto]: ", time.Time{}},
	// log files of container runtimes
	{"2026-11-22T09:30:00.123456789Z stdout F ", millis},
	{"2026-11-22T10:30:00.123456789+01:00 stderr F ", millis},
	// journald, in the formats short, short-precise, short-iso, short-iso-precise, short-unix,
	// short-full, short-monotonic
	{"Nov 22 09:30:00 host mosquitto[7]: ", time.Time{}},
	{"Nov  2 09:30:00 host mosquitto[7]: ", time.Time{}},
	{"Nov 22 09:30:00.123456 host mosquitto[7]: ", time.Time{}},
	{"2026-11-22T09:30:00+0000 host mosquitto[7]: ", lineTime},
	{"2026-11-22T10:30:00+0100 ip-10-0-12-34.eu-west-1.compute.internal mosquitto[7]: ", lineTime},
	{"2026-11-22T09:30:00.123456+00:00 host mosquitto[7]: ", millis},
	{"1795339800.123456 host mosquitto[7]: ", millis},
	{"Sun 2026-11-22 09:30:00 UTC host mosquitto[7]: ", lineTime},
	{"[   12.345678] host mosquitto[7]: ", time.Time{}},
	{"Sun 2026-11-22 12:30:00 +03 host mosquitto[7]: ", lineTime},
	{"Sun 2026-11-22 06:30:00 -03 host mosquitto[7]: ", lineTime},
	// syslog in files and on the wire
	{"2026-11-22T09:30:00.123456+00:00 " + strings.Repeat("h", 255) + " mosquitto: ", millis},
	{"Nov 22 09:30:00 mosquitto[7]: ", time.Time{}},
	{"Nov 22 09:30:00 host daemon.notice mosquitto[7]: ", time.Time{}},
	{"Sun Nov 22 09:30:00 2026 daemon.notice mosquitto[7]: ", time.Time{}},
	{"<29>Nov 22 09:30:00 host mosquitto[7]: ", time.Time{}},
	{"<29>1 2026-11-22T09:30:00.123456Z host mosquitto 7 - - ", millis},
	{"<29>1 - - mosquitto - - - ", time.Time{}},
	{"105 <29>1 2026-11-22T09:30:00.123456Z host mosquitto 7 - - ", millis},
	{"94 <29>Nov 22 09:30:00 host mosquitto[7]: ", time.Time{}},
	{"2026-11-22T09:30:00+00:00 daemon notice mosquitto[7]: ", lineTime},
	{"2026-11-22T09:30:00+00:00 host daemon notice mosquitto[7]: ", lineTime},
	{"2026-11-22T09:30:00+00:00 host local3.info mosquitto: ", lineTime},
	{`<29>1 2026-11-22T09:30:00.123Z host mosquitto 7 ID1 [a@1 b="x \"y\" ] z"][c d="e"] ` + "\xEF\xBB\xBF", millis},
	// supervisors
	{"[mosquitto] ", time.Time{}},
	{"[mosquitto]: ", time.Time{}},
	{"mosquitto: ", time.Time{}},
	{"mosquitto[7]: ", time.Time{}},
	{"0|mosquitto  | ", time.Time{}},
	{"\x1b[32m12|mosquitto  | \x1b[39m", time.Time{}},
	// mosquitto_sub
	{"$SYS/broker/log/N ", time.Time{}},
	{"2026-11-22T09:30:00+0000 $SYS/broker/log/E ", lineTime},
	{"@400000006b02a2620754d4c0 ", time.Time{}}, // its time is set in TestMosquittoTAI64N
}

// ownStamps are the stamps that Mosquitto itself writes.
var ownStamps = []prefix{
	{"", time.Time{}},
	{"1795339800: ", lineTime},
	{"2026-11-22T09:30:00+0000: ", lineTime},
	{"2026-11-22 10:30:00+0100: ", lineTime},
	{"2026-11-22 04:30:00 -0500: ", lineTime},
	{"20261122T093000+0000: ", lineTime},
	{"22.11.2026 09:30:00 +0000: ", lineTime},
	{"[2026-11-22 09:30:00+0000]: ", lineTime},
	{"[1795339800]: ", lineTime},
	{"09:30:00+0000: ", lineTime},
	{"Nov 22 09:30:00 +0000: ", lineTime},
	{"2026-11-22T12:30:00+03: ", lineTime},
	{"20261122093000+0000: ", lineTime},
	{"Sun, 22 Nov 2026 09:30:00 +0000: ", lineTime},
	{"2026.11.22 09:30:00 +0000: ", lineTime},
	{"22.11.26 09:30:00 +0000: ", lineTime},
	{"22/Nov/2026 09:30:00 +0000: ", lineTime},
	{"2026-11-22, 09:30:00 +0000: ", lineTime},
	{"2026-11-22 09:30 +0000: ", time.Time{}},
	{"22-11-26 09:30:00 +0000: ", time.Time{}},
	{"2026.11.22 09:30:00: ", time.Time{}},
	{"22.11.26 09:30:00: ", time.Time{}},
	{"22/Nov/2026 09:30:00: ", time.Time{}},
	{"2026-11-22, 09:30:00: ", time.Time{}},
	{"22-11-26 09:30:00: ", time.Time{}},
	{"2026-11-22 09:30: ", time.Time{}},
	{"20261122093000: ", time.Time{}},
	{"20261322093000+0000: ", time.Time{}},
	{"Time error: ", time.Time{}},
	{"2026-11-22T09:30:00: ", time.Time{}},
	{"2026-11-22T09:30:00Z: ", time.Time{}},
	{"2026-11-22 09:30:00: ", time.Time{}},
	{"2026-11-22 09:30:00 UTC: ", time.Time{}},
	{"2026-11-22 09:30:00 CET: ", time.Time{}},
	{"20261122T09:30:00: ", time.Time{}},
	{"09:30:00: ", time.Time{}},
	{"22.11.2026 09:30:00: ", time.Time{}},
	{"22/11/2026 09:30:00: ", time.Time{}},
	{"2026/11/22 09:30:00: ", time.Time{}},
	{"Nov 22 09:30:00: ", time.Time{}},
	{"Nov  2 09:30:00: ", time.Time{}},
	{"Sun Nov 22 09:30:00 2026: ", time.Time{}},
	{"[09:30:00]: ", time.Time{}},
	{"[2026-11-22 09:30:00]: ", time.Time{}},
	{"[Sun Nov 22 09:30:00 2026]: ", time.Time{}},
}

// sentences maps a line of each form to the native event that it results in. The client is c.
var sentences = map[string]string{
	"New client connected from 192.0.2.7:52341 as c (p2, c1, k60, u'u').": "connected",
	"New client connected from 192.0.2.7 as c (p2, c1, k60).":             "connected",
	"New client connected from 192.0.2.7 as c (c1, k60, u'u').":           "connected",
	"New bridge connected from ::1:52341 as c (p4, c0, k60).":             "bridge connected",
	"Client c disconnected.":                                                   "disconnected",
	"Client c closed its connection.":                                          "disconnected",
	"Client c has exceeded timeout, disconnecting.":                            "disconnected",
	"Client c already connected, closing old connection.":                      "disconnected",
	"Client c disconnected, not authorised.":                                   "refused",
	"Client c disconnected due to protocol error.":                             "disconnected",
	"Client c been disconnected by administrative action.":                     "disconnected",
	"Client c [2001:db8::7:52341] disconnected: session taken over.":           "disconnected",
	"Client c [2001:db8::7:52341] disconnected.":                               "disconnected",
	"Client c [2001:db8::7:1] disconnected: bad socket read/write: TLS error":  "disconnected",
	"Bad socket read/write on client c: Unknown error.":                        "socket",
	"Socket error on client c, disconnecting.":                                 "socket",
	"Client local.plant.cloud closed its connection.":                          "",
	"Client <unknown> closed its connection.":                                  "",
	"New connection from 192.0.2.7:52341 on port 1883.":                        "",
	"Warning: Mosquitto should not be run as root/administrator.":              "",
	"Error: Client certificate/key are inconsistent.":                          "",
	"mosquitto version 2.0.22 starting":                                        "",
	"Outgoing messages are being dropped for client x: Client c disconnected.": "",
	"Received DISCONNECT from c":                                               "",
	"\tClient c disconnected. (QoS 0)":                                         "",
}

// TestMosquittoPrefixes combines every prefix, every stamp of Mosquitto and every form of sentence.
func TestMosquittoPrefixes(t *testing.T) {
	for _, outer := range prefixes {
		for _, own := range ownStamps {
			for sentence, native := range sentences {
				line := outer.text + own.text + sentence
				got := decode(t, "mosquitto", line)
				require.Empty(t, got.Rejected, line)
				if native == "" {
					require.Empty(t, got.Events, line)
					continue
				}
				require.Len(t, got.Events, 1, line)
				require.Equal(t, "c", string(got.Events[0].ClientID), line)
				require.Equal(t, native, got.Events[0].NativeEvent, line)
				if !strings.HasPrefix(outer.text, "@") {
					requireTime(t, &got.Events[0], line, own.at, outer.at)
				}
			}
		}
	}
}

// requireTime checks that the time of e is the first of the given times that is not zero, or else
// the time of receipt.
func requireTime(t *testing.T, e *event.Event, line string, times ...time.Time) {
	t.Helper()
	for _, at := range times {
		if !at.IsZero() {
			require.Equal(t, at, e.Time, line)
			require.Equal(t, event.FromBroker, e.TimeOrigin)
			return
		}
	}
	require.Equal(t, received.Truncate(time.Millisecond), e.Time, line)
	require.Equal(t, event.FromReceiver, e.TimeOrigin)
}

func TestMosquittoTAI64N(t *testing.T) {
	label := fmt.Sprintf("@%016x%08x ", 1<<62+10+lineTime.Unix(), 123_456_789)
	got := decode(t, "mosquitto", label+"Client c disconnected.")
	require.Equal(t, millis, got.Events[0].Time)
}

// A stamp with a zone but without a date or a year means the latest possible time that is at most
// an hour after the time of receipt, which is 09:40:00 on 2026-11-22.
func TestMosquittoTimesWithoutADate(t *testing.T) {
	for stamp, want := range map[string]string{
		"09:30:00+0000: ": "2026-11-22T09:30:00Z", "10:39:59+0000: ": "2026-11-22T10:39:59Z", "10:41:00+0000: ": "2026-11-21T10:41:00Z",
		"23:59:00+0000: ": "2026-11-21T23:59:00Z", "00:30:00+1400: ": "2026-11-22T10:30:00Z", "23:30:00-1000: ": "2026-11-22T09:30:00Z",
		"Nov 20 09:30:00 +0000: ": "2026-11-20T09:30:00Z", "Oct 20 09:30:00 +0000: ": "2026-10-20T09:30:00Z",
	} {
		got := decode(t, "mosquitto", stamp+"Client c disconnected.")
		require.Len(t, got.Events, 1, stamp)
		require.Equal(t, want, got.Events[0].Time.Format(time.RFC3339), stamp)
	}
	require.Contains(t, decode(t, "mosquitto", "Dec 22 09:30:00 +0000: Client c disconnected.").Rejected[0].Error, "2025-12-22")
}

// In a stamp without a year, 29 February means the last one that existed.
func TestMosquittoLeapDays(t *testing.T) {
	for now, want := range map[string]string{
		"2028-02-29": "2028-02-29", "2028-02-28": "2024-02-29", "2028-12-10": "2028-02-29", "2029-01-10": "2028-02-29", "2029-06-10": "2028-02-29",
	} {
		at, err := time.Parse(time.DateOnly, now)
		require.NoError(t, err)
		with := broker.Meta{InstanceID: "sample", ReceivedAt: at.Add(12 * time.Hour), DeliveryID: "1a2b3c4d"}
		got := decodeWith(t, "mosquitto", "Feb 29 10:00:00 +0000: Client c disconnected.", with)
		require.Len(t, got.Events, 1, now)
		require.Equal(t, want, got.Events[0].Time.Format(time.DateOnly), now)
	}
}

// TestMosquittoJSON checks lines that a container runtime or a log shipper has put into JSON
// objects.
func TestMosquittoJSON(t *testing.T) {
	const line, docker = "Client c disconnected.", `{"log":"Client c disconnected.\n","stream":"stdout","time":"2026-11-22T09:30:00.123456789Z"}`
	for _, c := range []struct {
		name, body string
		at         time.Time
	}{
		{"docker", docker, millis},
		{"docker with Mosquitto's time", `{"log":"1795339800: ` + line + `\n","stream":"stdout","time":"2026-11-22T09:30:01.123Z"}`, lineTime},
		{"journald", `{"MESSAGE":"` + line + `","__REALTIME_TIMESTAMP":"1795339800123456","_HOSTNAME":"host"}`, millis},
		{"journald with bytes", `{"__REALTIME_TIMESTAMP":"1795339800123456","MESSAGE":` + bytesOf(line) + `}`, millis},
		{"fluent-bit", `{"date":1795339800.123456,"log":"` + line + `"}`, millis},
		{"fluent-bit in ISO 8601", `{"date":"2026-11-22T09:30:00.123456Z","log":"` + line + `"}`, millis},
		{"fluent-bit in milliseconds", `{"date":1795339800123,"log":"` + line + `"}`, millis},
		{"fluent-bit over a runtime's file", `{"date":1795339802.5,"log":"2026-11-22T09:30:00.123456789Z stdout F ` + line + `"}`, millis},
		{"vector", `{"message":"` + line + `","timestamp":"2026-11-22T09:30:00.123456789Z","host":"h"}`, millis},
		{"elasticsearch", `{"@timestamp":"2026-11-22T09:30:00.123Z","message":"` + line + `","log":{"file":{"path":"x"}}}`, millis},
		{"no time", `{"message":"` + line + `"}`, time.Time{}},
		{"a time that cannot be read", `{"message":"` + line + `","time":"yesterday"}`, time.Time{}},
		{"escaped", `{"message":"\u0043lient c disconnected.\r\n"}`, time.Time{}},
		{"GELF", `{"version":"1.1","host":"h","short_message":"` + line + `","timestamp":1795339800.123,"level":5}`, millis},
		{"the topic of the log", `{"topic":"$SYS/broker/log/N","qos":0,"payload":"1795339800: ` + line + `"}`, lineTime},
		{"an escaped topic", `{"payload":"` + line + `","topic":"$SYS\/broker\/log\/N"}`, time.Time{}},
		{"an object in an object", `{"message":` + quoted(docker) + `,"@timestamp":"2026-11-22T09:30:02Z"}`, millis},
		{"the time of the outer object", `{"message":` + quoted(`{"log":"`+line+`"}`) + `,"@timestamp":"2026-11-22T09:30:00.123Z"}`, millis},
		{"an empty text", `{"log":"","message":"` + line + `"}`, time.Time{}},
		{"the name of the stream", `{"log":"stdout","message":"` + line + `"}`, time.Time{}},
		{"the name of the program", `{"message":"mosquitto","MESSAGE":"` + line + `"}`, time.Time{}},
		{"the line twice", `{"log":"2026-11-22T09:30:00.123Z stdout F ` + line + `","message":"` + line + `"}`, millis},
	} {
		t.Run(c.name, func(t *testing.T) {
			var object map[string]any
			require.NoError(t, json.Unmarshal([]byte(c.body), &object))
			pretty, err := json.MarshalIndent(object, "", "\t")
			require.NoError(t, err)
			prettyArray, err := json.MarshalIndent([]any{object, object}, "", "  ")
			require.NoError(t, err)
			for body, lines := range map[string]int{
				c.body: 1, c.body + "\n": 1, c.body + "\n" + c.body + "\n": 2, "[" + c.body + "]": 1, "[" + c.body + "," + c.body + "]": 2,
				string(pretty): 1, string(pretty) + "\n" + string(pretty) + "\n": 2, string(prettyArray): 2,
				c.body + "\n" + line: 2, line + "\n" + c.body: 2,
			} {
				got := decode(t, "mosquitto", body)
				require.Empty(t, got.Rejected, body)
				require.Len(t, got.Events, lines, body)
				for i, e := range got.Events {
					require.Equal(t, "c", string(e.ClientID), body)
					if lines == 1 || i == 0 && strings.HasPrefix(body, "{") {
						requireTime(t, &e, body, c.at)
					}
				}
			}
		})
	}
}

// quoted returns text as a JSON string.
func quoted(text string) string {
	b, _ := json.Marshal(text)
	return string(b)
}

func bytesOf(line string) string {
	return strings.Join(strings.Fields(fmt.Sprint([]byte(line))), ",")
}

// A body may be an array of lines.
func TestMosquittoTextArrays(t *testing.T) {
	const a, b = `"1795339800: New client connected from 192.0.2.7:1 as c (p2, c1, k60)."`, `"1795339800: Client c closed its connection.\n"`
	const connect, end = "c connect accepted", "c close closed by client"
	for body, want := range map[string]string{
		"[" + a + "," + b + "]":                                        connect + ", " + end,
		" [ " + a + " ,\n" + b + " ]\n":                                connect + ", " + end,
		`[` + a + `,{"log":"Client c disconnected."}]`:                 connect + ", c disconnect disconnected by client",
		`[` + a + `,"Client c has gone.",` + b + "]":                   connect + ", " + end + ", rejected 1",
		`["Client c disconnected.\nClient d disconnected.",` + a + `]`: connect + ", rejected 0",
		`["\ud83d",` + a + `]`:                                         connect + ", rejected 0",
		`[` + a + `,7,` + b + `]`:                                      connect + ", rejected 1",
		`[{"log":"Client c disconnected."},` + a + `]`:                 "c disconnect disconnected by client, rejected 1",
		`[` + a + `,"x`:                                                connect + ", rejected 1",
	} {
		require.Equal(t, want, summary(decode(t, "mosquitto", body)), body)
	}
}

// The marks of a body limit the number of its events, however the body is split into parts.
func TestMosquittoMarksOfTexts(t *testing.T) {
	source, _ := broker.Find(broker.Mosquitto)
	body := " [ " + strings.Repeat(quoted(connected("c", 1))+",", 99) + quoted(stopLine) + "]"
	require.Len(t, decode(t, "mosquitto", body).Events, 100)
	require.Equal(t, 200, marksIn(source, []byte(body)))
	marks := broker.Marker{Source: source}
	for i := range body {
		marks.Add([]byte(body[i : i+1]))
	}
	require.EqualValues(t, 200, marks.Count)
}

func TestMosquittoRejectsFaultyJSON(t *testing.T) {
	const good = `{"log":"Client good disconnected."}`
	for _, c := range []struct{ name, item, says string }{
		{"no line", `{"stream":"stdout"}`, "under the key log, message or MESSAGE"},
		{"two different lines", `{"log":"Client c disconnected.","message":"Client d disconnected."}`, "two different lines"},
		{"two lines beside another text", `{"log":"Client c disconnected.\nClient d disconnected.","message":"x"}`, "only one line"},
		{"a client's message", `{"topic":"plant/1","payload":"Client c disconnected."}`, "under the key log, message or MESSAGE"},
		{"no text", `{"message":7}`, "must be a string"},
		{"null", `{"MESSAGE":null}`, "must be a string"},
		{"no bytes", `{"MESSAGE":[67,256]}`, "must be a string"},
		{"texts", `{"MESSAGE":["Client c disconnected."]}`, "must be a string"},
		{"not UTF-8", `{"MESSAGE":[255,254]}`, "valid UTF-8"},
		{"half a character", `{"message":"\ud83d"}`, "must be a string"},
		{"two lines", `{"log":"Client c disconnected.\nClient d disconnected.\n"}`, "only one line"},
		{"a repeated line", `{"message":"x","message":"Client c disconnected."}`, "the key message occurs more than once"},
		{"a repeated topic", `{"topic":"$SYS/broker/uptime","topic":"$SYS/broker/log/N","payload":"Client c disconnected."}`, "the key topic occurs more than once"},
		{"a repeated line in a text", `{"log":"{\"log\":\"x\",\"log\":\"Client c disconnected.\"}"}`, "the key log occurs more than once"},
		{"a damaged line", `{"log":"Client c disconn"}`, "the reason cannot be read"},
		{"a long line", `{"log":"Client ` + strings.Repeat("x", 4100) + `"}`, "longer than 4096 bytes"},
	} {
		for _, body := range []string{good + "\n" + c.item + "\n" + good, "[" + good + ",\n" + c.item + "," + good + "]"} {
			got := decode(t, "mosquitto", body)
			require.Len(t, got.Events, 2, c.name)
			require.Len(t, got.Rejected, 1, c.name)
			require.Equal(t, 1, got.Rejected[0].Item, c.name)
			require.Equal(t, c.item, string(got.Rejected[0].Raw), c.name)
			require.Contains(t, got.Rejected[0].Error, c.says, c.name)
		}
	}
	for body, want := range map[string]string{
		good + "\n" + `{"log":"Client c`:                    "good disconnect disconnected by client, rejected 1",
		`{"log":"Client c` + "\n" + good:                    "good disconnect disconnected by client, rejected 0",
		"[" + good + "," + `{"log":"Client c`:               "good disconnect disconnected by client, rejected 1",
		"[" + good + " " + good + "]":                       "good disconnect disconnected by client, rejected 1",
		"[" + good + "] " + good:                            "good disconnect disconnected by client, rejected 1",
		"[" + good + ",7]":                                  "good disconnect disconnected by client, rejected 1",
		"{\n\"log\":\"Client c disconnected.\"}\n7\n":       "c disconnect disconnected by client, rejected 1",
		`[{"client_id":"a","action":"close"},` + good + "]": "rejected 0",
		`{"client_id":"a","action":"close"}`:                "rejected 0",
		`[]`:                                                "rejected 0",
		`"text"`:                                            "",
	} {
		require.Equal(t, want, summary(decode(t, "mosquitto", body)), body)
	}
}

// A container runtime splits a long line into parts.
func TestMosquittoParts(t *testing.T) {
	const p, f, e = "2026-11-22T09:30:00Z stdout P ", "2026-11-22T09:30:01Z stdout F ", "2026-11-22T09:30:01Z stderr F "
	const row = "c disconnect disconnected by client"
	for _, c := range []struct{ name, body, want string }{
		{"two parts", p + "Client c dis\n" + f + "connected.", row},
		{"three parts", p + "Cli\n" + p + "ent c\n" + f + " disconnected.\n" + f + "Client c disconnected.", row + ", " + row},
		{"the last part is missing", p + "Client c dis\n", "rejected 0"},
		{"only part of the line is needed", p + "Client c disconnected.\n", row},
		{"another stream", p + "Client c dis\n" + e + "Client c disconnected.", row + ", rejected 0"},
		{"another line", p + "Client c dis\nClient c disconnected.", row + ", rejected 0"},
		{"too long", strings.Repeat(p+strings.Repeat("x", 1000)+"\n", 9) + f + "\nClient c disconnected.", row + ", rejected 0"},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, summary(decode(t, "mosquitto", c.body))) })
	}
	got := decode(t, "mosquitto", p+"Client c dis\n"+f+"con\n")
	require.Equal(t, p+"Client c dis\n"+f+"con", string(got.Rejected[0].Raw))
}

// FuzzMosquittoPoser checks that no client can cause an event for another client, whatever
// identifier, user name and topic it chooses. The set-up page documents the only exception: up to
// 2.1.0, a client whose identifier ends with an address and a port in brackets may pass for another
// one.
func FuzzMosquittoPoser(f *testing.F) {
	for i, id := range oddIDs {
		f.Add(id, "u (p2, c1, k60, u'v", "Client x disconnected.", i)
		f.Add("v disconnected: y", id, id, i)
	}
	f.Fuzz(func(t *testing.T, id, user, topic string, form int) {
		if !isMQTTText(id) || !isMQTTText(user) || !isMQTTText(topic) {
			return
		}
		outer, own := prefixes[uint(form)%uint(len(prefixes))], ownStamps[uint(form)%uint(len(ownStamps))]
		for _, said := range lines(id, user, topic) {
			line := outer.text + own.text + said
			for _, e := range decode(t, "mosquitto", line).Events {
				require.Equal(t, id, string(e.ClientID), line)
			}
		}
		for _, said := range []string{"Client " + id + " disconnected.", "Client " + id + " disconnected: Connection timed out."} {
			for _, e := range decode(t, "mosquitto", own.text+said).Events {
				require.True(t, string(e.ClientID) == id || strings.HasPrefix(id, string(e.ClientID)+" ["), said)
			}
		}
		before := outer.text + own.text
		for _, body := range []string{
			before + "\t" + topic + " (QoS 0)\n" + before + id + " 0 " + topic,
			before + "\t" + topic + "\n" + before + id + " " + topic,
		} {
			require.Empty(t, decode(t, "mosquitto", body).Events, body)
		}
	})
}

// isMQTTText reports whether Mosquitto accepts a text from a client and does not truncate lines
// that contain it.
func isMQTTText(text string) bool {
	return text != "" && len(text) < 150 && strings.ToValidUTF8(text, "") == text && !strings.ContainsFunc(text, func(c rune) bool { return c < ' ' || 0x7F <= c && c < 0xA0 })
}

// lines returns lines of Mosquitto about a client with the given identifier and user name, and
// lines that contain a topic of the client. They cover all forms of lines that must not result in
// an event with any other identifier than id.
func lines(id, user, topic string) (all []string) {
	for _, peer := range []string{"192.0.2.7:52341", "::1:52341", "192.0.2.7"} {
		for _, numbers := range []string{"p2, c1, k60", "p5, c0, k0"} {
			all = append(all, fmt.Sprintf("New client connected from %s as %s (%s).", peer, id, numbers),
				fmt.Sprintf("New client connected from %s as %s (%s, u'%s').", peer, id, numbers, user))
		}
	}
	all = append(all, fmt.Sprintf("New client connected from 192.0.2.7 as %s (c1, k60).", id), fmt.Sprintf("New client connected from 192.0.2.7 as %s (c1, k60, u'%s').", id, user))
	for _, end := range mosquitto20Ends {
		if !strings.HasPrefix(end.says, " disconnected:") && end.says != " disconnected." {
			all = append(all, "Client "+id+end.says)
		}
	}
	for _, end := range mosquitto21Ends {
		all = append(all, "Client "+id+" [192.0.2.7:52341]"+end.says)
	}
	for _, texts := range mosquittoLibraryTexts {
		for _, why := range texts {
			all = append(all, "Bad socket read/write on client "+id+": "+why, "Client "+id+" [192.0.2.7:52341] disconnected: bad socket read/write: "+why)
		}
	}
	for _, form := range []string{
		"Bad socket read/write on client %s, disconnecting.", "Socket error on client %s, disconnecting.",
		"Client %s negotiated TLSv1.3 cipher TLS_AES_256_GCM_SHA384", "Client %s connected with too large Will payload",
		"Client %s has exceeded its receive-maximum quota. This behaviour must be fixed on the client.",
		"Client %s sent topic with invalid UTF-8, disconnecting.", "Outgoing messages are being dropped for client %s.",
		"Expiring client %s due to timeout.", "Received DISCONNECT from %s", "Sending CONNACK to %s (0, 0)",
		"Protocol error from %s: password without username, closing connection.", "Bad client %s sending multiple CONNECT messages.",
		`ACL denying access to client with dangerous client id "%s"`, "Invalid QoS in PUBLISH from %s, disconnecting.", "dynsec: %s/admin | createClient | username=x",
	} {
		all = append(all, fmt.Sprintf(form, id))
	}
	return append(all, "\t"+topic, "\t"+topic+" (QoS 0)", fmt.Sprintf("Received PUBLISH from %s (d0, q0, r0, m0, '%s', ... (2 bytes))", id, topic))
}
