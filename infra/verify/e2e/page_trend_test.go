package e2e

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// testSince checks the line below a verdict's title. The line must say when the verdict began to
// apply, and how many drops are usual for the device.
func testSince(t *testing.T, p *pageTest) {
	p = p.withinDay(time.UTC)
	const shown = "2006-01-02 15:04"
	b := p.open(t, failingDevice, time.Hour, viewer{})
	began := p.now.Add(-4*24*time.Hour - 30*time.Minute).In(berlin(t)).Format(shown)
	require.Contains(t, b.text(".headline .trends"), "since "+began+", 4 days")
	require.Regexp(t, `(?m)^since \d{4}-\d\d-\d\dT.*, 4 days$`, b.copied(".headline .foot .button"))

	code := p.diagnosis(t, failingDevice, time.Hour)["verdicts"].([]any)[0].(map[string]any)["code"].(string)
	for _, c := range []struct {
		daysAgo int
		atLeast bool
		usual   map[string]int
		want    string
	}{
		{6, false, map[string]int{"min": 0, "max": 2, "days": 12}, "since TIME, 6 days 34 drops on DATE (UTC); usually 0–2 a day"},
		{6, true, map[string]int{"min": 1, "max": 1, "days": 2}, "at least since TIME, on the earliest day searched 34 drops on DATE (UTC); 1 a day on 2 earlier days"},
		{3, true, map[string]int{"min": 0, "max": 0, "days": 1}, "at least since TIME; earlier days do not show it either way 34 drops on DATE (UTC); 0 on an earlier day"},
	} {
		since := p.now.AddDate(0, 0, -c.daysAgo).UTC().Truncate(time.Minute)
		other := openTab(t, p.chromium, p.stack, viewer{})
		stop := other.respondDays(func(_ time.Time, row map[string]any) {
			row["drops"], row["level"], row["usual"] = 34, "problem", c.usual
			row["since"] = map[string]any{code: map[string]any{"at": since.Format(apiTime), "at_least": c.atLeast}}
		})
		other.open(p.path(failingDevice, time.Hour))
		other.results()
		want := strings.NewReplacer("TIME", since.In(berlin(t)).Format(shown), "DATE", p.now.UTC().Format(time.DateOnly)).Replace(c.want)
		require.Equal(t, want, other.text(".headline .trends"))
		other.screenshot("since")
		stop()
	}
}

// testCalm checks the line below a headline that says that nothing is wrong. The line must not say
// when the verdict began to apply, because the verdict is not about any event. It must show the
// day's number of drops only if the number is higher than usual, and say if the whole day shows a
// problem.
func testCalm(t *testing.T, p *pageTest) {
	const client = "GID_page@@@unharmed"
	p.stack.record(t, pageInstance, p.connection(client, 90*time.Minute, 0, "", "")[:1])
	report := p.diagnosis(t, client, time.Hour)
	verdict := report["verdicts"].([]any)[0].(map[string]any)
	require.Equal(t, "info", verdict["level"])
	require.Empty(t, verdict["evidence"])
	code := verdict["code"].(string)
	for _, c := range []struct {
		drops int
		usual map[string]int
		level string
		want  string
	}{
		{1, map[string]int{"min": 0, "max": 1, "days": 12}, "info", ""},
		{3, map[string]int{"min": 0, "max": 1, "days": 12}, "notice", "3 drops on DATE (UTC); usually 0–1 a day"},
		{3, map[string]int{"min": 0, "max": 1, "days": 12}, "problem", "3 drops on DATE (UTC); usually 0–1 a day The whole day DATE (UTC) shows a problem: show"},
		{3, nil, "notice", "3 drops on DATE (UTC)"},
		{0, nil, "info", "No drops on record since FIRST (UTC), the earliest day searched"},
	} {
		b := openTab(t, p.chromium, p.stack, viewer{})
		earliest := ""
		stop := b.respondDays(func(day time.Time, row map[string]any) {
			if earliest == "" {
				earliest = day.Format(time.DateOnly)
			}
			row["drops"], row["level"], row["verdicts"] = c.drops, c.level, []string{code}
			row["since"] = map[string]any{code: map[string]any{"at": day.Format(apiTime), "at_least": true}}
			if c.usual != nil {
				row["usual"] = c.usual
			}
		})
		b.open(p.path(client, time.Hour))
		b.results()
		stop()
		want := strings.NewReplacer("DATE", p.now.UTC().Format(time.DateOnly), "FIRST", earliest).Replace(c.want)
		require.Equal(t, want, b.text(".headline .trends"))
		require.NotRegexp(t, "(?m)^(at least )?since ", b.copied(".headline .foot .button"))
		if c.level == "problem" {
			b.click("#whole-day")
			b.await(`!document.querySelector('#whole-day')`)
			require.Contains(t, b.address(), "from="+p.now.UTC().Format(time.DateOnly)+"T00%3A00%3A00.000Z")
		}
	}
}

