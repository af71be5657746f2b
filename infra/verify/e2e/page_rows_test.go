package e2e

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

func testRows(t *testing.T, p *pageTest) {
	b := p.open(t, busyDevice, time.Hour, viewer{})
	b.click(".event:nth-of-type(4) .col-info")
	b.await(`document.querySelector('.details')`)
	evidence := b.text(".details .evidence")
	for _, fact := range []string{
		"Native reason econnreset", "Address 192.0.2.7:40000", "User name user-7", "Node node-1", "Keep alive 60 s", "Source events",
		"Action Description Socket IOException – Closed: the network connection failed.",
	} {
		require.Contains(t, evidence, fact)
	}
	require.Equal(t, 2, b.count(".event.picked"))
	require.Equal(t, 1, b.count(".bar.kind-io.picked"))

	copied := b.copied(".details .button:first-child")
	require.Contains(t, copied, "Device Trace: "+busyDevice+"\nInstance: page\n")
	require.Contains(t, copied, "close Socket IOException\n")
	const instant = `\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0[12]:00`
	require.Regexp(t, "\nStatus at "+instant+": Offline since "+instant+", Socket IOException\n", copied)
	require.Contains(t, copied, "\n"+p.stack.url("/?instance=page&client="+url.QueryEscape(busyDevice)))

	b.click(".order")
	b.await(`document.querySelector('.col-time').getAttribute('aria-sort') === 'ascending'`)
	require.Equal(t, "accepted", b.texts(".event .info")[0])
	require.Equal(t, "accepted", b.text(".event .col-info"), "a native reason that repeats our word must not be shown")
	require.Equal(t, "no heart keepalive_timeout", b.text(".event:nth-of-type(2) .col-info"))
	require.Contains(t, b.address(), "order=asc")
}

// testBusy checks the page while it fetches the results of a new query. The page must be marked as
// busy, and its URL must already be the URL of the new query, even if that query aborted an earlier
// fetch and the user has clicked in the old results since.
func testBusy(t *testing.T, p *pageTest) {
	b := p.open(t, flapDevice, 21*time.Hour, viewer{})
	b.click(".connection-list summary")
	b.await(`document.querySelector('.connection-list tbody button')`)
	b.run(chromedp.Evaluate(`{
		const [ask, held] = [fetch, []];
		fetch = (url, options) => new Promise((resolve, reject) => {
			options.signal.addEventListener('abort', () => reject(options.signal.reason));
			held.push(() => options.signal.aborted || resolve(ask(url, options)));
		});
		window.release = () => { fetch = ask; held.forEach((one) => one()); };
		document.querySelector('.connection-list tbody button').click(); // its rows are still to be fetched
		document.querySelector('#order').click();
		document.querySelector('.connection-list tbody tr:last-child button').click();
	}`, nil))
	require.Equal(t, "true", eval[string](b, "document.querySelector('#results').getAttribute('aria-busy')"))
	require.Contains(t, b.address(), "order=asc")
	b.run(chromedp.Evaluate("release()", nil))
	b.await(`document.querySelector('.col-time').getAttribute('aria-sort') === 'ascending'`)
}

func testFilter(t *testing.T, p *pageTest) {
	b := p.open(t, busyDevice, time.Hour, viewer{})
	b.click(".legend button[title$='no heart']")
	b.await(`document.querySelectorAll('.event').length === 1`)
	require.Equal(t, []string{"no heart"}, b.texts(".event .info"))
	require.Contains(t, b.address(), "action_info=no+heart")
	require.Equal(t, 3, b.count(".timeline .bar"), "the filter must not affect the timeline")
	require.Equal(t, "CSV: only events with no heart", eval[string](b, "document.querySelector('.exports button:nth-of-type(2)').title"))
	require.Equal(t, 2, strings.Count(b.download(".exports button:nth-of-type(2)"), "\n"))
	b.run(chromedp.SetValue("#filter-action", "connect", chromedp.ByQuery))
	b.await(`document.querySelectorAll('.event').length === 0`)
	require.Equal(t, "No events in this range match the filter.", b.text(".events .empty"))
	b.run(chromedp.NavigateBack(), chromedp.NavigateBack())
	b.await(`document.querySelectorAll('.event').length === 9`)
}

// testFilterOfNothing checks that a range without events is never called OK, whatever the filter.
func testFilterOfNothing(t *testing.T, p *pageTest) {
	for client, title := range map[string]string{"GID_page@@@nobody": "No events recorded for this device", quietDevice: "No events in this range"} {
		b := openTab(t, p.chromium, p.stack, viewer{})
		b.open(p.path(client, time.Hour) + "&action=close")
		b.results()
		require.Equal(t, title, b.text(".notice.empty h2"))
		require.NotContains(t, b.text(".results"), "OK")
		require.False(t, strings.Contains(b.download(".exports button:nth-of-type(4)"), "OK"))
	}
}

