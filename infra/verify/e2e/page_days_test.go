package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// testDays checks the strip of days: the page must load it after the results, mark the days of the
// range, and open a day that the user chooses with the pointer or the keyboard.
func testDays(t *testing.T, p *pageTest) {
	p = p.withinDay(time.UTC)
	today, end := oneDay(), startOfDay(p.now)
	b := p.open(t, failingDevice, time.Hour, viewer{})
	require.Equal(t, 7, b.count(".day"))
	id := func(day time.Time) string { return "day-" + day.Format(time.DateOnly) }
	require.Equal(t, id(today), eval[string](b, "document.querySelector('.days li:last-child .day').id"))
	require.Contains(t, eval[[]string](b, `[...document.querySelectorAll('.day[aria-current=date]')].map((one) => one.id)`), id(p.now.Add(-time.Hour).UTC()))
	b.screenshot("days")

	before := end.AddDate(0, 0, -2)
	cell := "#" + id(before)
	require.Contains(t, b.text(cell), "drops")
	require.Equal(t, 1, b.count(cell+".day-problem .icon"))
	label := eval[string](b, "document.querySelector("+quoted(cell)+").getAttribute('aria-label')")
	require.Contains(t, label, before.Format("January 2, 2006")+" (UTC), Problem, ")
	require.Regexp(t, `connections: \d, \d drops?, .*\d+ min online.*, Last drop .*, no heart$`, label)
	b.run(chromedp.Focus(cell, chromedp.ByQuery), chromedp.KeyEvent(kb.Enter))
	b.await(`document.querySelector(` + quoted(cell) + `)?.getAttribute('aria-current') === 'date'`)
	require.Contains(t, b.address(), "from="+url.QueryEscape(before.Format(apiTime))+"&to="+url.QueryEscape(before.Add(24*time.Hour-time.Millisecond).Format(apiTime)))
	require.Equal(t, id(before), eval[string](b, "document.activeElement.id"), "the focus must stay")
	b.run(chromedp.NavigateBack())
	b.await(`document.querySelector('#` + id(end) + `')?.getAttribute('aria-current') === 'date'`)
	b.click("#" + id(today.AddDate(0, 0, -6)))
	b.await(`document.querySelectorAll('.day[aria-current=date]').length === 1`)
	require.Equal(t, id(today), eval[string](b, "document.querySelector('.days li:last-child .day').id"), "the strip must still end today")
}

// testMoreDays checks that a button shows thirty days, and that the days stay in view for ranges in
// the distant past.
func testMoreDays(t *testing.T, p *pageTest) {
	p = p.withinDay(time.UTC)
	b := p.open(t, failingDevice, time.Hour, viewer{})
	require.Equal(t, "Show 30 days", b.text("#days-count"))
	b.click("#days-count")
	b.await(`document.querySelectorAll('.day').length === 30`)
	require.Equal(t, "Show 7 days", b.text("#days-count"))
	b.requireFits()
	b.screenshot("days-30")
	b.click("#days-count")
	b.await(`document.querySelectorAll('.day').length === 7`)

	past := p.now.AddDate(0, 0, -20)
	b.open(pathTo(failingDevice, past, time.Hour))
	b.await(`document.querySelector('.days li:nth-child(4) .day')?.id === 'day-` + past.UTC().Format(time.DateOnly) + `'`)
	require.Equal(t, "date", eval[string](b, "document.querySelector('.days li:nth-child(4) .day').getAttribute('aria-current')"))
}

// respondDays responds to all requests for days with made-up rows, until stop is called. By
// default, each row describes a day on which the device was online and nothing happened. change can
// modify each row.
func (b *tab) respondDays(change func(day time.Time, row map[string]any)) (stop func()) {
	b.t.Helper()
	return b.intercept(func(e *fetch.EventRequestPaused) chromedp.Action {
		asked, err := url.Parse(e.Request.URL)
		if err != nil || !strings.HasSuffix(asked.Path, "/days") {
			return fetch.ContinueRequest(e.RequestID)
		}
		return fulfil(e, http.StatusOK, daysBody(asked.Query(), change))
	})
}

