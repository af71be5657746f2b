package e2e

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

const (
	pageInstance = "page"
	busyDevice   = "GID_page@@@busy"
	quietDevice  = "GID_page@@@quiet"
	flapDevice   = "GID_page@@@flapping"
	// lastingDevice has a connection of more than a day.
	lastingDevice = "GID_page@@@lasting"
	hostile       = "<script>alert(1)</script><img src=x onerror=alert(1)>\u202Egnp\u200b\n\"'&=1+1 设备 جهاز 🛰"
	// onePageToken sees another instance only.
	onePageToken = "e2e-other-instance"
)

// longDevice is as long as Function Compute lets an address be, tooLong as MQTT lets
// a client identifier.
var (
	longDevice = strings.Repeat("x", 3_500)
	tooLong    = strings.Repeat("y", 65_535)
)

// pageTest is what the tests of the page share.
type pageTest struct {
	stack    *stack
	chromium context.Context
	now      time.Time
}

// TestPage drives the page as its users do, in a real browser over the real functions.
func TestPage(t *testing.T) {
	t.Parallel()
	p := pageTest{stack: newStackWith(t, "QUERY_TOKENS="+onePageToken+"=other"), now: time.Now().Truncate(time.Millisecond)}
	p.stack.record(t, pageInstance, p.events())
	p.chromium = startChromium(t)
	for _, one := range []struct {
		name string
		test func(*testing.T, *pageTest)
	}{
		{"search", testSearch},
		{"whole client id", testWholeClientID},
		{"timeline", testTimeline},
		{"labels", testLabels},
		{"lasting", testLasting},
		{"keyboard", testKeyboard},
		{"rows", testRows},
		{"filter", testFilter},
		{"link", testLink},
		{"language", testLanguage},
		{"colours", testColours},
		{"zone", testZone},
		{"files", testFiles},
		{"report", testReport},
		{"hostile", testHostile},
		{"long", testLong},
		{"many", testMany},
		{"phone", testPhone},
		{"token", testToken},
		{"nothing", testNothing},
		{"span", testSpan},
		{"store", testStore},
		{"incomplete", testIncomplete}, // the last one: it ruins the bucket
	} {
		t.Run(one.name, func(t *testing.T) { one.test(t, &p) })
	}
}

// connection is the two events of a connection; it began so long before now.
func (p *pageTest) connection(device string, began, length time.Duration, info, reason string) []sent {
	start := p.now.Add(-began)
	keepAlive := int32(60)
	begin := sent{
		ClientID: device, Action: "connect", Time: start.UnixMilli(), ConnectedAt: start.UnixMilli(),
		PeerAddress: "192.0.2.7", PeerPort: 40_000, Username: "user-7", Node: "node-1", KeepAlive: &keepAlive,
	}
	end := begin
	end.Action, end.ActionInfo, end.NativeReason, end.Time = "close", info, reason, start.Add(length).UnixMilli()
	if info == "disconnected by client" {
		end.Action = "disconnect"
	}
	return []sent{begin, end}
}

func (p *pageTest) events() []sent {
	var all []sent
	add := func(device string, began, length time.Duration, info, reason string) {
		all = append(all, p.connection(device, began, length, info, reason)...)
	}
	add(busyDevice, 50*time.Minute, 10*time.Minute, "no heart", "keepalive_timeout")
	add(busyDevice, 35*time.Minute, 10*time.Minute, "disconnected by client", "normal")
	add(busyDevice, 20*time.Minute, 10*time.Minute, "Socket IOException", "econnreset")
	for i := range 3 {
		all = append(all, sent{
			ClientID: busyDevice, Action: "close", ActionInfo: "not authorized", NativeReason: "bad_username_or_password",
			Time: p.now.Add(-8*time.Minute + time.Duration(i)*10*time.Second).UnixMilli(), PeerAddress: "192.0.2.8", PeerPort: int32(41_000 + i),
		})
	}
	add(quietDevice, 75*time.Hour, time.Hour, "no heart", "keepalive_timeout")
	add(lastingDevice, 40*time.Hour, 39*time.Hour, "no heart", "keepalive_timeout")
	add(hostile, 30*time.Minute, 10*time.Minute, "no heart", "<b>bold</b>\u202E"+strings.Repeat("long ", 400))
	add(longDevice, 30*time.Minute, 10*time.Minute, "no heart", "keepalive_timeout")
	for i := range 1500 {
		add(flapDevice, time.Duration(1500-i)*50*time.Second, 40*time.Second, "Socket IOException", "econnreset")
	}
	return all
}

