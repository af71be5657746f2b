package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/ownform"
	"devicetrace/infra/local/sim"
	"devicetrace/pkg/event"
)

const (
	fleetInstance = "fleet"
	// oddInstance is an instance of devices with hostile names, which all drop in the minute
	// fleetTest.odd.
	oddInstance = "odd"
	// refusedDevice is a device of oddInstance. One login is refused after its drop.
	refusedDevice = "plain-7"
)

// fleetTest holds the state that all tests of the fleet's view share.
type fleetTest struct {
	pageTest
	day  time.Time // the UTC day of the incidents, which is yesterday
	days sim.FleetDays
	odd  time.Time
}

// TestFleetPage uses the view of the fleet as users do, on simulated days with known incidents.
func TestFleetPage(t *testing.T) {
	t.Parallel()
	today := oneDayFor(5 * time.Minute)
	now := time.Now().Truncate(time.Millisecond)
	p := fleetTest{pageTest: pageTest{stack: newStack(t), now: now}, day: today.AddDate(0, 0, -1), odd: now.Add(-20 * time.Minute).Truncate(time.Minute)}
	p.days = sim.Fleet(sim.FleetConfig{Instance: fleetInstance, Devices: 150, Seed: 7, Day: p.day, DaysBefore: 1})
	for batch := range slices.Chunk(p.days.Events, 5000) {
		body, err := ownform.Encode(batch)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, p.stack.post(t, "/webhooks/events/"+fleetInstance, body, nil).status)
	}
	p.stack.record(t, oddInstance, p.oddEvents())
	p.chromium = startChromium(t)
	runSubtests(t, &p, []subtest[fleetTest]{
		{"restart", testFleetRestart},
		{"requests", testFleetRequests},
		{"zoom", testFleetZoom},
		{"midnight", testFleetMidnight},
		{"refused logins", testFleetRefusals},
		{"keyboard", testFleetKeyboard},
		{"finder", testFleetFinder},
		{"list", testFleetList},
		{"scope of a drop", testScopeOfDrop},
		{"scope of a row", testScopeOfRow},
		{"near miss", testNearMiss},
		{"down now", testFleetDown},
		{"hostile", testFleetHostile},
		{"Chinese on a phone", testFleetOnPhone},
		{"faults", testFleetFaults},
		{"not exact", testFleetNotExact},
		{"late", testFleetLate},
		{"focus", testFleetFocus},
		{"twice", testFleetTwice},
		{"addresses", testFleetAddress},
	})
}

// oddEvents returns the events of devices with hostile names, which all drop in one minute.
func (p *fleetTest) oddEvents() (all []inputEvent) {
	clients := []string{hostile, strings.Repeat("w", 1024), "GID_odd@@@dev-1", "GID_odd@@@Dev_2", "a\u202Eb\u2066c", "=1+1", refusedDevice, "plain-8"}
	for i, client := range clients {
		end := p.odd.Add(time.Duration(i) * time.Second)
		events := p.connection(client, p.now.Sub(end)+time.Hour, time.Hour, "ServerShutdown", "<i>down</i>")
		for j := range events {
			events[j].Username, events[j].Node = "<b>user</b> "+client, "<u>node</u>\u202E"
		}
		all = append(all, events...)
	}
	refused := inputEvent{ClientID: refusedDevice, Action: "close", ActionInfo: "not authorized", NativeReason: "not_authorized", Time: p.odd.Add(2 * time.Minute).UnixMilli()}
	return append(all, refused)
}

// incident returns the only incident of the given kind.
func (p *fleetTest) incident(kind sim.IncidentKind) sim.Incident {
	return p.days.Incidents[slices.IndexFunc(p.days.Incidents, func(i sim.Incident) bool { return i.Kind == kind })]
}

// fleetPath returns the URL of the fleet's view. parameters alternates between names and values.
func fleetPath(instance string, day time.Time, parameters ...string) string {
	q := url.Values{"view": {"fleet"}, "instance": {instance}, "day": {day.Format(time.DateOnly)}}
	for i := 0; i < len(parameters); i += 2 {
		q.Set(parameters[i], parameters[i+1])
	}
	return "/?" + q.Encode()
}

// fleet opens the fleet's view in a new tab and waits for all figures.
func (p *fleetTest) fleet(t *testing.T, path string, v viewer) *tab {
	t.Helper()
	b := openTab(t, p.chromium, p.stack, v)
	b.open(path)
	b.await(`document.querySelector('.chart') || document.querySelector('#results .notice')`)
	return b
}

