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
