package broker_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
)

func TestOwnConnectHasAllFields(t *testing.T) {
	_, body := sample(t, samples+"/events-connect.json")
	connected := time.Date(2026, 11, 22, 9, 30, 0, 120e6, time.UTC)
	require.Equal(t, []event.Event{{
		InstanceID: "sample", ClientID: "GID_a@@@dev1", ChannelID: "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
		Action: event.Connect, ActionInfo: event.Accepted,
		Time: connected, TimeOrigin: event.FromBroker, ReceivedAt: received.Truncate(time.Millisecond),
		Source: "events", SourceEventID: "bridge-7-000001", NativeEvent: "session_established",
		PeerAddress: "192.0.2.7", PeerPort: 52341, Username: "device", Node: "mqtt-1",
		Protocol: "MQTT", ProtocolVersion: 4, KeepAlive: event.Some(time.Minute), CleanStart: event.Some(true),
		ConnectedAt: connected,
	}}, decode(t, "events", body).Events)
}

// TestOwnWords checks how combinations of action, action_info and reason_code are decoded.
func TestOwnWords(t *testing.T) {
	for _, c := range []struct{ members, want string }{
		{`"action":"connect"`, "c connect accepted"},
		{`"action":"connect","action_info":"accept"`, "c connect accepted"},
		{`"action":"connect","reason_code":0`, "c connect accepted"},
		{`"action":"connect","reason_code":4`, "c connect not authorized"},
		{`"action":"connect","reason_code":136`, "c connect ServerShutdown"},
		{`"action":"connect","action_info":"accepted","reason_code":0`, "c connect accepted"},
		{`"action":"connect","action_info":"accepted","reason_code":136`, "rejected 0 action_info"},
		{`"action":"connect","action_info":"accept","reason_code":1`, "rejected 0 action_info"},
		{`"action":"connect","reason_code":4,"protocol_version":4`, "c connect not authorized"},
		{`"action":"connect","reason_code":4,"protocol_version":5`, "rejected 0 reason_code"},
		{`"action":"connect","reason_code":135,"protocol_version":5`, "c connect not authorized"},
		{`"action":"connect","action_info":"not authorized","reason_code":4,"protocol_version":5`, "c connect not authorized"},
		{`"action":"disconnect"`, "c disconnect disconnected by client"},
		{`"action":"disconnect","reason_code":128`, "c disconnect disconnected by client"},
		{`"action":"close"`, "c close unexplained"},
		{`"action":"close","action_info":"resource auth failed"`, "c close topic auth failed"},
		{`"action":"close","action_info":"ServerShutdown","reason_code":141`, "c close ServerShutdown"},
		{`"action":"close","reason_code":0`, "c close ServerShutdown"},
		{`"action":"close","reason_code":1`, "c close invalid param"},
		{`"action":"close","reason_code":3`, "c close ServerShutdown"},
		{`"action":"close","reason_code":5`, "c close not authorized"},
		{`"action":"close","reason_code":5,"protocol_version":4`, "c close not authorized"},
		{`"action":"close","reason_code":1,"protocol_version":5`, "c close unexplained"},
		{`"action":"close","reason_code":4,"protocol_version":"5"`, "c close unexplained"},
		{`"action":"close","reason_code":5,"protocol_version":5`, "c close unexplained"},
		{`"action":"close","reason_code":0,"protocol_version":5`, "c close ServerShutdown"},
		{`"action":"close","reason_code":141,"protocol_version":5`, "c close no heart"},
		{`"action":"close","reason_code":135`, "c close topic auth failed"},
		{`"action":"close","reason_code":"141"`, "c close no heart"},
		{`"action":"close","reason_code":142`, "c close clientId conflict"},
		{`"action":"close","reason_code":255`, "c close unexplained"},
		{`"action":"close","reason_code":256`, "rejected 0 reason_code"},
		{`"action":"close","reason_code":-1`, "rejected 0 reason_code"},
		{`"action":"Close"`, "rejected 0 action"},
		{`"action":null`, "rejected 0 action"},
		{`"action":"close","action_info":"bored"`, "rejected 0 action_info"},
		{`"action":"connect","action_info":"resource auth failed"`, "c connect topic auth failed"},
		{`"action":"close","action_info":"disconnected by client"`, "c close disconnected by client"},
		{`"action":"connect","action_info":"Socket IOException"`, "rejected 0 action_info"},
		{`"action":"close","action_info":"accept"`, "rejected 0 action_info"},
		{`"action":"disconnect","action_info":"ServerShutdown"`, "rejected 0 action_info"},
		{`"action":"close","action_info":null`, "c close unexplained"},
		{`"action":"close","action_info":""`, "c close unexplained"},
		{`"action":"close","action_info":"undefined"`, "c close unexplained"},
	} {
		require.Equal(t, c.want, summary(decode(t, "events", `{"client_id":"c",`+c.members+`}`)), c.members)
	}
}

