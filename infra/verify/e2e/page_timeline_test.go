package e2e

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

func testTimeline(t *testing.T, p *pageTest) {
	b := p.view(t, busyDevice, time.Hour, device{})
	b.click(".bar.kind-no-heart")
	b.await(`document.querySelectorAll('.event.picked').length === 2`)
	require.Equal(t, "no heart", b.text(".picked-connection h3"))
	require.Contains(t, b.text(".picked-connection .evidence"), "Lasted 10 min")
	require.Contains(t, b.text(".picked-connection .evidence"), "Address 192.0.2.7:40000")
	require.Contains(t, b.address(), "connection="+url.QueryEscape(p.now.Add(-50*time.Minute).UTC().Format("2006-01-02T15:04:05.000Z")))
	b.shot("timeline")
	b.click(".bar.kind-no-heart")
	b.await(`!document.querySelector('.picked-connection')`)
	require.NotContains(t, b.address(), "connection=")

	// A stretch that is drawn across becomes the span.
	before := b.address()
	box := get[map[string]float64](b, `(({ x, y }) => ({ x, y }))(document.querySelector('.bar.kind-io').getBoundingClientRect())`)
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
	require.Equal(t, "timeline-wider", get[string](b, "document.activeElement.id"), "the focus stays")
	b.run(chromedp.NavigateBack(), chromedp.NavigateBack())
	b.await(`location.href.slice(location.origin.length) === ` + quoted(before))
	b.await(`document.querySelectorAll('.timeline .bar').length === 3`)
}

// testLabels: no label of the timeline covers another or is cut off, however fine it is.
func testLabels(t *testing.T, p *pageTest) {
	const covered = `(() => {
		const card = document.querySelector('.timeline').getBoundingClientRect();
		const texts = (selector) => [...document.querySelectorAll(selector)].map((one) => one.getBoundingClientRect());
		const covers = (a, b) => a.left < b.right && b.left < a.right;
		return ['.tick-label', '.tick-date', '.mark'].flatMap(texts).filter((one) => one.left < card.left || one.right > card.right).length +
			['.tick-label', '.tick-date', '.mark'].map(texts).flatMap((all) => all.slice(1).filter((one, i) => covers(one, all[i]))).length;
	})()`
	refused := p.now.Add(-8 * time.Minute)
	for _, d := range []device{{}, {width: 360, height: 740, mobile: true, languages: "zh-CN"}} {
		for _, span := range []time.Duration{900 * time.Millisecond, 2300 * time.Millisecond, 12 * time.Minute, time.Hour, 24 * time.Hour} {
			b := openTab(t, p.chromium, p.stack, d)
			b.open(pathTo(busyDevice, refused.Add(span/3), span))
			b.await(`document.querySelector('.timeline .mark')`)
			require.Zero(t, get[int](b, covered), "%s at %d pixels", span, d.width)
		}
	}
}

// testLasting: what lasted longer than can be asked for is shown to its end.
func testLasting(t *testing.T, p *pageTest) {
	b := p.view(t, lastingDevice, 2*time.Hour, device{})
	require.Equal(t, []string{"no heart", "1 d 15 h"}, b.texts(".bar text"))
	before := b.address()
	b.click(".bar.kind-no-heart")
	b.click(".picked-connection .button:nth-of-type(2)")
	b.await(`location.href.slice(location.origin.length) !== ` + quoted(before))
	b.results()
	require.Equal(t, []string{"no heart", "1 d 15 h"}, b.texts(".bar text"))
	require.Contains(t, b.text(".subject"), ", 1 d")
}

// testTakeover: a moment of evidence picks the connection that it is about, though the next
// one has begun by then.
func testTakeover(t *testing.T, p *pageTest) {
	const client = "GID_page@@@taken"
	var fight []sent
	for i := range 12 {
		// The broker tells of the new connection 3 ms before it tells how the old one ended.
		fight = append(fight, p.connection(client, 40*time.Minute-time.Duration(i)*30*time.Second, 30*time.Second+3*time.Millisecond, "clientId conflict", "")...)
		fight[2*i].PeerPort, fight[2*i+1].PeerPort = int32(50_000+i), int32(50_000+i)
	}
	p.stack.record(t, pageInstance, fight)
	b := p.view(t, client, time.Hour, device{})
	b.click(".headline .evidence-list summary")
	const moment = ".headline .evidence-list li:nth-child(5) button"
	b.click(moment)
	b.await(`document.querySelector('.event.picked')`)
	end, err := time.Parse(time.RFC3339, get[string](b, "document.querySelector('"+moment+" time').dateTime"))
	require.NoError(t, err)
	require.Contains(t, b.address(), "connection="+url.QueryEscape(end.Add(-30_003*time.Millisecond).Format("2006-01-02T15:04:05.000Z")))
	require.Equal(t, []string{"clientId conflict", "accepted"}, b.texts(".event.picked .info"))
	require.Equal(t, 1, b.count(".bar.picked"))
}

