package e2e

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// testHostile checks that no text from a device can become markup or rearrange the text around it.
func testHostile(t *testing.T, p *pageTest) {
	b := p.open(t, hostile, time.Hour, viewer{})
	const shown = "<script>alert(1)</script><img src=x onerror=alert(1)>U+202EgnpU+200BU+000A\"'&=1+1 设备 جهاز 🛰"
	require.Equal(t, shown, b.text("h1 .datum"))
	require.Equal(t, []string{"U+202E", "U+200B", "U+000A"}, b.texts("h1 .code-point"))
	require.Zero(t, b.count(".results script, .results img, .results b"))
	require.Contains(t, b.text(".event .native"), "<b>bold</b>U+202Elong")
	require.Contains(t, b.text(".event .native"), "508 characters, show all")
	b.click(".event .native .more")
	b.await(`document.querySelector('.event .native .whole').innerText.length > 500`)
	require.Zero(t, b.count(".details"), "the row must stay closed")
	b.requireFits()
	b.screenshot("hostile")

	address := b.address()
	query, err := url.Parse(address)
	require.NoError(t, err)
	require.Equal(t, hostile, query.Query().Get("client"))
	b.click("#search")
	b.results()
	require.Equal(t, address, b.address(), "characters that a field cannot hold must stay in the query")
	report := b.download(".exports button:nth-of-type(4)")
	require.NotContains(t, report, "<script")
	require.NotContains(t, report, "<img")
}

// testQuotedTimes checks that a user name that looks like a time is shown unchanged, not converted
// to the displayed time zone.
func testQuotedTimes(t *testing.T, p *pageTest) {
	const client, name = "GID_page@@@timely", "2026-11-22 08:00:00 UTC"
	refused := inputEvent{ClientID: client, Action: "close", ActionInfo: "not authorized", Username: name, Time: p.now.Add(-10 * time.Minute).UnixMilli()}
	p.stack.record(t, pageInstance, []inputEvent{refused})
	b := p.open(t, client, time.Hour, viewer{})
	b.run(chromedp.Evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })", nil))
	require.Contains(t, b.text(".headline"), name)
	require.NotContains(t, b.text(".results"), "2026-11-22 09:00:00")
}

// testLong checks that the longest client identifiers do not make the page wider than a phone's
// screen. The recorder has shortened longDevice, but a search for the whole identifier must find
// the device.
func testLong(t *testing.T, p *pageTest) {
	phone := viewer{width: 360, height: 740, mobile: true}
	b := p.open(t, longDevice, time.Hour, phone)
	require.Contains(t, b.text("h1"), "3,500 characters, show all")
	require.Equal(t, 1, b.count(".timeline .bar"))
	b.requireFits()
	b.click("h1 .more")
	b.await(`document.querySelector('h1 .whole').innerText.length === 3500`)
	b.requireFits()
	require.Less(t, eval[int](b, "document.querySelector('h1').offsetHeight"), 400)

	b.allow("400")
	b.click("#unfold")
	b.run(chromedp.SetValue("#device", tooLong, chromedp.ByQuery))
	b.click("#search")
	b.await(`document.querySelector('#results .notice h2')?.innerText === 'The client ID is too long to search for'`)
	b.requireFits()

	// The local server refuses to search for the identifier tooLong, because the URL would be too
	// long. A server that allows longer URLs could return results. Even then, the page must not
	// become wider than the screen.
	q := question(pageInstance, busyDevice, p.now.Add(-time.Hour), p.now)
	trace := bytes.ReplaceAll(p.stack.ask(t, q).body, []byte(busyDevice), []byte(tooLong))
	report, err := do(t.Context(), http.MethodGet, p.stack.url("/api/v1/diagnosis?"+q.Encode()), queryToken, nil, nil)
	require.NoError(t, err)
	stop := b.intercept(func(e *fetch.EventRequestPaused) chromedp.Action {
		switch {
		case strings.Contains(e.Request.URL, "/trace?"):
			return fulfil(e, 200, trace)
		case strings.Contains(e.Request.URL, "/diagnosis?"), strings.Contains(e.Request.URL, "/status?"):
			return fulfil(e, 200, report.body)
		default:
			return fetch.ContinueRequest(e.RequestID)
		}
	})
	b.click("#search")
	b.await(`document.querySelectorAll('.event').length === 9`)
	stop()
	require.Contains(t, b.text("h1"), "65,535 characters, show all")
	b.requireFits()
	b.click("h1 .more")
	b.await(`document.querySelector('h1 .whole').innerText.length === 65535`)
	b.requireFits()
	require.Less(t, eval[int](b, "document.querySelector('h1').offsetHeight"), 400)
}

// testMany checks that the page stays readable with 1,500 connections and 3,000 rows, and that a
// user can reach each of them.
func testMany(t *testing.T, p *pageTest) {
	b := p.open(t, flapDevice, 21*time.Hour, viewer{})
	bars := b.count(".timeline .bar")
	require.Less(t, bars, 400)
	require.Greater(t, bars, 100)
	require.Equal(t, 100, b.count(".event"))
	require.Equal(t, "1 to 100 of 1,000+", b.text(".events .where"))
	b.click(".events .pager button:last-child")
	b.await(`document.querySelector('.events .where').innerText === '101 to 200 of 1,000+'`)
	b.screenshot("many")

	// If a new query starts while rows are still being fetched, the page must show the results of
	// the new query and no error.
	for range 8 {
		b.click(".events .pager button:last-child")
	}
	b.await(`document.querySelector('.events .where').innerText === '901 to 1,000 of 1,000+'`)
	b.run(chromedp.Evaluate(`document.querySelector('.events .pager button:last-child').click(); document.querySelector('#order').click()`, nil))
	b.await(`document.querySelector('.col-time').getAttribute('aria-sort') === 'ascending'`)
	b.click("#order")
	b.await(`document.querySelector('.col-time').getAttribute('aria-sort') === 'descending'`)

	b.run(chromedp.Focus(".timeline [tabindex='0']", chromedp.ByQuery), chromedp.KeyEvent(kb.End), chromedp.KeyEvent(kb.ArrowLeft))
	require.Regexp(t, `^\d connections · .* · Socket IOException × \d$`, eval[string](b, "document.activeElement.getAttribute('aria-label')"))
	before := b.address()
	b.run(chromedp.KeyEvent(kb.Enter))
	b.await(`location.href.slice(location.origin.length) !== ` + quoted(before))
	b.results()
	require.Less(t, b.count(".timeline .bar"), 10)

	// A click on a connection in the list must select the connection's bar. It must also show the
	// connection's events, whichever page of the table contains them.
	b.open(before)
	b.results()
	b.click(".connection-list summary")
	b.await(`document.querySelectorAll('.connection-list tbody tr').length === 50`)
	b.click(".connection-list tbody button")
	b.await(`document.querySelectorAll('.event.picked').length === 2`)
	require.Equal(t, "2,901 to 3,000 of 3,000", b.text(".events .where"))
}
