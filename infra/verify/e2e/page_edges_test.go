package e2e

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	// chineseDevice is online now.
	chineseDevice = "GID_page@@@设备-1"
	// oddlyNamedDevice has a name that is not safe as a file name.
	oddlyNamedDevice = "../设备\\é/\u202Egnp.exe\u0007..."
	// takenDevice lost a connection to a session takeover from another address.
	takenDevice = "GID_page@@@taken-over"
	// refusedOnly had a refused login, and no connection.
	refusedOnly = "GID_page@@@refused-only"
	// lateDevice was online at the start of the hour before pageTest.withinDay(berlin(t)), had a gap of
	// 25 minutes and one of 5 minutes, and was online at its end.
	lateDevice = "GID_page@@@two-gaps"
)

// TestPageEdges checks unusual situations in which users found faults in the page.
func TestPageEdges(t *testing.T) {
	t.Parallel()
	p := pageTest{stack: newStack(t), now: time.Now().Truncate(time.Millisecond)}
	p.stack.record(t, pageInstance, p.edgeEvents(t))
	p.chromium = startChromium(t)
	runSubtests(t, &p, []subtest[pageTest]{
		{"report says when", testReportSaysWhen},
		{"report without the scope", testReportWithoutScope},
		{"file names", testFileNames},
		{"spreadsheet", testSpreadsheet},
		{"order of evidence", testOrderOfEvidence},
		{"no token", testNoToken},
		{"narrow", testNarrow},
		{"lamp", testLamp},
		{"zeros", testZeros},
		{"taken over", testTakenOver},
		{"time offline", testTimeOffline},
		{"language of a link", testLanguageOfLink},
		{"order of times", testOrderOfTimes},
		{"empty day", testEmptyFleetDay},
		{"documented links", testDocumentedLinks},
	})
}

func (p *pageTest) edgeEvents(t *testing.T) (all []inputEvent) {
	add := func(device string, began, length time.Duration, info string) {
		all = append(all, p.connection(device, began, length, info, "reason")...)
	}
	late := p.withinDay(berlin(t))
	addLate := func(began, length time.Duration) {
		all = append(all, late.connection(lateDevice, began, length, "no heart", "reason")...)
	}
	open := func(device string, began time.Duration) {
		all = append(all, p.connection(device, began, 0, "", "")[0])
	}
	add(chineseDevice, 50*time.Minute, 10*time.Minute, "no heart")
	add(chineseDevice, 35*time.Minute, 5*time.Minute, "no heart")
	open(chineseDevice, 20*time.Minute)
	add(oddlyNamedDevice, 30*time.Minute, 10*time.Minute, "no heart")
	addLate(3*time.Hour, 135*time.Minute)
	addLate(20*time.Minute, 10*time.Minute)
	all = append(all, late.connection(lateDevice, 5*time.Minute, 0, "", "")[0])
	taken := p.connection(takenDevice, 40*time.Minute, 10*time.Minute, "clientId conflict", "")
	taker := p.connection(takenDevice, 30*time.Minute, 20*time.Minute, "no heart", "keepalive_timeout")
	for i := range taken {
		taker[i].PeerAddress, taker[i].PeerPort = "198.51.100.9", 50_001
	}
	all = append(append(all, taken...), taker...)
	return append(all, inputEvent{
		ClientID: refusedOnly, Action: "close", ActionInfo: "not authorized", NativeReason: "not_authorized", Time: p.now.Add(-10 * time.Minute).UnixMilli(),
	})
}

// live returns the page's URL for a device and a range that ends now.
func live(client, language string) string {
	return "/?" + url.Values{"instance": {pageInstance}, "client": {client}, "lang": {language}}.Encode()
}

const htmlExport = ".exports button:nth-of-type(4)"

