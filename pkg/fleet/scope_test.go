package fleet_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
	"devicetrace/pkg/fleet"
	"devicetrace/pkg/segment"
	"devicetrace/pkg/summary"
)

// history is a list of rows. Its methods add rows, and return it.
type history []segment.Row

// at is the time of the drop in the tests: half a minute after noon.
var at = noon.Add(30 * time.Second)

// add adds a row of the device with the given number, at the given time after at. The address is in
// the network with the same number, modulo 10.
func (h history) add(device int, after time.Duration, node, action, info string) history {
	row := segment.Row{
		ClientID: fmt.Sprintf("c%03d", device), Time: at.Add(after).UnixMilli(), Node: node, Action: action, ActionInfo: info,
		PeerAddress: fmt.Sprintf("192.0.%d.%d", device%10, device), TimeOrigin: string(event.FromBroker),
	}
	if action == "close" {
		row.ConnectedAt = row.Time - 1
	}
	return append(h, row)
}

// drops adds a drop of each device from first to last, 100 ms apart.
func (h history) drops(first, last int, after time.Duration, node, info string) history {
	for d := first; d <= last; d++ {
		h = h.add(d, after+time.Duration(d-first)*100*time.Millisecond, node, "close", info)
	}
	return h
}

func (h history) connects(first, last int, after time.Duration, node, info string) history {
	for d := first; d <= last; d++ {
		h = h.add(d, after+time.Duration(d-first)*100*time.Millisecond, node, "connect", info)
	}
	return h
}

// ordinary adds connects and drops of devices on each of the given nodes. They happen more than an
// hour before at.
func (h history) ordinary(nodes ...string) history {
	for i := range 30 {
		h = h.add(500+i, -time.Duration(65+10*i)*time.Minute-30*time.Second, nodes[i%len(nodes)], "close", "invalid param")
		h = h.add(500+i, -time.Duration(65+10*i)*time.Minute, nodes[i%len(nodes)], "connect", "accepted")
	}
	return h
}

// sameNetwork gives all rows addresses in one network.
func (h history) sameNetwork() history {
	for i := range h {
		h[i].PeerAddress = fmt.Sprintf("198.51.100.%d", i%250)
	}
	return h
}

func (h history) received() history {
	for i := range h {
		h[i].TimeOrigin = string(event.FromReceiver)
	}
	return h
}

// input returns the question about the drop (or refusal) of device 1 at the time at.
func (h history) input(of fleet.Of) fleet.ScopeInput {
	sums := sumsOf(h)
	in := fleet.ScopeInput{
		At: at, ClientID: "c001", Of: of, Cells: sums.Cells, Vicinities: sums.Vicinities, Own: []fleet.Drop{},
		Exact: true, Complete: true, Now: at.Add(time.Hour),
	}
	for _, d := range h.list(of) {
		if d.ClientID == "c001" {
			in.Own = append(in.Own, d)
		}
	}
	return in
}

func sumsOf(h history) *summary.Sums {
	h = slices.Clone(h)
	slices.SortFunc(h, func(a, b segment.Row) int { return a.Compare(&b) })
	fold := summary.NewFold(false)
	for i := range h {
		fold.Add(&h[i])
	}
	return fold.Sums()
}

// list returns the drops or refusals.
func (h history) list(of fleet.Of) []fleet.Drop {
	drops := []fleet.Drop{}
	for i := range h {
		kind := summary.KindOf(&h[i])
		if kind == summary.Drop && of == fleet.Drops || kind == summary.Refusal && of == fleet.Refusals {
			drops = append(drops, fleet.Drop{
				ClientID: h[i].ClientID, Time: fleet.Instant(h[i].Time), Node: h[i].Node, Address: h[i].PeerAddress,
				Action: h[i].Action, ActionInfo: h[i].ActionInfo,
			})
		}
	}
	return drops
}

const day = 24 * time.Hour

