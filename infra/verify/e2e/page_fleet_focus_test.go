package e2e

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/sim"
)

// unavailable is the body of a response with status 503.
var unavailable = []byte(`{"code":"StoreUnavailable","error":"the bucket could not be read"}`)

// testFleetFocus checks that the focus is not lost if the control that has it disappears or is
// disabled.
func testFleetFocus(t *testing.T, p *fleetTest) {
	restart := p.incident(sim.NodeRestart)
	b := p.fleet(t, fleetPath(fleetInstance, p.day, "at", restart.At.Truncate(time.Minute).Format(apiTime), "q", "-0"), viewer{})
	b.await(whoText + ` && document.querySelector('#finder-more')`)
	for eval[bool](b, `Boolean(document.querySelector('#finder-more'))`) {
		b.enter("#finder-more")
		b.requireFocusIn(".finder-card")
	}
	for eval[bool](b, `!document.querySelector('.who-list .pager button:last-child').disabled`) {
		b.enter(".who-list .pager button:last-child")
		b.requireFocusIn(".who-list .pager")
	}
	b.enter("#who-close")
	b.requireFocusIn(".chart .bar")
	require.Contains(t, eval[string](b, `document.activeElement.getAttribute('aria-label')`), shutdowns, "the bar that was marked")
	b.enter("#day-later")
	require.True(t, eval[bool](b, `document.querySelector('#day-later').disabled`), "there is no day after today")
	b.requireFocusIn("#day-earlier")

	b.allow("503")
	stop := b.respond("devices=1", 503, unavailable)
	b.enter("#day-earlier")
	b.await(`document.querySelector('[aria-labelledby=flapping-title] .retry')`)
	stop()
	b.enter("[aria-labelledby=flapping-title] .retry")
	b.await(`document.querySelector('[aria-labelledby=flapping-title] tbody')`)
	b.requireFocusIn("[aria-labelledby=flapping-title]")

	stop = b.respond("/scope?", 503, unavailable)
	b.open("/?" + url.Values{"instance": {fleetInstance}, "client": {string(restart.Devices[0])},
		"from": {restart.At.Add(-time.Hour).Format(apiTime)}, "to": {restart.At.Add(time.Minute).Format(apiTime)}}.Encode())
	b.await(`document.querySelector('#scope-retry')`)
	stop()
	b.enter("#scope-retry")
	b.await(`document.querySelector('.scope-text')`)
	b.requireFocusIn(".scope")
	b.run(chromedp.Focus(".timeline .bar", chromedp.ByQuery), chromedp.KeyEvent(kb.Enter))
	b.await(`document.querySelector('.picked-connection')`)
	b.enter(".picked-connection header button:last-child")
	b.requireFocusIn(".timeline .bar")
}

// enter moves the focus to a control, presses Enter, and waits until the page is settled.
func (b *tab) enter(selector string) {
	b.t.Helper()
	b.run(chromedp.Focus(selector, chromedp.ByQuery), chromedp.KeyEvent(kb.Enter))
	b.await("true")
}

// requireFocusIn checks that an element with the given selector has the focus or contains it.
func (b *tab) requireFocusIn(selector string) {
	b.t.Helper()
	found := eval[bool](b, fmt.Sprintf(`Boolean(document.activeElement.closest(%s))`, quoted(selector)))
	require.True(b.t, found, "the focus is on %s", eval[string](b, `document.activeElement.outerHTML.slice(0, 200)`))
}

// testFleetTwice checks that double clicks and repeated requests do nothing twice.
func testFleetTwice(t *testing.T, p *fleetTest) {
	restart := p.incident(sim.NodeRestart)
	b := p.fleet(t, fleetPath(fleetInstance, p.day, "from", restart.At.Add(-time.Hour).Truncate(time.Minute).Format(apiTime), "to", restart.At.Add(time.Hour).Truncate(time.Minute).Format(apiTime)), viewer{})
	x, y := b.middleOf(tallest(shutdowns))
	b.run(chromedp.MouseClickXY(x, y), chromedp.MouseClickXY(x, y, chromedp.ClickCount(2)))
	b.await(whoText)
	before := eval[int](b, "history.length")
	b.click("#fleet-show")
	b.await(`!document.querySelector('.who-dropped')`)
	b.click("#fleet-show")
	b.await(`document.querySelector('.chart')`)
	require.Equal(t, before+1, eval[int](b, "history.length"), "the second click shows the same URL")

	b.allow("503")
	stop := b.respond("devices=1", 503, unavailable)
	b.open("/?view=fleet&instance=" + oddInstance)
	b.await(`document.querySelectorAll('[aria-labelledby=down-title] tbody tr').length === 8 && document.querySelector('.failed .retry')`)
	stop()
	b.click(".failed .retry")
	b.await(`!document.querySelector('.failed')`)
	require.Equal(t, 8, b.count("[aria-labelledby=down-title] tbody tr"))
	require.Regexp(t, `^Devices with events on .* \(UTC\)\. The status of each device confirms that it is offline\.$`, b.text("[aria-labelledby=down-title] .list-foot"))
}