// Every error about action_info must list the words that the sender can use.
func TestOwnActionInfoErrorsListTheWords(t *testing.T) {
	const connects = "use one of accepted, not authorized, topic auth failed, ServerShutdown, invalid param"
	const closes = "use one of not authorized, topic auth failed, clientId conflict, no heart, closed by client, " +
		"disconnected by client, ServerShutdown, invalid param, Socket IOException"
	for members, want := range map[string]string{
		`"action":"connect","action_info":"no heart"`:                  `"no heart" contradicts the action connect; ` + connects,
		`"action":"connect","action_info":"accepted","reason_code":5`:  `"accepted" contradicts the reason code 5, which refuses the CONNECT; ` + connects,
		`"action":"connect","action_info":"noheart"`:                   `"noheart" is not known; ` + connects,
		`"action":"close","action_info":"accepted"`:                    `"accepted" contradicts the action close; ` + closes,
		`"action":"close","action_info":7`:                             `must be a string; ` + closes,
		`"action":"close","action_info":["no heart"]`:                  `must be a string; ` + closes,
		`"action":"close","action_info":"\ud83d"`:                      `"" is not known; ` + closes,
		"\"action\":\"close\",\"action_info\":\"\xff\"":                `"\xff" is not known; ` + closes,
		`"action":"disconnect","action_info":"Disconnected by client"`: `"Disconnected by client" is not known; use one of disconnected by client`,
	} {
		got := decode(t, "events", `{"client_id":"c",`+members+`}`)
		require.Empty(t, got.Events, members)
		require.Equal(t, "action_info", got.Rejected[0].Field, members)
		require.Equal(t, want, got.Rejected[0].Error, members)
	}
}

// The form refuses a key that it does not define, because its value would be lost unnoticed.
func TestOwnUnknownKeys(t *testing.T) {
	const all = "use client_id, group_id, device_id, action, action_info, time, channel_id, source_event_id, native_event, " +
		"native_reason, reason_code, peer_address, peer_port, username, node, protocol, protocol_version, keep_alive, " +
		"clean_start, connected_at, source"
	for key, want := range map[string]string{
		`"ip"`:            all,
		`"unused"`:        all,
		`""`:              all,
		`"clientid"`:      "did you mean client_id?",
		`"Action-Info"`:   "did you mean action_info?",
		`"keepalive"`:     "did you mean keep_alive?",
		`"peer_adress"`:   "did you mean peer_address?",
		`"user_name"`:     "did you mean username?",
		`"reasoncodes"`:   "did you mean reason_code?",
		`"\u0070eerport"`: "did you mean peer_port?",
		`"\ud83d"`:        all,
		"\"\xff\"":        all,
	} {
		got := decode(t, "events", `{"client_id":"c","action":"close",`+key+`:null}`)
		require.Empty(t, got.Events, key)
		require.Equal(t, "is not a key of this form; "+want, got.Rejected[0].Error, key)
	}
	got := decode(t, "events", `{"action":"close","ip":"192.0.2.7","port":1,"client_id":"c"}`)
	require.Equal(t, "ip", got.Rejected[0].Field, "the first unknown key")
	got = decode(t, "events", `{"action":"close","client_id":"c","`+strings.Repeat("é", 40_000)+`":1}`)
	require.Equal(t, strings.Repeat("é", 32)+"…", got.Rejected[0].Field)
}

func TestOwnNativeWordsDefaultToTheWordsSent(t *testing.T) {
	got := decode(t, "events", `[
		{"client_id":"c","action":"close","action_info":"resource auth failed"},
		{"client_id":"c","action":"close","native_event":"e","native_reason":"r"},
		{"client_id":"c","action":"connect"}]`).Events
	words := [][2]string{}
	for _, e := range got {
		words = append(words, [2]string{e.NativeEvent, e.NativeReason})
	}
	require.Equal(t, [][2]string{{"close", "resource auth failed"}, {"e", "r"}, {"connect", ""}}, words)
}

