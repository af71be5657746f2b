package e2e

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

func testLanguage(t *testing.T, p *pageTest) {
	b := p.view(t, busyDevice, time.Hour, device{languages: "zh-CN,en"})
	require.Equal(t, "zh-Hans", get[string](b, "document.documentElement.lang"))
	require.Equal(t, "查询", b.text("#search"))
	require.Equal(t, "离线", b.text(".status h2"))
	title := b.text(".headline h2")
	require.Regexp(t, `\p{Han}`, title)
	b.shot("chinese")
	b.click("#lang [value=en]")
	b.await(`document.querySelector('.headline h2').innerText === 'Login refused since it last worked'`)
	require.Equal(t, "Search", b.text("#search"))
	b.run(chromedp.Reload())
	b.results()
	require.Equal(t, "en", get[string](b, "document.documentElement.lang"), "it is remembered")
}

const background = "getComputedStyle(document.body).backgroundColor"

func testColours(t *testing.T, p *pageTest) {
	b := p.view(t, busyDevice, time.Hour, device{dark: true})
	dark := get[string](b, background)
	require.Equal(t, "rgb(12, 16, 21)", dark)
	b.shot("dark")
	b.click("#theme [value=light]")
	b.await(background + " === 'rgb(244, 246, 249)'")
	b.run(chromedp.Reload())
	b.results()
	require.Equal(t, "rgb(244, 246, 249)", get[string](b, background), "it is remembered")
	b.click("#theme [value=auto]")
	b.await(background + " === " + quoted(dark))
}

func testZone(t *testing.T, p *pageTest) {
	b := p.view(t, busyDevice, time.Hour, device{})
	newest := p.now.Add(-460 * time.Second)
	const cell, layout = ".event .col-time time", "2006-01-02 15:04:05.000"
	require.Equal(t, newest.In(berlin(t)).Format(layout), b.text(cell))
	require.Contains(t, get[string](b, "document.querySelector('"+cell+"').title"), newest.In(berlin(t)).Format("2006-01-02T15:04:05.000-07:00"))
	b.click("#zone [value=utc]")
	b.await(`document.querySelector('.order small').innerText === 'UTC'`)
	require.Equal(t, newest.UTC().Format(layout), b.text(cell))
	require.Contains(t, b.text(".subject"), " UTC, 1 h")

	// A whole day is shown as one, in the zone where it is.
	day := p.now.UTC().Truncate(24 * time.Hour)
	b.open(pathTo(busyDevice, day.Add(24*time.Hour-time.Millisecond), 24*time.Hour-time.Millisecond))
	b.await(`document.querySelector('#date').value === ` + quoted(day.Format(time.DateOnly)) + ` && document.querySelector('.subject')`)
	require.Equal(t, "date", get[string](b, "document.querySelector('#query').elements.range.value"))
	b.click("#zone [value=local]")
	require.Equal(t, "custom", get[string](b, "document.querySelector('#query').elements.range.value"))
}

func testPhone(t *testing.T, p *pageTest) {
	b := p.view(t, busyDevice, time.Hour, device{width: 360, height: 740, mobile: true})
	b.requireFits()
	b.shot("phone")
	require.Less(t, get[float64](b, "document.querySelector('.bar').offsetHeight"), 60.0, "one row of switches")
	requireNames(b)
	require.False(t, get[bool](b, "document.querySelector('#device').checkVisibility()"), "the answer comes first")
	b.click("#unfold")
	require.Equal(t, "device", get[string](b, "document.activeElement.id"))
	b.requireFits()
	b.click(".event:nth-of-type(4) .disclose")
	b.await(`document.querySelector('.details')`)
	b.click(".connection-list summary")
	for _, details := range []string{".evidence-list summary", ".verdict summary"} {
		b.click(details)
	}
	b.requireFits()
	b.run(chromedp.Evaluate("document.querySelector('.events').scrollIntoView()", nil))
	b.shot("phone-rows")
}