// testReportSaysWhen checks a report of a range that ends now. The report must state the instant,
// and must not contain words such as "now", which would soon be wrong.
func testReportSaysWhen(t *testing.T, p *pageTest) {
	for _, c := range []struct{ language, now, stillOpen, at, openAt string }{
		{"en", "NOW", "still open", `^AT %s`, `^open at %s`},
		{"zh", "当前状态", "仍在连接", `^%s`, `^%s.* 时仍在连接`},
	} {
		b := openTab(t, p.chromium, p.stack, viewer{})
		began := time.Now()
		b.open(live(chineseDevice, c.language))
		b.results()
		require.Equal(t, c.now, b.text(".status .eyebrow"))
		require.Contains(t, b.texts(".legend .entry span:not(.count)"), c.stillOpen)
		made := hoursFrom(t, began, "2006-01-02 15:")
		report := p.openReport(t, b.download(htmlExport))
		require.Regexp(t, fmt.Sprintf(c.at, made), report.text(".status .eyebrow"))
		require.Regexp(t, fmt.Sprintf(c.openAt, made), report.texts(".legend .entry span:not(.count)")[0])
		require.Equal(t, 1, report.count(".instant-label"), "the end of the timeline must have a label")
		words := eval[string](report, "document.body.innerText")
		require.NotContains(t, words, c.now)
		require.NotRegexp(t, `(?m)^`+c.stillOpen, words)
		report.screenshot("report-now-" + c.language)
		require.Regexp(t, hoursFrom(t, began, "2006-01-02T15:"), b.copied(".headline .foot > .button"))
	}
}

// hoursFrom returns a regular expression for the hours since an instant, in the browser's time zone.
// The hour can change during a test.
func hoursFrom(t *testing.T, began time.Time, layout string) string {
	t.Helper()
	return "(" + began.In(berlin(t)).Format(layout) + "|" + time.Now().In(berlin(t)).Format(layout) + ")"
}

// testReportWithoutScope checks that a report does not wait for a scope that never arrives.
func testReportWithoutScope(t *testing.T, p *pageTest) {
	b := openTab(t, p.chromium, p.stack, viewer{})
	held := make(chan struct{})
	stop := b.intercept(func(e *fetch.EventRequestPaused) chromedp.Action {
		if strings.Contains(e.Request.URL, "/scope?") {
			return continueAfter(held, e)
		}
		return fetch.ContinueRequest(e.RequestID)
	})
	b.open(p.path(chineseDevice, time.Hour))
	b.awaitEarly(`document.querySelector('.scope')?.innerText.endsWith('Looking at the other devices…') && !document.querySelector('#results .days-card[aria-busy=true]')`)
	b.run(chromedp.Click(htmlExport, chromedp.ByQuery))
	report := p.openReport(t, b.nextFile())
	require.Regexp(t, `It is not known whether other devices were affected\.$`, report.text(".scope"))
	close(held)
	b.await(`document.querySelector('.scope-text')`)
	stop()
}

// testFileNames checks that the file names of exports keep letters of any script, but no characters
// that could mislead a file system or a reader.
func testFileNames(t *testing.T, p *pageTest) {
	day := p.now.Add(-time.Hour).In(berlin(t)).Format(time.DateOnly)
	long := strings.Repeat("设", 300)
	for client, want := range map[string]string{
		chineseDevice: "device-trace-GID_page_设备-1-" + day + ".ndjson", oddlyNamedDevice: "device-trace-设备_é_gnp.exe-" + day + ".ndjson",
		long: "device-trace-" + strings.Repeat("设", 40) + "-" + day + ".ndjson",
	} {
		b := p.open(t, client, time.Hour, viewer{})
		if client == long { // a device without events has no exports, but the same name
			p.stack.record(t, pageInstance, p.connection(long, 30*time.Minute, time.Minute, "no heart", ""))
			b.run(chromedp.Reload())
			b.results()
		}
		b.download(".exports button:nth-of-type(3)")
		b.mu.Lock()
		require.Equal(t, []string{want}, b.fileNames)
		b.mu.Unlock()
		require.LessOrEqual(t, len(want), 255)
		require.True(t, utf8.ValidString(want))
	}
}

// testSpreadsheet checks that a CSV export begins with a byte order mark, and that its cells for
// unknown values are empty.
func testSpreadsheet(t *testing.T, p *pageTest) {
	file := p.open(t, refusedOnly, time.Hour, viewer{}).download(".exports button:nth-of-type(2)")
	require.True(t, strings.HasPrefix(file, "\ufeffclient_id,"), file)
	records, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(file, "\ufeff"))).ReadAll()
	require.NoError(t, err)
	for i, name := range records[0] {
		require.NotEqual(t, "0", records[1][i], name)
	}
}