// testLastDrop checks that the page for a range without drops says when the last drop was, and can
// show that drop.
func testLastDrop(t *testing.T, p *pageTest) {
	const client = "GID_page@@@calm"
	drop := p.now.Add(-5 * time.Hour)
	p.stack.record(t, pageInstance, append(p.connection(client, 6*time.Hour, time.Hour, "clientId conflict", ""), p.connection(client, 4*time.Hour, 0, "", "")[0]))
	b := p.open(t, client, time.Hour, viewer{})
	require.Equal(t, "OK", b.text(".headline .level"))
	last := "Last drop " + drop.In(berlin(t)).Format(time.DateTime) + ", clientId conflict: show"
	require.Contains(t, b.text(".headline .trends"), last)
	b.screenshot("last-drop")
	b.click("#last-drop")
	b.await(`document.querySelector('.bar.kind-conflict')`)
	require.Contains(t, b.address(), "from="+url.QueryEscape(drop.Add(-30*time.Minute).UTC().Format(apiTime)))

	b.open(pathTo(client, drop.Add(-15*time.Minute), 30*time.Minute))
	b.await(`document.querySelector('#last-drop')`)
	require.Contains(t, b.text(".headline .trends"), "Last drop "+drop.In(berlin(t)).Format(time.DateTime)+", after this range, clientId conflict: show")
}

// testNoDrop checks that the page for a range without drops says since when the device has had no
// drops. Days before a day that was not read must not count.
func testNoDrop(t *testing.T, p *pageTest) {
	const client = "GID_page@@@steady"
	p.stack.record(t, pageInstance, p.connection(client, 90*time.Minute, 0, "", "")[:1])
	unread := p.now.UTC().AddDate(0, 0, -4).Format(time.DateOnly)
	b := openTab(t, p.chromium, p.stack, viewer{})
	defer b.respondDays(func(day time.Time, row map[string]any) { row["not_read"] = day.Format(time.DateOnly) == unread })()
	b.open(p.path(client, time.Hour))
	b.results()
	require.Equal(t, "No drops on record since "+p.now.UTC().AddDate(0, 0, -3).Format(time.DateOnly)+" (UTC), the earliest day searched", b.text(".headline .trends"))
}

// testAt checks that the page shows the status at the instant in its URL, and marks the instant.
func testAt(t *testing.T, p *pageTest) {
	b := openTab(t, p.chromium, p.stack, viewer{})
	at := p.now.Add(-45 * time.Minute).Truncate(time.Second)
	b.open("/?" + url.Values{"instance": {pageInstance}, "client": {busyDevice}, "at": {at.Format(time.RFC3339)}}.Encode())
	b.results()
	local := at.In(berlin(t))
	require.Equal(t, "AT "+local.Format(time.DateTime), b.text(".status .eyebrow"))
	require.Equal(t, "Online", b.text(".status h2"))
	require.Equal(t, []string{"status at " + local.Format(time.TimeOnly)}, b.texts(".instant-label"))
	require.Contains(t, b.address(), "from="+url.QueryEscape(at.Add(-30*time.Minute).UTC().Format(apiTime)))
	require.Contains(t, b.address(), "at="+url.QueryEscape(at.UTC().Format(apiTime)))
	b.screenshot("at")
	copied := b.copied(".headline .foot .button")
	require.Contains(t, copied, "Status at "+local.Format("2006-01-02T15:04:05.000-07:00")+": Online")
	require.Contains(t, copied, "at="+url.QueryEscape(at.UTC().Format(apiTime)))
	report := b.download(".exports button:nth-of-type(4)")
	require.Contains(t, report, "status at "+local.Format(time.TimeOnly))

	b.click("#timeline-earlier")
	b.await(`!document.querySelector('.instant')`)
	require.Equal(t, "Online", b.text(".status h2"), "the card shows the instant even outside the range")
	b.click("#status-now")
	b.await(`document.querySelector('.status .eyebrow').innerText === 'NOW'`)
	require.NotContains(t, b.address(), "at=")
	require.Equal(t, "Offline", b.text(".status h2"))
}

