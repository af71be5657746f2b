package e2e

import (
	"context"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

const (
	pageInstance = "page"
	busyDevice   = "GID_page@@@busy"
	quietDevice  = "GID_page@@@quiet"
	flapDevice   = "GID_page@@@flapping"
	// lastingDevice has a connection longer than a day.
	lastingDevice = "GID_page@@@lasting"
	// failingDevice has two connections on each of the last eight days, all of them in the hour before
	// pageTest.withinDay(time.UTC). The connections of the last five days ended in drops.
	failingDevice = "GID_page@@@failing"
	hostile       = "<script>alert(1)</script><img src=x onerror=alert(1)>\u202Egnp\u200b\n\"'&=1+1 设备 جهاز 🛰"
	// limitedToken may query another instance, but not pageInstance.
	limitedToken = "e2e-other-instance"
)

// longDevice is about the longest client identifier that fits into a URL on Function Compute.
// tooLong has the maximum length that MQTT allows, and does not fit.
var (
	longDevice = strings.Repeat("x", 3_500)
	tooLong    = strings.Repeat("y", 65_535)
)

// pageTest holds the state that all tests of the page share.
type pageTest struct {
	stack    *stack
	chromium context.Context
	now      time.Time
}

// TestPage uses the page as people do, in a real browser and with the real functions.
func TestPage(t *testing.T) {
	t.Parallel()
	p := pageTest{stack: newStackWith(t, "QUERY_TOKENS="+limitedToken+"=other"), now: time.Now().Truncate(time.Millisecond)}
	p.stack.record(t, pageInstance, p.events())
	p.chromium = startChromium(t)
	runSubtests(t, &p, []subtest[pageTest]{
		{"search", testSearch},
		{"whole client id", testWholeClientID},
		{"timeline", testTimeline},
		{"labels", testLabels},
		{"omitted", testOmitted},
		{"lasting", testLasting},
		{"takeover", testTakeover},
		{"one instant", testOneInstant},
		{"without channel", testWithoutChannel},
		{"keyboard", testKeyboard},
		{"rows", testRows},
		{"busy", testBusy},
		{"filter", testFilter},
		{"filter of nothing", testFilterOfNothing},
		{"unreported", testUnreported},
		{"words", testWords},
		{"no reason", testNoReason},
		{"unclear reason", testUnclearReason},
		{"more", testMore},
		{"link", testLink},
		{"language", testLanguage},
		{"colors", testColors},
		{"zone", testZone},
		{"clock change", testClockChange},
		{"files", testFiles},
		{"report", testReport},
		{"hostile", testHostile},
		{"quoted times", testQuotedTimes},
		{"long", testLong},
		{"many", testMany},
		{"phone", testPhone},
		{"token", testToken},
		{"nothing", testNothing},
		{"instances", testInstances},
		{"unknown instance", testUnknownInstance},
		{"span", testSpan},
		{"address", testAddress},
		{"ahead", testAhead},
		{"no status", testNoStatus},
		{"days", testDays},
		{"days on demand", testMoreDays},
		{"days of all kinds", testDayKinds},
		{"days unread", testDaysUnread},
		{"days in Chinese", testDaysInChinese},
		{"days on a phone", testDaysOnPhone},
		{"days in the report", testDaysInReport},
		{"empty days", testEmptyDays},
		{"long link", testLongLink},
		{"long link refused", testLongLinkRefused},
		{"requests", testRequests},
		{"since when", testSince},
		{"calm", testCalm},
		{"last drop", testLastDrop},
		{"no drop", testNoDrop},
		{"at", testAt},
		{"at chosen", testAtChosen},
		{"at invalid", testAtInvalid},
		{"at of a row", testAtOfRow},
		{"ended later", testEndedLater},
		{"looking back", testLookingBack},
		{"store", testStore},
		{"incomplete", testIncomplete}, // last, because it damages the bucket
	})
}

// connection returns the two events of a connection that starts at p.now minus began and lasts for
// length.
func (p *pageTest) connection(device string, began, length time.Duration, info, reason string) []inputEvent {
	start := p.now.Add(-began)
	keepAlive := int32(60)
	begin := inputEvent{
		ClientID: device, Action: "connect", NativeReason: "accepted", Time: start.UnixMilli(), ConnectedAt: start.UnixMilli(),
		PeerAddress: "192.0.2.7", PeerPort: 40_000, Username: "user-7", Node: "node-1", KeepAlive: &keepAlive,
	}
	end := begin
	end.Action, end.ActionInfo, end.NativeReason, end.Time = "close", info, reason, start.Add(length).UnixMilli()
	if info == "disconnected by client" {
		end.Action = "disconnect"
	}
	return []inputEvent{begin, end}
}

func (p *pageTest) events() []inputEvent {
	var all []inputEvent
	add := func(device string, began, length time.Duration, info, reason string) {
		all = append(all, p.connection(device, began, length, info, reason)...)
	}
	add(busyDevice, 50*time.Minute, 10*time.Minute, "no heart", "keepalive_timeout")
	add(busyDevice, 35*time.Minute, 10*time.Minute, "disconnected by client", "normal")
	add(busyDevice, 20*time.Minute, 10*time.Minute, "Socket IOException", "econnreset")
	for i := range 3 {
		all = append(all, inputEvent{
			ClientID: busyDevice, Action: "close", ActionInfo: "not authorized", NativeReason: "bad_username_or_password",
			Time: p.now.Add(-8*time.Minute + time.Duration(i)*10*time.Second).UnixMilli(), PeerAddress: "192.0.2.8", PeerPort: int32(41_000 + i),
		})
	}
	all = append(all, p.withinDay(time.UTC).connection(quietDevice, 73*time.Hour, time.Hour, "no heart", "keepalive_timeout")...)
	add(lastingDevice, 40*time.Hour, 39*time.Hour, "no heart", "keepalive_timeout")
	add(hostile, 30*time.Minute, 10*time.Minute, "no heart", "<b>bold</b>\u202E"+strings.Repeat("long ", 400))
	add(longDevice, 30*time.Minute, 10*time.Minute, "no heart", "keepalive_timeout")
	for day := range 8 {
		end, reason := "disconnected by client", "normal"
		if day < 5 {
			end, reason = "no heart", "keepalive_timeout"
		}
		for i := range 2 {
			began := time.Duration(day)*24*time.Hour + time.Duration(40-20*i)*time.Minute
			all = append(all, p.withinDay(time.UTC).connection(failingDevice, began, 10*time.Minute, end, reason)...)
		}
	}
	for i := range 1500 {
		add(flapDevice, time.Duration(1500-i)*50*time.Second, 40*time.Second, "Socket IOException", "econnreset")
	}
	return all
}

// withinDay returns a copy of p in which the hour before now lies in one day of a time zone.
func (p *pageTest) withinDay(zone *time.Location) *pageTest {
	within := *p
	within.now = hourInOneDay(p.now, zone)
	return &within
}

// path returns the page's URL for a device and a range that ends at p.now.
func (p *pageTest) path(device string, span time.Duration) string {
	return pathTo(device, p.now, span)
}

// pathTo returns the page's URL for a device and a range that ends at the given time.
func pathTo(device string, to time.Time, span time.Duration) string {
	return "/?" + url.Values{
		"instance": {pageInstance}, "client": {device},
		"from": {to.Add(-span).UTC().Format(time.RFC3339Nano)}, "to": {to.UTC().Format(time.RFC3339Nano)},
	}.Encode()
}

// diagnosis returns the diagnosis of a client for a range that ends at p.now.
func (p *pageTest) diagnosis(t *testing.T, client string, span time.Duration) (report map[string]any) {
	t.Helper()
	p.stack.read(t, "diagnosis", question(pageInstance, client, p.now.Add(-span), p.now), &report)
	return report
}

// asJSON returns a value as the body of a response.
func asJSON(t *testing.T, value any) []byte {
	t.Helper()
	body, err := json.Marshal(value)
	require.NoError(t, err)
	return body
}

// open queries a client in a new tab and waits for the results. The range extends from p.now minus
// span to p.now.
func (p *pageTest) open(t *testing.T, client string, span time.Duration, v viewer) *tab {
	t.Helper()
	b := openTab(t, p.chromium, p.stack, v)
	b.open(p.path(client, span))
	b.results()
	return b
}

// openReport opens a downloaded report in a new tab. The report must not need the server.
func (p *pageTest) openReport(t *testing.T, report string) *tab {
	t.Helper()
	file := filepath.Join(t.TempDir(), "report.html")
	require.NoError(t, os.WriteFile(file, []byte(report), 0o644))
	b := openTab(t, p.chromium, p.stack, viewer{})
	b.allow("file://")
	b.run(chromedp.Navigate("file://" + file))
	b.await("document.querySelector('h1')")
	return b
}