// scopes lists questions with the right answers. The device in question is number 1.
var scopes = []struct {
	name    string
	rows    history
	of      fleet.Of // Drops if empty
	change  func(*fleet.ScopeInput, history)
	want    fleet.Kind
	named   string
	english string
	chinese string
}{
	{
		"nobody else", history{}.drops(1, 1, 0, "n1", "no heart").ordinary("n1", "n2"), "", nil, fleet.Alone, "",
		"Only this device dropped. No other device dropped within 3 minutes; usually none.",
		"只有该设备掉线。3 分钟内没有其他设备掉线；平时没有。",
	},
	{
		"one other", history{}.drops(1, 2, 0, "n1", "no heart"), "", nil, fleet.Alone, "",
		"Only this device and one other dropped. 1 other device dropped within 3 minutes; usually none.",
		"只有该设备和另一台设备掉线。3 分钟内另有 1 台设备掉线；平时没有。",
	},
	{
		"the device itself dropped often", history{}.drops(1, 1, -time.Minute, "n1", "no heart").drops(1, 1, 0, "n1", "no heart").drops(1, 1, time.Minute, "n1", ""),
		"", nil, fleet.Alone, "",
		"Only this device dropped. No other device dropped within 3 minutes; usually none.",
		"只有该设备掉线。3 分钟内没有其他设备掉线；平时没有。",
	},
	{
		"no drop on record", history{}.drops(2, 2, -3*time.Hour, "n1", "no heart"), "", nil, fleet.Alone, "",
		"No other device dropped. No other device dropped within 3 minutes; usually none.",
		"没有其他设备掉线。3 分钟内没有其他设备掉线；平时没有。",
	},
	{
		"no drop on record, and one other", history{}.drops(2, 2, 0, "n1", "no heart"), "", nil, fleet.Alone, "",
		"Only one other device dropped. 1 other device dropped within 3 minutes; usually none.",
		"只有另一台设备掉线。3 分钟内另有 1 台设备掉线；平时没有。",
	},
	{
		"too few others", history{}.drops(1, 5, 0, "n1", "no heart"), "", nil, fleet.NotClear, "",
		"Not clear whether the drops have a common cause. 4 other devices dropped within 3 minutes; usually none. That is not enough to show a common cause.",
		"无法判断掉线是否有共同原因。3 分钟内另有 4 台设备掉线；平时没有。这不足以判断是否有共同原因。",
	},
	{
		"a node", history{}.drops(1, 40, 0, "n1", "ServerShutdown").drops(41, 42, 0, "n2", "no heart").ordinary("n1", "n2"), "", withRows, fleet.ByNode, "n1",
		"Devices on n1 dropped together. 41 other devices dropped within 3 minutes, 95% on n1; usually none. At least 90% of them dropped within 5 s.",
		"n1 上的设备同时掉线。3 分钟内另有 41 台设备掉线，其中 95% 在 n1 上；平时没有。至少 90% 在 5 秒之内掉线。",
	},
	{
		"a node, without rows", history{}.drops(1, 40, 0, "n1", "ServerShutdown").ordinary("n1", "n2"), "", nil, fleet.ByNode, "n1",
		"Devices on n1 dropped together. 39 other devices dropped within 3 minutes, all of them on n1; usually none. A sample of 4 devices dropped within 2 s.",
		"n1 上的设备同时掉线。3 分钟内另有 39 台设备掉线，其中全部在 n1 上；平时没有。抽样的 4 台在 2 秒之内掉线。",
	},
	{
		"another node", history{}.drops(1, 1, 0, "n2", "no heart").drops(2, 40, 0, "n1", "no heart").ordinary("n1", "n2"), "", withRows, fleet.NotClear, "",
		"Many devices dropped together, but this one seems unrelated. 39 other devices dropped within 3 minutes, all of them on n1; usually none. This device was on n2.",
		"多台设备同时掉线，但该设备不在其中。3 分钟内另有 39 台设备掉线，其中全部在 n1 上；平时没有。该设备在 n2 上。",
	},
	{
		"a network", history{}.drops(1, 20, 0, "n1", "no heart").drops(31, 50, 0, "n2", "no heart").sameNetwork().ordinary("n1", "n2"), "", withRows, fleet.ByNetwork, "198.51.100.0/24",
		"Devices in 198.51.100.0/24 dropped together. 39 other devices dropped within 3 minutes, all of them in 198.51.100.0/24; usually none. At least 90% of them dropped within 2 s.",
		"198.51.100.0/24 中的设备同时掉线。3 分钟内另有 39 台设备掉线，其中全部在 198.51.100.0/24 中；平时没有。至少 90% 在 2 秒之内掉线。",
	},
	{
		"one address for all devices", history{}.drops(1, 20, 0, "n1", "no heart").drops(31, 50, 0, "n2", "no heart").ordinary("n1", "n2").sameNetwork(), "", withRows, fleet.ByReason, "no heart",
		"Devices dropped together: no heart. 39 other devices dropped within 3 minutes, all of them with the reason “no heart”; usually none. At least 90% of them dropped within 2 s.",
		"多台设备同时掉线：no heart。3 分钟内另有 39 台设备掉线，其中全部的原因为“no heart”；平时没有。至少 90% 在 2 秒之内掉线。",
	},
	{
		"the fleet", history{}.drops(1, 20, 0, "n1", "no heart").drops(31, 50, 0, "n2", "closed by client").ordinary("n1", "n2"), "", withRows, fleet.Fleet, "",
		"Devices across the fleet dropped together. 39 other devices dropped within 3 minutes, on 2 nodes; usually none. At least 90% of them dropped within 2 s.",
		"整个设备群同时掉线。3 分钟内另有 39 台设备掉线，分布在 2 个节点上；平时没有。至少 90% 在 2 秒之内掉线。",
	},
	{
		"the fleet, with unknown nodes", history{}.drops(1, 20, 0, "n1", "no heart").drops(31, 50, 0, "n2", "closed by client").drops(51, 55, 0, "", "").ordinary("n1", "n2"), "", withRows, fleet.Fleet, "",
		"Devices across the fleet dropped together. 44 other devices dropped within 3 minutes; usually none. At least 90% of them dropped within 2 s.",
		"整个设备群同时掉线。3 分钟内另有 44 台设备掉线；平时没有。至少 90% 在 2 秒之内掉线。",
	},
	{"ends without a word", history{}.drops(1, 20, 0, "", ""), "", withRows, fleet.Fleet, "", "", ""},
	{"a single node, several reasons", history{}.drops(1, 20, 0, "n1", "no heart").drops(21, 40, 0, "n1", "").ordinary("n1"), "", withRows, fleet.ByNode, "n1",
		"Devices on n1 dropped together. 39 other devices dropped within 3 minutes, all of them on n1; usually none. No other node had any events in the 24 hours before.",
		"n1 上的设备同时掉线。3 分钟内另有 39 台设备掉线，其中全部在 n1 上；平时没有。此前 24 小时内其他节点没有任何事件。"},
	{"a single node, one reason", history{}.drops(1, 20, 0, "n1", "no heart").ordinary("n1"), "", withRows, fleet.ByReason, "no heart", "", ""},
	{"a single node, one network", history{}.drops(1, 20, 0, "n1", "no heart").sameNetwork().ordinary("n1"), "", withRows, fleet.ByNetwork, "198.51.100.0/24", "", ""},
	{"a node whose name is long", history{}.drops(1, 40, 0, "a\n"+string(make([]byte, 9))+"name-that-is-longer-than-forty-characters", "").ordinary("n1", "n2"), "", nil, fleet.ByNode,
		"a\n" + string(make([]byte, 9)) + "name-that-is-longer-than-forty-characters",
		"Devices on a name-that-is-longe…an-forty-characters dropped together. 39 other devices dropped within 3 minutes, all of them on a name-that-is-longe…an-forty-characters; usually none. A sample of 4 devices dropped within 2 s.", ""},
	{
		"as many in the hour before", history{}.each(-60, -2, 1, func(h history, m int) history { return h.drops(50, 58, time.Duration(m)*time.Minute, "n1", "") }).drops(1, 9, 0, "n1", ""),
		"", nil, fleet.NotClear, "",
		"No more drops than usual. 8 other devices dropped within 3 minutes; usually 9. Nothing suggests a common cause.",
		"掉线数量不高于平时。3 分钟内另有 8 台设备掉线；平时为 9 台。没有迹象表明存在共同原因。",
	},
	{"as many an hour before", history{}.drops(1, 9, 0, "n1", "").drops(50, 58, -time.Hour, "n1", ""), "", nil, fleet.NotClear, "", "", ""},
	{"as many a day before", history{}.drops(1, 9, 0, "n1", "").drops(50, 58, -day, "n1", ""), "", nil, fleet.NotClear, "", "", ""},
	{"as many half an hour before", history{}.drops(1, 9, 0, "", "no heart").drops(50, 58, -30*time.Minute, "", ""), "", nil, fleet.ByReason, "no heart", "", ""},
	{"the same devices in other minutes", history{}.drops(1, 3, 0, "n1", "").drops(2, 3, -time.Minute, "n1", "").drops(2, 3, time.Minute, "n1", ""), "", nil, fleet.NotClear, "",
		"Not clear whether the drops have a common cause. 2 other devices dropped within 3 minutes; usually none. That is not enough to show a common cause.", ""},
	{"not counted", history{}.drops(1, 40, 0, "n1", ""), "", func(in *fleet.ScopeInput, _ history) { in.Complete = false }, fleet.Unknown, "",
		"Not known who else dropped. Not all events could be counted, so the number of other devices is not known.",
		"不知道还有哪些设备掉线。未能统计全部事件，因此其他设备的数量未知。"},
	{"counted twice, perhaps", history{}.drops(1, 9, 0, "n1", ""), "", func(in *fleet.ScopeInput, _ history) { in.Exact, in.AtMostTwice = false, 1000 }, fleet.NotClear, "",
		"Not clear whether the drops have a common cause. At most 8 other devices dropped within 3 minutes; usually none. That is not enough to show a common cause.",
		"无法判断掉线是否有共同原因。3 分钟内至多另有 8 台设备掉线；平时没有。这不足以判断是否有共同原因。"},
	{"counted twice, hardly", history{}.drops(1, 9, 0, "", "no heart"), "", func(in *fleet.ScopeInput, _ history) { in.Exact, in.AtMostTwice = false, 2 }, fleet.ByReason, "no heart", "", ""},
	{"no vicinities", history{}.drops(1, 40, 0, "n1", "").ordinary("n1", "n2"), "", func(in *fleet.ScopeInput, _ history) { in.Vicinities = nil }, fleet.ByNode, "n1",
		"Devices on n1 dropped together. At most 39 other devices dropped within 3 minutes, nearly all of them on n1; usually none.", ""},
	{"times of receipt, just now", history{}.drops(1, 40, 0, "n1", "").ordinary("n1", "n2").received(), "", func(in *fleet.ScopeInput, _ history) { in.Now = at.Add(time.Minute) }, fleet.ByNode, "n1",
		"Devices on n1 dropped together. 39 other devices dropped within 3 minutes, all of them on n1; usually none. A sample of 4 devices dropped within 2 s. The times show when the events were received. More events may still arrive.",
		"n1 上的设备同时掉线。3 分钟内另有 39 台设备掉线，其中全部在 n1 上；平时没有。抽样的 4 台在 2 秒之内掉线。时间为接收时间。可能还有事件尚未到达。"},

	{
		"refused together", history{}.connects(1, 20, 0, "n1", "not authorized").connects(31, 50, 0, "n2", "not authorized").ordinary("n1", "n2"), fleet.Refusals, withRows, fleet.ByReason, "not authorized",
		"Devices were refused together: not authorized. 39 other devices were refused within 3 minutes, all of them with the reason “not authorized”; usually none. At least 90% of them were refused within 2 s.",
		"多台设备的登录同时被拒绝：not authorized。3 分钟内另有 39 台设备的登录被拒绝，其中全部的原因为“not authorized”；平时没有。至少 90% 在 2 秒之内被拒绝。",
	},
	{
		"refused for hours", history{}.each(-300, 0, 5, func(h history, m int) history {
			return h.connects(1, 20, time.Duration(m)*time.Minute, "n1", "not authorized")
		}).ordinary("n1"), fleet.Refusals, nil, fleet.ByReason, "not authorized", "", "",
	},
	{"no refusal on record", history{}.connects(2, 2, 0, "n1", "not authorized"), fleet.Refusals, nil, fleet.Alone, "",
		"Only one other device was refused. 1 other device was refused within 3 minutes; usually none.",
		"只有另一台设备的登录被拒绝。3 分钟内另有 1 台设备的登录被拒绝；平时没有。"},
	{"refused alone", history{}.connects(1, 1, 0, "n1", "not authorized").drops(2, 40, 0, "n1", ""), fleet.Refusals, nil, fleet.Alone, "",
		"Only this device was refused. No other device was refused within 3 minutes; usually none.",
		"只有该设备的登录被拒绝。3 分钟内没有其他设备的登录被拒绝；平时没有。"},

	{
		"a crash", history{}.connects(1, 40, 0, "n1", "accepted").ordinary("n1", "n2"), "", lostFrom("n1"), fleet.ByNode, "n1",
		"Devices reconnected to n1 together. 40 devices connected within 3 minutes, nearly all to n1; usually none. A broker that crashes reports no drops, so this may have been a crash.",
		"设备同时重新连接到 n1。3 分钟内有 40 台设备连接，几乎全部连接到 n1；平时没有。服务端崩溃时不会上报掉线，因此可能发生了崩溃。",
	},
	{
		"a crash, the devices move", history{}.connects(1, 20, time.Minute, "n2", "accepted").connects(21, 40, time.Minute, "n3", "accepted").ordinary("n1", "n2", "n3"), "", lostFrom("n1"), fleet.ByNode, "n1",
		"Devices reconnected together, but not to n1. 40 devices connected within 3 minutes, hardly any to n1; usually none. A broker that crashes reports no drops, so this may have been a crash.",
		"设备同时重新连接，但都不在 n1 上。3 分钟内有 40 台设备连接，几乎没有连接到 n1 的；平时没有。服务端崩溃时不会上报掉线，因此可能发生了崩溃。",
	},
	{
		"a crash of all nodes", history{}.connects(1, 20, 0, "n1", "accepted").connects(21, 40, 0, "n2", "accepted").ordinary("n1", "n2"), "", lostFrom("n1"), fleet.Fleet, "",
		"Many devices connected together. 40 devices connected within 3 minutes; usually none. A broker that crashes reports no drops, so this may have been a crash.",
		"大量设备同时重新连接。3 分钟内有 40 台设备连接；平时没有。服务端崩溃时不会上报掉线，因此可能发生了崩溃。",
	},
	{"many connect, but the drop is on record", history{}.drops(1, 1, 0, "n1", "no heart").connects(2, 40, 0, "n1", "accepted").ordinary("n1", "n2"), "", nil, fleet.Alone, "", "", ""},
	{"as many connected a day before", history{}.connects(1, 40, 0, "n1", "accepted").connects(51, 90, -day, "n1", "accepted"), "", lostFrom("n1"), fleet.Alone, "", "", ""},

	{"an instant without drops", history{}.ordinary("n1"), "", instant, fleet.Alone, "",
		"No device dropped. No device dropped within 3 minutes; usually none.", "没有设备掉线。3 分钟内没有设备掉线；平时没有。"},
	{"an instant with one drop", history{}.drops(1, 1, 0, "n1", ""), "", instant, fleet.Alone, "",
		"Only one device dropped. 1 device dropped within 3 minutes; usually none.", "只有一台设备掉线。3 分钟内有 1 台设备掉线；平时没有。"},
	{"an instant with many drops", history{}.drops(1, 40, 0, "n1", "").ordinary("n1", "n2"), "", instant, fleet.ByNode, "n1",
		"Devices on n1 dropped together. 40 devices dropped within 3 minutes, all of them on n1; usually none. A sample of 4 devices dropped within 2 s.", ""},
	{"an instant with connects of the first day", history{}.connects(1, 40, 0, "n1", "accepted"), "", instant, fleet.Alone, "", "", ""},
	{"an instant with connects", history{}.connects(1, 40, 0, "n1", "accepted").drops(99, 99, -day, "n2", ""), "", instant, fleet.ByNode, "n1", "", ""},
}