// testAtChosen checks that the user can choose the instant of the status, and go back to now.
func testAtChosen(t *testing.T, p *pageTest) {
	local := p.now.Add(-45 * time.Minute).In(berlin(t))
	b := p.open(t, busyDevice, time.Hour, viewer{})
	b.click("#status-other")
	b.run(chromedp.Evaluate(`document.querySelector('#status-at').value = `+quoted(local.Format("2006-01-02T15:04:05")), nil))
	b.click(".status-instant [type=submit]")
	b.await(`document.querySelector('.instant')`)
	require.Equal(t, "Online", b.text(".status h2"))
	require.Equal(t, 9, b.count(".event"))
	b.run(chromedp.NavigateBack())
	b.await(`!document.querySelector('.instant')`)
	require.Equal(t, "Offline", b.text(".status h2"))
}

// testAtInvalid checks instants in the URL that cannot be shown.
func testAtInvalid(t *testing.T, p *pageTest) {
	b := openTab(t, p.chromium, p.stack, viewer{})
	b.open("/?" + url.Values{"instance": {pageInstance}, "client": {busyDevice}, "at": {p.now.AddDate(1, 0, 0).Format(time.RFC3339)}}.Encode())
	b.await(`document.querySelector('.status .eyebrow')?.innerText === 'NOW'`)
	require.NotContains(t, b.address(), "at=", "an instant in the future is now")

	b.open("/?" + url.Values{"instance": {pageInstance}, "client": {busyDevice}, "at": {"noon"}}.Encode())
	b.await(`!document.querySelector('#query-fault').hidden`)
	require.Contains(t, b.text("#query-fault"), "The link asks for the status at “noon”, which is not a time.")

	b.open("/?" + url.Values{"instance": {pageInstance}, "client": {busyDevice}, "at": {p.now.AddDate(0, 0, -20).Format(time.RFC3339)}}.Encode())
	b.await(`document.querySelector('.notice.empty')`)
	require.Contains(t, b.text(".notice.empty"), "Later events may exist.", "the device is not unknown")
	require.Regexp(t, `^No connections recorded from \d{4}-\d\d-\d\d until then\.$`, b.text(".status .since"))
	b.click(".notice.empty .button")
	b.await(`document.querySelector('.notice.empty')?.innerText.includes('The last event of this device was at')`)
}

// testAtOfRow checks that a row of the table offers the status at the time of its event.
func testAtOfRow(t *testing.T, p *pageTest) {
	b := p.open(t, busyDevice, time.Hour, viewer{})
	b.click(".event:nth-of-type(5) .disclose")
	b.click(".details .button:last-child")
	b.await(`document.querySelector('.instant')`)
	require.Equal(t, "Online", b.text(".status h2"))
	require.Contains(t, b.address(), "at="+url.QueryEscape(p.now.Add(-20*time.Minute).UTC().Format(apiTime)))
}