// testOrderOfEvidence checks that evidence has the same order as the table of events.
func testOrderOfEvidence(t *testing.T, p *pageTest) {
	b := p.open(t, chineseDevice, time.Hour, viewer{})
	times := func() []string {
		return eval[[]string](b, `[...document.querySelector('.evidence-list').querySelectorAll('li time')].map((one) => one.dateTime)`)
	}
	newestFirst := times()
	require.Len(t, newestFirst, 2)
	require.Greater(t, newestFirst[0], newestFirst[1])
	b.click("#order")
	b.await(`location.search.includes('order=asc')`)
	require.Equal(t, []string{newestFirst[1], newestFirst[0]}, times())
	report := p.openReport(t, b.download(htmlExport))
	require.Equal(t, times(), eval[[]string](report, `[...document.querySelector('.evidence-list').querySelectorAll('li time')].map((one) => one.dateTime)`))
	b.click("#order") // the browser remembers the order
}

// testNoToken checks that the page asks for a token if it has none, and for another one if the
// token was rejected.
func testNoToken(t *testing.T, p *pageTest) {
	b := openTab(t, p.chromium, p.stack, viewer{})
	b.allow("401")
	b.run(chromedp.Navigate(p.stack.url(p.path(chineseDevice, time.Hour))))
	b.await(`document.querySelector('#token-dialog').open`)
	require.Equal(t, "A token is required", b.text("#results .notice h2"))
	require.Equal(t, "Enter a token", b.text("#results .notice button"))
	for _, wrong := range []string{"wrong", "错误"} {
		b.openAs(p.path(chineseDevice, time.Hour), url.QueryEscape(wrong))
		b.await(`document.querySelector('#results .notice')`)
		require.Equal(t, "The token was rejected", b.text("#results .notice h2"))
		require.Equal(t, "Use another token", b.text("#results .notice button"))
	}
}

// testNarrow checks that no view scrolls sideways on the narrowest screens, in either language.
func testNarrow(t *testing.T, p *pageTest) {
	const width = 320
	end := p.now.Format(time.RFC3339)
	for _, language := range []string{"en", "zh"} {
		b := openTab(t, p.chromium, p.stack, viewer{width: width, height: 640})
		for name, path := range map[string]string{
			"welcome": "/?lang=" + language, "results": live(chineseDevice, language), "hostile": live(oddlyNamedDevice, language), "taken": live(takenDevice, language),
			"refused": live(refusedOnly, language), "nobody": live("GID_page@@@nobody", language), "absent": "/?instance=other&client=c&lang=" + language,
			"fault": live(chineseDevice, language) + "&from=" + end + "&to=2026-01-01T00:00:00Z", "long": live(chineseDevice, language) + "&to=" + end + "&from=2026-01-01T00:00:00Z",
			"fleet": "/?view=fleet&instance=" + pageInstance + "&lang=" + language, "fleet-welcome": "/?view=fleet&lang=" + language,
			"minute": "/?view=fleet&lang=" + language + "&instance=" + pageInstance + "&at=" + p.now.Add(-30*time.Minute).UTC().Format(time.RFC3339),
			"finder": "/?view=fleet&lang=" + language + "&instance=" + pageInstance + "&q=GID",
		} {
			b.open(path)
			b.await(`document.querySelector('#results > *')`)
			b.run(chromedp.Evaluate(`for (const one of document.querySelectorAll('details')) one.open = true; document.querySelector('#unfold')?.click(); document.querySelector('.disclose')?.click(); document.querySelector('.timeline .bar')?.dispatchEvent(new MouseEvent('click', { bubbles: true })); document.activeElement.blur()`, nil))
			b.await(`true`)
			assert.LessOrEqual(t, eval[int](b, "document.documentElement.scrollWidth"), width, "%s in %s: %v", name, language, eval[[]string](b, wide))
			require.Less(t, eval[float64](b, "document.querySelector('#token-open').getBoundingClientRect().bottom + scrollY"), 50.0, "all controls of the bar must fit in one row")
			b.wholeScreenshot("narrow-" + name + "-" + language)
			b.run(chromedp.Evaluate(`document.querySelector('#token-open').click()`, nil))
			require.LessOrEqual(t, eval[int](b, `(() => { const d = document.querySelector('#token-dialog'); return Math.max(d.getBoundingClientRect().right, d.scrollWidth); })()`), width, "dialog in %s", language)
		}
	}
}