// tallest is a JavaScript expression for one of the chart's bars. In the labels of the bars, a
// count follows a text such as "ServerShutdown × ". tallest finds the bar with the highest count.
func tallest(text string) string {
	return fmt.Sprintf(`(() => {
		const count = (one) => Number(one.getAttribute('aria-label').split(%s)[1]?.match(/^\d+/) ?? 0);
		return [...document.querySelectorAll('.chart .bar')].sort((a, b) => count(b) - count(a))[0];
	})()`, quoted(text))
}

const (
	shutdowns = "ServerShutdown × "
	refused   = "refused logins: "
)

// middleOf scrolls to an element and returns its middle on the screen.
func (b *tab) middleOf(expression string) (x, y float64) {
	b.t.Helper()
	at := eval[[]float64](b, `(() => { const node = `+expression+`; node.scrollIntoView({ block: 'center' }); const box = node.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]; })()`)
	return at[0], at[1]
}

// clickAt clicks the middle of an element with the pointer.
func (b *tab) clickAt(expression string) {
	b.t.Helper()
	x, y := b.middleOf(expression)
	b.run(chromedp.MouseClickXY(x, y))
}

const whoText = `document.querySelector('.who-text')`

// testFleetRestart finds and explains a node's restart in two clicks: one on the tallest bar, one on
// a device.
func testFleetRestart(t *testing.T, p *fleetTest) {
	restart := p.incident(sim.NodeRestart)
	b := p.fleet(t, fleetPath(fleetInstance, p.day), viewer{})
	require.Contains(t, b.text(".subject"), p.day.Format(time.DateOnly)+" (UTC)")
	require.Equal(t, []string{"Connects", "Drops", "Refused logins", "Devices seen", "Devices with drops", "Down at the end of the day"}, b.texts(".tile dt"))
	require.NotContains(t, b.texts(".tile .value"), "–")
	require.Contains(t, b.text("[aria-labelledby=reasons-title]"), "ServerShutdown drop")
	require.Contains(t, b.text("[aria-labelledby=nodes-title]"), restart.Node)
	require.Positive(t, b.count("[aria-labelledby=flapping-title] tbody tr"))
	require.Equal(t, "page", eval[string](b, `document.querySelector('#view-fleet').getAttribute('aria-current')`))
	b.requireFits()
	requireNames(b)
	b.screenshot("fleet")

	b.clickAt(tallest(shutdowns))
	b.await(whoText)
	require.Contains(t, b.text(".who-text"), restart.Node)
	require.Contains(t, b.address(), "at="+url.QueryEscape(restart.At.Truncate(time.Minute).UTC().Format(apiTime)))
	require.Equal(t, 1, b.count(".chart .bar.picked"))
	require.Equal(t, []string{restart.Node}, b.texts(".shares table:first-child tbody tr:first-child th"))
	b.screenshot("fleet-who")

	client := eval[string](b, `new URL(document.querySelector('.who-list .device-link').href).searchParams.get('client')`)
	require.Contains(t, restart.Devices, event.ClientID(client))
	b.click(".who-list .device-link")
	b.await(`document.querySelector('.headline') && document.querySelector('.scope-text')`)
	require.Equal(t, client, b.text("h1 .datum"))
	require.Contains(t, b.text(".legend"), "ServerShutdown")
	b.run(chromedp.NavigateBack())
	b.await(whoText)
}

// testFleetRequests checks that the figures do not wait for the devices and the day before, and that
// the page asks again only for what changes.
func testFleetRequests(t *testing.T, p *fleetTest) {
	b := openTab(t, p.chromium, p.stack, viewer{})
	asked := make(chan url.Values, 32)
	held := make(chan struct{})
	defer b.intercept(func(e *fetch.EventRequestPaused) chromedp.Action {
		u, _ := url.Parse(e.Request.URL)
		if strings.HasSuffix(u.Path, "/fleet") {
			asked <- u.Query()
			if u.Query().Get("devices") == "1" {
				return continueAfter(held, e)
			}
		}
		return fetch.ContinueRequest(e.RequestID)
	})()
	b.open(fleetPath(fleetInstance, p.day))
	b.awaitEarly(`document.querySelector('.chart .bar') && document.querySelector('.tile:nth-child(4) .value').innerText === '…'`)
	first := <-asked
	require.Equal(t, []string{"0", "5m", ""}, []string{first.Get("devices"), first.Get("step"), first.Get("compare")})
	close(held)
	b.await(`Number(document.querySelector('.tile:nth-child(4) .value').innerText) > 0`)
	second := <-asked
	require.Equal(t, []string{"1", "1"}, []string{second.Get("devices"), second.Get("compare")})
	require.Regexp(t, `ServerShutdown drop \d+ \d+ \+\d+`, b.text("[aria-labelledby=reasons-title]"))
	b.clickAt(tallest(shutdowns))
	b.await(whoText)
	require.Equal(t, "1m", (<-asked).Get("step"), "the worst minute of the bar")
	b.click("#who-close")
	b.await(`!document.querySelector('.who-dropped')`)
	require.Empty(t, asked)
	require.Regexp(t, "^\ufefftime,kind,.*\n"+p.day.Format(time.DateOnly)+`T00:`, b.download("#fleet-csv"))
}