// path is the address of a view that ends now.
func (p *pageTest) path(device string, span time.Duration) string {
	return pathTo(device, p.now, span)
}

// pathTo is the address of a view that ends at an instant.
func pathTo(device string, to time.Time, span time.Duration) string {
	return "/?" + url.Values{
		"instance": {pageInstance}, "client": {device},
		"from": {to.Add(-span).UTC().Format(time.RFC3339Nano)}, "to": {to.UTC().Format(time.RFC3339Nano)},
	}.Encode()
}

// view opens a device in a tab of its own and waits for the answer.
func (p *pageTest) view(t *testing.T, client string, span time.Duration, d device) *tab {
	t.Helper()
	b := openTab(t, p.chromium, p.stack, d)
	b.open(p.path(client, span))
	b.results()
	return b
}

// testSearch: the way of somebody who was called at night.
func testSearch(t *testing.T, p *pageTest) {
	b := openTab(t, p.chromium, p.stack, device{})
	b.open("/")
	b.await(`document.querySelector('.welcome')`)
	require.Equal(t, "/", b.address(), "the token is gone from the address")
	b.shot("welcome")
	b.fill("#instance", pageInstance)
	b.fill("#group", "GID_page")
	b.fill("#device", "busy"+kb.Enter)
	b.results()

	require.Equal(t, busyDevice, b.text("h1 .datum"))
	require.Equal(t, "PROBLEM", b.text(".headline .level"))
	require.Equal(t, "Login refused since it last worked", b.text(".headline h2"))
	require.Contains(t, b.text(".headline .next"), "What to do Compare the user name and password")
	require.Equal(t, "Offline", b.text(".status h2"))
	require.Equal(t, "Socket IOException", b.text(".status .reason"))
	require.Equal(t, 3, b.count(".timeline .bar"))
	require.Equal(t, []string{"3"}, b.texts(".mark-count"), "three refused logins, drawn as one mark")
	require.Equal(t, []string{"Channel ID", "Device Action", "Action Description", "Time"}, firstLines(b.texts(".trace th")))
	require.Equal(t, "Europe/Berlin, UTC"+p.now.In(berlin(t)).Format("-07:00"), b.text(".trace th small"))
	require.Equal(t, []string{
		"not authorized", "not authorized", "not authorized", "Socket IOException", "accepted",
		"disconnected by client", "accepted", "no heart", "accepted",
	}, b.texts(".event .info"))
	require.Regexp(t, `^This page cost 3 answers: \d+ objects, \d+ requests to the store, [\d.]+ kB read, [\d.]+ ms\. Partitions: shard=`, b.text(".receipt"))

	address := b.address()
	query, err := url.Parse(address)
	require.NoError(t, err)
	require.Equal(t, busyDevice, query.Query().Get("client"))
	from, err := time.Parse(time.RFC3339, query.Query().Get("from"))
	require.NoError(t, err)
	to, err := time.Parse(time.RFC3339, query.Query().Get("to"))
	require.NoError(t, err)
	require.Equal(t, time.Hour, to.Sub(from))
	require.NotContains(t, address, queryToken)
	b.shot("search")

	b.run(chromedp.NavigateBack())
	b.await(`document.querySelector('.welcome')`)
	require.Equal(t, pageInstance, get[string](b, "document.querySelector('#instance').value"), "it is remembered")
	b.run(chromedp.NavigateForward())
	b.results()
	require.Equal(t, address, b.address())
	require.Equal(t, busyDevice, b.text("h1 .datum"))
}

// firstLines are the texts without what stands below or beside them.
func firstLines(texts []string) (lines []string) {
	for _, text := range texts {
		line, _, _ := strings.Cut(text, "\n")
		lines = append(lines, line)
	}
	return lines
}

func berlin(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	return zone
}

// testWholeClientID: typed into Device ID it is understood, pasted it is split.
func testWholeClientID(t *testing.T, p *pageTest) {
	b := openTab(t, p.chromium, p.stack, device{})
	b.open("/")
	b.await(`document.querySelector('.welcome')`)
	b.fill("#instance", pageInstance)
	b.fill("#device", busyDevice+kb.Enter)
	b.results()
	require.Equal(t, busyDevice, b.text("h1 .datum"))
	require.Equal(t, "GID_page", get[string](b, "document.querySelector('#group').value"))
	require.Equal(t, "busy", get[string](b, "document.querySelector('#device').value"))

	b.run(chromedp.Evaluate(`{
		const field = document.querySelector('#device');
		field.focus();
		field.select();
		const data = new DataTransfer();
		data.setData('text', 'GID_other@@@dev@@@1');
		field.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
	}`, nil))
	require.Equal(t, "GID_other", get[string](b, "document.querySelector('#group').value"))
	require.Equal(t, "dev@@@1", get[string](b, "document.querySelector('#device').value"))
}

