package e2e

import (
	"os"
	"testing"
	"time"

	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

func testToken(t *testing.T, p *pageTest) {
	b := openTab(t, p.chromium, p.stack, viewer{})
	b.allow("401")
	b.allow("403")
	b.run(chromedp.Navigate(p.stack.url(p.path(busyDevice, time.Hour))))
	b.await(`document.querySelector('#token-dialog').open`)
	require.Contains(t, b.text("#token-why"), "The API requires a bearer token.")
	b.screenshot("token")
	b.fill("#token", "wrong"+kb.Enter)
	b.await(`document.querySelector('#token-dialog').open && document.querySelector('#token-why').innerText.startsWith('The token was rejected.')`)
	b.fill("#token", limitedToken+kb.Enter)
	b.await(`document.querySelector('#results .notice h2')?.innerText === 'No access to this instance'`)
	require.Contains(t, b.text("#results .notice"), "it does not give access to the instance page.")
	b.click("#results .notice button")
	b.await(`document.querySelector('#token-dialog').open`)
	b.fill("#token", queryToken)
	b.click("#token-remember")
	b.click("#token-form [type=submit]")
	b.await(`document.querySelector('.headline')`)
	require.Equal(t, queryToken, eval[string](b, "localStorage.getItem('device-trace.token')"))

	// A token in the URL's fragment must replace the stored token, even while the page is open.
	b.run(chromedp.Evaluate(`location.hash = '#token=`+limitedToken+`'`, nil))
	b.await(`document.querySelector('#results .notice h2')?.innerText === 'No access to this instance'`)
	require.NotContains(t, b.address(), limitedToken)
	require.Equal(t, limitedToken, eval[string](b, "localStorage.getItem('device-trace.token')"))
}

// testStore checks the titles of failure notices, and that the button in a notice repeats the query.
func testStore(t *testing.T, p *pageTest) {
	b := openTab(t, p.chromium, p.stack, viewer{})
	b.allow("429")
	b.allow("503")
	b.allow("net::ERR_FAILED")
	stop := b.intercept(func(e *fetch.EventRequestPaused) chromedp.Action {
		return fulfil(e, 429, []byte(`{"code":"Busy","error":"too many requests are in progress"}`))
	})
	b.open(p.path(busyDevice, time.Hour))
	b.results()
	require.Equal(t, "The server is busy", b.text("#results .notice h2"))
	require.Contains(t, b.text("#results .notice"), "Wait a few seconds, then try again.")
	stop()
	stop = b.intercept(func(e *fetch.EventRequestPaused) chromedp.Action {
		return fulfil(e, 503, []byte(`{"code":"StoreUnavailable","error":"the bucket could not be read"}`))
	})
	b.click("#results .notice button")
	b.await(`document.querySelector('#results .notice h2')?.innerText === 'The events cannot be read right now'`)
	require.Contains(t, b.text("#results .notice"), "the bucket could not be read")
	b.screenshot("store")
	stop()
	stop = b.intercept(func(e *fetch.EventRequestPaused) chromedp.Action {
		return fetch.FailRequest(e.RequestID, network.ErrorReasonFailed)
	})
	b.click("#results .notice button")
	b.await(`document.querySelector('#results .notice h2')?.innerText === 'No response'`)
	stop()
	b.click("#results .notice button")
	b.await(`document.querySelector('.headline')`)
	require.Equal(t, 9, b.count(".event"))
}

// testNoStatus checks the page when the status, and nothing else, cannot be read. The page must
// still show everything else.
func testNoStatus(t *testing.T, p *pageTest) {
	b := openTab(t, p.chromium, p.stack, viewer{})
	b.allow("503")
	defer b.respond("/status?", 503, []byte(`{"code":"StoreUnavailable","error":"the bucket could not be read: try again later"}`))()
	b.open(p.path(busyDevice, time.Hour))
	b.await(`document.querySelector('.headline')`)
	require.Equal(t, "The status could not be read.", b.text(".status .since"))
}

// testIncomplete checks that the page reports missing events and names the damaged objects.
func testIncomplete(t *testing.T, p *pageTest) {
	const client = "GID_page@@@damaged"
	p.stack.record(t, pageInstance, p.connection(client, 30*time.Minute, time.Minute, "no heart", ""))
	p.stack.interrupt(t)
	var damaged string
	for _, partition := range partitions(pageInstance, client, p.now.Add(-time.Hour), p.now) {
		for key, file := range p.stack.objects(t, "events/"+partition) {
			require.NoError(t, os.WriteFile(file, []byte("not Parquet"), 0o644))
			damaged = key
		}
	}
	p.stack.start(t)
	b := p.open(t, client, time.Hour, viewer{})
	require.Contains(t, b.text(".notice.warning"), "These results are incomplete.")
	require.Contains(t, b.text(".notice.warning"), damaged)
	b.screenshot("incomplete")
}
