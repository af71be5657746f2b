package e2e

import (
	"net/url"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

func testTimeline(t *testing.T, p *pageTest) {
	b := p.open(t, busyDevice, time.Hour, viewer{})
	b.click(".bar.kind-no-heart")
	b.await(`document.querySelectorAll('.event.picked').length === 2`)
	require.Equal(t, "no heart", b.text(".picked-connection h3"))
	require.Contains(t, b.text(".picked-connection .evidence"), "Duration 10 min")
	require.Contains(t, b.text(".picked-connection .evidence"), "Address 192.0.2.7:40000")
	require.Contains(t, b.address(), "connection="+url.QueryEscape(p.now.Add(-50*time.Minute).UTC().Format(apiTime)))
	b.screenshot("timeline")
	b.click(".bar.kind-no-heart")
	b.await(`!document.querySelector('.picked-connection')`)
	require.NotContains(t, b.address(), "connection=")

	// Dragging across part of the timeline must zoom into that part.
	before := b.address()
	box := eval[map[string]float64](b, `(({ x, y }) => ({ x, y }))(document.querySelector('.bar.kind-io').getBoundingClientRect())`)
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
	require.Equal(t, "timeline-wider", eval[string](b, "document.activeElement.id"), "the focus must stay")
	b.run(chromedp.NavigateBack(), chromedp.NavigateBack())
	b.await(`location.href.slice(location.origin.length) === ` + quoted(before))
	b.await(`document.querySelectorAll('.timeline .bar').length === 3`)
}

// testLabels checks that no label of the timeline overlaps another or is cut off, whatever the
// scale.
func testLabels(t *testing.T, p *pageTest) {
	const covered = `(() => {
		const card = document.querySelector('.timeline').getBoundingClientRect();
		const texts = (selector) => [...document.querySelectorAll(selector)].map((one) => one.getBoundingClientRect());
		const covers = (a, b) => a.left < b.right && b.left < a.right;
		return ['.tick-label', '.tick-date', '.mark'].flatMap(texts).filter((one) => one.left < card.left || one.right > card.right).length +
			['.tick-label', '.tick-date', '.mark'].map(texts).flatMap((all) => all.slice(1).filter((one, i) => covers(one, all[i]))).length;
	})()`
	refused := p.now.Add(-8 * time.Minute)
	for _, v := range []viewer{{}, {width: 360, height: 740, mobile: true, languages: "zh-CN"}} {
		for _, span := range []time.Duration{900 * time.Millisecond, 2300 * time.Millisecond, 12 * time.Minute, time.Hour, 24 * time.Hour} {
			b := openTab(t, p.chromium, p.stack, v)
			b.open(pathTo(busyDevice, refused.Add(span/3), span))
			b.await(`document.querySelector('.timeline .mark')`)
			require.Zero(t, eval[int](b, covered), "%s at %d pixels", span, v.width)
		}
	}
}

// testLasting checks that zooming in on a connection longer than a day shows the end of the
// connection.
func testLasting(t *testing.T, p *pageTest) {
	b := p.open(t, lastingDevice, 2*time.Hour, viewer{})
	require.Equal(t, []string{"no heart", "1 d 15 h"}, b.texts(".bar text"))
	before := b.address()
	b.click(".bar.kind-no-heart")
	b.click(".picked-connection .button:nth-of-type(2)")
	b.await(`location.href.slice(location.origin.length) !== ` + quoted(before))
	b.results()
	require.Equal(t, []string{"no heart", "1 d 15 h"}, b.texts(".bar text"))
	require.Contains(t, b.text(".subject"), ", 1 d")
}

// testTakeover checks that a click on the evidence for the end of a connection selects that
// connection, even if the next connection began before that end.
func testTakeover(t *testing.T, p *pageTest) {
	const client = "GID_page@@@taken"
	var fight []inputEvent
	for i := range 12 {
		// The broker reports the new connection 3 ms before the end of the old one.
		fight = append(fight, p.connection(client, 40*time.Minute-time.Duration(i)*30*time.Second, 30*time.Second+3*time.Millisecond, "clientId conflict", "")...)
		fight[2*i].PeerPort, fight[2*i+1].PeerPort = int32(50_000+i), int32(50_000+i)
	}
	p.stack.record(t, pageInstance, fight)
	b := p.open(t, client, time.Hour, viewer{})
	b.click(".headline .evidence-list summary")
	const moment = ".headline .evidence-list li:nth-child(5) button"
	b.click(moment)
	b.await(`document.querySelector('.event.picked')`)
	end, err := time.Parse(time.RFC3339, eval[string](b, "document.querySelector('"+moment+" time').dateTime"))
	require.NoError(t, err)
	require.Contains(t, b.address(), "connection="+url.QueryEscape(end.Add(-30_003*time.Millisecond).Format(apiTime)))
	require.Equal(t, []string{"clientId conflict", "accepted"}, b.texts(".event.picked .info"))
	require.Equal(t, 1, b.count(".bar.picked"))
}

// testOneInstant checks that a click selects only one of two connections that began at the same
// time. Brokers that report times in whole seconds produce such connections.
func testOneInstant(t *testing.T, p *pageTest) {
	const client = "GID_page@@@at-once"
	first, second := p.connection(client, 30*time.Minute, 0, "no heart", ""), p.connection(client, 30*time.Minute, 10*time.Minute, "no heart", "")
	for i, rows := range [][]inputEvent{first, second} {
		for j := range rows {
			rows[j].ChannelID = []string{"a", "b"}[i]
		}
	}
	p.stack.record(t, pageInstance, append(first, second...))
	b := p.open(t, client, time.Hour, viewer{})
	require.Equal(t, 2, b.count(".timeline .bar"))
	b.click(".timeline .bar:has(.bar-label)")
	b.await(`document.querySelector('.picked-connection')`)
	require.Equal(t, 1, b.count(".bar.picked"))
	start := p.now.Add(-30 * time.Minute).UTC().Format(apiTime)
	require.Contains(t, b.address(), "connection="+url.QueryEscape(start+" b"))
	b.run(chromedp.Reload())
	b.results()
	require.Contains(t, b.text(".picked-connection .evidence"), "Channel ID b")

	b.open(p.path(client, time.Hour) + "&connection=" + url.QueryEscape(start)) // finds the connection by its start time alone
	b.results()
	require.Equal(t, 1, b.count(".bar.picked"))
}

// testWithoutChannel checks the page for a source whose end events identify no connection. Such an
// end event contains neither the client's address nor the start time of the connection. The channel
// cannot be derived without them, so the page must match the end event to a connection by time.
func testWithoutChannel(t *testing.T, p *pageTest) {
	const client = "GID_page@@@mosquitto"
	var rows []inputEvent
	for i := range 3 {
		rows = append(rows, p.connection(client, 50*time.Minute-time.Duration(i)*10*time.Minute, 5*time.Minute, "no heart", "")...)
		end := &rows[len(rows)-1]
		end.PeerAddress, end.PeerPort, end.ConnectedAt = "", 0, 0
	}
	p.stack.record(t, pageInstance, rows)
	b := p.open(t, client, time.Hour, viewer{})
	require.Equal(t, "–", b.text(".event:first-child .col-channel .line"))
	b.click(".bar.kind-no-heart")
	b.await(`document.querySelectorAll('.event.picked').length === 2`)
	b.click(".event:first-child .disclose")
	b.await(`document.querySelectorAll('.bar.picked').length === 1 && document.querySelector('.event').classList.contains('picked')`)
}

// testKeyboard checks that Tab stops only once in the timeline, and that the keyboard can do what a
// pointer can do.
func testKeyboard(t *testing.T, p *pageTest) {
	b := p.open(t, busyDevice, time.Hour, viewer{})
	require.Equal(t, 1, b.count(".timeline [tabindex='0']"))
	b.run(chromedp.Focus(".timeline [tabindex='0']", chromedp.ByQuery), chromedp.KeyEvent(kb.ArrowRight))
	require.Regexp(t, `· 10 min · disconnected by client$`, eval[string](b, "document.activeElement.getAttribute('aria-label')"))
	b.run(chromedp.KeyEvent(kb.Enter))
	b.await(`document.querySelector('.picked-connection h3')?.innerText.trim() === 'disconnected by client'`)
	require.Equal(t, "true", eval[string](b, "document.activeElement.getAttribute('aria-pressed')"))
	b.run(chromedp.KeyEvent(kb.Escape))
	b.await(`!document.querySelector('.picked-connection')`)

	b.run(chromedp.Focus(".event .disclose", chromedp.ByQuery), chromedp.KeyEvent(kb.Enter))
	b.await(`document.querySelector('.disclose[aria-expanded=true]')`)
	b.run(chromedp.Focus(".skip", chromedp.ByQuery), chromedp.KeyEvent(kb.Enter))
	require.Equal(t, "results", eval[string](b, "document.activeElement.id"))
	requireNames(b)
}

// requireNames checks that every visible control has an accessible name.
func requireNames(b *tab) {
	b.t.Helper()
	require.Empty(b.t, eval[[]string](b, `[...document.querySelectorAll('button, a, input, select, summary')].filter((one) => one.checkVisibility() && !(one.innerText?.trim() || one.getAttribute('aria-label') || one.labels?.length)).map((one) => one.outerHTML)`))
}

// testOmitted checks the page for a diagnosis that omits its oldest entries:
//   - A notice must state how many entries are omitted.
//   - The timeline must hatch the time that the omitted entries cover.
//   - The number of connections must include the omitted connections.
func testOmitted(t *testing.T, p *pageTest) {
	report := p.diagnosis(t, flapDevice, 21*time.Hour)
	keepNewest := func(list string, count int) (omitted int) {
		all := report[list].([]any)
		report[list] = all[len(all)-count:]
		return len(all) - count
	}
	report["omitted"] = map[string]int{"connections": keepNewest("connections", 500), "timeline": keepNewest("timeline", 2000), "refusals": 0, "evidence": 0}

	b := openTab(t, p.chromium, p.stack, viewer{})
	stop := b.respond("/diagnosis?", 200, asJSON(t, report))
	b.open(p.path(flapDevice, 21*time.Hour))
	b.results()
	stop()
	require.Regexp(t, `^The oldest entries are not shown\. .* 1,000 connections, 1,00[01] timeline changes\.`, b.text(".results .notice"))
	require.Equal(t, "Connections 1,500 1,500 began in this range", b.text(".tile:nth-child(6)"))
	require.Contains(t, b.text(".legend"), "Socket IOException 500+")
	require.Contains(t, b.text(".legend"), "omitted: too many")
	require.Equal(t, "List of connections (latest 500 of 1,500)", b.text(".connection-list summary"))
	ground := eval[float64](b, "document.querySelector('.omitted .ground').getBoundingClientRect().right")
	require.InDelta(t, eval[float64](b, "Math.min(...[...document.querySelectorAll('.timeline .bar')].map((one) => one.getBoundingClientRect().left))"), ground, 4)
	b.screenshot("omitted")
	require.Contains(t, b.download(".exports button:nth-of-type(4)"), "The oldest entries are not shown.")
}
