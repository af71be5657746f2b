package e2e

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// testSearch checks that a search from the start page shows the cause of a device's problem, and
// that the browser's Back and Forward buttons work afterwards.
func testSearch(t *testing.T, p *pageTest) {
	b := openTab(t, p.chromium, p.stack, viewer{})
	b.open("/")
	b.await(`document.querySelector('.welcome')`)
	require.Equal(t, "/", b.address(), "the token must be removed from the URL")
	b.screenshot("welcome")
	b.fill("#instance", pageInstance)
	b.fill("#group", "GID_page")
	b.fill("#device", "busy"+kb.Enter)
	b.results()

	require.Equal(t, busyDevice, b.text("h1 .datum"))
	require.Equal(t, "PROBLEM", b.text(".headline .level"))
	require.Regexp(t, "(?i)login refused since", b.text(".headline h2"))
	require.Regexp(t, "^What to do .*user name", b.text(".headline .next"))
	require.Equal(t, "Offline", b.text(".status h2"))
	require.Equal(t, "Socket IOException", b.text(".status .reason"))
	require.Equal(t, 3, b.count(".timeline .bar"))
	require.Equal(t, []string{"3"}, b.texts(".mark-count"), "three refused logins must share a mark")
	require.Equal(t, []string{"Channel ID", "Device Action", "Action Description", "Time"}, firstLines(b.texts(".trace th")))
	require.Equal(t, "Europe/Berlin, UTC"+p.now.In(berlin(t)).Format("-07:00"), b.text(".trace th small"))
	require.Equal(t, []string{
		"not authorized", "not authorized", "not authorized", "Socket IOException", "accepted",
		"disconnected by client", "accepted", "no heart", "accepted",
	}, b.texts(".event .info"))
	require.Regexp(t, `^Cost: 6 API calls, \d+ objects, \d+ store requests, [\d.]+ kB read, [\d.]+ ms\. Partitions: instance=`, b.text(".receipt"))

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
	b.screenshot("search")

	b.run(chromedp.NavigateBack())
	b.await(`document.querySelector('.welcome')`)
	require.Equal(t, pageInstance, eval[string](b, "document.querySelector('#instance').value"), "the instance must be remembered")
	b.run(chromedp.NavigateForward())
	b.results()
	require.Equal(t, address, b.address())
	require.Equal(t, busyDevice, b.text("h1 .datum"))
}

// firstLines returns the first line of each string.
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

// testWholeClientID checks that a whole client identifier can be typed into the Device ID field. An
// identifier that is pasted there must be split into its parts.
func testWholeClientID(t *testing.T, p *pageTest) {
	b := openTab(t, p.chromium, p.stack, viewer{})
	b.open("/")
	b.await(`document.querySelector('.welcome')`)
	b.fill("#instance", pageInstance)
	b.fill("#device", busyDevice+kb.Enter)
	b.results()
	require.Equal(t, busyDevice, b.text("h1 .datum"))
	require.Equal(t, "GID_page", eval[string](b, "document.querySelector('#group').value"))
	require.Equal(t, "busy", eval[string](b, "document.querySelector('#device').value"))

	b.paste("#device", "GID_other@@@dev@@@1")
	require.Equal(t, "GID_other", eval[string](b, "document.querySelector('#group').value"))
	require.Equal(t, "dev@@@1", eval[string](b, "document.querySelector('#device').value"))

	// An identifier with an empty group must not be split, because "@@@busy" and "busy" are
	// different identifiers.
	b.paste("#device", "@@@busy")
	require.Empty(t, eval[string](b, "document.querySelector('#group').value"))
	b.click("#search")
	b.await(`document.querySelector('h1 .datum').innerText === '@@@busy'`)
	require.Equal(t, "@@@busy", eval[string](b, "document.querySelector('#device').value"))
}

// paste replaces the content of a field as if the value came from the clipboard.
func (b *tab) paste(selector, value string) {
	b.t.Helper()
	b.run(chromedp.Evaluate(`{
		const field = document.querySelector(`+quoted(selector)+`);
		field.focus();
		field.select();
		const data = new DataTransfer();
		data.setData('text', `+quoted(value)+`);
		field.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
	}`, nil))
}

func testNothing(t *testing.T, p *pageTest) {
	b := p.open(t, "GID_page@@@nobody", time.Hour, viewer{})
	require.Equal(t, "No events recorded for this device", b.text(".notice.empty h2"))
	require.Equal(t, "Unknown", b.text(".status h2"))
	b.screenshot("nothing")

	b.open(p.path(quietDevice, time.Hour))
	b.await(`document.querySelector('h1 .datum')?.innerText === ` + quoted(quietDevice))
	require.Equal(t, "No events in this range", b.text(".notice.empty h2"))
	day := p.now.Add(-74 * time.Hour).In(berlin(t)).Format(time.DateOnly)
	require.Equal(t, "Show "+day, b.text(".notice.empty button"))
	b.click(".notice.empty button")
	b.await(`document.querySelector('.timeline .bar')`)
	require.Equal(t, "no heart", b.texts(".event .info")[0])
	require.Equal(t, day, eval[string](b, "document.querySelector('#date').value"))
}

