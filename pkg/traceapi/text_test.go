package traceapi

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/console"
	"devicetrace/pkg/event"
	"devicetrace/pkg/history"
	"devicetrace/pkg/objstore/memstore"
	"devicetrace/pkg/query"
)

var update = flag.Bool("update", false, "write the golden texts anew")

// dropping returns the events of a device with timeouts, a refused login and an open connection. The
// texts that the device and the broker chose contain control characters, bidirectional formatting,
// line breaks and a text that looks like a time in a sentence.
func dropping(client event.ClientID) []event.Event {
	base := full
	base.InstanceID, base.ClientID, base.ConnectedAt = "prod", client, time.Time{}
	base.Username = "user\n- forged"
	base.KeepAlive = event.Some(60 * time.Second)
	var events []event.Event
	add := func(clock string, action event.Action, info event.ActionInfo, native, reason string) {
		e := base
		e.Time, e.Action, e.ActionInfo, e.NativeEvent, e.NativeReason = at("2026-11-22T"+clock+"Z"), action, info, native, reason
		e.ReceivedAt, e.SourceEventID, e.ReasonCode = e.Time, clock, event.Optional[int32]{}
		e.ChannelID = "ch\x1b[31m" + clock[:2]
		events = append(events, e)
	}
	add("01:00:00", event.Connect, event.Accepted, "client.connected", "")
	add("01:30:00", event.Close, event.NoHeart, "client.disconnected", "keepalive_timeout")
	add("02:00:00", event.Connect, event.Accepted, "client.connected", "")
	add("02:40:00.5", event.Close, event.NoHeart, "client.disconnected", "keepalive_timeout")
	add("03:00:00", event.Connect, event.Accepted, "client.connected", "")
	add("03:10:00", event.Close, event.Unexplained, "client.disconnected", "\x1b]0;owned\a\u202e2026-11-22 01:30:00 UTC\r\nlast line")
	add("04:00:00", event.Close, event.NotAuthorized, "client.connack", "not_authorized")
	add("05:00:00", event.Connect, event.Accepted, "client.connected", "")
	return events
}

const hostile = "g@@@\x1b[2Jdev\n1\u2067é温度"

// golden compares a text with the named file in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := "testdata/" + name
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err, "to write this file, run the test with -update")
	require.Equal(t, string(want), got)
}

const (
	range22     = "&from=2026-11-22T00:00:00Z&to=2026-11-22T08:00:00Z"
	hostileText = "instance=prod&client=g%40%40%40%1B%5B2Jdev%0A1%E2%81%A7%C3%A9%E6%B8%A9%E5%BA%A6&format=text"
)

// TestTexts compares the texts of all paths with golden files in both languages. It also checks that
// no character from a device can control a terminal or break a line.
func TestTexts(t *testing.T) {
	a := apiOn(t, record(t, dropping(hostile), 1))
	for name, path := range map[string]string{
		"diagnosis.en.txt":       "/api/v1/diagnosis?" + hostileText + range22,
		"diagnosis.zh.txt":       "/api/v1/diagnosis?" + hostileText + range22 + "&lang=zh&tz=Asia/Shanghai",
		"diagnosis.since.en.txt": "/api/v1/diagnosis?" + hostileText + range22 + "&since=1&tz=America/New_York",
		"diagnosis.quiet.en.txt": "/api/v1/diagnosis?" + hostileText + "&since=1&from=2026-11-22T06:00:00Z&to=2026-11-22T08:00:00Z",
		"trace.en.txt":           "/api/v1/trace?" + hostileText + range22,
		"trace.zh.txt":           "/api/v1/trace?" + hostileText + range22 + "&lang=zh&tz=Asia/Shanghai&order=desc&limit=3",
		"status.en.txt":          "/api/v1/status?" + hostileText,
		"status.zh.txt":          "/api/v1/status?" + hostileText + "&lang=zh&tz=Asia/Shanghai&at=2026-11-22T03:30:00Z",
	} {
		t.Run(name, func(t *testing.T) {
			w := ask(a, path, "Accept-Language", "zh")
			require.Equal(t, http.StatusOK, w.Code, w.Body)
			require.Equal(t, "text/plain; charset=utf-8", w.Header().Get("Content-Type"))
			require.NotEmpty(t, w.Header().Get("X-Receipt"))
			text := w.Body.String()
			golden(t, name, text)
			requireHarmless(t, text)
		})
	}
}