func testTimeline(t *testing.T, p *pageTest) {
	b := p.view(t, busyDevice, time.Hour, device{})
	b.click(".bar.kind-no-heart")
	b.await(`document.querySelectorAll('.event.picked').length === 2`)
	require.Equal(t, "no heart", b.text(".picked-connection h3"))
	require.Contains(t, b.text(".picked-connection .evidence"), "Lasted 10 min")
	require.Contains(t, b.text(".picked-connection .evidence"), "Address 192.0.2.7:40000")
	require.Contains(t, b.address(), "connection="+url.QueryEscape(p.now.Add(-50*time.Minute).UTC().Format("2006-01-02T15:04:05.000Z")))
	b.shot("timeline")
	b.click(".bar.kind-no-heart")
	b.await(`!document.querySelector('.picked-connection')`)
	require.NotContains(t, b.address(), "connection=")

	// A stretch that is drawn across becomes the span.
	before := b.address()
	box := get[map[string]float64](b, `(({ x, y }) => ({ x, y }))(document.querySelector('.bar.kind-io').getBoundingClientRect())`)
	b.run(
		chromedp.MouseEvent("mousePressed", box["x"]-10, box["y"]+20, chromedp.ButtonLeft),
		chromedp.MouseEvent("mouseMoved", box["x"]+60, box["y"]+20, chromedp.ButtonLeft),
		chromedp.MouseEvent("mouseReleased", box["x"]+60, box["y"]+20, chromedp.ButtonLeft),
	)
	b.await(`location.href.slice(location.origin.length) !== ` + quoted(before))
	b.results()
	require.Equal(t, 1, b.count(".timeline .bar"))
	b.click("#timeline-wider")
	b.results()
	require.Equal(t, "timeline-wider", get[string](b, "document.activeElement.id"), "the focus stays")
	b.run(chromedp.NavigateBack(), chromedp.NavigateBack())
	b.await(`location.href.slice(location.origin.length) === ` + quoted(before))
	b.await(`document.querySelectorAll('.timeline .bar').length === 3`)
}

// testLabels: no label of the timeline covers another or is cut off, however fine it is.
func testLabels(t *testing.T, p *pageTest) {
	const covered = `(() => {
		const card = document.querySelector('.timeline').getBoundingClientRect();
		const texts = (selector) => [...document.querySelectorAll(selector)].map((one) => one.getBoundingClientRect());
		const covers = (a, b) => a.left < b.right && b.left < a.right;
		return ['.tick-label', '.tick-date', '.mark'].flatMap(texts).filter((one) => one.left < card.left || one.right > card.right).length +
			['.tick-label', '.tick-date', '.mark'].map(texts).flatMap((all) => all.slice(1).filter((one, i) => covers(one, all[i]))).length;
	})()`
	refused := p.now.Add(-8 * time.Minute)
	for _, d := range []device{{}, {width: 360, height: 740, mobile: true, languages: "zh-CN"}} {
		for _, span := range []time.Duration{900 * time.Millisecond, 2300 * time.Millisecond, 12 * time.Minute, time.Hour, 24 * time.Hour} {
			b := openTab(t, p.chromium, p.stack, d)
			b.open(pathTo(busyDevice, refused.Add(span/3), span))
			b.await(`document.querySelector('.timeline .mark')`)
			require.Zero(t, get[int](b, covered), "%s at %d pixels", span, d.width)
		}
	}
}

// testLasting: what lasted longer than can be asked for is shown to its end.
func testLasting(t *testing.T, p *pageTest) {
	b := p.view(t, lastingDevice, 2*time.Hour, device{})
	require.Equal(t, []string{"no heart", "1 d 15 h"}, b.texts(".bar text"))
	before := b.address()
	b.click(".bar.kind-no-heart")
	b.click(".picked-connection .button:nth-of-type(2)")
	b.await(`location.href.slice(location.origin.length) !== ` + quoted(before))
	b.results()
	require.Equal(t, []string{"no heart", "1 d 15 h"}, b.texts(".bar text"))
	require.Contains(t, b.text(".subject"), ", 1 d")
}