// wide is a JavaScript expression for the elements that reach beyond the right edge of the screen.
const wide = `[...document.querySelectorAll('body *')].filter((one) => one.getBoundingClientRect().right > document.documentElement.clientWidth + 1 && !one.closest('.scroll, .visually-hidden, svg'))
	.map((one) => [one.tagName, one.getAttribute('class'), one.id, one.innerText, one.parentElement.className].join(' '))`

// testLamp checks that the shape of the lamp differs between online and offline, because forced colors and
// printers leave out its color.
func testLamp(t *testing.T, p *pageTest) {
	b := openTab(t, p.chromium, p.stack, viewer{})
	ring := func(client string) float64 {
		b.open(live(client, "en"))
		b.results()
		return eval[float64](b, `(() => { const s = getComputedStyle(document.querySelector('.status .lamp')); return parseFloat(s.width) - 2 * parseFloat(s.borderTopWidth); })()`)
	}
	for _, media := range []*emulation.SetEmulatedMediaParams{
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "forced-colors", Value: "active"}}),
		emulation.SetEmulatedMedia().WithMedia("print"),
	} {
		b.run(media)
		require.Zero(t, ring(chineseDevice), "online must be a disc")
		if media.Media == "print" {
			require.Regexp(t, `^NOW \(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d`, b.text(".status .eyebrow"), "paper must state the instant")
		}
		b.screenshot("lamp-online-" + media.Media)
		require.Greater(t, ring(takenDevice), 4.0, "offline must be a ring")
		b.screenshot("lamp-offline-" + media.Media)
	}
}

// testZeros checks that the page leaves out notes that would only say that nothing happened.
func testZeros(t *testing.T, p *pageTest) {
	for _, language := range []string{"en", "zh"} {
		b := openTab(t, p.chromium, p.stack, viewer{})
		b.open(live(refusedOnly, language))
		b.results()
		words := eval[string](b, `document.querySelector('#results').innerText + [...document.querySelectorAll('[aria-label], [title]')].map((one) => one.getAttribute('aria-label') + one.title).join()`)
		require.NotRegexp(t, `(^|\D)0 (ms|毫秒|began|ended|个)|\(0\)|（0）`, words)
		require.Zero(t, b.count(".connection-list"))
		b.wholeScreenshot("zeros-" + language)
		b.open(fleetPath(pageInstance, startOfDay(p.now.Add(-10*time.Minute)), "lang", language))
		b.await(`document.querySelector('.chart')`)
		require.NotRegexp(t, `(^|\D)0 (ended|次由)`, b.text(".summary"))
	}
}

// testTakenOver checks that the evidence of a takeover leads to the connection that took over, and to
// the devices at its address.
func testTakenOver(t *testing.T, p *pageTest) {
	b := p.open(t, takenDevice, time.Hour, viewer{})
	taker := p.now.Add(-30 * time.Minute).UTC().Format(apiTime)
	for _, links := range []string{`[data-code="client-id-conflict"]`, ".picked-connection"} {
		b.run(chromedp.Evaluate(`for (const one of document.querySelectorAll('.verdict, .evidence-list, .headline details')) one.open = true`, nil))
		if links == ".picked-connection" {
			b.click(".timeline .bar.kind-conflict")
		} else if b.count(links) == 0 {
			links = ".headline"
		}
		require.Regexp(t, `^Next connection \d{4}-\d\d-\d\d \d\d:\d\d:\d\d Devices at 198\.51\.100\.9$`, b.text(links+" .takeover"))
		b.click(links + " .takeover button")
		b.await(`document.querySelector('.picked-connection')?.innerText.includes('198.51.100.9')`)
		require.Contains(t, b.address(), "connection="+url.QueryEscape(taker))
		require.True(t, eval[bool](b, `document.activeElement.contains(document.querySelector('.picked-connection'))`), "the focus must be at the panel")
		b.screenshot("taken-over")
	}
	report := p.openReport(t, b.download(htmlExport))
	hrefs := eval[[]string](report, `[...document.querySelectorAll('.takeover a')].map((one) => one.href)`)
	require.Contains(t, hrefs[0], p.stack.url("/?instance="+pageInstance))
	require.Contains(t, hrefs[0], "connection="+url.QueryEscape(taker))
	b.click(".timeline .bar.kind-conflict")
	b.click(".picked-connection .takeover a")
	b.await(`document.querySelector('.finder-card .device-link')`)
	require.Equal(t, []string{takenDevice}, b.texts(".finder-card .device-link"))
}

