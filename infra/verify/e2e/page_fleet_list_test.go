package e2e

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/sim"
)

const listed = `document.querySelector('.finder-card tbody tr')`

// testFleetList lists the devices of a node and of a reason, first with the pointer and then with
// the keyboard.
func testFleetList(t *testing.T, p *fleetTest) {
	node := p.incident(sim.NodeRestart).Node
	b := p.fleet(t, fleetPath(fleetInstance, p.day), viewer{})
	b.run(chromedp.Evaluate(`document.querySelector('.chart').isFirst = true`, nil))
	b.click("[data-node=" + quoted(node) + "]")
	b.await(listed)
	require.Regexp(t, `^Devices on `+node+`, most drops first \d+$`, b.text("#finder-title"))
	require.Equal(t, []string{"Client ID", "User name", "Address", "Node", "Drops", "State at the end of the day", "Last event"}, b.texts(".finder-card th"))
	require.Equal(t, p.devices(t, "node", node), b.texts(".finder-card .device-link"))
	require.Equal(t, []string{node}, slices.Compact(b.texts(".finder-card td:nth-child(4)")))
	require.Contains(t, b.text(".finder-card .list-foot"), "All its drops of the day are counted, on any node. Devices searched: ")
	b.requireFocusIn(".finder-card")
	b.requireFits()
	requireNames(b)
	b.screenshot("fleet-node")

	b.enter("[data-reason='no heart']")
	b.await(listed)
	require.Regexp(t, `^Devices whose last drop was “no heart”, most drops first \d+$`, b.text("#finder-title"))
	require.Equal(t, p.devices(t, "reason", "no heart"), b.texts(".finder-card .device-link"))
	b.requireFocusIn(".finder-card")
	require.True(t, eval[bool](b, `document.querySelector('.chart').isFirst`), "the figures must stay")
	b.run(chromedp.NavigateBack())
	b.await(listed + ` && document.querySelector('#finder-title').innerText.startsWith('Devices on ')`)
	b.run(chromedp.Reload())
	b.await(listed + ` && document.querySelector('.chart')`)
	require.Contains(t, b.address(), "node="+node)
	require.Contains(t, b.text("#finder-title"), "Devices on "+node)
	b.enter(".finder-card header button")
	require.Zero(t, b.count(".finder-card"))
	require.NotContains(t, b.address(), "node=")
	b.requireFocusIn("[data-node=" + quoted(node) + "]")

	p.requireListedInChinese(b)
	p.requireHostileNode(b)
	p.requireOnlyKnown(b)
}

// devices asks the API for the devices on the day of the incidents that match a filter. It returns
// the first page, most drops first.
func (p *fleetTest) devices(t *testing.T, filter, value string) (clients []string) {
	t.Helper()
	var answer struct {
		Devices []struct {
			ClientID string `json:"client_id"`
			Drops    int
		}
	}
	p.stack.read(t, "devices", url.Values{"instance": {fleetInstance}, filter: {value}, "order": {"drops"}, "day": {p.day.Format(time.DateOnly)}, "limit": {"20"}}, &answer)
	require.NotEmpty(t, answer.Devices)
	for _, one := range answer.Devices {
		clients = append(clients, one.ClientID)
	}
	return clients
}

// requireListedInChinese checks the headings in Chinese, on a phone.
func (p *fleetTest) requireListedInChinese(b *tab) {
	t := b.t
	t.Helper()
	phone := p.fleet(t, fleetPath(fleetInstance, p.day, "reason", "no heart"), viewer{width: 320, height: 640, mobile: true, languages: "zh-CN"})
	phone.await(listed)
	require.Contains(t, phone.text("#finder-title"), "最近一次掉线原因为“no heart”的设备，掉线最多的在前")
	require.Contains(t, phone.texts(".finder-card th"), "当日结束时的状态")
	phone.requireFits()
}

// requireHostileNode checks the list of a node with a hostile name.
func (p *fleetTest) requireHostileNode(b *tab) {
	b.t.Helper()
	b.open(fleetPath(oddInstance, startOfDay(p.odd), "node", "<u>node</u>\u202E"))
	b.await(`document.querySelectorAll('.finder-card tbody tr').length === 8`)
	require.Contains(b.t, b.text("#finder-title"), "Devices on <u>node</u>U+202E, most drops first")
}

// requireOnlyKnown checks that a row has no button to list its devices if the API cannot filter
// devices by what the row shows.
func (p *fleetTest) requireOnlyKnown(b *tab) {
	t := b.t
	t.Helper()
	var answer map[string]any
	p.stack.read(t, "fleet", url.Values{"instance": {fleetInstance}, "from": {p.day.Format(apiTime)}, "to": {p.day.Add(24 * time.Hour).Format(apiTime)}, "step": {"5m"}}, &answer)
	var reasons, nodes []any
	for i, one := range [][2]string{{"no heart", "drop"}, {"", "drop"}, {"of tomorrow", "drop"}, {"not authorized", "refusal"}, {"disconnected by client", "disconnect"}} {
		reasons = append(reasons, map[string]any{"action": "close", "action_info": one[0], "kind": one[1], "events": 10 - i})
	}
	for i, name := range []string{strings.Repeat("w", 200), "", "n2"} {
		nodes = append(nodes, map[string]any{"node": name, "connects": 1, "refusals": 0, "ends": 1, "drops": 10 - i})
	}
	answer["reasons"], answer["nodes"] = reasons, append(nodes, map[string]any{"node": "", "rest": true, "connects": 1, "refusals": 0, "ends": 1, "drops": 1})
	defer b.respond("/fleet?", 200, asJSON(t, answer))()
	b.open(fleetPath(fleetInstance, p.day))
	b.await(`document.querySelector('[data-node]')`)
	require.Equal(t, []string{"no heart", "reason not reported"}, b.texts("[data-reason]"))
	require.Equal(t, []string{strings.Repeat("w", 80) + "… (200 characters)", "n2"}, b.texts("[data-node]"))
	b.click("[data-reason=unexplained]")
	b.await(`document.querySelector('.finder-card .list-foot')`)
	require.Contains(t, b.text("#finder-title"), "Devices whose last drop has no known reason, most drops first")
	require.Contains(t, b.address(), "reason=unexplained")
	b.click("[data-node^=w]")
	b.await(`document.querySelector('.finder-card .card-note')`)
	require.Equal(t, "There is no such device on this day.", b.text(".finder-card .card-note"))
}
