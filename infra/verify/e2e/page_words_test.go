package e2e

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// testWords checks the legend of the words in the table of events, in both languages.
func testWords(t *testing.T, p *pageTest) {
	b := p.open(t, busyDevice, time.Hour, viewer{})
	b.click(".words summary")
	require.Equal(t, []string{
		"connect initiation The client sent CONNECT to start a connection.",
		"close passive termination The TCP connection was closed, and no DISCONNECT was reported. A refused CONNECT also appears as close.",
		"disconnect active termination The client sent DISCONNECT to end the connection.",
	}, b.legendRows(1))
	infos := b.legendRows(2)
	require.Len(t, infos, 11)
	require.Equal(t, "no heart Closed: the client was silent for longer than its keep alive allows.", infos[4])
	require.Equal(t, "reason not reported Closed: the source reported no reason, or one that does not show the cause.", infos[10])
	b.run(chromedp.Evaluate("document.querySelector('.words').scrollIntoView()", nil))
	b.screenshot("words")

	b.click("#lang [value=zh]")
	b.await(`document.querySelector('.words h2').innerText === '各词的含义'`)
	b.click(".words summary")
	require.Equal(t, "disconnect 主动断开 客户端发送 DISCONNECT，主动结束连接。", b.legendRows(1)[2])
	require.Contains(t, b.legendRows(2)[10], "原因未上报 ")
}

// legendRows returns the rows of the first or the second table in the legend of words.
func (b *tab) legendRows(table int) []string {
	b.t.Helper()
	rows := b.texts(".words .scroll:nth-of-type(" + strconv.Itoa(table) + ") tbody tr")
	for i, row := range rows {
		rows[i] = strings.Join(strings.Fields(row), " ")
	}
	return rows
}

// testNoReason checks how the page shows an end without a reason: in the rows, the timeline, the
// filter and the texts to copy. The timeline and the filter use a label that also covers unclear
// reasons. The API leaves action_info empty.
func testNoReason(t *testing.T, p *pageTest) {
	const client, label, neutral = "GID_page@@@no-reason", "reason not reported", "reason unknown"
	p.stack.record(t, pageInstance, p.connection(client, 50*time.Minute, 10*time.Minute, "", ""))
	p.stack.record(t, pageInstance, p.connection(client, 30*time.Minute, 10*time.Minute, "no heart", "keepalive_timeout"))
	b := p.open(t, client, time.Hour, viewer{})
	require.Equal(t, []string{"no heart", "accepted", label, "accepted"}, b.texts(".event .info"))
	require.Contains(t, b.texts(".bar-label"), neutral)

	b.click(".event:nth-of-type(3) .disclose")
	require.Contains(t, b.text(".details .evidence"), "Device Action close – passive termination: The TCP connection was closed, and no DISCONNECT was reported.")
	require.Contains(t, b.text(".details .evidence"), "Action Description "+label+" – Closed: the source reported no reason")
	copied := b.copied(".details .button:first-child")
	require.Contains(t, copied, " close "+label+"\n")
	require.Contains(t, copied, "\nAction Description: "+label+" – ")

	b.click(".legend button[title$='" + neutral + "']")
	b.await(`document.querySelectorAll('.event').length === 1`)
	require.Equal(t, []string{label}, b.texts(".event .info"))
	require.Contains(t, b.address(), "action_info=unexplained")
	require.Equal(t, neutral, eval[string](b, "document.querySelector('#filter-info').selectedOptions[0].innerText"))
	require.Equal(t, "CSV: only events with "+neutral, eval[string](b, "document.querySelector('.exports button:nth-of-type(2)').title"))
	require.Contains(t, b.download(".exports button:nth-of-type(3)"), `"action_info":""`)

	b.click("#lang [value=zh]")
	b.await(`document.querySelector('.event .info')?.innerText === '原因未上报'`)
}

// testUnclearReason checks how the page shows an end whose reason does not show the cause.
func testUnclearReason(t *testing.T, p *pageTest) {
	const client = "GID_page@@@unclear"
	p.stack.record(t, pageInstance, p.connection(client, 50*time.Minute, 10*time.Minute, "", "frobnicated"))
	b := p.open(t, client, time.Hour, viewer{})
	require.Equal(t, []string{"reason not clear", "accepted"}, b.texts(".event .info"))
	require.Equal(t, []string{"frobnicated"}, b.texts(".event .native"))
	require.Contains(t, b.texts(".bar-label"), "reason unknown")
}