// daysBody returns the response to a request for days; see respondDays.
func daysBody(query url.Values, change func(day time.Time, row map[string]any)) []byte {
	from, err := time.Parse(time.DateOnly, query.Get("from"))
	to, otherErr := time.Parse(time.DateOnly, query.Get("to"))
	if err != nil || otherErr != nil || to.Before(from) || to.After(from.AddDate(0, 0, 30)) {
		panic(fmt.Sprint("the page asks for wrong days: ", query))
	}
	var rows []map[string]any
	for day := from; !day.After(to); day = day.AddDate(0, 0, 1) {
		row := map[string]any{
			"day": day.Format(time.DateOnly), "connections": 1, "drops": 0, "disconnects": 0, "unexplained": 0, "unreported": 0, "refusals": 0,
			"online_ms": 86_400_000, "unknown_ms": 0, "level": "info", "verdicts": []string{}, "since": map[string]any{},
		}
		change(day, row)
		rows = append(rows, row)
	}
	body, err := json.Marshal(map[string]any{"days": rows, "looked_back_to": from.Format(apiTime), "receipt": map[string]any{}})
	if err != nil {
		panic(err) // every row can be encoded
	}
	return body
}

// testDayKinds checks that days of different kinds differ in more than their color.
func testDayKinds(t *testing.T, p *pageTest) {
	kinds := []map[string]any{
		{"not_read": true, "connections": 0, "online_ms": 0, "level": ""},
		{"connections": 0, "online_ms": 0, "level": "problem"},
		{"unknown_ms": 86_400_000, "connections": 0, "online_ms": 0},
		{"counts_only": true, "level": "", "drops": 150_000, "refusals": 12_345},
		{"level": "notice", "unexplained": 2},
		{"level": "problem", "drops": 34, "refusals": 2, "online_ms": 43_200_000},
		{},
	}
	first := oneDay().AddDate(0, 0, -6)
	b := openTab(t, p.chromium, p.stack, viewer{})
	defer b.respondDays(func(day time.Time, row map[string]any) {
		if i := int(day.Sub(first) / (24 * time.Hour)); i >= 0 && i < len(kinds) {
			maps.Copy(row, kinds[i])
		}
	})()
	b.open(p.path(busyDevice, time.Hour))
	b.results()
	require.Equal(t, []string{"not read", "offline", "no data", "150K drops 12K", "0+ drops", "34 drops 2", "0 drops"}, inOneLine(b.texts(".day-figures")))
	require.Equal(t, []string{"day-unread", "day-problem", "day-unknown", "day-counted", "day-notice", "day-problem", "day-info"},
		eval[[]string](b, "[...document.querySelectorAll('.day')].map((one) => one.classList[1])"))
	signs := eval[[]string](b, "[...document.querySelectorAll('.day-head path')].map((one) => one.getAttribute('d'))")
	require.Len(t, slices.Compact(slices.Sorted(slices.Values(signs))), 6, "only the two days with a problem share a sign")
	b.run(chromedp.ScrollIntoView(".days-card", chromedp.ByQuery), chromedp.Focus(".day", chromedp.ByQuery), chromedp.KeyEvent(kb.ArrowRight), chromedp.KeyEvent(kb.ArrowRight), chromedp.KeyEvent(kb.ArrowRight))
	require.Equal(t, 1, b.count(".day[tabindex='0']"))
	require.Contains(t, b.text(".days-frame .tooltip"), "counts only, connections: 1, 150,000 drops, refused logins: 12,345, 1 d online")
	b.screenshot("days-kinds")
	labels := eval[[]string](b, "[...document.querySelectorAll('.day')].map((one) => one.getAttribute('aria-label'))")
	require.Regexp(t, `\(UTC\), Problem, offline$`, labels[1])
	require.Regexp(t, `\(UTC\), no data$`, labels[2])
}

// inOneLine returns the texts with each line break and each sequence of spaces replaced by one space.
func inOneLine(texts []string) (lines []string) {
	for _, text := range texts {
		lines = append(lines, strings.Join(strings.Fields(text), " "))
	}
	return lines
}

// testDaysUnread checks that the page shows the results even if the days cannot be read, and that
// the user can try again.
func testDaysUnread(t *testing.T, p *pageTest) {
	b := openTab(t, p.chromium, p.stack, viewer{})
	b.allow("503")
	stop := b.respond("/days?", 503, []byte(`{"code":"StoreUnavailable","error":"the bucket could not be read"}`))
	b.open(p.path(busyDevice, time.Hour))
	b.await(`document.querySelector('#days-retry')`)
	require.Equal(t, "The days could not be read. Try again", b.text(".days-notes"))
	require.Equal(t, 9, b.count(".event"))
	require.Equal(t, "PROBLEM", b.text(".headline .level"))
	b.screenshot("days-unread")
	stop()
	b.click("#days-retry")
	b.await(`!document.querySelector('#days-retry') && document.querySelector('.day-problem')`)
	require.True(t, eval[bool](b, `document.activeElement.matches('.day.current')`), "the focus must not be lost")
}