// each calls f for every step-th number from first to last.
func (h history) each(first, last, step int, f func(h history, n int) history) history {
	for n := first; n <= last; n += step {
		h = f(h, n)
	}
	return h
}

func withRows(in *fleet.ScopeInput, h history) { in.Rows = h.list(in.Of) }

func instant(in *fleet.ScopeInput, _ history) { in.ClientID, in.Own = "", nil }

func lostFrom(node string) func(*fleet.ScopeInput, history) {
	return func(in *fleet.ScopeInput, _ history) { in.Node = node }
}

func TestScopes(t *testing.T) {
	t.Parallel()
	for _, test := range scopes {
		t.Run(test.name, func(t *testing.T) {
			in := test.rows.input(cmp.Or(test.of, fleet.Drops))
			if test.change != nil {
				test.change(&in, test.rows)
			}
			got := fleet.ScopeOf(in)
			require.Equal(t, test.want, got.Kind, got.Text(fleet.English))
			require.Equal(t, test.named, got.Name)
			if test.english != "" {
				require.Equal(t, test.english, got.Title(fleet.English)+". "+got.Text(fleet.English))
			}
			if test.chinese != "" {
				require.Equal(t, test.chinese, got.Title(fleet.Chinese)+"。"+got.Text(fleet.Chinese))
			}
		})
	}
}