// continueAfter lets a paused request continue after a channel has been closed.
func continueAfter(held <-chan struct{}, e *fetch.EventRequestPaused) chromedp.Action {
	return chromedp.ActionFunc(func(ctx context.Context) error {
		select {
		case <-held:
			return fetch.ContinueRequest(e.RequestID).Do(ctx)
		case <-ctx.Done():
			return ctx.Err()
		}
	})
}

// testFleetZoom zooms by dragging across the chart, with the buttons and with the keyboard.
func testFleetZoom(t *testing.T, p *fleetTest) {
	restart := p.incident(sim.NodeRestart)
	b := p.fleet(t, fleetPath(fleetInstance, p.day), viewer{})
	x, y := b.middleOf(tallest(shutdowns))
	b.run(
		chromedp.MouseEvent(input.MousePressed, x-40, y, chromedp.ButtonLeft),
		chromedp.MouseEvent(input.MouseMoved, x+10, y, chromedp.ButtonLeft),
		chromedp.MouseEvent(input.MouseMoved, x+40, y, chromedp.ButtonLeft),
		chromedp.MouseEvent(input.MouseReleased, x+40, y, chromedp.ButtonLeft),
	)
	b.await(`new URLSearchParams(location.search).has('from') && document.querySelector('.lane-label')?.textContent.endsWith('1 min')`)
	from, to := b.fleetSpan()
	require.True(t, from.Before(restart.At) && restart.At.Before(to), "%s – %s", from, to)
	require.Less(t, to.Sub(from), 3*time.Hour)
	require.Zero(t, to.Sub(from)%time.Minute)
	require.Contains(t, b.text(".tile:nth-child(4)"), "counted for whole days only")
	b.screenshot("fleet-zoomed")

	b.clickAt(tallest(shutdowns)) // a bar is a minute here
	b.await(whoText)
	b.click("#chart-closer")
	b.await(`document.querySelector('.who-text') && new URLSearchParams(location.search).get('from') !== ` + quoted(from.Format(apiTime)))
	closer, end := b.fleetSpan()
	require.Less(t, end.Sub(closer), to.Sub(from))
	for range 4 {
		if eval[bool](b, `document.querySelector('#chart-closer').disabled`) {
			break
		}
		before := b.address()
		b.click("#chart-closer")
		b.await(`location.href.slice(location.origin.length) !== ` + quoted(before))
	}
	require.True(t, eval[bool](b, `document.querySelector('#chart-closer').disabled`))
	closer, end = b.fleetSpan()
	require.Equal(t, 10*time.Minute, end.Sub(closer))
	b.run(chromedp.Focus(".chart [tabindex='0']", chromedp.ByQuery), chromedp.KeyEvent("+"), chromedp.KeyEvent("-"))
	b.await(`document.querySelector('.chart') && new URLSearchParams(location.search).get('from') !== ` + quoted(closer.Format(apiTime)))
	for range 6 {
		if eval[bool](b, `document.querySelector('#chart-wider').disabled`) {
			break
		}
		before := b.address()
		b.click("#chart-wider")
		b.await(`location.href.slice(location.origin.length) !== ` + quoted(before))
	}
	require.True(t, eval[bool](b, `document.querySelector('#chart-wider').disabled`))
	require.NotContains(t, b.address(), "from=")
	b.click("#chart-earlier")
	b.await(`document.querySelector('#fleet-day').value === ` + quoted(p.day.AddDate(0, 0, -1).Format(time.DateOnly)))
	b.click("#day-later")
	b.await(`document.querySelector('#fleet-day').value === ` + quoted(p.day.Format(time.DateOnly)))
}