// requireNewToken checks that the page repeats a search for devices after the user replaces an
// invalid token.
func (p *fleetTest) requireNewToken(b *tab) {
	b.t.Helper()
	b.allow("401")
	b.openAs(fleetPath(fleetInstance, p.day, "q", "-0"), "not-the-token")
	b.await(`document.querySelector('#token-dialog').open && document.querySelector('.finder-card .failed')`)
	b.fill("#token", queryToken+kb.Enter)
	b.await(`document.querySelector('.chart') && document.querySelector('.finder-card tbody tr')`)
	require.Zero(b.t, b.count(".failed"))
}

// requirePanelStays checks that the panel about a minute stays if the user clicks another bar, but
// the request for the worst minute of that bar fails.
func (p *fleetTest) requirePanelStays(b *tab) {
	b.t.Helper()
	restart := p.incident(sim.NodeRestart)
	b.open(fleetPath(fleetInstance, p.day, "at", restart.At.Truncate(time.Minute).Format(apiTime)))
	b.await(whoText)
	stop := b.respond("step=1m", 503, unavailable)
	b.clickAt(`document.querySelector('.chart .bar:not(.picked)')`)
	b.await(`document.querySelector('#toast.shown')`)
	stop()
	b.await(whoText)
	require.Contains(b.t, b.text(".who-text"), restart.Node)
	require.Equal(b.t, 1, b.count(".chart .bar.picked"))
}

// requireLongTables checks that tables say how many nodes and reasons they omit. If devices were
// not counted, a table must say so instead of saying that there are none.
func (p *fleetTest) requireLongTables(b *tab) {
	t := b.t
	t.Helper()
	q := url.Values{"instance": {fleetInstance}, "from": {p.day.Format(apiTime)}, "to": {p.day.Add(24 * time.Hour).Format(apiTime)}, "step": {"5m"}}
	var answer, scope map[string]any
	p.stack.read(t, "fleet", q, &answer)
	restart := p.incident(sim.NodeRestart)
	p.stack.read(t, "scope", url.Values{"instance": {fleetInstance}, "at": {restart.At.Format(apiTime)}}, &scope)
	nodes := []any{map[string]any{"node": "", "rest": true, "connects": 9, "refusals": 0, "ends": 9999, "drops": 9999}}
	var shares, reasons []any
	for i := range 20 {
		name := fmt.Sprintf("name %d", i)
		nodes = append(nodes, map[string]any{"node": name, "connects": 1, "refusals": 0, "ends": 1, "drops": i})
		shares = append(shares, map[string]any{"node": name, "others": 1, "usual": 0})
		reasons = append(reasons, map[string]any{"action": "close", "action_info": name, "kind": "drop", "events": 20 - i})
	}
	answer["nodes"], answer["reasons"], answer["flapping"], scope["by_node"] = nodes, reasons, nil, shares
	fleetBody, scopeBody := asJSON(t, answer), asJSON(t, scope)
	defer b.intercept(func(e *fetch.EventRequestPaused) chromedp.Action {
		if strings.Contains(e.Request.URL, "/scope?") {
			return fulfil(e, 200, scopeBody)
		}
		return fulfil(e, 200, fleetBody)
	})()
	b.open(fleetPath(fleetInstance, p.day, "at", restart.At.Truncate(time.Minute).Format(apiTime)))
	b.await(whoText)
	require.Contains(t, b.text("[aria-labelledby=nodes-title]"), "These are the 12 nodes with the most drops, of 20+.")
	require.NotContains(t, b.text("[aria-labelledby=nodes-title]"), "all other nodes")
	require.Contains(t, b.text("[aria-labelledby=reasons-title]"), "Rows not shown: 8.")
	require.Equal(t, "Rows not shown: 12.", b.text(".shares tfoot"))
	require.Contains(t, b.text("[aria-labelledby=flapping-title]"), "The drops of each device were not counted.")
}