// testDaysInChinese checks the texts about days in Chinese.
func testDaysInChinese(t *testing.T, p *pageTest) {
	p = p.withinDay(time.UTC)
	b := p.open(t, failingDevice, time.Hour, viewer{languages: "zh-CN"})
	require.Equal(t, "按天查看", b.text("#days-title"))
	day := p.now.UTC().AddDate(0, 0, -2)
	require.Contains(t, b.text("#day-"+day.Format(time.DateOnly)), "掉线 ")
	require.Contains(t, eval[string](b, "document.querySelector('#day-"+day.Format(time.DateOnly)+"').getAttribute('aria-label')"), day.Format("2006年1月2日"))
	require.Regexp(t, `自 .* 起，已有 \d 天`, b.text(".headline .trends"))
	require.Contains(t, b.text(".headline .trends"), p.now.UTC().Format(time.DateOnly)+"（UTC）掉线 2 次；")
	b.screenshot("days-chinese")
}

// testDaysOnPhone checks that thirty days fit on a narrow screen.
func testDaysOnPhone(t *testing.T, p *pageTest) {
	p = p.withinDay(time.UTC)
	b := p.open(t, failingDevice, time.Hour, viewer{width: 360, height: 740, mobile: true, dark: true})
	b.click("#days-count")
	b.await(`document.querySelectorAll('.day').length === 30`)
	b.requireFits()
	requireNames(b)
	require.Empty(t, eval[[]string](b, `[...document.querySelectorAll('.day')].filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.innerText)`), "no figure may be cut off")
	b.run(chromedp.ScrollIntoView(".days-card", chromedp.ByQuery))
	b.screenshot("days-phone")
}

// testDaysInReport checks that a report contains the days and the line below the verdict's title,
// but no buttons.
func testDaysInReport(t *testing.T, p *pageTest) {
	p = p.withinDay(time.UTC)
	b := p.open(t, failingDevice, time.Hour, viewer{})
	other := p.openReport(t, b.download(".exports button:nth-of-type(4)"))
	require.Equal(t, b.texts(".day"), other.texts(".day"))
	require.Equal(t, b.text(".headline .trends"), other.text(".headline .trends"))
	require.Zero(t, other.count("button"))
	other.run(chromedp.ScrollIntoView(".days-card", chromedp.ByQuery))
	other.screenshot("days-report")
}

// testEmptyDays checks that the buttons for earlier and later ranges work in ranges without events,
// and keep the focus.
func testEmptyDays(t *testing.T, p *pageTest) {
	const client = "GID_page@@@silent"
	p.stack.record(t, pageInstance, p.connection(client, 75*time.Hour, time.Hour, "no heart", "keepalive_timeout"))
	b := p.open(t, client, 24*time.Hour, viewer{})
	require.Equal(t, "No events in this range", b.text(".notice.empty h2"))
	require.Equal(t, 7, b.count(".day"))
	require.Equal(t, []string{"offline"}, b.texts(".ground-label"))
	require.Regexp(t, "Last drop "+p.now.Add(-74*time.Hour).In(berlin(t)).Format(time.DateTime)+", no heart: show$", b.text(".top .trends"))
	b.screenshot("empty-days")
	for range 2 {
		before := b.address()
		b.click("#timeline-earlier")
		b.await(`location.href.slice(location.origin.length) !== ` + quoted(before) + ` && document.querySelector('.notice.empty')`)
		require.Equal(t, "timeline-earlier", eval[string](b, "document.activeElement.id"), "the focus must stay")
	}
	b.run(chromedp.KeyEvent(kb.Enter))
	b.await(`document.querySelector('.timeline .bar')`)
	require.Equal(t, "timeline-earlier", eval[string](b, "document.activeElement.id"), "the focus must stay")
	b.click("#timeline-later")
	b.await(`document.querySelector('.notice.empty')`)
	require.Equal(t, "timeline-later", eval[string](b, "document.activeElement.id"), "the focus must stay")
}