// requireHarmless checks that a text contains only printable characters and line ends, and that no
// line begins with a text from the device.
func requireHarmless(t *testing.T, text string) {
	t.Helper()
	at := strings.IndexFunc(text, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) })
	require.Negative(t, at, "%q", text)
	require.NotRegexp(t, regexp.MustCompile(`(?m)^(- forged|last line|dev|1)`), text)
}

// A text must say what is missing from it, and what to do about it.
func TestTextsSayWhatIsMissing(t *testing.T) {
	days := "&from=2026-11-22T00:00:00Z&to=2026-11-22T08:00:00Z"
	used := apiOn(t, usedBucket(t, withMarker, "prod", "test"))
	for name, c := range map[string]struct {
		api  api
		path string
		want []string
	}{
		"an unknown instance": {used, "/api/v1/diagnosis?instance=prdo&client=c&format=text" + days, []string{
			"\n\nNo events from instance “prdo” yet\nInstances with events: prod, test\n\nhttps://example.com/?instance=prdo&client=c&from=",
		}},
		"an unknown instance in a trace":  {used, "/api/v1/trace?instance=prdo&client=c&format=text", []string{"No events in this range.", "Instances with events: prod, test\n"}},
		"an unknown instance in a status": {used, "/api/v1/status?instance=prdo&client=c&format=text", []string{"Instances with events: prod, test\n"}},
		"an empty bucket": {apiOn(t, memstore.New()), "/api/v1/diagnosis?instance=prod&client=c&format=text", []string{
			"Nothing has been recorded in this bucket yet\n", "check OSS_BUCKET and OSS_PREFIX",
		}},
		"another spelling": {used, "/api/v1/diagnosis?instance=prod&client=C%201&format=text" + days, []string{
			"No events since 2026-11-21, the earliest day searched.\n- Is this the right instance?\n",
			"Upper and lower case, spaces and the Group ID matter.\n",
			"https://example.com/?view=fleet&instance=prod&day=2026-11-22&q=C+1\n\nNotice: No events in this time\n",
		}},
		"another spelling in a status": {used, "/api/v1/status?instance=prod&client=C&format=text", []string{"Unknown\n\nNo connections recorded since", "&q=C\n"}},
		"events before the range": {used, "/api/v1/diagnosis?instance=prod&client=c&format=text&from=2026-11-22T07:40:00Z&to=2026-11-22T07:50:00Z", []string{
			"The last event of this device up to 2026-11-22T07:50:00.000Z was at 2026-11-22T07:30:00.123Z.\n",
		}},
		"unreadable objects": {(&canned{answer: query.Result{Unreadable: []query.Unreadable{{Key: "k", Error: "e"}}}}).api(), "/api/v1/diagnosis?instance=i&client=c&format=text", []string{
			"These results are incomplete. Some objects in the store are damaged, and their events are missing here. Tell the operator of Device Trace.\n",
		}},
		"another page": {(&canned{answer: query.Result{Events: []event.Event{full, sparse}}}).api(), trace + "&limit=1&format=text", []string{
			"More events follow. To get them, send cursor=" + query.CursorAfter(&full) + " with the same range.\n",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w := ask(c.api, c.path)
			require.Equal(t, http.StatusOK, w.Code, w.Body)
			for _, want := range c.want {
				require.Contains(t, w.Body.String(), want)
			}
		})
	}
}

// The text must say if the diagnosis does not cover all events, or if entries were omitted.
func TestTextOfAShortenedDiagnosis(t *testing.T) {
	s, err := parseStyle(map[string][]string{"format": {"text"}}, "json")
	require.NoError(t, err)
	var d diagnosisResponse
	d.CutBefore, d.Omitted = instantOf(now.UnixMilli()), &omitted{Connections: 1234, Evidence: 5}
	text := string(s.diagnosisText(&d, now, now, now).bytes())
	require.Contains(t, text, "\nThis range has too many events: only those since 2026-11-22T08:00:00.123Z were examined. Choose a shorter range to see the earlier ones.\n")
	require.Contains(t, text, "\nThe oldest entries are not shown. One response cannot contain all activity of this device. Omitted: 1,234 connections, 5 entries of evidence. ")
	require.Contains(t, text, "Connections: 1,234; ")
	require.True(t, strings.HasSuffix(text, "\n\n/?from=2026-11-22T08%3A00%3A00.123Z&to=2026-11-22T08%3A00%3A00.123Z\n"), text)
}