// testKeyboard: the timeline is one stop of the Tab key.
func testKeyboard(t *testing.T, p *pageTest) {
	b := p.view(t, busyDevice, time.Hour, device{})
	require.Equal(t, 1, b.count(".timeline [tabindex='0']"))
	b.run(chromedp.Focus(".timeline [tabindex='0']", chromedp.ByQuery), chromedp.KeyEvent(kb.ArrowRight))
	require.Regexp(t, `· 10 min · disconnected by client$`, get[string](b, "document.activeElement.getAttribute('aria-label')"))
	b.run(chromedp.KeyEvent(kb.Enter))
	b.await(`document.querySelector('.picked-connection h3')?.innerText.trim() === 'disconnected by client'`)
	require.Equal(t, "true", get[string](b, "document.activeElement.getAttribute('aria-pressed')"))
	b.run(chromedp.KeyEvent(kb.Escape))
	b.await(`!document.querySelector('.picked-connection')`)

	b.run(chromedp.Focus(".event .disclose", chromedp.ByQuery), chromedp.KeyEvent(kb.Enter))
	b.await(`document.querySelector('.disclose[aria-expanded=true]')`)
	b.run(chromedp.Focus(".skip", chromedp.ByQuery), chromedp.KeyEvent(kb.Enter))
	require.Equal(t, "results", get[string](b, "document.activeElement.id"))
	requireNames(b)
}

// requireNames checks that everything that can be reached has a name.
func requireNames(b *tab) {
	b.t.Helper()
	require.Empty(b.t, get[[]string](b, `[...document.querySelectorAll('button, a, input, select, summary')].filter((one) => one.checkVisibility() && !(one.innerText?.trim() || one.getAttribute('aria-label') || one.labels?.length)).map((one) => one.outerHTML)`))
}

func testRows(t *testing.T, p *pageTest) {
	b := p.view(t, busyDevice, time.Hour, device{})
	b.click(".event:nth-of-type(4) .col-info")
	b.await(`document.querySelector('.details')`)
	evidence := b.text(".details .evidence")
	for _, fact := range []string{
		"Native reason econnreset", "Address 192.0.2.7:40000", "User user-7", "Node node-1", "Keep alive 60 s", "Source events",
		"Action Description Socket IOException – Closed: the network connection failed.",
	} {
		require.Contains(t, evidence, fact)
	}
	require.Equal(t, 2, b.count(".event.picked"))
	require.Equal(t, 1, b.count(".bar.kind-io.picked"))

	b.run(chromedp.Evaluate(`navigator.clipboard.writeText = (text) => { window.copied = text; return Promise.resolve(); }`, nil))
	b.click(".details .button:first-child")
	b.await(`window.copied`)
	copied := get[string](b, "window.copied")
	require.Contains(t, copied, "Device Trace: "+busyDevice+"\nInstance: page\n")
	require.Contains(t, copied, "close Socket IOException\n")
	require.Contains(t, copied, "\n"+p.stack.url("/?instance=page&client="+url.QueryEscape(busyDevice)))

	b.click(".order")
	b.await(`document.querySelector('.col-time').getAttribute('aria-sort') === 'ascending'`)
	require.Equal(t, "accepted", b.texts(".event .info")[0])
	require.Contains(t, b.address(), "order=asc")
}

func testFilter(t *testing.T, p *pageTest) {
	b := p.view(t, busyDevice, time.Hour, device{})
	b.click(".legend button[title$='no heart']")
	b.await(`document.querySelectorAll('.event').length === 1`)
	require.Equal(t, []string{"no heart"}, b.texts(".event .info"))
	require.Contains(t, b.address(), "action_info=no+heart")
	require.Equal(t, 3, b.count(".timeline .bar"), "the timeline stays whole")
	b.run(chromedp.SetValue("#filter-action", "connect", chromedp.ByQuery))
	b.await(`document.querySelectorAll('.event').length === 0`)
	require.Equal(t, "No events in this span pass the filter.", b.text(".events .empty"))
	b.run(chromedp.NavigateBack(), chromedp.NavigateBack())
	b.await(`document.querySelectorAll('.event').length === 9`)
}

