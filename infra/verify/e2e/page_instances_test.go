package e2e

import (
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

const offered = `[...document.querySelectorAll('#instances option')].map((one) => one.value)`

// testInstances checks that the form offers the instances from the API, and narrows the list while
// the user types. The form must also work if the API cannot list the instances.
func testInstances(t *testing.T, p *pageTest) {
	b := openTab(t, p.chromium, p.stack, viewer{})
	b.open("/")
	b.await(`document.querySelector('#instance').value === ` + quoted(pageInstance))
	require.Equal(t, []string{pageInstance}, eval[[]string](b, offered))

	b = openTab(t, p.chromium, p.stack, viewer{})
	stop := b.respond("/instances", 200, []byte(`{"instances":["prod","prod-eu","test"],"receipt":{}}`))
	b.open("/")
	b.await(offered + `.length === 3`)
	require.Empty(t, eval[string](b, "document.querySelector('#instance').value"), "there are several instances to choose from")
	b.fill("#instance", "EU")
	require.Equal(t, []string{"prod-eu"}, eval[[]string](b, offered))
	b.run(chromedp.KeyEvent(kb.Backspace + kb.Backspace))
	require.Len(t, eval[[]string](b, offered), 3)
	stop()

	b = openTab(t, p.chromium, p.stack, viewer{})
	b.allow("503")
	failing := b.respond("/instances", 503, []byte(`{"code":"StoreUnavailable","error":"the bucket could not be read"}`))
	b.open("/")
	b.await(`document.querySelector('.welcome')`)
	b.fill("#instance", pageInstance)
	b.fill("#device", busyDevice+kb.Enter)
	b.await(`document.querySelector('.headline')`)
	failing()
	b.run(chromedp.Focus("#instance", chromedp.ByQuery))
	b.await(offered + `.length === 1`)
	require.Equal(t, []string{pageInstance}, eval[[]string](b, offered))
}

// testUnknownInstance checks that, for an instance without events, the page says so and offers
// other instances that the token covers. It also checks the page's message about an empty bucket.
func testUnknownInstance(t *testing.T, p *pageTest) {
	b := openTab(t, p.chromium, p.stack, viewer{})
	device := url.Values{"instance": {"paeg"}, "client": {busyDevice}}.Encode()
	b.open("/?" + device)
	b.results()
	require.Equal(t, "No events from instance “paeg” yet", b.text(".notice.empty h2"))
	require.Equal(t, "Instances with events: page", b.text(".notice.empty p")+" "+b.text(".notice.empty .others"))
	b.screenshot("unknown-instance")
	require.NotContains(t, eval[[]string](b, offered), "paeg", "a mistyped instance must not be remembered")
	b.click(".notice.empty .others button")
	b.await(`document.querySelector('.headline')`)
	require.Equal(t, busyDevice, b.text("h1 .datum"))
	require.Contains(t, b.address(), "instance="+pageInstance+"&")

	b.openAs("/?"+url.Values{"instance": {"other"}, "client": {busyDevice}}.Encode(), limitedToken)
	b.await(`document.querySelector('.notice.empty h2')?.innerText.includes('other')`)
	require.Contains(t, b.text(".notice.empty"), "No instance that your token covers has events.")
	require.NotContains(t, b.text(".notice.empty"), pageInstance)

	// This bucket is not empty. The test therefore replaces the response with one about an empty
	// bucket.
	real := p.stack.send(t, "GET", "/api/v1/diagnosis?"+device, "", "Authorization", "Bearer "+queryToken)
	changed := strings.Replace(string(real.body), `"instances":["page"]`, `"instances":[],"bucket_empty":true`, 1)
	require.Contains(t, changed, "bucket_empty")
	b = openTab(t, p.chromium, p.stack, viewer{})
	defer b.respond("/diagnosis?", 200, []byte(changed))()
	b.open("/?" + device)
	b.results()
	require.Equal(t, "Nothing has been recorded in this bucket yet", b.text(".notice.empty h2"))
	require.Contains(t, b.text(".notice.empty"), "check OSS_BUCKET and OSS_PREFIX")
	b.screenshot("empty-bucket")
}