func TestOwnClientIdentifier(t *testing.T) {
	for _, c := range []struct{ members, client, field string }{
		{`"client_id":"a/b #\u00e9\ud83d\ude00"`, "a/b #é😀", ""},
		{`"client_id":"undefined"`, "undefined", ""},
		{`"group_id":"GID_a","device_id":"dev"`, "GID_a@@@dev", ""},
		{`"group_id":"","device_id":"dev"`, "dev", ""},
		{`"client_id":"GID_a@@@dev","group_id":"GID_a","device_id":"dev"`, "GID_a@@@dev", ""},
		{`"client_id":"other","group_id":"GID_a","device_id":"dev"`, "", "client_id"},
		{`"group_id":"GID_a"`, "", "device_id"},
		{`"group_id":"a@@@b","device_id":"dev"`, "", "group_id"},
		{`"device_id":"a@@@dev"`, "", "group_id"},
		{`"client_id":""`, "", "client_id"},
		{`"client_id":7`, "7", ""},
		{`"client_id":9007199254740993.50`, "9007199254740993.50", ""},
		{`"group_id":7,"device_id":-1e3`, "7@@@-1e3", ""},
		{`"client_id":true`, "", "client_id"},
		{`"client_id":["c"]`, "", "client_id"},
		{`"client_id":"\ud83d"`, "", "client_id"},
		{"\"client_id\":\"\xff\"", "", "client_id"},
	} {
		got := decode(t, "events", `{"action":"connect",`+c.members+`}`)
		if c.field != "" {
			require.Empty(t, got.Events, c.members)
			require.Equal(t, c.field, got.Rejected[0].Field, c.members)
			continue
		}
		require.Empty(t, got.Rejected, c.members)
		require.Equal(t, c.client, string(got.Events[0].ClientID))
	}
}

// The port may follow the address or have a key of its own.
func TestOwnPeer(t *testing.T) {
	for _, c := range []struct {
		members, address string
		port             int32
	}{
		{`"peer_address":"192.0.2.1"`, "192.0.2.1", 0},
		{`"peer_address":"192.0.2.1","peer_port":5001`, "192.0.2.1", 5001},
		{`"peer_address":"192.0.2.1:5001"`, "192.0.2.1", 5001},
		{`"peer_address":"192.0.2.1:5001","peer_port":5001`, "192.0.2.1", 5001},
		{`"peer_address":"192.0.2.1:5001","peer_port":null`, "192.0.2.1", 5001},
		{`"peer_address":"/192.0.2.1:5001"`, "192.0.2.1", 5001},
		{`"peer_address":"[2001:db8::1]:5001"`, "2001:db8::1", 5001},
		{`"peer_address":"2001:db8::1:5001"`, "2001:db8::1:5001", 0},
		{`"peer_address":"2001:db8::1","peer_port":"7"`, "2001:db8::1", 7},
		{`"peer_address":"[2001:db8::1]"`, "2001:db8::1", 0},
		{`"peer_port":7`, "", 7},
	} {
		got := decode(t, "events", `{"client_id":"c","action":"connect",`+c.members+`}`)
		require.Empty(t, got.Rejected, c.members)
		require.Equal(t, c.address, got.Events[0].PeerAddress, c.members)
		require.Equal(t, c.port, got.Events[0].PeerPort, c.members)
	}
	got := decode(t, "events", `{"client_id":"c","action":"connect","peer_address":"192.0.2.1:5001","peer_port":5002}`)
	require.Equal(t, "rejected 0 peer_port", summary(got))
	require.Equal(t, "contradicts the port 5001 in peer_address; send the port once", got.Rejected[0].Error)
}

func TestOwnCleanStart(t *testing.T) {
	for sent, want := range map[string]event.Optional[bool]{
		`true`: event.Some(true), `"true"`: event.Some(true), `false`: event.Some(false), `"false"`: event.Some(false), `""`: {},
	} {
		got := decode(t, "events", `{"client_id":"c","action":"connect","clean_start":`+sent+`}`)
		require.Equal(t, want, got.Events[0].CleanStart, sent)
	}
	for _, sent := range []string{`1`, `"yes"`, `{}`} {
		require.Equal(t, "rejected 0 clean_start", summary(decode(t, "events", `{"client_id":"c","action":"connect","clean_start":`+sent+`}`)))
	}
}