// testLink: who opens a link sees what its sender saw.
func testLink(t *testing.T, p *pageTest) {
	b := p.view(t, busyDevice, time.Hour, device{})
	b.click(".order")
	b.await(`document.querySelector('.col-time').getAttribute('aria-sort') === 'ascending'`)
	b.click(".bar.kind-io")
	b.await(`document.querySelectorAll('.event.picked').length === 2`)
	link := b.address()

	other := openTab(t, p.chromium, p.stack, device{})
	other.open(link)
	other.results()
	other.await(`document.querySelectorAll('.event.picked').length === 2`)
	require.Equal(t, link, other.address())
	for _, part := range []string{"h1", ".headline", ".picked-connection", ".trace", ".summary", ".legend"} {
		require.Equal(t, b.text(part), other.text(part), part)
	}
}

func testLanguage(t *testing.T, p *pageTest) {
	b := p.view(t, busyDevice, time.Hour, device{languages: "zh-CN,en"})
	require.Equal(t, "zh-Hans", get[string](b, "document.documentElement.lang"))
	require.Equal(t, "查询", b.text("#search"))
	require.Equal(t, "离线", b.text(".status h2"))
	title := b.text(".headline h2")
	require.Regexp(t, `\p{Han}`, title)
	b.shot("chinese")
	b.click("#lang [value=en]")
	b.await(`document.querySelector('.headline h2').innerText === 'Login refused since it last worked'`)
	require.Equal(t, "Search", b.text("#search"))
	b.run(chromedp.Reload())
	b.results()
	require.Equal(t, "en", get[string](b, "document.documentElement.lang"), "it is remembered")
}

const background = "getComputedStyle(document.body).backgroundColor"

func testColours(t *testing.T, p *pageTest) {
	b := p.view(t, busyDevice, time.Hour, device{dark: true})
	dark := get[string](b, background)
	require.Equal(t, "rgb(12, 16, 21)", dark)
	b.shot("dark")
	b.click("#theme [value=light]")
	b.await(background + " === 'rgb(244, 246, 249)'")
	b.run(chromedp.Reload())
	b.results()
	require.Equal(t, "rgb(244, 246, 249)", get[string](b, background), "it is remembered")
	b.click("#theme [value=auto]")
	b.await(background + " === " + quoted(dark))
}

func testZone(t *testing.T, p *pageTest) {
	b := p.view(t, busyDevice, time.Hour, device{})
	newest := p.now.Add(-460 * time.Second)
	const cell, layout = ".event .col-time time", "2006-01-02 15:04:05.000"
	require.Equal(t, newest.In(berlin(t)).Format(layout), b.text(cell))
	require.Contains(t, get[string](b, "document.querySelector('"+cell+"').title"), newest.In(berlin(t)).Format("2006-01-02T15:04:05.000-07:00"))
	b.click("#zone [value=utc]")
	b.await(`document.querySelector('.order small').innerText === 'UTC'`)
	require.Equal(t, newest.UTC().Format(layout), b.text(cell))
	require.Contains(t, b.text(".subject"), " UTC, 1 h")

	// A whole day is shown as one, in the zone where it is.
	day := p.now.UTC().Truncate(24 * time.Hour)
	b.open(pathTo(busyDevice, day.Add(24*time.Hour-time.Millisecond), 24*time.Hour-time.Millisecond))
	b.await(`document.querySelector('#date').value === ` + quoted(day.Format(time.DateOnly)) + ` && document.querySelector('.subject')`)
	require.Equal(t, "date", get[string](b, "document.querySelector('#query').elements.range.value"))
	b.click("#zone [value=local]")
	require.Equal(t, "custom", get[string](b, "document.querySelector('#query').elements.range.value"))
}

// testFiles: they hold what the API answers in their format, however many pages it takes.
func testFiles(t *testing.T, p *pageTest) {
	b := p.view(t, flapDevice, 21*time.Hour, device{})
	q := with(question(pageInstance, flapDevice, p.now.Add(-21*time.Hour), p.now), "order", "desc")
	csv := b.download(".exports button:nth-of-type(2)")
	require.Equal(t, string(p.stack.ask(t, with(with(q, "limit", "5000"), "format", "csv")).body), csv)
	ndjsonFile := b.download(".exports button:nth-of-type(3)")
	require.Equal(t, p.stack.all(t, q), ndjson([]byte(ndjsonFile)))
}

