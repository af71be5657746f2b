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

// testTooMany: a device that is too busy for an answer gets one of its own; one whose past
// alone is too busy is shown without its status.
func testTooMany(t *testing.T, p *pageTest) {
	b := openTab(t, p.chromium, p.stack, device{})
	b.pardon("400")
	refuse := func(path string) (stop func()) {
		return b.answer(path, 400, []byte(`{"code":"TooManyEvents","error":"the device has more events there than fit into memory"}`))
	}
	stop := refuse("/diagnosis?")
	b.open(p.path(busyDevice, time.Hour))
	b.results()
	require.Equal(t, "Too many events for one answer", b.text("#results .notice h2"))
	require.Contains(t, b.text("#results .notice"), "Ask for a shorter span.")
	b.click("#lang [value=zh]")
	b.await(`document.querySelector('#results .notice h2')?.innerText === '事件过多，一次应答容纳不下'`)
	b.shot("too-many")
	b.click("#lang [value=en]")
	b.await(`document.querySelector('#results .notice h2')?.innerText === 'Too many events for one answer'`)
	stop()

	stop = refuse("/status?")
	defer stop()
	b.click("#search")
	b.await(`document.querySelector('.headline')`)
	require.Equal(t, "The current state could not be read.", b.text(".status .since"))
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