// testLongLink checks the page for a link to a range of more than a day. The page must say what is
// wrong, show the days of the range, and offer the last day of the range.
func testLongLink(t *testing.T, p *pageTest) {
	p = p.withinDay(time.UTC)
	b := openTab(t, p.chromium, p.stack, viewer{})
	end := p.now.Add(-12 * time.Hour)
	b.open(pathTo(failingDevice, end, 5*24*time.Hour))
	b.await(`document.querySelector('.day')`)
	require.Equal(t, "This range is 5 d long, and the longest is 24 hours. Choose a shorter range, or search day by day.", b.text("#query-fault"))
	require.Equal(t, "to", eval[string](b, "document.activeElement.id"))
	require.Equal(t, "This link covers 5 d, and the longest range is 24 hours", b.text(".notice h2"))
	require.Equal(t, 6, b.count(".day[aria-current=date]"))
	b.screenshot("long-link")
	link := b.address()
	b.click(".notice .button")
	b.await(`document.querySelector('.headline')`)
	require.Contains(t, b.address(), "from="+url.QueryEscape(end.Add(-24*time.Hour).UTC().Format(apiTime))+"&to="+url.QueryEscape(end.UTC().Format(apiTime)))
	b.run(chromedp.NavigateBack())
	b.await(`document.querySelector('.notice .button')`)
	require.Equal(t, link, b.address())
	day := "#day-" + p.now.UTC().AddDate(0, 0, -3).Format(time.DateOnly)
	b.click(day)
	b.await(`document.querySelector('.headline') && document.querySelector(` + quoted(day) + `)?.getAttribute('aria-current') === 'date'`)

	b.open(pathTo(failingDevice, end, 20*24*time.Hour))
	b.await(`document.querySelectorAll('.day').length === 30`)

	b.open(pathTo(failingDevice, p.now.AddDate(1, 0, 0), 20*24*time.Hour))
	b.await(`!document.querySelector('#query-fault').hidden`)
	require.Equal(t, "The range begins in the future. Choose an earlier start.", b.text("#query-fault"))
	require.Zero(t, b.count(".notice"))
}

// testLongLinkRefused checks the page for a link to a range of more than a day if the token is
// invalid or may not query the instance. The page must show that error.
func testLongLinkRefused(t *testing.T, p *pageTest) {
	b := openTab(t, p.chromium, p.stack, viewer{})
	b.allow("40")
	b.openAs(pathTo(failingDevice, p.now, 5*24*time.Hour), limitedToken)
	b.await(`document.querySelector('.notice h2')?.innerText === 'No access to this instance'`)
	b.openAs("/", "wrong")
	b.openAs(pathTo(failingDevice, p.now, 5*24*time.Hour), "wrong")
	b.await(`document.querySelector('.notice h2')?.innerText === 'The token was rejected' && document.querySelector('dialog').open`)
}

// testRequests checks which requests the page sends. It requests the days and the scope of the last
// drop at most once per view. It requests a second report, with the state at the start of the
// range, only if the first report does not contain this state.
func testRequests(t *testing.T, p *pageTest) {
	b := openTab(t, p.chromium, p.stack, viewer{})
	var mu sync.Mutex
	var asked []string
	defer b.intercept(func(e *fetch.EventRequestPaused) chromedp.Action {
		mu.Lock()
		defer mu.Unlock()
		if name := path.Base(strings.Split(e.Request.URL, "?")[0]); name != "instances" {
			asked = append(asked, name+map[bool]string{true: " since"}[strings.Contains(e.Request.URL, "since=1")])
		}
		return fetch.ContinueRequest(e.RequestID)
	})()
	requireAsked := func(want ...string) {
		t.Helper()
		mu.Lock()
		defer mu.Unlock()
		require.ElementsMatch(t, want, asked)
		asked = nil
	}
	b.open(p.path(lastingDevice, time.Hour))
	b.results()
	requireAsked("diagnosis", "status", "trace", "days", "scope")
	b.run(chromedp.SetValue("#filter-action", "close", chromedp.ByQuery))
	b.await(`location.search.includes('action=close')`)
	requireAsked("trace")
	b.run(chromedp.NavigateBack())
	b.await(`!location.search.includes('action=close') && document.querySelector('#filter-action').value === ''`)
	requireAsked("trace")
	b.open(p.path(quietDevice, time.Hour))
	b.await(`document.querySelector('h1 .datum')?.innerText === ` + quoted(quietDevice))
	requireAsked("diagnosis", "diagnosis since", "status", "trace", "days", "scope")

	// Two clicks in a row: the second one must not show the results of the first.
	b.run(chromedp.Evaluate(`for (const _ of [1, 2]) document.querySelector('#timeline-earlier').click()`, nil))
	b.await(`location.search.includes(` + quoted(url.QueryEscape(p.now.Add(-3*time.Hour).UTC().Format(apiTime))) + `)`)
	require.Contains(t, b.text(".subject, .results"), p.now.Add(-3*time.Hour).In(berlin(t)).Format(time.DateTime))
	require.Equal(t, 7, b.count(".day"))
	require.Zero(t, b.count("#days-retry"))

	// Click on the table before the results of another range arrive.
	b.open(p.path(busyDevice, time.Hour))
	b.await(`document.querySelector('.timeline .bar')`)
	b.run(chromedp.Evaluate(`for (const id of ['timeline-earlier', 'order']) document.getElementById(id).click()`, nil))
	b.await(`location.search.includes('order=asc')`)
	require.Equal(t, "No events in this range", b.text(".notice h2"))
	require.Zero(t, b.count(".timeline .bar"), "the report must not be the one of the other range")
}