// testReport: the file shows everything and needs nothing.
func testReport(t *testing.T, p *pageTest) {
	b := p.view(t, busyDevice, time.Hour, device{})
	report := b.download(".exports button:nth-of-type(4)")
	require.NotContains(t, report, "<script")
	require.NotContains(t, report, "<button")
	require.NotContains(t, report, queryToken)
	require.Contains(t, report, "default-src 'none'; style-src 'unsafe-inline'")

	file := filepath.Join(t.TempDir(), "report.html")
	require.NoError(t, os.WriteFile(file, []byte(report), 0o644))
	other := openTab(t, p.chromium, p.stack, device{})
	other.pardon("file://")
	other.run(chromedp.Navigate("file://" + file))
	require.Equal(t, b.text("h1"), other.text("h1"))
	require.Equal(t, b.text(".headline h2"), other.text(".headline h2"))
	require.Equal(t, b.text(".summary"), other.text(".summary"))
	require.Equal(t, b.text(".receipt"), other.text(".receipt"))
	require.Equal(t, b.texts(".event .info"), other.texts(".event .info"))
	require.Equal(t, b.count(".timeline .bar"), other.count(".timeline .bar"))
	require.Equal(t, b.address(), get[string](other, "new URL(document.querySelector('a').href).pathname + new URL(document.querySelector('a').href).search"))
	require.NotEqual(t, "rgba(0, 0, 0, 0)", get[string](other, "getComputedStyle(document.querySelector('.card')).backgroundColor"), "it has its styles")
	other.requireFits()
	other.shot("report")
}

// testHostile: nothing that a device says becomes markup or moves what is around it.
func testHostile(t *testing.T, p *pageTest) {
	b := p.view(t, hostile, time.Hour, device{})
	const shown = "<script>alert(1)</script><img src=x onerror=alert(1)>U+202EgnpU+200BU+000A\"'&=1+1 设备 جهاز 🛰"
	require.Equal(t, shown, b.text("h1 .datum"))
	require.Equal(t, []string{"U+202E", "U+200B", "U+000A"}, b.texts("h1 .code-point"))
	require.Zero(t, b.count(".results script, .results img, .results b"))
	require.Contains(t, b.text(".event .native"), "<b>bold</b>U+202Elong")
	require.Contains(t, b.text(".event .native"), "2,012 characters, show all")
	b.click(".event .native .more")
	b.await(`document.querySelector('.event .native .whole').innerText.length > 2000`)
	require.Zero(t, b.count(".details"), "the row stays closed")
	b.requireFits()
	b.shot("hostile")

	address := b.address()
	query, err := url.Parse(address)
	require.NoError(t, err)
	require.Equal(t, hostile, query.Query().Get("client"))
	b.click("#search")
	b.results()
	require.Equal(t, address, b.address(), "what a field cannot hold is asked for again as it is")
	report := b.download(".exports button:nth-of-type(4)")
	require.NotContains(t, report, "<script")
	require.NotContains(t, report, "<img")
}

// testLong: the longest client identifiers leave the page as wide as it is.
func testLong(t *testing.T, p *pageTest) {
	phone := device{width: 360, height: 740, mobile: true}
	b := p.view(t, longDevice, time.Hour, phone)
	require.Contains(t, b.text("h1"), "3,500 characters, show all")
	require.Equal(t, 1, b.count(".timeline .bar"))
	b.requireFits()
	b.click("h1 .more")
	b.await(`document.querySelector('h1 .whole').innerText.length === 3500`)
	b.requireFits()
	require.Less(t, get[int](b, "document.querySelector('h1').offsetHeight"), 400)

	b.pardon("400")
	b.click("#unfold")
	b.run(chromedp.SetValue("#device", tooLong, chromedp.ByQuery))
	b.click("#search")
	b.await(`document.querySelector('#results .notice h2')?.innerText === 'The client ID is too long to be asked for'`)
	b.requireFits()

	// A function that is served without that limit may answer all the same.
	q := question(pageInstance, busyDevice, p.now.Add(-time.Hour), p.now)
	trace := bytes.ReplaceAll(p.stack.ask(t, q).body, []byte(busyDevice), []byte(tooLong))
	report, err := do(t.Context(), http.MethodGet, p.stack.url("/api/v1/diagnosis?"+q.Encode()), queryToken, nil, nil)
	require.NoError(t, err)
	stop := b.intercept(func(e *fetch.EventRequestPaused) chromedp.Action {
		if strings.Contains(e.Request.URL, "/trace?") {
			return fulfil(e, 200, trace)
		}
		return fulfil(e, 200, report.body)
	})
	b.click("#search")
	b.await(`document.querySelectorAll('.event').length === 9`)
	stop()
	require.Contains(t, b.text("h1"), "65,535 characters, show all")
	b.requireFits()
	b.click("h1 .more")
	b.await(`document.querySelector('h1 .whole').innerText.length === 65535`)
	b.requireFits()
	require.Less(t, get[int](b, "document.querySelector('h1').offsetHeight"), 400)
}