func TestOwnTime(t *testing.T) {
	ms := func(t time.Time) string { return fmt.Sprint(t.UnixMilli()) }
	for _, c := range []struct{ name, time, fault string }{
		{"milliseconds", ms(received), ""},
		{"milliseconds in a string", `"` + ms(received) + `"`, ""},
		{"float", ms(received) + ".0", ""},
		{"32 characters", "1795339800000.000000000000000000", ""},
		{"33 characters", "1795339800000.0000000000000000000", "Unix milliseconds"},
		{"a plus sign", `"+1795339800000"`, "RFC 3339"},
		{"RFC 3339", `"2026-11-22T10:00:00.5+01:00"`, ""},
		{"RFC 3339 with an escaped +", `"2026-11-22T10:00:00.5\u002b01:00"`, ""},
		{"RFC 3339 with the largest offset", `"2026-11-23T08:59:00.5+23:59"`, ""},
		{"RFC 3339 with an offset of 24 hours", `"2026-11-23T09:30:00+24:00"`, "RFC 3339"},
		{"RFC 3339 with an offset of 60 minutes", `"2026-11-22T10:00:00+00:60"`, "RFC 3339"},
		{"RFC 3339 with a comma", `"2026-11-22T09:30:00,5Z"`, "RFC 3339"},
		{"RFC 3339 with an hour of one digit", `"2026-11-22T9:30:00Z"`, "RFC 3339"},
		{"RFC 3339 without seconds", `"2026-11-22T09:30Z"`, "RFC 3339"},
		{"half a surrogate pair", `"2026-11-22T10:00:00\ud800"`, "RFC 3339"},
		{"just short of an hour ahead", ms(received.Add(time.Hour)), ""},
		{"more than an hour ahead", ms(received.Add(time.Hour + time.Millisecond)), "future"},
		{"just inside retention", ms(received.Add(-90*24*time.Hour + time.Millisecond)), ""},
		{"older than retention", ms(received.Add(-90*24*time.Hour - time.Millisecond)), "older than the retention of 90 days"},
		{"zero", "0", "after 1970"},
		{"negative", "-5", "after 1970"},
		{"seconds", fmt.Sprint(received.Unix()), "not in seconds"},
		{"microseconds", ms(received) + "000", "not finer"},
		{"the latest time in milliseconds", "100000000000000", "future"},
		{"huge", "1e300", "Unix milliseconds"},
		{"hexadecimal", `"0x19fffffffffp0"`, "RFC 3339"},
		{"nonsense", `"yesterday"`, "RFC 3339"},
		{"boolean", "true", "RFC 3339"},
		{"object", "{}", "RFC 3339"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := decode(t, "events", `{"client_id":"c","action":"connect","time":`+c.time+`}`)
			if c.fault == "" {
				require.Empty(t, got.Rejected)
				require.Equal(t, event.FromBroker, got.Events[0].TimeOrigin)
				return
			}
			require.Empty(t, got.Events)
			require.Equal(t, "time", got.Rejected[0].Field)
			require.Contains(t, got.Rejected[0].Error, c.fault)
		})
	}
}

func TestNoRetentionAcceptsAnyAge(t *testing.T) {
	with := meta
	with.Retention = 0
	got := decodeWith(t, "events", `{"client_id":"c","action":"connect","time":"2000-01-01T00:00:00Z"}`, with)
	require.Equal(t, 2000, got.Events[0].Time.Year())
}

// Only an event's time must be within the retention; its connected_at may be older.
func TestOwnConnectedAtMayBeOld(t *testing.T) {
	const first = 100_000_000_000 // a smaller number is taken for seconds
	body := `{"client_id":"c","action":"close","connected_at":%d}`
	require.Equal(t, time.UnixMilli(first).UTC(), decode(t, "events", fmt.Sprintf(body, first)).Events[0].ConnectedAt)
	require.Equal(t, "rejected 0 connected_at", summary(decode(t, "events", fmt.Sprintf(body, first-1))))
}

func TestEventsSamples(t *testing.T) {
	requireSamples(t, "events", map[string]string{
		"events-connect":    "dev1 connect accepted",
		"events-close":      "dev1 close no heart",
		"events-disconnect": "dev2 disconnect disconnected by client",
		"events-no-reason":  "dev1 close unexplained",
		"events-refused":    "dev3 close not authorized",
		"events-now":        "dev1 connect accepted, dev1 close no heart",
		"events-batch":      "dev1 connect accepted, dev1 close no heart, dev2 disconnect disconnected by client, dev3 close not authorized",
		"events-ndjson":     "dev1 connect accepted, dev1 close no heart, dev2 disconnect disconnected by client",
	})
}

func FuzzEvents(f *testing.F) { fuzz(f, "events") }