// testFleetMidnight checks a page that shows today and stays open past midnight. Once the user
// clicks a bar, the page must offer the next day.
func testFleetMidnight(t *testing.T, p *fleetTest) {
	b := p.fleet(t, fleetPath(fleetInstance, p.day), viewer{})
	b.run(chromedp.Evaluate(fmt.Sprintf(`{ const clock = Date.now; window.midnight = () => { Date.now = clock; }; Date.now = () => %d; }`, p.day.Add(24*time.Hour-time.Minute).UnixMilli()), nil))
	b.click("#fleet-show")
	b.await(`document.querySelector('#day-later').disabled && document.querySelector('#chart-later')?.disabled`)
	require.Contains(t, b.texts(".tile dt"), "Down now")
	b.run(chromedp.Evaluate(`window.midnight()`, nil))
	b.clickAt(tallest(shutdowns))
	b.await(whoText + ` && !document.querySelector('#day-later').disabled && !document.querySelector('#chart-later').disabled`)
	require.Contains(t, b.texts(".tile dt"), "Down at the end of the day")
	require.Equal(t, 1, b.count(".chart .bar.picked"))
}

// fleetSpan returns the span in the page's URL.
func (b *tab) fleetSpan() (from, to time.Time) {
	b.t.Helper()
	u, err := url.Parse(b.address())
	require.NoError(b.t, err)
	for name, at := range map[string]*time.Time{"from": &from, "to": &to} {
		*at, err = time.Parse(time.RFC3339, u.Query().Get(name))
		require.NoError(b.t, err)
	}
	return from, to
}

// testFleetRefusals checks that the chart and the view of a device show refused logins separately
// from drops.
func testFleetRefusals(t *testing.T, p *fleetTest) {
	rollout := p.incident(sim.BadRollout)
	b := p.fleet(t, fleetPath(fleetInstance, p.day), viewer{})
	b.clickAt(tallest(refused))
	b.await(whoText)
	if strings.Contains(b.text("#who-title"), "dropped") { // a device also dropped at that time
		b.click("#who-refusals")
		b.await(`document.querySelector('.who-text') && document.querySelector('#who-title').innerText.includes('refused')`)
	}
	require.Contains(t, b.address(), "of=refusals")
	require.Equal(t, "true", eval[string](b, `document.querySelector('#who-refusals').getAttribute('aria-pressed')`))
	require.Contains(t, b.text(".shares"), "not authorized")
	client := eval[string](b, `new URL(document.querySelector('.who-list .device-link').href).searchParams.get('client')`)
	require.Contains(t, rollout.Devices, event.ClientID(client))

	b.click(".who-list .device-link")
	b.await(`document.querySelector('.timeline .mark') && document.querySelector('.scope-text')`)
	b.run(chromedp.Focus(".timeline .mark", chromedp.ByQuery), chromedp.KeyEvent(kb.Enter))
	b.await(`document.querySelector('.scope').innerText.startsWith('Refused login at ') && document.querySelector('.scope-text')`)
	require.Contains(t, b.text(".scope-text"), "refused")
	require.Contains(t, eval[string](b, `document.querySelector('#scope-link').href`), "of=refusals")
}

// testFleetKeyboard uses only the keyboard to go from a device to the fleet, to a minute and to
// another device.
func testFleetKeyboard(t *testing.T, p *fleetTest) {
	restart := p.incident(sim.NodeRestart)
	b := openTab(t, p.chromium, p.stack, viewer{})
	b.open("/?" + url.Values{
		"instance": {fleetInstance}, "client": {string(restart.Devices[0])},
		"from": {restart.At.Add(-time.Hour).Format(apiTime)}, "to": {restart.At.Add(time.Minute).Format(apiTime)},
	}.Encode())
	b.await(`document.querySelector('.scope-text')`)
	b.run(chromedp.Focus("#view-fleet", chromedp.ByQuery), chromedp.KeyEvent(kb.Enter))
	b.await(`document.querySelector('.chart .bar')`)
	require.Equal(t, "results", eval[string](b, "document.activeElement.id"))
	require.Contains(t, b.address(), "day="+p.day.Format(time.DateOnly))
	require.Equal(t, 1, b.count(".chart [tabindex='0']"))
	b.run(chromedp.Evaluate(tallest(shutdowns)+".focus()", nil))
	require.Contains(t, b.text(".timeline-frame .tooltip"), "ServerShutdown × ")
	b.run(chromedp.KeyEvent(kb.ArrowRight), chromedp.KeyEvent(kb.ArrowLeft), chromedp.KeyEvent(kb.Enter))
	b.await(whoText)
	require.Contains(t, b.text(".who-text"), restart.Node)
	require.True(t, eval[bool](b, `document.activeElement.matches('.chart .bar.picked')`), "the focus must stay")
	b.run(chromedp.KeyEvent(kb.Escape))
	b.await(`!document.querySelector('.who-dropped')`)
	b.run(chromedp.KeyEvent(kb.Enter))
	b.await(whoText)
	b.run(chromedp.Focus("#who-later", chromedp.ByQuery), chromedp.KeyEvent(kb.Enter))
	b.await(`document.querySelector('.who-text') && document.activeElement.id === 'who-later' && location.search.includes(` + quoted(url.QueryEscape(restart.At.Truncate(time.Minute).Add(time.Minute).Format(apiTime))) + `)`)
	b.run(chromedp.Focus(".who-list .device-link", chromedp.ByQuery), chromedp.KeyEvent(kb.Enter))
	b.await(`document.querySelector('.headline')`)
	require.Equal(t, "page", eval[string](b, `document.querySelector('#view-device').getAttribute('aria-current')`))

	b.run(chromedp.NavigateBack())
	b.await(whoText)
	b.run(chromedp.Focus(".chart-table summary", chromedp.ByQuery), chromedp.KeyEvent(kb.Enter))
	b.await(`document.querySelectorAll('.chart-table tbody tr').length === 50`)
	require.Contains(t, b.text(".chart-table thead"), "Time Drops Reasons Refused logins Connects Disconnects")
}