// testMany: a picture of 1,500 connections, a table of 3,000 rows, and a way in.
func testMany(t *testing.T, p *pageTest) {
	b := p.view(t, flapDevice, 21*time.Hour, device{})
	bars := b.count(".timeline .bar")
	require.Less(t, bars, 400)
	require.Greater(t, bars, 100)
	require.Equal(t, 100, b.count(".event"))
	require.Equal(t, "1 to 100 of 1,000+", b.text(".events .where"))
	b.click(".events .pager button:last-child")
	b.await(`document.querySelector('.events .where').innerText === '101 to 200 of 1,000+'`)
	b.shot("many")

	b.run(chromedp.Focus(".timeline [tabindex='0']", chromedp.ByQuery), chromedp.KeyEvent(kb.End), chromedp.KeyEvent(kb.ArrowLeft))
	require.Regexp(t, `^\d connections · .* · Socket IOException × \d$`, get[string](b, "document.activeElement.getAttribute('aria-label')"))
	before := b.address()
	b.run(chromedp.KeyEvent(kb.Enter))
	b.await(`location.href.slice(location.origin.length) !== ` + quoted(before))
	b.results()
	require.Less(t, b.count(".timeline .bar"), 10)

	// The list of connections is the timeline in words; a row in it picks its bar, and
	// its events are found wherever they are.
	b.open(before)
	b.results()
	b.click(".connection-list summary")
	b.await(`document.querySelectorAll('.connection-list tbody tr').length === 50`)
	b.click(".connection-list tbody button")
	b.await(`document.querySelectorAll('.event.picked').length === 2`)
	require.Equal(t, "2,901 to 3,000 of 3,000", b.text(".events .where"))
}

func testPhone(t *testing.T, p *pageTest) {
	b := p.view(t, busyDevice, time.Hour, device{width: 360, height: 740, mobile: true})
	b.requireFits()
	b.shot("phone")
	require.Less(t, get[float64](b, "document.querySelector('.bar').offsetHeight"), 60.0, "one row of switches")
	requireNames(b)
	require.False(t, get[bool](b, "document.querySelector('#device').checkVisibility()"), "the answer comes first")
	b.click("#unfold")
	require.Equal(t, "device", get[string](b, "document.activeElement.id"))
	b.requireFits()
	b.click(".event:nth-of-type(4) .disclose")
	b.await(`document.querySelector('.details')`)
	b.click(".connection-list summary")
	for _, details := range []string{".evidence-list summary", ".verdict summary"} {
		b.click(details)
	}
	b.requireFits()
	b.run(chromedp.Evaluate("document.querySelector('.events').scrollIntoView()", nil))
	b.shot("phone-rows")
}

func testToken(t *testing.T, p *pageTest) {
	b := openTab(t, p.chromium, p.stack, device{})
	b.pardon("401")
	b.pardon("403")
	b.run(chromedp.Navigate(p.stack.url(p.path(busyDevice, time.Hour))))
	b.await(`document.querySelector('#token-dialog').open`)
	require.Contains(t, b.text("#token-why"), "The API answers with a bearer token only.")
	b.shot("token")
	b.fill("#token", "wrong"+kb.Enter)
	b.await(`document.querySelector('#token-dialog').open && document.querySelector('#token-why').innerText.startsWith('The token was not accepted.')`)
	b.fill("#token", onePageToken+kb.Enter)
	b.await(`document.querySelector('#results .notice h2')?.innerText === 'Not with this token'`)
	require.Contains(t, b.text("#results .notice"), "it may not see the instance page.")
	b.click("#results .notice button")
	b.await(`document.querySelector('#token-dialog').open`)
	b.fill("#token", queryToken)
	b.click("#token-remember")
	b.click("#token-form [type=submit]")
	b.await(`document.querySelector('.headline')`)
	require.Equal(t, queryToken, get[string](b, "localStorage.getItem('device-trace.token')"))

	// A token in a fragment takes its place, also in a page that is open.
	b.run(chromedp.Evaluate(`location.hash = '#token=`+onePageToken+`'`, nil))
	b.await(`document.querySelector('#results .notice h2')?.innerText === 'Not with this token'`)
	require.NotContains(t, b.address(), onePageToken)
	require.Equal(t, onePageToken, get[string](b, "localStorage.getItem('device-trace.token')"))
}