// If the source sent no channel, a text must show the same derived channel as the other formats.
func TestTextShowsDerivedChannels(t *testing.T) {
	s := &style{Words: console.In("en", time.UTC)}
	e := event.Event{InstanceID: "i", ClientID: "d", Action: event.Connect, ActionInfo: event.Accepted, Time: at("2026-11-22T01:00:00Z")}
	require.Equal(t, "–\tconnect\taccepted\t2026-11-22T01:00:00.000Z", string(s.rowFormat().row(&e)))
	e.PeerAddress, e.PeerPort = "192.0.2.1", 1234
	require.Equal(t, e.Channel()+"\tconnect\taccepted\t2026-11-22T01:00:00.000Z", string(s.rowFormat().row(&e)))
	require.Contains(t, string(formats["json"].row(&e)), e.Channel())
}

func TestUptimeText(t *testing.T) {
	s, err := parseStyle(map[string][]string{"format": {"text"}}, "json")
	require.NoError(t, err)
	share := func(of float64) *float64 { return &of }
	for want, sum := range map[string]history.Summary{
		"Uptime: –, unknown for 1 h":                      {UnknownMS: 3_600_000},
		"Uptime: 0 %":                                     {OfflineMS: 1, Uptime: share(0)},
		"Uptime: 100 %, 1 min online":                     {OnlineMS: 60_000, Uptime: share(1)},
		"Uptime: 99.999 %, 1 min online":                  {OnlineMS: 60_000, Uptime: share(0.999999)},
		"Uptime: at most 66.6 %, 2 s online, 1 s unknown": {OnlineMS: 2000, OfflineMS: 1000, UnknownMS: 1000, Uptime: share(2.0 / 3), Unreported: 1},
	} {
		require.Equal(t, want, s.uptime(sum))
	}
}

func TestTextParameters(t *testing.T) {
	a := (&canned{}).api()
	for path, want := range map[string]string{
		"diagnosis?format=csv":             "format must be json or text",
		"diagnosis?tz=UTC":                 "tz requires format=text: in every other format, times are in UTC",
		"diagnosis?format=text&lang=fr":    "lang must be en or zh",
		"diagnosis?format=text&tz=Mars":    `tz \"Mars\" is not a known time zone; use an IANA name such as UTC, Asia/Shanghai or Europe/Berlin`,
		"diagnosis?format=text&tz=Local":   `tz \"Local\" is not a known time zone`,
		"diagnosis?format=text&tz=../etc":  `is not a known time zone`,
		"diagnosis?format=text&tz=%00":     `is not a known time zone`,
		"status?format=ndjson":             "format must be json or text",
		"status?lang=en":                   "lang requires format=text",
		"status?tz=UTC":                    "tz requires format=text",
		"trace?format=html":                "format must be json, csv, ndjson or text",
		"trace?format=csv&lang=en":         "lang requires format=text",
		"trace?format=csv&tz=Asia/Tokyo":   "tz requires format=text",
		"trace?format=text&explain=1":      "explain=1 requires format=json",
		"days?format=text":                 "is not a parameter of this path",
		"diagnosis?format=text&format=csv": "format is given more than once",
	} {
		w := ask(a, "/api/v1/"+path+"&instance=i&client=c")
		require.Equal(t, http.StatusBadRequest, w.Code, path)
		require.Contains(t, w.Body.String(), want, path)
	}
	for _, zone := range []string{"", "UTC", "Etc/GMT%2B8", "Etc/GMT+8", "Asia/Shanghai"} {
		require.Equal(t, http.StatusOK, ask(a, "/api/v1/diagnosis?instance=i&client=c&format=text&tz="+zone).Code, zone)
	}
}

