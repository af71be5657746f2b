package fleet_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/fleet"
	"devicetrace/pkg/summary"
)

var noon = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

// cellAt returns a cell of the given number of minutes after noon.
func cellAt(minute int, node, action, info string, events int64) summary.Cell {
	return summary.Cell{
		Minute: summary.MinuteOf(noon.UnixMilli()) + summary.Minute(minute),
		Key:    summary.Key{Node: node, Action: action, ActionInfo: info},
		Events: events, Devices: events,
	}
}

func refused(c summary.Cell) summary.Cell { c.Refused = true; return c }
func ofRest(c summary.Cell) summary.Cell  { c.Rest = true; return c }

func TestViewIsTheDocumentedJSON(t *testing.T) {
	t.Parallel()
	sums := &summary.Sums{
		Cells: []summary.Cell{
			cellAt(-1, "n1", "close", "no heart", 9), // before the span
			cellAt(0, "n1", "close", "no heart", 2),
			cellAt(0, "n2", "close", "no heart", 1),
			cellAt(0, "n1", "connect", "accepted", 4),
			cellAt(4, "n1", "disconnect", "disconnected by client", 3),
			refused(cellAt(10, "n1", "connect", "not authorized", 5)),
			ofRest(cellAt(14, "", "close", "", 7)),
			cellAt(15, "n1", "close", "no heart", 9), // after the span
		},
		Totals: &summary.Totals{Devices: 20, Dropped: 8, Flapping: 1, Offline: 3, Most: []summary.Device{
			{ClientID: "c", Username: summary.Dated{Text: "u"}, Node: summary.Dated{Text: "n1"}, Drops: 11, Connects: 12, Last: noon.UnixMilli()},
		}},
	}
	v := fleet.NewView(sums, noon.Add(time.Minute), noon.Add(14*time.Minute), 5*time.Minute)
	got, err := json.MarshalIndent(v, "", " ")
	require.NoError(t, err)
	require.JSONEq(t, `{
		"totals": {"connects": 4, "refusals": 5, "ends": 13, "drops": 10, "disconnects": 3, "devices": 20, "dropped": 8},
		"steps": [
			{"time": "2026-11-30T12:00:00.000Z", "connects": 4, "refusals": 0, "ends": 6, "drops": 3,
			 "by_reason": [{"action": "close", "action_info": "no heart", "events": 3}, {"action": "disconnect", "action_info": "disconnected by client", "events": 3}],
			 "by_node": [{"node": "n1", "events": 5}, {"node": "n2", "events": 1}]},
			{"time": "2026-11-30T12:05:00.000Z", "connects": 0, "refusals": 0, "ends": 0, "drops": 0, "by_reason": [], "by_node": []},
			{"time": "2026-11-30T12:10:00.000Z", "connects": 0, "refusals": 5, "ends": 7, "drops": 7,
			 "by_reason": [{"action": "close", "action_info": "", "events": 7}],
			 "by_node": [{"node": "", "rest": true, "events": 7}]}
		],
		"reasons": [
			{"action": "close", "action_info": "", "kind": "drop", "events": 7, "before": null},
			{"action": "connect", "action_info": "not authorized", "kind": "refusal", "events": 5, "before": null},
			{"action": "close", "action_info": "no heart", "kind": "drop", "events": 3, "before": null},
			{"action": "disconnect", "action_info": "disconnected by client", "kind": "disconnect", "events": 3, "before": null}
		],
		"nodes": [
			{"node": "n1", "connects": 4, "refusals": 5, "ends": 5, "drops": 2, "before": null},
			{"node": "n2", "connects": 0, "refusals": 0, "ends": 1, "drops": 1, "before": null},
			{"node": "", "rest": true, "connects": 0, "refusals": 0, "ends": 7, "drops": 7, "before": null}
		],
		"flapping": [{"client_id": "c", "username": "u", "node": "n1", "drops": 11, "connects": 12, "last_event": "2026-11-30T12:00:00.000Z"}],
		"down": 3
	}`, string(got))
}

func TestViewOfNothing(t *testing.T) {
	t.Parallel()
	got, err := json.Marshal(fleet.NewView(&summary.Sums{}, noon, noon.Add(time.Minute), time.Minute))
	require.NoError(t, err)
	require.JSONEq(t, `{
		"totals": {"connects": 0, "refusals": 0, "ends": 0, "drops": 0, "disconnects": 0, "devices": null, "dropped": null},
		"steps": [{"time": "2026-11-30T12:00:00.000Z", "connects": 0, "refusals": 0, "ends": 0, "drops": 0, "by_reason": [], "by_node": []}],
		"reasons": [], "nodes": [], "flapping": null, "down": null
	}`, string(got))
}