// testOneInstant: of two connections that began at once, as brokers tell that count in
// seconds, one is picked.
func testOneInstant(t *testing.T, p *pageTest) {
	const client = "GID_page@@@at-once"
	first, second := p.connection(client, 30*time.Minute, 0, "no heart", ""), p.connection(client, 30*time.Minute, 10*time.Minute, "no heart", "")
	for i, rows := range [][]sent{first, second} {
		for j := range rows {
			rows[j].ChannelID = []string{"a", "b"}[i]
		}
	}
	p.stack.record(t, pageInstance, append(first, second...))
	b := p.view(t, client, time.Hour, device{})
	require.Equal(t, 2, b.count(".timeline .bar"))
	b.click(".timeline .bar:has(.bar-label)")
	b.await(`document.querySelector('.picked-connection')`)
	require.Equal(t, 1, b.count(".bar.picked"))
	start := p.now.Add(-30 * time.Minute).UTC().Format("2006-01-02T15:04:05.000Z")
	require.Contains(t, b.address(), "connection="+url.QueryEscape(start+" b"))
	b.run(chromedp.Reload())
	b.results()
	require.Contains(t, b.text(".picked-connection .evidence"), "Channel ID b")

	b.open(p.path(client, time.Hour) + "&connection=" + url.QueryEscape(start)) // as links have been
	b.results()
	require.Equal(t, 1, b.count(".bar.picked"))
}

// testWithoutChannel: a source that tells no address of an end leaves its row without the
// channel of the connection.
func testWithoutChannel(t *testing.T, p *pageTest) {
	const client = "GID_page@@@mosquitto"
	var rows []sent
	for i := range 3 {
		rows = append(rows, p.connection(client, 50*time.Minute-time.Duration(i)*10*time.Minute, 5*time.Minute, "no heart", "")...)
		end := &rows[len(rows)-1]
		end.PeerAddress, end.PeerPort, end.ConnectedAt = "", 0, 0
	}
	p.stack.record(t, pageInstance, rows)
	b := p.view(t, client, time.Hour, device{})
	require.Equal(t, "–", b.text(".event:first-child .col-channel .line"))
	b.click(".bar.kind-no-heart")
	b.await(`document.querySelectorAll('.event.picked').length === 2`)
	b.click(".event:first-child .disclose")
	b.await(`document.querySelectorAll('.bar.picked').length === 1 && document.querySelector('.event').classList.contains('picked')`)
}

// testKeyboard: the timeline is one stop of the Tab key.
func testKeyboard(t *testing.T, p *pageTest) {
	b := p.view(t, busyDevice, time.Hour, device{})
	require.Equal(t, 1, b.count(".timeline [tabindex='0']"))
	b.run(chromedp.Focus(".timeline [tabindex='0']", chromedp.ByQuery), chromedp.KeyEvent(kb.ArrowRight))
	require.Regexp(t, `· 10 min · disconnected by client$`, get[string](b, "document.activeElement.getAttribute('aria-label')"))
	b.run(chromedp.KeyEvent(kb.Enter))
	b.await(`document.querySelector('.picked-connection h3')?.innerText.trim() === 'disconnected by client'`)
	require.Equal(t, "true", get[string](b, "document.activeElement.getAttribute('aria-pressed')"))
	b.run(chromedp.KeyEvent(kb.Escape))
	b.await(`!document.querySelector('.picked-connection')`)

	b.run(chromedp.Focus(".event .disclose", chromedp.ByQuery), chromedp.KeyEvent(kb.Enter))
	b.await(`document.querySelector('.disclose[aria-expanded=true]')`)
	b.run(chromedp.Focus(".skip", chromedp.ByQuery), chromedp.KeyEvent(kb.Enter))
	require.Equal(t, "results", get[string](b, "document.activeElement.id"))
	requireNames(b)
}

// requireNames checks that everything that can be reached has a name.
func requireNames(b *tab) {
	b.t.Helper()
	require.Empty(b.t, get[[]string](b, `[...document.querySelectorAll('button, a, input, select, summary')].filter((one) => one.checkVisibility() && !(one.innerText?.trim() || one.getAttribute('aria-label') || one.labels?.length)).map((one) => one.outerHTML)`))
}

// testOmitted: what a report leaves out is said, drawn as such, and counted.
func testOmitted(t *testing.T, p *pageTest) {
	q := question(pageInstance, flapDevice, p.now.Add(-21*time.Hour), p.now)
	answer, err := do(t.Context(), http.MethodGet, p.stack.url("/api/v1/diagnosis?"+q.Encode()), queryToken, nil, nil)
	require.NoError(t, err)
	var report map[string]any
	require.NoError(t, json.Unmarshal(answer.body, &report))
	newest := func(list string, count int) (left int) {
		all := report[list].([]any)
		report[list] = all[len(all)-count:]
		return len(all) - count
	}
	report["omitted"] = map[string]int{"connections": newest("connections", 500), "timeline": newest("timeline", 2000), "refusals": 0, "evidence": 0}
	cut, err := json.Marshal(report)
	require.NoError(t, err)

	b := openTab(t, p.chromium, p.stack, device{})
	stop := b.answer("/diagnosis?", 200, cut)
	b.open(p.path(flapDevice, 21*time.Hour))
	b.results()
	stop()
	require.Regexp(t, `^The oldest are not shown\. .* 1,000 connections, 1,00[01] changes of the timeline\.`, b.text(".results > .notice"))
	require.Equal(t, "Connections 1,500 1,500 began in the span", b.text(".tile:nth-child(2)"))
	require.Contains(t, b.text(".legend"), "Socket IOException 500+")
	require.Contains(t, b.text(".legend"), "left out: too many")
	require.Equal(t, "Connections as a list (newest 500 of 1,500)", b.text(".connection-list summary"))
	ground := get[float64](b, "document.querySelector('.omitted .ground').getBoundingClientRect().right")
	require.InDelta(t, get[float64](b, "Math.min(...[...document.querySelectorAll('.timeline .bar')].map((one) => one.getBoundingClientRect().left))"), ground, 4)
	b.shot("omitted")
	require.Contains(t, b.download(".exports button:nth-of-type(4)"), "The oldest are not shown.")
}