// testTimeOffline checks the total time offline and the longest gap.
func testTimeOffline(t *testing.T, p *pageTest) {
	late := p.withinDay(berlin(t))
	b := late.open(t, lateDevice, time.Hour, viewer{})
	b.await(`document.querySelector('.summary').innerText.includes('30 min')`)
	tile := func(n int) string { return b.text(fmt.Sprintf(".summary .tile:nth-child(%d)", n)) }
	require.Equal(t, "Time offline 30 min in 2 gaps", tile(2))
	gap := func(ago time.Duration) string { return late.now.Add(-ago).In(berlin(t)).Format(time.TimeOnly) }
	require.Equal(t, "Longest gap 25 min "+gap(45*time.Minute)+" – "+gap(20*time.Minute), tile(3))
	b.wholeScreenshot("time-offline")
	late.requireCut(t)
	b.open(p.path(takenDevice, time.Hour))
	b.await(`document.querySelector('h1 .datum')?.innerText === ` + quoted(takenDevice))
	require.Regexp(t, "^Longest gap at least 10 min since ", tile(3), "the gap continues after the range")
	require.Regexp(t, "^Time offline at least 10 min in 1 gap$", tile(2), "the state at the start of the range is unknown")
}

// requireCut checks the page for a report that leaves out the beginning of the range, because the
// range has too many events. The device may have been offline then, too.
func (p *pageTest) requireCut(t *testing.T) {
	t.Helper()
	report := p.diagnosis(t, lateDevice, time.Hour)
	cut := p.now.Add(-45 * time.Minute)
	report["timeline"], report["cut_before"] = report["timeline"].([]any)[1:], cut.UTC().Format(apiTime)
	b := openTab(t, p.chromium, p.stack, viewer{})
	defer b.respond("/diagnosis?", http.StatusOK, asJSON(t, report))()
	b.open(p.path(lateDevice, time.Hour))
	b.results()
	require.Contains(t, b.text(".results .notice.warning"), "only those since "+cut.In(berlin(t)).Format(time.DateTime)+" were examined.")
	require.Equal(t, "Time offline at least 30 min in 2 gaps", b.text(".summary .tile:nth-child(2)"))
	require.Equal(t, "Longest gap at least 25 min until "+p.now.Add(-20*time.Minute).In(berlin(t)).Format("2006-01-02 15:04"), b.text(".summary .tile:nth-child(3)"))
	require.Contains(t, p.openReport(t, b.download(htmlExport)).text(".notice.warning"), "too many events")
}

// testLanguageOfLink checks that a link can ask for a language and a time zone. Without these
// parameters, the viewer's own choice applies. A link never changes this choice permanently.
func testLanguageOfLink(t *testing.T, p *pageTest) {
	b := openTab(t, p.chromium, p.stack, viewer{})
	b.open(live(chineseDevice, "zh") + "&zone=utc")
	b.results()
	language := func() string { return eval[string](b, "document.documentElement.lang") }
	require.Equal(t, "zh-Hans", language())
	require.Equal(t, "UTC", b.text(".order small"))
	require.NotRegexp(t, "[?&](lang|zone)=", b.address(), "a copied link must not impose the language")
	b.run(chromedp.Reload())
	b.results()
	require.Equal(t, "zh-Hans", language(), "the choice must survive a reload")
	require.Empty(t, eval[string](b, "localStorage.getItem('device-trace.lang') ?? ''"))
	b.click("#lang [value=en]")
	b.run(chromedp.Reload())
	b.results()
	require.Equal(t, "en", language(), "the viewer's choice must prevail")
	b.open(live(chineseDevice, "fr"))
	b.results()
	require.Equal(t, "en", language())
}