// testEndedLater checks what the page says about a connection that is open at the end of a range in
// the past. The page must not say that the connection is still open. It must say how the connection
// ended later.
func testEndedLater(t *testing.T, p *pageTest) {
	end := p.now.Add(-40 * time.Minute)
	later := "ended later: " + end.In(berlin(t)).Format(time.DateTime)
	report := p.diagnosis(t, busyDevice, time.Hour)
	connection := report["connections"].([]any)[0].(map[string]any)
	b := openTab(t, p.chromium, p.stack, viewer{})
	stop := b.intercept(func(e *fetch.EventRequestPaused) chromedp.Action {
		if !strings.Contains(e.Request.URL, "/diagnosis?") {
			return fetch.ContinueRequest(e.RequestID)
		}
		connection["end"], connection["end_is"], connection["kind"] = nil, "open", "open"
		connection["ended_later"] = map[string]any{"time": end.UTC().Format(apiTime), "end_is": "reported", "kind": "no-heart", "action": "close", "action_info": "no heart", "native_reason": "keepalive_timeout"}
		report["connections"] = []any{connection}
		report["to"] = end.Add(-5 * time.Minute).UTC().Format(apiTime)
		return fulfil(e, http.StatusOK, asJSON(t, report))
	})
	b.open(pathTo(busyDevice, end.Add(-5*time.Minute), time.Hour))
	b.results()
	stop()
	require.Contains(t, b.text(".later-ends"), later)
	require.Contains(t, b.text(".later-ends"), ", no heart")
	require.Contains(t, b.text(".legend"), "open at the end of this span 1")
	label := eval[string](b, "document.querySelector('.timeline .bar').getAttribute('aria-label')")
	require.Regexp(t, "open at the end of this span · "+later+".*, no heart$", label)
	b.click(".timeline .bar")
	require.Equal(t, "open at the end of this span", b.text(".picked-connection h3"))
	require.Regexp(t, "Ended later .*, no heart", b.text(".picked-connection .evidence"))
	require.Contains(t, b.copied(".picked-connection header .button:nth-last-of-type(2)"), "\nEnded later: "+end.In(berlin(t)).Format("2006-01-02T15:04:05.000-07:00")+", no heart")
	b.click(".connection-list summary")
	b.await(`document.querySelector('.connection-list tbody tr')`)
	require.Contains(t, b.text(".connection-list tbody"), later)
	b.screenshot("ended-later")
	require.Contains(t, b.download(".exports button:nth-of-type(4)"), later)

	const client = "GID_page@@@open"
	p.stack.record(t, pageInstance, p.connection(client, 10*time.Minute, 0, "", "")[:1])
	b.open("/?" + url.Values{"instance": {pageInstance}, "client": {client}}.Encode())
	b.await(`document.querySelector('h1 .datum')?.innerText === ` + quoted(client))
	require.Contains(t, b.text(".legend"), "still open 1")
}

// testLookingBack checks that the page looks further back if the state at the start of the range is
// unknown. When the state is found, the page must keep the selection, the opened parts and the
// focus.
func testLookingBack(t *testing.T, p *pageTest) {
	whole := p.diagnosis(t, busyDevice, time.Hour)
	stretches := whole["timeline"].([]any)
	stretches[0].(map[string]any)["state"] = "offline"
	held := make(chan struct{})
	b := openTab(t, p.chromium, p.stack, viewer{})
	stop := b.intercept(func(e *fetch.EventRequestPaused) chromedp.Action {
		if !strings.Contains(e.Request.URL, "since=1") {
			return fetch.ContinueRequest(e.RequestID)
		}
		return chromedp.ActionFunc(func(ctx context.Context) error {
			select {
			case <-held:
				return fulfil(e, http.StatusOK, asJSON(t, whole)).Do(ctx)
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	})
	b.open(p.path(busyDevice, time.Hour))
	b.awaitEarly(`document.querySelector('.looking')?.innerText === 'Looking further back…' && document.querySelector('.timeline .bar')`)
	b.awaitEarly(`document.querySelector('.scope-text')`) // which moves everything below it
	require.Equal(t, 1, b.count(".timeline .unknown"))
	b.run(chromedp.Click(".bar.kind-no-heart", chromedp.ByQuery))
	b.awaitEarly(`document.querySelector('.picked-connection')`)
	// The scope of the chosen drop may move the list at any time, so a click at a place could miss.
	b.run(chromedp.Evaluate("document.querySelector('.headline .evidence-list summary').click()", nil))
	b.run(chromedp.Focus(".timeline [tabindex='0']", chromedp.ByQuery), chromedp.Evaluate("scrollTo(0, 200)", nil))
	close(held)
	b.results()
	stop()
	require.Zero(t, b.count(".timeline .unknown"))
	require.Equal(t, 1, b.count(".bar.picked"))
	require.Equal(t, "no heart", b.text(".picked-connection h3"))
	require.True(t, eval[bool](b, `document.querySelector('.headline .evidence-list').open`))
	require.InDelta(t, 200, eval[float64](b, "scrollY"), 1)
	require.Equal(t, "true", eval[string](b, "document.activeElement.getAttribute('aria-pressed')"))
	require.Contains(t, b.text(".receipt"), "Cost: 7 API calls")
}