// testFleetFinder finds devices by a part of a user name.
func testFleetFinder(t *testing.T, p *fleetTest) {
	last := p.days.Events[len(p.days.Events)-1]
	part := last.Username[:strings.Index(last.Username, "-")+1]
	b := p.fleet(t, fleetPath(fleetInstance, p.day), viewer{})
	b.fill("#finder-text", part+kb.Enter)
	b.await(`document.querySelector('.finder-card tbody tr')`)
	for _, name := range b.texts(".finder-card td:nth-child(2)") {
		require.Contains(t, name, part)
	}
	require.Equal(t, []string{"Client ID", "User name", "Address", "Node", "State at the end of the day", "Last event"}, b.texts(".finder-card th"))
	require.Regexp(t, `Devices searched: \d+, with events on .*`+p.day.Format(time.DateOnly), b.text(".finder-card .list-foot"))
	b.requireFits()
	b.screenshot("finder")
	if b.count("#finder-more") > 0 {
		before := b.count(".finder-card tbody tr")
		b.click("#finder-more")
		b.await(fmt.Sprintf(`document.querySelectorAll('.finder-card tbody tr').length > %d`, before))
	}

	b.fill("#finder-text", last.Username+kb.Enter)
	b.await(`document.querySelectorAll('.finder-card tbody tr').length === 1`)
	require.Equal(t, string(last.ClientID), b.text(".finder-card .device-link"))
	require.Equal(t, 1, b.count(".chart"), "the figures must stay")
	b.click(".finder-card .device-link")
	b.await(`document.querySelector('h1 .datum')?.innerText === ` + quoted(string(last.ClientID)) + ` && document.querySelector('.event')`)

	b.fill("#device", "nobody-has-this")
	b.click("#find")
	b.await(`document.querySelector('.finder-card .card-note')`)
	require.Contains(t, b.text(".finder-card"), "No device contains this text. Upper and lower case matter.")
	require.Equal(t, "finder-text", eval[string](b, "document.activeElement.id"))
	b.click(".finder-card header button")
	b.await(`!document.querySelector('.finder-card')`)
	require.NotContains(t, b.address(), "q=")
}