// testSpan checks that the form rejects a range longer than a day before it sends any request.
func testSpan(t *testing.T, p *pageTest) {
	b := openTab(t, p.chromium, p.stack, viewer{})
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
	const fault = "This range is 1 d 1 h long, and the longest is 24 hours. Choose a shorter range, or search day by day."
	require.Equal(t, fault, b.text("#query-fault"))
	b.click("#search")
	require.Equal(t, fault, b.text("#query-fault"))
	require.Equal(t, "to", eval[string](b, "document.activeElement.id"))
	require.Equal(t, "/", b.address())
	b.screenshot("span")
}

// testAddress checks how the page treats the times in a link. The page must accept each format that
// the API accepts, and must check the times like times in the form. If a value is not a time, the
// error message must quote the value.
func testAddress(t *testing.T, p *pageTest) {
	b := openTab(t, p.chromium, p.stack, viewer{})
	link := func(from, to string) string {
		return "/?" + url.Values{"instance": {pageInstance}, "client": {busyDevice}, "from": {from}, "to": {to}}.Encode()
	}
	const layout = "2006-01-02T15:04:05.000Z07:00"
	from, to := p.now.Add(-time.Hour), p.now
	for _, format := range []func(time.Time) string{
		func(at time.Time) string { return strconv.FormatInt(at.UnixMilli(), 10) },
		func(at time.Time) string { return at.In(berlin(t)).Format(layout) },
	} {
		b.open(link(format(from), format(to)))
		b.results()
		require.Equal(t, 9, b.count(".event"))
		require.Contains(t, b.address(), "from="+url.QueryEscape(from.UTC().Format(layout)))
	}
	b.open(strings.ReplaceAll(link(from.In(berlin(t)).Format(layout), to.UTC().Format(layout)), "%2B", "+"))
	b.results()
	require.Contains(t, b.address(), "from="+url.QueryEscape(from.UTC().Format(layout)))

	const english = "The link contains “%s”, which is not a time. Use the form 2026-11-22T08:00:00Z (RFC 3339) or Unix milliseconds."
	for _, c := range []struct{ from, to, fault, field string }{
		{"yesterday", to.Format(time.RFC3339), fmt.Sprintf(english, "yesterday"), "from"},
		{from.Format(time.RFC3339), strconv.FormatInt(to.Unix(), 10), fmt.Sprintf(english, strconv.FormatInt(to.Unix(), 10)), "to"},
		{from.Format(time.RFC3339), "2026-02-31T25:00:00Z", fmt.Sprintf(english, "2026-02-31T25:00:00Z"), "to"},
		{to.Format(time.RFC3339), from.Format(time.RFC3339), "The range must end after it begins.", "to"},
	} {
		b.open("/")
		b.await(`document.querySelector('.welcome') && document.querySelector('#query-fault').hidden`)
		b.open(link(c.from, c.to))
		b.await(`!document.querySelector('#query-fault').hidden`)
		require.Equal(t, c.fault, b.text("#query-fault"))
		require.Equal(t, c.field, eval[string](b, "document.activeElement.id"))
		require.Equal(t, "busy", eval[string](b, "document.querySelector('#device').value"))
		require.Equal(t, 1, b.count(".welcome"))
	}
	b.screenshot("address")
}

// testAhead checks that the newest events from a broker whose clock runs fast appear both in the
// status and in a range that ends now.
func testAhead(t *testing.T, p *pageTest) {
	const client = "GID_page@@@ahead"
	drop := time.Now().Add(30 * time.Minute).Truncate(time.Millisecond)
	p.stack.record(t, pageInstance, p.connection(client, p.now.Sub(drop)+time.Hour, time.Hour, "no heart", ""))
	b := openTab(t, p.chromium, p.stack, viewer{})
	b.open("/?instance=" + pageInstance + "&client=" + url.QueryEscape(client))
	b.results()
	requireDrop := func() {
		t.Helper()
		require.NotEqual(t, "OK", b.text(".headline .level"))
		require.Equal(t, 1, b.count(".timeline .bar.kind-no-heart"))
		require.Equal(t, "Offline", b.text(".status h2"))
		require.Regexp(t, `^since .*, by a clock that is at least (2\d|30) min.* fast no heart$`, b.text(".status .since"))
		require.Equal(t, []string{"no heart", "accepted"}, b.texts(".event .info"))
		require.Contains(t, b.address(), "to="+url.QueryEscape(drop.UTC().Format(apiTime)))
	}
	requireDrop()
	require.Contains(t, b.text(".receipt"), "Cost: 8 API calls")

	for _, label := range []int{1, 3} { // label 1 is the last hour, label 3 is the last 24 hours
		b.click(fmt.Sprintf(".segments label:nth-child(%d)", label))
		b.click("#search")
		b.await("history.state?.range")
		b.results()
		requireDrop()
	}
	span, err := url.Parse(b.address())
	require.NoError(t, err)
	require.Equal(t, drop.Add(-24*time.Hour).UTC().Format(apiTime), span.Query().Get("from"))
	require.True(t, eval[bool](b, "document.querySelector('#query').elements.range.value === 'day24'"))
}