// testOrderOfTimes checks that the page reports a range that ends before it begins with one
// sentence at one field.
func testOrderOfTimes(t *testing.T, p *pageTest) {
	b := openTab(t, p.chromium, p.stack, viewer{})
	b.open("/?" + url.Values{"instance": {pageInstance}, "client": {chineseDevice}, "from": {"2026-11-22T09:00:00Z"}, "to": {"2026-11-22T08:00:00Z"}}.Encode())
	b.await(`!document.querySelector('#query-fault').hidden`)
	require.Equal(t, "The range must end after it begins.", b.text("#query-fault"))
	require.Equal(t, []string{"to"}, eval[[]string](b, `[...document.querySelectorAll('[aria-invalid]')].map((one) => one.id)`))
	q := question(pageInstance, chineseDevice, p.now, p.now.Add(-time.Hour))
	for _, path := range []string{"/api/v1/trace?", "/api/v1/diagnosis?"} {
		r, err := do(t.Context(), http.MethodGet, p.stack.url(path+q.Encode()), queryToken, nil, nil)
		require.NoError(t, err)
		require.Equal(t, 400, r.status)
		require.JSONEq(t, `{"code":"InvalidParameter","error":"from is after to"}`, string(r.body))
	}
}

// testEmptyFleetDay checks that a day without events leads to the day before if that day has events.
func testEmptyFleetDay(t *testing.T, p *pageTest) {
	b := openTab(t, p.chromium, p.stack, viewer{})
	old := p.now.AddDate(0, 0, -9)
	p.stack.record(t, pageInstance, []inputEvent{{ClientID: refusedOnly, Action: "close", ActionInfo: "not authorized", NativeReason: "x", Time: old.UnixMilli()}})
	b.open(fleetPath(pageInstance, startOfDay(old.AddDate(0, 0, 1))))
	b.await(`document.querySelector('#fleet-before')`)
	require.Equal(t, "Show "+old.UTC().Format(time.DateOnly)+", which has events", b.text("#fleet-before"))
	b.screenshot("empty-day")
	b.click("#fleet-before")
	b.await(`document.querySelector('.chart') && !document.querySelector('.card-note.empty')`)
	require.Contains(t, b.address(), "day="+old.UTC().Format(time.DateOnly))
}

// testDocumentedLinks opens the example links in the page's README.
func testDocumentedLinks(t *testing.T, p *pageTest) {
	var links []string
	for line := range strings.Lines(readFile(t, "../../../pkg/console/README.md")) {
		if link := strings.TrimSpace(line); strings.HasPrefix(link, "/?") {
			links = append(links, link)
		}
	}
	require.GreaterOrEqual(t, len(links), 6)
	b := openTab(t, p.chromium, p.stack, viewer{})
	for _, link := range links {
		asked, err := url.Parse(link)
		require.NoError(t, err)
		b.open(link)
		b.await(`document.querySelector('#results .results, #results .notice')`)
		require.Zero(t, b.count(".fault:not([hidden])"), link)
		got, err := url.Parse(b.address())
		require.NoError(t, err)
		q := asked.Query()
		require.Equal(t, q.Get("instance"), got.Query().Get("instance"), link)
		require.Equal(t, q.Get("day") == "" || q.Get("day") == got.Query().Get("day"), true, link)
		for _, name := range []string{"client", "order", "action", "action_info", "connection", "of", "q", "node", "reason"} {
			if q.Get(name) != "" {
				require.Equal(t, q.Get(name), got.Query().Get(name), "%s of %s", name, link)
			}
		}
		for _, name := range []string{"from", "to", "at"} {
			if q.Get(name) != "" {
				require.Equal(t, parseInstant(t, q.Get(name)), parseInstant(t, got.Query().Get(name)), "%s of %s", name, link)
			}
		}
	}
}

// parseInstant parses a time in either format that a link may have, and returns it in UTC.
func parseInstant(t *testing.T, text string) time.Time {
	t.Helper()
	if ms, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.UnixMilli(ms).UTC()
	}
	at, err := time.Parse(time.RFC3339, text)
	require.NoError(t, err)
	return at.UTC()
}