func TestScopeIsTheDocumentedJSON(t *testing.T) {
	t.Parallel()
	in := history{}.drops(1, 3, 0, "n1", "no heart").drops(4, 4, time.Second, "n2", "").connects(2, 2, time.Minute, "n2", "accepted").input(fleet.Drops)
	in.Rows = history{}.drops(1, 3, 0, "n1", "no heart").drops(4, 4, time.Second, "n2", "").list(fleet.Drops)
	got, err := json.Marshal(fleet.ScopeOf(in))
	require.NoError(t, err)
	require.JSONEq(t, `{
		"at": "2026-11-30T12:00:30.000Z", "from": "2026-11-30T11:59:00.000Z", "to": "2026-11-30T12:02:00.000Z",
		"of": "drops", "scope": "not clear", "name": "", "others": 3, "usual": 0, "connects": 1,
		"by_node": [{"node": "n1", "others": 2, "usual": 0}, {"node": "n2", "others": 1, "usual": 0}],
		"by_reason": [{"action": "close", "action_info": "no heart", "others": 2, "usual": 0}, {"action": "close", "action_info": "", "others": 1, "usual": 0}],
		"by_network": [
			{"network": "192.0.2.0/24", "others": 1, "share": 0.3333333333333333},
			{"network": "192.0.3.0/24", "others": 1, "share": 0.3333333333333333},
			{"network": "192.0.4.0/24", "others": 1, "share": 0.3333333333333333}],
		"devices": [
			{"client_id": "c002", "time": "2026-11-30T12:00:30.100Z", "node": "n1", "peer_address": "192.0.2.2", "action": "close", "action_info": "no heart"},
			{"client_id": "c003", "time": "2026-11-30T12:00:30.200Z", "node": "n1", "peer_address": "192.0.3.3", "action": "close", "action_info": "no heart"},
			{"client_id": "c004", "time": "2026-11-30T12:00:31.000Z", "node": "n2", "peer_address": "192.0.4.4", "action": "close", "action_info": ""}],
		"complete": true, "provisional": false, "exact": true, "at_most_twice": 0, "received_times": false
	}`, string(got))
}