// testScopeOfDrop checks the line about the scope of a drop in the view of a device, its link, and
// the same line in a report and in copied text.
func testScopeOfDrop(t *testing.T, p *fleetTest) {
	restart := p.incident(sim.NodeRestart)
	b := openTab(t, p.chromium, p.stack, viewer{})
	held := make(chan struct{})
	stop := b.intercept(func(e *fetch.EventRequestPaused) chromedp.Action {
		if strings.Contains(e.Request.URL, "/scope?") {
			return continueAfter(held, e)
		}
		return fetch.ContinueRequest(e.RequestID)
	})
	b.open("/?" + url.Values{
		"instance": {fleetInstance}, "client": {string(restart.Devices[0])},
		"from": {restart.At.Add(-time.Hour).Format(apiTime)}, "to": {restart.At.Add(30 * time.Second).Format(apiTime)},
	}.Encode())
	b.awaitEarly(`document.querySelector('.headline h2') && document.querySelector('.scope')?.innerText.endsWith('Looking at the other devices…')`)
	close(held)
	b.await(`document.querySelector('.scope-text')`)
	stop()
	line := b.text(".scope")
	require.Regexp(t, `^Drop at `+restart.At.In(berlin(t)).Format("2006-01-02 15:04")+`:\d\d: .* Show the fleet at this time$`, line)
	require.Contains(t, line, restart.Node)
	b.screenshot("scope")

	require.Contains(t, b.copied(".headline > .foot > .button"), b.text(".scope-text"))
	report := p.openReport(t, b.download(".exports button:nth-of-type(4)"))
	require.Equal(t, line, report.text(".scope"))
	require.True(t, strings.HasPrefix(eval[string](report, `document.querySelector('#scope-link').href`), p.stack.url("/?view=fleet&")))

	b.click("#scope-link")
	b.await(whoText)
	require.Contains(t, b.text(".who-text"), restart.Node)
	require.Equal(t, 1, b.count(".chart .bar.picked"))

	b.allow("503")
	stop = b.respond("/scope?", 503, unavailable)
	b.run(chromedp.NavigateBack())
	b.await(`document.querySelector('#scope-retry')`)
	require.Contains(t, b.text(".scope"), "It is not known whether other devices were affected.")
	stop()
	b.click("#scope-retry")
	b.await(`document.querySelector('.scope-text')`)
}

// testScopeOfRow checks that the line shows the scope of the last drop until the user chooses
// another event.
func testScopeOfRow(t *testing.T, p *fleetTest) {
	b := openTab(t, p.chromium, p.stack, viewer{})
	b.open("/?instance=" + oddInstance + "&client=" + refusedDevice)
	b.await(`document.querySelector('.scope-text')`)
	require.Regexp(t, "^Drop at .*: 7 other devices dropped", b.text(".scope"))
	b.click(".event:nth-of-type(1) .disclose")
	b.await(`document.querySelector('.scope').innerText.startsWith('Refused login at ') && document.querySelector('.scope-text')`)
	require.Contains(t, b.text(".scope-text"), "No other device was refused")
	b.click(".timeline .bar")
	b.await(`document.querySelector('.scope').innerText.startsWith('Drop at ') && document.querySelector('.scope-text')`)
	require.Contains(t, b.text(".scope-text"), "7 other devices dropped")
}

// testNearMiss checks that the page offers similar identifiers if a device is unknown, including
// identifiers in other instances.
func testNearMiss(t *testing.T, p *fleetTest) {
	b := openTab(t, p.chromium, p.stack, viewer{})
	b.open("/?instance=" + oddInstance + "&client=" + url.QueryEscape("gid_odd@@@DEV2"))
	b.await(`document.querySelector('.near .device-link')`)
	require.Contains(t, b.text(".near"), "Did you mean: GID_odd@@@Dev_2")
	b.screenshot("near-miss")
	b.click(".near .device-link")
	b.await(`document.querySelector('h1 .datum')?.innerText === 'GID_odd@@@Dev_2' && document.querySelector('.timeline .bar')`)

	b.open("/?instance=" + fleetInstance + "&client=" + url.QueryEscape("GID_odd@@@dev-1"))
	b.await(`document.querySelector('.near .device-link')`)
	require.Contains(t, b.text(".near"), "GID_odd@@@dev-1 in instance "+oddInstance)
	b.click("#near-find")
	b.await(`document.querySelector('.finder-card')`)
	require.Equal(t, "GID_odd@@@dev-1", eval[string](b, `document.querySelector('#finder-text').value`))
}

// testFleetDown checks the list of devices that are offline now.
func testFleetDown(t *testing.T, p *fleetTest) {
	b := p.fleet(t, "/?view=fleet&instance="+oddInstance, viewer{})
	require.Contains(t, b.address(), "day="+p.now.UTC().Format(time.DateOnly))
	b.await(`document.querySelectorAll('[aria-labelledby=down-title] tbody tr').length === 8`)
	require.Contains(t, b.text("[aria-labelledby=down-title]"), "The status of each device confirms that it is offline.")
	b.click("[aria-labelledby=down-title] .device-link")
	b.await(`document.querySelector('.status h2')?.innerText === 'Offline'`)
}

