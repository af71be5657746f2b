package e2e

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

func testLanguage(t *testing.T, p *pageTest) {
	b := p.open(t, busyDevice, time.Hour, viewer{languages: "zh-CN,en"})
	require.Equal(t, "zh-Hans", eval[string](b, "document.documentElement.lang"))
	require.Equal(t, "查询", b.text("#search"))
	require.Equal(t, "离线", b.text(".status h2"))
	title := b.text(".headline h2")
	require.Regexp(t, `\p{Han}`, title)
	b.screenshot("chinese")
	b.click("#lang [value=en]")
	b.await(`/login refused since/i.test(document.querySelector('.headline h2').innerText)`)
	require.Equal(t, "Search", b.text("#search"))
	b.run(chromedp.Reload())
	b.results()
	require.Equal(t, "en", eval[string](b, "document.documentElement.lang"), "the choice must be remembered")
}

const background = "getComputedStyle(document.body).backgroundColor"

func testColors(t *testing.T, p *pageTest) {
	b := p.open(t, busyDevice, time.Hour, viewer{dark: true})
	dark := eval[string](b, background)
	require.Equal(t, "rgb(12, 16, 21)", dark)
	b.screenshot("dark")
	b.click("#theme [value=light]")
	b.await(background + " === 'rgb(244, 246, 249)'")
	b.run(chromedp.Reload())
	b.results()
	require.Equal(t, "rgb(244, 246, 249)", eval[string](b, background), "the choice must be remembered")
	b.click("#theme [value=auto]")
	b.await(background + " === " + quoted(dark))
}

func testZone(t *testing.T, p *pageTest) {
	b := p.open(t, busyDevice, time.Hour, viewer{})
	newest := p.now.Add(-460 * time.Second)
	const cell, layout = ".event .col-time time", "2006-01-02 15:04:05.000"
	require.Equal(t, newest.In(berlin(t)).Format(layout), b.text(cell))
	require.Contains(t, eval[string](b, "document.querySelector('"+cell+"').title"), newest.In(berlin(t)).Format("2006-01-02T15:04:05.000-07:00"))
	b.click("#zone [value=utc]")
	b.await(`document.querySelector('.order small').innerText === 'UTC'`)
	require.Equal(t, newest.UTC().Format(layout), b.text(cell))
	require.Contains(t, b.text(".subject"), " UTC, 1 h")

	// A range that covers exactly one day in the displayed time zone must be shown as that day.
	day := newest.UTC().Truncate(24 * time.Hour)
	b.open(pathTo(busyDevice, day.Add(24*time.Hour-time.Millisecond), 24*time.Hour-time.Millisecond))
	b.await(`document.querySelector('#date').value === ` + quoted(day.Format(time.DateOnly)) + ` && document.querySelector('.subject')`)
	require.Equal(t, "date", eval[string](b, "document.querySelector('#query').elements.range.value"))
	b.click("#timeline-earlier")
	b.await(`document.querySelector('#date').value === ` + quoted(day.AddDate(0, 0, -1).Format(time.DateOnly)) + ` && !document.querySelector('#date-field').hidden`)
	b.click("#zone [value=local]")
	require.Equal(t, "custom", eval[string](b, "document.querySelector('#query').elements.range.value"))
}

// testClockChange checks a day on which the clocks go back. Some local times then occur twice, so
// the page must add the UTC offset to every local time. The day has 25 hours, but the page shows
// only the first 24. It must say that the last hour is not shown.
func testClockChange(t *testing.T, p *pageTest) {
	events := p.stack.ask(t, with(question(pageInstance, busyDevice, p.now.Add(-time.Hour), p.now), "limit", "2")).body
	var trace map[string]any
	require.NoError(t, json.Unmarshal(events, &trace))
	for i, at := range []string{"2024-10-27T00:30:00.000Z", "2024-10-27T01:30:00.000Z"} {
		trace["events"].([]any)[i].(map[string]any)["time"] = at
	}
	delete(trace, "next_cursor")
	twice, err := json.Marshal(trace)
	require.NoError(t, err)
	b := openTab(t, p.chromium, p.stack, viewer{})
	defer b.respond("/trace?", 200, twice)()
	show := func(to string) {
		end, err := time.Parse(time.RFC3339, to)
		require.NoError(t, err)
		b.open(pathTo("GID_page@@@nobody", end, 24*time.Hour))
		b.await(`document.querySelector('h1 .datum') && document.querySelector('#to').value.startsWith(` + quoted(end.In(berlin(t)).Format("2006-01-02T15:04")) + `)`)
		b.results()
	}
	show("2024-10-27T22:00:00Z")
	require.Equal(t, []string{"2024-10-27 02:30:00.000 +02:00", "2024-10-27 02:30:00.000 +01:00"}, b.texts(".event .col-time time"))
	require.Equal(t, "Europe/Berlin, UTC+02:00 → UTC+01:00", b.text(".order small"))
	require.Contains(t, b.text(".subject"), "Clocks go back on this day, so it is longer than 24 hours. The last 1 h is not shown: use Custom to see it.")
	require.Equal(t, "2024-10-27", eval[string](b, "document.querySelector('#date').value"))
	b.screenshot("clock-change")
	b.click("#zone [value=utc]")
	b.await(`document.querySelector('.order small').innerText === 'UTC'`)
	require.Equal(t, []string{"2024-10-27 00:30:00.000", "2024-10-27 01:30:00.000"}, b.texts(".event .col-time time"))
	require.NotContains(t, b.text(".subject"), "Clocks go back")
	b.click("#zone [value=local]")
	show("2024-10-29T22:00:00Z")
	require.NotContains(t, b.text(".subject"), "Clocks go back")
	require.Equal(t, "Europe/Berlin, UTC+01:00", b.text(".order small"))
}

func testPhone(t *testing.T, p *pageTest) {
	b := p.open(t, busyDevice, time.Hour, viewer{width: 360, height: 740, mobile: true})
	b.requireFits()
	b.screenshot("phone")
	require.Less(t, eval[float64](b, "document.querySelector('.views').offsetTop"), 60.0, "the switches must fit in one row")
	requireNames(b)
	require.False(t, eval[bool](b, "document.querySelector('#device').checkVisibility()"), "the results must come first")
	b.click("#unfold")
	require.Equal(t, "device", eval[string](b, "document.activeElement.id"))
	b.requireFits()
	b.click(".event:nth-of-type(4) .disclose")
	b.await(`document.querySelector('.details')`)
	b.click(".connection-list summary")
	for _, details := range []string{".evidence-list summary", ".explanation summary", ".verdict summary"} {
		b.click(details)
	}
	b.requireFits()
	b.run(chromedp.Evaluate("document.querySelector('.events').scrollIntoView()", nil))
	b.screenshot("phone-rows")
}