func testNothing(t *testing.T, p *pageTest) {
	b := p.view(t, "GID_page@@@nobody", time.Hour, device{})
	require.Equal(t, "Nothing is known of this device", b.text(".notice.empty h2"))
	require.Equal(t, "Unknown", b.text(".status h2"))
	b.shot("nothing")

	b.open(p.path(quietDevice, time.Hour))
	b.await(`document.querySelector('h1 .datum')?.innerText === ` + quoted(quietDevice))
	require.Equal(t, "No events in this span", b.text(".notice.empty h2"))
	day := p.now.Add(-74 * time.Hour).In(berlin(t)).Format(time.DateOnly)
	require.Equal(t, "Show "+day, b.text(".notice.empty button"))
	b.click(".notice.empty button")
	b.await(`document.querySelector('.timeline .bar')`)
	require.Equal(t, "no heart", b.texts(".event .info")[0])
	require.Equal(t, day, get[string](b, "document.querySelector('#date').value"))
}

// testSpan: a span of more than a day is refused before anything is asked.
func testSpan(t *testing.T, p *pageTest) {
	b := openTab(t, p.chromium, p.stack, device{})
	b.open("/")
	b.await(`document.querySelector('.welcome')`)
	b.fill("#instance", pageInstance)
	b.fill("#device", busyDevice)
	b.click(".segments label:last-child")
	b.run(chromedp.Evaluate(`{
		document.querySelector('#from').value = '2026-01-01T00:00:00';
		document.querySelector('#to').value = '2026-01-02T01:00:00';
		document.querySelector('#to').dispatchEvent(new Event('change', { bubbles: true }));
	}`, nil))
	const fault = "That is 1 d 1 h. At most 24 hours can be asked for at once: narrow the span, or ask day by day."
	require.Equal(t, fault, b.text("#query-fault"))
	b.click("#search")
	require.Equal(t, fault, b.text("#query-fault"))
	require.Equal(t, "to", get[string](b, "document.activeElement.id"))
	require.Equal(t, "/", b.address())
	b.shot("span")
}

// testStore: what cannot be had can be asked for again.
func testStore(t *testing.T, p *pageTest) {
	b := openTab(t, p.chromium, p.stack, device{})
	b.pardon("503")
	b.pardon("net::ERR_FAILED")
	stop := b.intercept(func(e *fetch.EventRequestPaused) chromedp.Action {
		return fulfil(e, 503, []byte(`{"code":"StoreUnavailable","error":"the bucket could not be read"}`))
	})
	b.open(p.path(busyDevice, time.Hour))
	b.results()
	require.Equal(t, "The events cannot be read right now", b.text("#results .notice h2"))
	require.Contains(t, b.text("#results .notice"), "the bucket could not be read")
	b.shot("store")
	stop()
	stop = b.intercept(func(e *fetch.EventRequestPaused) chromedp.Action {
		return fetch.FailRequest(e.RequestID, network.ErrorReasonFailed)
	})
	b.click("#results .notice button")
	b.await(`document.querySelector('#results .notice h2')?.innerText === 'No answer'`)
	stop()
	b.click("#results .notice button")
	b.await(`document.querySelector('.headline')`)
	require.Equal(t, 9, b.count(".event"))
}

// testIncomplete: events that are missing are never passed over in silence.
func testIncomplete(t *testing.T, p *pageTest) {
	const client = "GID_page@@@ruined"
	p.stack.record(t, pageInstance, p.connection(client, 30*time.Minute, time.Minute, "no heart", ""))
	p.stack.interrupt(t)
	var ruined string
	for _, partition := range partitions(client, p.now.Add(-time.Hour), p.now) {
		for key, file := range p.stack.objects(t, "events/"+partition) {
			require.NoError(t, os.WriteFile(file, []byte("not Parquet"), 0o644))
			ruined = key
		}
	}
	p.stack.start(t)
	b := p.view(t, client, time.Hour, device{})
	require.Contains(t, b.text(".notice.warning"), "This answer is incomplete.")
	require.Contains(t, b.text(".notice.warning"), ruined)
	b.shot("incomplete")
}