// testFleetHostile checks that no text from a device can become markup, rearrange the text around
// it, or make the page wider than the screen.
func testFleetHostile(t *testing.T, p *fleetTest) {
	path := fleetPath(oddInstance, startOfDay(p.odd), "from", p.odd.Add(-30*time.Minute).UTC().Format(apiTime), "to", p.odd.Add(10*time.Minute).UTC().Format(apiTime), "at", p.odd.UTC().Format(apiTime), "q", "<b>")
	b := p.fleet(t, path, viewer{width: 360, height: 740, mobile: true})
	b.await(whoText + ` && document.querySelector('.finder-card tbody tr')`)
	require.Zero(t, b.count(".results script, .results img, .results b, .results i, .results u"))
	for _, where := range []string{".who-list", ".finder-card", "[aria-labelledby=nodes-title]"} {
		require.Contains(t, b.text(where), "<u>node</u>U+202E", where)
	}
	require.Contains(t, b.text(".who-list"), "<script>alert(1)</script>")
	require.Contains(t, b.text(".who-list"), "(1,024 characters)")
	require.Contains(t, b.text(".finder-card"), "<b>user</b>")
	b.requireFits()
	b.screenshot("fleet-hostile")
	b.run(chromedp.Evaluate(`[...document.querySelectorAll('.who-list .device-link')].find((one) => one.innerText.includes('script')).click()`, nil))
	b.await(`document.querySelector('h1 .code-point')`)
	address, err := url.Parse(b.address())
	require.NoError(t, err)
	require.Equal(t, hostile, address.Query().Get("client"))
}

// testFleetOnPhone checks the fleet's view on the narrowest screen, dark and in Chinese.
func testFleetOnPhone(t *testing.T, p *fleetTest) {
	restart := p.incident(sim.NodeRestart)
	path := fleetPath(fleetInstance, p.day, "at", restart.At.Truncate(time.Minute).Format(apiTime), "q", "-00")
	b := p.fleet(t, path, viewer{width: 320, height: 640, mobile: true, dark: true, languages: "zh-CN"})
	b.await(whoText + ` && document.querySelector('.finder-card tbody tr')`)
	b.requireFits()
	requireNames(b)
	require.Equal(t, "rgb(12, 16, 21)", eval[string](b, background))
	require.Equal(t, []string{"连接次数", "掉线次数", "登录被拒绝", "出现过的设备", "掉线的设备", "当日结束时离线"}, b.texts(".tile dt"))
	require.Regexp(t, `\p{Han}`, b.text(".who-text"))
	require.Contains(t, b.text(".who-text"), restart.Node)
	b.run(chromedp.Evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })", nil))
	b.await(`document.querySelector('.chart-table tbody tr')`)
	b.requireFits()
	require.Empty(t, eval[[]string](b, `[...document.querySelectorAll('.results *')].filter((one) => !one.children.length && /^(fleet|chart|who|devices|finder|reasons|nodes|flapping|down|counted|scope)\.\w/.test(one.textContent)).map((one) => one.textContent)`), "every message must exist")
	b.screenshot("fleet-phone")
}

// testFleetFaults checks what the page shows if requests fail: all of them, or only the later ones.
func testFleetFaults(t *testing.T, p *fleetTest) {
	b := openTab(t, p.chromium, p.stack, viewer{})
	b.allow("503")
	b.allow("403")
	stop := b.respond("/fleet?", 503, unavailable)
	b.open(fleetPath(fleetInstance, p.day))
	b.await(`document.querySelector('#results .notice h2')?.innerText === 'The events cannot be read right now'`)
	stop()
	stop = b.respond("devices=1", 503, unavailable)
	b.click("#results .notice .button")
	b.await(`document.querySelector('[aria-labelledby=flapping-title] .retry')`)
	require.Positive(t, b.count(".chart .bar"))
	require.Contains(t, b.text("[aria-labelledby=flapping-title]"), "These results could not be loaded. the bucket could not be read")
	stop()
	b.click("[aria-labelledby=flapping-title] .retry")
	b.await(`document.querySelector('[aria-labelledby=flapping-title] tbody tr')`)

	stop = b.respond("/scope?", 503, unavailable)
	b.clickAt(tallest(shutdowns))
	b.await(`document.querySelector('.who-dropped .retry')`)
	stop()
	b.click(".who-dropped .retry")
	b.await(whoText)

	b.open(fleetPath(fleetInstance, p.day.AddDate(0, 0, -5)))
	b.await(`document.querySelector('.card-note.empty')`)
	require.Equal(t, "No events from this instance in this range.", b.text(".card-note.empty"))
	b.open(fleetPath("nothing-here", p.day))
	b.await(`document.querySelector('.notice .others')`)
	require.Equal(t, "No events from instance “nothing-here” yet", b.text("#results .notice h2"))
	b.click(".others .button")
	b.await(`document.querySelector('.chart') && location.search.includes('instance=` + fleetInstance + `')`)

	p.requirePanelStays(b)
	p.requireNewToken(b)
}