// testUnreported checks the page for a device with connections whose ends were not reported. Each
// such end may be a drop, so the page must show bounds, such as 0 to 2 drops. An exact figure, such
// as 0 drops, would suggest that the device is healthy.
func testUnreported(t *testing.T, p *pageTest) {
	const client = "GID_page@@@unreported"
	var begins []inputEvent
	for i := range 3 {
		begins = append(begins, p.connection(client, 50*time.Minute-time.Duration(i)*10*time.Minute, 0, "no heart", "")[0])
		begins[i].PeerPort += int32(i)
	}
	p.stack.record(t, pageInstance, begins)
	b := p.open(t, client, time.Hour, viewer{})
	require.Equal(t, "Uptime at most 100 % 50 min online, 10 min unknown, ends not reported: 2", b.text(".tile:nth-child(1)"))
	require.Equal(t, "Drops 0 to 2 ends not reported: 2", b.text(".tile:nth-child(4)"))
	require.Equal(t, "Median connection – with a reported end", b.text(".tile:nth-child(8)"))

	b = p.open(t, busyDevice, time.Hour, viewer{})
	require.Equal(t, "Drops 2 1 ended by DISCONNECT", b.text(".tile:nth-child(4)"))
	require.Equal(t, "Median connection 10 min of 3 with a reported end", b.text(".tile:nth-child(8)"))
}

// testLink checks that the recipient of a link sees what the sender saw.
func testLink(t *testing.T, p *pageTest) {
	b := p.open(t, busyDevice, time.Hour, viewer{})
	b.click(".order")
	b.await(`document.querySelector('.col-time').getAttribute('aria-sort') === 'ascending'`)
	b.click(".bar.kind-io")
	b.await(`document.querySelectorAll('.event.picked').length === 2`)
	link := b.address()

	other := openTab(t, p.chromium, p.stack, viewer{})
	other.open(link)
	other.results()
	other.await(`document.querySelectorAll('.event.picked').length === 2`)
	require.Equal(t, link, other.address())
	for _, part := range []string{"h1", ".headline", ".picked-connection", ".trace", ".summary", ".legend"} {
		require.Equal(t, b.text(part), other.text(part), part)
	}
}

// testFiles checks that each exported file contains the events from all pages, and that its content
// matches the API's response in the same format.
func testFiles(t *testing.T, p *pageTest) {
	b := p.open(t, flapDevice, 21*time.Hour, viewer{})
	q := with(question(pageInstance, flapDevice, p.now.Add(-21*time.Hour), p.now), "order", "desc")
	csv := b.download(".exports button:nth-of-type(2)")
	require.Equal(t, string(p.stack.ask(t, with(with(with(q, "limit", "5000"), "format", "csv"), "bom", "1")).body), csv)
	ndjsonFile := b.download(".exports button:nth-of-type(3)")
	require.Equal(t, p.stack.allEvents(t, q), ndjson([]byte(ndjsonFile)))
}

// testReport checks that an exported report shows everything that the page shows, and loads nothing
// from elsewhere.
func testReport(t *testing.T, p *pageTest) {
	b := p.open(t, busyDevice, time.Hour, viewer{})
	report := b.download(".exports button:nth-of-type(4)")
	require.NotContains(t, report, "<script")
	require.NotContains(t, report, "<button")
	require.NotContains(t, report, queryToken)
	require.Contains(t, report, "default-src 'none'; style-src 'unsafe-inline'")

	other := p.openReport(t, report)
	require.Equal(t, b.text("h1"), other.text("h1"))
	require.Equal(t, b.text(".headline h2"), other.text(".headline h2"))
	require.Equal(t, b.text(".summary"), other.text(".summary"))
	require.Equal(t, b.text(".receipt"), other.text(".receipt"))
	require.Equal(t, b.texts(".event .info"), other.texts(".event .info"))
	require.Equal(t, b.count(".timeline .bar"), other.count(".timeline .bar"))
	require.Equal(t, b.address(), eval[string](other, "new URL(document.querySelector('a').href).pathname + new URL(document.querySelector('a').href).search"))
	require.NotEqual(t, "rgba(0, 0, 0, 0)", eval[string](other, "getComputedStyle(document.querySelector('.card')).backgroundColor"), "the report must contain its styles")
	other.requireFits()
	other.screenshot("report")
}