// The entity tag of a text must change with the language, the zone and the server, and a HEAD request
// must get the header of a GET request.
func TestTextHasAnEntityTag(t *testing.T) {
	a := apiOn(t, record(t, dropping("c"), 1))
	path := "/api/v1/diagnosis?instance=prod&client=c&format=text" + range22
	first := ask(a, path)
	tag := first.Header().Get("ETag")
	require.Equal(t, "private, no-cache", first.Header().Get("Cache-Control"))
	again := ask(a, path, "If-None-Match", tag)
	require.Equal(t, http.StatusNotModified, again.Code)
	require.Empty(t, again.Body.String())
	for _, other := range []string{"&lang=zh", "&tz=Asia/Tokyo"} {
		require.NotEqual(t, tag, ask(a, path+other).Header().Get("ETag"))
	}
	require.NotEqual(t, tag, ask(a, path, "X-Forwarded-Proto", "http").Header().Get("ETag"))
	head := do(a, "HEAD", path, "Authorization", "Bearer secret").Header()
	receipt := first.Header()
	head.Del("X-Receipt")
	receipt.Del("X-Receipt")
	require.Equal(t, receipt, head)
	status := ask(a, "/api/v1/status?instance=prod&client=c&format=text")
	require.Equal(t, "no-store", status.Header().Get("Cache-Control"))
	require.Empty(t, status.Header().Get("ETag"))
}

// Every message that the texts use must exist, and the texts must use every message with the prefix
// "text.".
func TestTextsUseMessagesThatExist(t *testing.T) {
	literal := regexp.MustCompile(`(?:Text|figure)\("([^"]+)"( ?\+)?`)
	s, err := parseStyle(map[string][]string{"format": {"text"}}, "json")
	require.NoError(t, err)
	var all strings.Builder
	for _, file := range []string{"textstyle.go", "texthead.go", "ticket.go", "diagnosistext.go", "statustext.go", "tracetext.go"} {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		all.Write(content)
	}
	for _, match := range literal.FindAllStringSubmatch(all.String(), -1) {
		key := match[1]
		if strings.Contains(match[0], "figure(") {
			key = "summary." + key
		}
		if match[2] == "" {
			require.NotEqual(t, key, s.Text(key))
		}
	}
	for _, key := range []string{"text.cut", "text.next"} {
		require.Contains(t, all.String(), `"`+key+`"`)
	}
}

// nasty lists characters that could break a line, control a terminal or reorder text.
var nasty = []rune("a-: \n\r\t\v\f\x00\x07\x08\x1b\x7f\u0085\u009b\u00ad\u061c\u200b\u200e\u2028\u2029\u202a\u202e\u2066\u2069\ufeff\U000e0041[];0mé温")

// No line may begin with a text that a device or a broker chose, and no character of such a text may
// control a terminal. The number of lines must not depend on these texts.
func TestTextsOfRandomNames(t *testing.T) {
	const seed = 17
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	name := func(prefix string) string {
		text := []rune(prefix)
		for range 1 + random.IntN(40) {
			text = append(text, nasty[random.IntN(len(nasty))])
		}
		return string(text)
	}
	count := map[string]int{}
	for range 30 {
		client := event.ClientID(name("c"))
		events := dropping(client)
		username, node, address := name("u"), name("n"), name("p")
		for i := range events {
			e := &events[i]
			e.Username, e.Node, e.PeerAddress, e.ChannelID = username, node, address, fmt.Sprint(e.ChannelID, name("x"))
			if e.ActionInfo == event.Unexplained {
				e.NativeReason = name("r")
			}
		}
		a := apiOn(t, record(t, events, 1))
		device := "?instance=prod&format=text&client=" + url.QueryEscape(string(client))
		for _, path := range []string{"diagnosis" + device + range22, "trace" + device + range22, "status" + device} {
			text := ask(a, "/api/v1/"+path).Body.String()
			requireHarmless(t, text)
			kind, _, _ := strings.Cut(path, "?")
			if count[kind] == 0 {
				count[kind] = strings.Count(text, "\n")
			}
			require.Equal(t, count[kind], strings.Count(text, "\n"), "%q", text)
		}
	}
}