// testFleetNotExact checks that the page says what was not counted, and what may have been counted
// twice.
func testFleetNotExact(t *testing.T, p *fleetTest) {
	q := url.Values{"instance": {fleetInstance}, "from": {p.day.Format(apiTime)}, "to": {p.day.Add(24 * time.Hour).Format(apiTime)}, "step": {"5m"}}
	var answer map[string]any
	p.stack.read(t, "fleet", q, &answer)
	answer["exact"], answer["at_most_twice"] = false, 1234
	answer["shards"] = map[string]int{"counted": 12, "of": 16}
	answer["not_counted"] = []map[string]string{{"key": "events/<i>damaged</i>.parquet", "error": "checksum differs"}}
	b := openTab(t, p.chromium, p.stack, viewer{})
	stop := b.respond("/fleet?", 200, asJSON(t, answer))
	b.open(fleetPath(fleetInstance, p.day))
	b.await(`document.querySelector('.count-note')`)
	require.Equal(t, "Only 12 of 16 shards were counted, because the request reached its limit. The figures cover these shards only. "+
		"Objects that could not be counted: 1. The figures may be too low. At most 1,234 events were counted twice. "+
		"events/<i>damaged</i>.parquet checksum differs", b.text(".count-note"))
	b.screenshot("fleet-not-exact")
	stop()

	p.requireLongTables(b)
}

// testFleetLate checks that an older response never replaces a newer one.
func testFleetLate(t *testing.T, p *fleetTest) {
	b := p.fleet(t, fleetPath(fleetInstance, p.day), viewer{})
	held := make(chan struct{})
	before := p.day.AddDate(0, 0, -1)
	stop := b.intercept(func(e *fetch.EventRequestPaused) chromedp.Action {
		if strings.Contains(e.Request.URL, url.QueryEscape(before.Format(apiTime))) {
			return continueAfter(held, e)
		}
		return fetch.ContinueRequest(e.RequestID)
	})
	defer stop()
	b.click("#day-earlier")
	b.run(chromedp.Evaluate(`document.querySelector('#day-later').click()`, nil))
	close(held)
	b.await(`document.querySelector('.chart') && document.querySelector('#fleet-day').value === ` + quoted(p.day.Format(time.DateOnly)))
	require.Contains(t, b.text(".subject"), p.day.Format(time.DateOnly)+" (UTC)")
	require.Positive(t, eval[int](b, `Number(Boolean(`+tallest(shutdowns)+`))`))
}

// testFleetAddress checks URLs that are invalid or incomplete.
func testFleetAddress(t *testing.T, p *fleetTest) {
	b := openTab(t, p.chromium, p.stack, viewer{})
	for _, one := range []struct{ path, want string }{
		{"/?view=fleet&instance=fleet&day=2026-02-30", "The link contains “2026-02-30”, which is not a day. Use the form 2026-11-22."},
		{"/?view=fleet&instance=fleet&from=yesterday", "The link contains “yesterday”, which is not a time."},
		{"/?view=fleet&instance=fleet&day=2999-01-01", "This time is in the future. Choose an earlier day."},
		{"/?view=fleet&instance=fleet&day=2026-11-22&at=2999-01-01T00:00:00Z", "This time is in the future. Choose an earlier day."},
		{"/?view=fleet&instance=fleet&from=2026-11-22T00:00:00Z&to=2026-11-24T00:00:00Z", "The range is longer than 24 hours. Choose a day or a shorter range."},
		{"/?view=fleet&instance=fleet&from=2026-11-22T02:00:00Z&to=2026-11-22T01:00:00Z", "The range must end after it begins."},
	} {
		b.open(one.path)
		b.await(`!document.querySelector('#fleet-fault').hidden`)
		require.Contains(t, b.text("#fleet-fault"), one.want)
	}
	b.open("/?view=fleet")
	b.await(`document.querySelector('.welcome')`)
	require.Equal(t, "fleet-instance", eval[string](b, "document.activeElement.id"))
	b.fill("#fleet-instance", fleetInstance+kb.Enter)
	b.await(`document.querySelector('.chart')`)
	require.Contains(t, b.address(), "day="+p.now.UTC().Format(time.DateOnly))

	var answer map[string]json.RawMessage
	p.stack.read(t, "fleet", url.Values{"instance": {fleetInstance}}, &answer)
	require.Contains(t, answer, "totals")
}