// The sums of two days count a device twice if it drops on both sides of midnight. Therefore, the
// number of other devices must be exact only if the rows are known.
func TestScopeAtMidnight(t *testing.T) {
	t.Parallel()
	midnight := noon.Add(12 * time.Hour)
	for _, test := range []struct {
		name   string
		device int           // the device that drops again
		after  time.Duration // since midnight
		exact  bool
		others int64
	}{
		{"the other device, on both sides", 2, 30 * time.Second, false, 2},
		{"the other device, on one side", 2, -20 * time.Second, true, 1},
		{"the device itself, on both sides", 1, 30 * time.Second, true, 1},
	} {
		h := history{}.drops(1, 2, midnight.Sub(at)-30*time.Second, "n1", "no heart").drops(test.device, test.device, midnight.Sub(at)+test.after, "n1", "no heart")
		in := h.input(fleet.Drops)
		in.At = midnight.Add(-30 * time.Second)
		isNext := func(r segment.Row) bool { return r.Time >= midnight.UnixMilli() }
		next := slices.IndexFunc(h, isNext)
		if next < 0 {
			next = len(h)
		}
		sums := summary.Add(sumsOf(h[:next]), sumsOf(h[next:]))
		in.Cells, in.Vicinities = sums.Cells, sums.Vicinities
		s := fleet.ScopeOf(in)
		require.Equal(t, test.others, s.Others, test.name)
		require.Equal(t, test.exact, s.Exact, test.name)
		require.Equal(t, s.Others-1, s.AtMostTwice, test.name)
		withRows(&in, h)
		s = fleet.ScopeOf(in)
		require.Equal(t, int64(1), s.Others, test.name)
		require.True(t, s.Exact, test.name)
	}
}