func TestAlign(t *testing.T) {
	t.Parallel()
	at := func(clock string) time.Time {
		out, err := time.Parse("15:04:05", clock)
		require.NoError(t, err)
		return out.AddDate(2026, 0, 0)
	}
	for _, test := range []struct {
		step                       time.Duration
		from, to, wantFrom, wantTo string
	}{
		{time.Minute, "12:00:01", "12:00:02", "12:00:00", "12:01:00"},
		{time.Minute, "12:00:00", "12:01:00", "12:00:00", "12:01:00"},
		{5 * time.Minute, "12:04:00", "12:06:00", "12:00:00", "12:10:00"},
		{time.Hour, "12:59:59", "13:00:01", "12:00:00", "14:00:00"},
	} {
		from, to := fleet.Align(at(test.from), at(test.to), test.step)
		require.Equal(t, at(test.wantFrom), from, test)
		require.Equal(t, at(test.wantTo), to, test)
	}
}

func TestCompareWithTheDayBefore(t *testing.T) {
	t.Parallel()
	const day = -24 * 60
	count := func(n int64) *int64 { return &n }
	now := []summary.Cell{cellAt(0, "n1", "close", "no heart", 5), cellAt(0, "new", "close", "no heart", 1)}
	for _, test := range []struct {
		name    string
		now     []summary.Cell
		before  []summary.Cell
		reasons []fleet.Reason
		nodes   map[string]*int64
	}{
		{
			"other reasons and nodes", now,
			[]summary.Cell{cellAt(day-1, "n1", "close", "no heart", 50), cellAt(day, "n1", "close", "no heart", 2), cellAt(day+59, "old", "close", "", 3)},
			[]fleet.Reason{
				{Action: "close", ActionInfo: "no heart", Kind: "drop", Events: 6, Before: count(2)},
				{Action: "close", ActionInfo: "", Kind: "drop", Before: count(3)},
			},
			map[string]*int64{"n1": count(2), "new": count(0), "old": count(3)},
		},
		{
			"nothing before", now, nil,
			[]fleet.Reason{{Action: "close", ActionInfo: "no heart", Kind: "drop", Events: 6, Before: count(0)}},
			map[string]*int64{"n1": count(0), "new": count(0)},
		},
		{
			"the day before does not name all nodes", now,
			[]summary.Cell{cellAt(day, "n1", "close", "no heart", 2), ofRest(cellAt(day, "", "close", "no heart", 4))},
			[]fleet.Reason{{Action: "close", ActionInfo: "no heart", Kind: "drop", Events: 6, Before: count(6)}},
			map[string]*int64{"n1": count(2), "new": nil},
		},
		{
			"this day does not name all nodes", append(now, ofRest(cellAt(0, "", "close", "no heart", 1))),
			[]summary.Cell{cellAt(day, "old", "close", "no heart", 2)},
			[]fleet.Reason{{Action: "close", ActionInfo: "no heart", Kind: "drop", Events: 7, Before: count(2)}},
			map[string]*int64{"n1": count(0), "new": count(0), "": nil},
		},
	} {
		v := fleet.NewView(&summary.Sums{Cells: test.now}, noon, noon.Add(time.Hour), time.Hour)
		v.Compare(&summary.Sums{Cells: test.before})
		require.Equal(t, test.reasons, v.Reasons, test.name)
		got := map[string]*int64{}
		for _, n := range v.Nodes {
			got[n.Node] = n.Before
		}
		require.Equal(t, test.nodes, got, test.name)
	}
}

func TestStepsNameTheBusiestNodes(t *testing.T) {
	t.Parallel()
	var cells []summary.Cell
	for i := range 20 {
		cells = append(cells, cellAt(0, fmt.Sprintf("n%02d", i), "close", "", int64(1+i)))
	}
	v := fleet.NewView(&summary.Sums{Cells: cells}, noon, noon.Add(time.Minute), time.Minute)
	require.Len(t, v.Nodes, 20)
	require.Len(t, v.Steps[0].ByNode, 17)
	require.Equal(t, fleet.NodeCount{Node: "n19", Events: 20}, v.Steps[0].ByNode[0])
	require.Equal(t, fleet.NodeCount{Rest: true, Events: 1 + 2 + 3 + 4}, v.Steps[0].ByNode[16])
}