func TestDevicesAreLimited(t *testing.T) {
	t.Parallel()
	h := history{}.drops(1, 1+fleet.MaxDevices+1, 0, "n1", "no heart")
	in := h.input(fleet.Drops)
	in.Rows = h.list(fleet.Drops)
	got := fleet.ScopeOf(in)
	require.Equal(t, int64(fleet.MaxDevices+1), got.Others)
	require.Len(t, got.Devices, fleet.MaxDevices)
	require.Equal(t, "c002", got.Devices[0].ClientID, "the closest first")
	require.False(t, got.Complete)
}

// Any rows must give the same scope each time, with numbers that are consistent.
func TestScopesOfRandomRows(t *testing.T) {
	t.Parallel()
	for seed := range uint64(100) {
		random := rand.New(rand.NewPCG(seed, 3))
		pick := func(texts ...string) string { return texts[random.IntN(len(texts))] }
		var h history
		for range random.IntN(100) {
			h = h.add(random.IntN(30), time.Duration(random.Int64N(int64(6*time.Minute)))-4*time.Minute, pick("", "n1", "n2"),
				pick("close", "connect", "disconnect"), pick("", "accepted", "no heart", "not authorized"))
		}
		h = h.drops(1, 1, 0, pick("n1", "n2"), "no heart")
		for _, of := range []fleet.Of{fleet.Drops, fleet.Refusals} {
			sums := h.input(of)
			rows := sums
			rows.Rows = h.list(of)
			exact, counted := fleet.ScopeOf(rows), fleet.ScopeOf(sums)
			require.Equal(t, exact, fleet.ScopeOf(rows), "seed %d", seed)
			require.Equal(t, counted, fleet.ScopeOf(sums), "seed %d", seed)
			require.Equal(t, exact.Others, counted.Others, "seed %d", seed)
			require.Len(t, exact.Devices, int(exact.Others), "seed %d", seed)
			for _, n := range counted.ByNode {
				require.LessOrEqual(t, n.Others, counted.Others, "seed %d", seed)
			}
			require.NotEmpty(t, exact.Title(fleet.Chinese))
			require.NotContains(t, counted.Text(fleet.English), "{")
		}
	}
}
