package traceapi

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/memstore"
	"devicetrace/pkg/query"
	"devicetrace/pkg/segment"
	"devicetrace/pkg/summary"
)

// crowdOf returns the events of n devices on the day of now and the day before. The devices connect,
// drop, disconnect and are refused at random.
func crowdOf(n int, seed uint64) (events []event.Event) {
	random := rand.New(rand.NewPCG(seed, 16))
	infos := []event.ActionInfo{event.NoHeart, event.ClosedByClient, event.Unexplained, event.ServerShutdown}
	for i := range n {
		base := happenedTo(fmt.Sprintf("g%d@@@d%03d", i%5, i), event.Connect, 1, "00:00:00")
		base.Node, base.Username = fmt.Sprint("n", i%3), fmt.Sprintf("user-%03d", i/2)
		base.PeerAddress = fmt.Sprintf("10.0.%d.%d", i%7, i%250)
		for at := base.Time.Add(time.Duration(random.Int64N(int64(day)))); at.Before(now); at = at.Add(time.Duration(random.Int64N(int64(6 * time.Hour)))) {
			e := base
			e.Time = at.Truncate(time.Millisecond)
			switch random.IntN(5) {
			case 0:
				e.Action, e.ActionInfo, e.NativeEvent = event.Close, event.NotAuthorized, "client.connack"
			case 1:
				e.Action, e.ActionInfo, e.NativeEvent = event.Disconnect, event.DisconnectedByClient, "disconnect"
			case 2, 3:
				e.Action, e.ActionInfo, e.NativeEvent = event.Close, infos[random.IntN(len(infos))], "close"
			}
			e.ReceivedAt = e.Time
			events = append(events, e)
		}
	}
	return events
}

// recordFresh stores the events of an instance as fresh objects, two for each partition. Some events
// are in both.
func recordFresh(t testing.TB, seed uint64, events ...event.Event) *memstore.Store {
	random := rand.New(rand.NewPCG(seed, 17))
	store := emptyBucket(t)
	objects := map[layout.Partition][2][]event.Event{}
	for _, e := range events {
		where := shards.PartitionOf(e.InstanceID, e.ClientID, e.Time)
		both, first := objects[where], random.IntN(2)
		both[first] = append(both[first], e)
		if random.IntN(10) == 0 {
			both[1-first] = append(both[1-first], e)
		}
		objects[where] = both
	}
	for _, both := range objects {
		for i, events := range both {
			if len(events) > 0 {
				putObject(t, store, i+1, events...)
			}
		}
	}
	return store
}

func fleetAPI(t testing.TB, store query.Store) api {
	reader, err := query.New(store, query.Config{})
	require.NoError(t, err)
	a := newAPI(reader, openerOf(reader), func() time.Time { return now }, 30*day)
	a.count = reader.Fleet
	return a
}

// tally counts events by key. It ignores events whose key is empty.
func tally(events []event.Event, key func(kind summary.Kind, e *event.Event) string) map[string]int {
	counts := map[string]int{}
	for _, e := range events {
		row := segment.FromEvent(&e)
		if k := key(summary.KindOf(&row), &e); k != "" {
			counts[k]++
		}
	}
	return counts
}

func isEnd(kind summary.Kind) bool { return kind == summary.Drop || kind == summary.Disconnect }

// fleetTable holds the sums of a fleet as the tests read them.
type fleetTable struct {
	Totals struct{ Connects, Refusals, Ends, Drops, Disconnects, Devices, Dropped int }
	Steps  []struct {
		Time                            string
		Connects, Refusals, Ends, Drops int
		ByReason                        []struct{ Events int } `json:"by_reason"`
		ByNode                          []struct{ Events int } `json:"by_node"`
	}
	Reasons []struct {
		Action     string
		ActionInfo string `json:"action_info"`
		Kind       string
		Events     int
		Before     int
	}
	Nodes []struct {
		Node                                    string
		Connects, Refusals, Ends, Drops, Before int
	}
	Down    int
	Exact   bool
	Shards  shardCount
	Receipt query.Receipt
}

// TestFleetCountsEveryEvent compares the sums of a fleet with the events, for each length of a step.
func TestFleetCountsEveryEvent(t *testing.T) {
	events := crowdOf(300, 1)
	a := fleetAPI(t, recordFresh(t, 1, events...))
	today := slices.DeleteFunc(slices.Clone(events), func(e event.Event) bool { return e.Time.Before(startOfDay(now)) })
	until := now.AddDate(0, 0, -1).Truncate(time.Hour).Add(time.Hour)
	before := slices.DeleteFunc(slices.Clone(events), func(e event.Event) bool { return !e.Time.Before(until) })
	reason := func(kind summary.Kind, e *event.Event) string {
		return map[bool]string{true: kind.String() + " " + string(e.ActionInfo)}[kind != summary.Connect]
	}
	for name, length := range steps {
		var got fleetTable
		fetch(t, a, fleetURL+"&compare=1&step="+name, &got)
		require.True(t, got.Exact)
		require.Equal(t, shardCount{16, 16}, got.Shards)
		kinds := tally(today, func(kind summary.Kind, _ *event.Event) string { return kind.String() })
		require.Equal(t, kinds["connect"], got.Totals.Connects)
		require.Equal(t, kinds["refusal"], got.Totals.Refusals)
		require.Equal(t, kinds["drop"], got.Totals.Drops)
		require.Equal(t, kinds["disconnect"], got.Totals.Disconnects)
		require.Equal(t, kinds["drop"]+kinds["disconnect"], got.Totals.Ends)
		require.Len(t, tally(today, func(_ summary.Kind, e *event.Event) string { return string(e.ClientID) }), got.Totals.Devices)

		ends := tally(today, func(kind summary.Kind, e *event.Event) string {
			return map[bool]string{true: instant(e.Time.Truncate(length))}[isEnd(kind)]
		})
		for _, step := range got.Steps {
			require.Equal(t, ends[step.Time], step.Ends)
			sum := 0
			for _, r := range step.ByReason {
				sum += r.Events
			}
			require.Equal(t, step.Ends, sum)
			delete(ends, step.Time)
		}
		require.Empty(t, ends)
		reasons, earlier := tally(today, reason), tally(before, reason)
		for _, r := range got.Reasons {
			require.Equal(t, reasons[r.Kind+" "+r.ActionInfo], r.Events)
			if name == "1h" {
				require.Equal(t, earlier[r.Kind+" "+r.ActionInfo], r.Before)
			}
		}
		drops := tally(today, func(kind summary.Kind, e *event.Event) string {
			return map[bool]string{true: e.Node}[kind == summary.Drop]
		})
		require.Len(t, got.Nodes, 3)
		for _, n := range got.Nodes {
			require.Equal(t, drops[n.Node], n.Drops)
		}
	}
}

// TestFinderFindsEveryDevice compares lists of devices with the events.
func TestFinderFindsEveryDevice(t *testing.T) {
	events := crowdOf(300, 2)
	a := fleetAPI(t, recordFresh(t, 2, events...))
	type device struct {
		ClientID                        string `json:"client_id"`
		Connects, Ends, Drops, Refusals int
		Username, Address, Node         string
	}
	want := map[string]device{}
	for _, e := range events {
		row := segment.FromEvent(&e)
		d := want[string(e.ClientID)]
		d.ClientID, d.Username, d.Address, d.Node = string(e.ClientID), e.Username, e.PeerAddress, e.Node
		switch summary.KindOf(&row) {
		case summary.Connect:
			d.Connects++
		case summary.Refusal:
			d.Refusals++
		case summary.Drop:
			d.Drops, d.Ends = d.Drops+1, d.Ends+1
		case summary.Disconnect:
			d.Ends++
		}
		want[string(e.ClientID)] = d
	}
	for query, matches := range map[string]func(device) bool{
		"":                         func(device) bool { return true },
		"&q=@@@d01":                func(d device) bool { return strings.Contains(d.ClientID, "@@@d01") },
		"&q=user-07":               func(d device) bool { return strings.Contains(d.Username, "user-07") },
		"&q=10.0.3.&match=address": func(d device) bool { return strings.Contains(d.Address, "10.0.3.") },
		"&q=user-07&match=client":  func(device) bool { return false },
		"&q=G1.D001&match=near":    func(d device) bool { return d.ClientID == "g1@@@d001" },
		"&node=n1&q=d1":            func(d device) bool { return d.Node == "n1" && strings.Contains(d.ClientID, "d1") },
	} {
		listed := slices.DeleteFunc(slices.Collect(maps.Values(want)), func(d device) bool { return !matches(d) })
		for order, compare := range map[string]func(a, b device) int{
			"client": func(a, b device) int { return strings.Compare(a.ClientID, b.ClientID) },
			"drops":  func(a, b device) int { return cmp.Or(b.Drops-a.Drops, strings.Compare(a.ClientID, b.ClientID)) },
		} {
			slices.SortFunc(listed, compare)
			got := []device{}
			for cursor := ""; ; {
				var page struct {
					Devices    []device
					NextCursor string `json:"next_cursor"`
					Covered    struct{ Devices, Matched int }
					Exact      bool
				}
				fetch(t, a, devicesURL+query+"&limit=20&order="+order+"&cursor="+cursor, &page)
				require.Equal(t, len(listed), page.Covered.Matched, query)
				require.Equal(t, len(want), page.Covered.Devices)
				require.True(t, page.Exact)
				got = append(got, page.Devices...)
				if cursor = page.NextCursor; cursor == "" {
					break
				}
			}
			require.Equal(t, orEmpty(listed), got, query+" by "+order)
		}
	}
}

// TestScopeOfARestart checks the scope of a restart of one node, which drops 40 devices in a fleet
// of 300. The scope of a device that dropped at another time must be the device alone.
func TestScopeOfARestart(t *testing.T) {
	events := crowdOf(300, 3)
	restart := at("2026-11-22T03:12:00Z")
	quiet := func(e event.Event) bool {
		return e.Time.After(restart.Add(-2*time.Hour)) && e.Time.Before(restart.Add(time.Hour))
	}
	events = slices.DeleteFunc(events, quiet)
	for i := range 40 {
		e := happenedTo(fmt.Sprintf("g%d@@@d%03d", 3*i%5, 3*i), event.Close, 0, "03:12:00")
		e.Node, e.ActionInfo, e.ConnectedAt = "n0", event.ServerShutdown, restart.Add(-time.Hour)
		e.PeerAddress = fmt.Sprintf("10.0.%d.%d", 3*i%7, 3*i%250)
		e.Time = e.Time.Add(time.Duration(i) * time.Second)
		events = append(events, e)
	}
	lone := happenedTo("g1@@@d001", event.Close, 0, "03:40:00")
	lone.Node, lone.ConnectedAt = "n1", restart
	a := fleetAPI(t, recordFresh(t, 3, append(events, lone)...))

	var got scopeOf
	fetch(t, a, scopePath+"?instance=i&client=g0@@@d000&at="+instant(restart), &got)
	require.Equal(t, "node", got.Scope)
	require.Equal(t, "n0", got.Name)
	require.Equal(t, 39, got.Others)
	require.True(t, got.Complete)
	require.True(t, got.Exact)
	require.Len(t, got.Devices, 39)
	fetch(t, a, scopePath+"?instance=i&at="+instant(restart), &got)
	require.Equal(t, 40, got.Others)
	fetch(t, a, scopePath+"?instance=i&group=g1&device=d001&at="+instant(lone.Time), &got)
	require.Equal(t, "alone", got.Scope)
	require.Zero(t, got.Others)
}

// A question must read nothing but the partitions of its instance and days.
func TestFleetReadsOnlyItsInstance(t *testing.T) {
	events := crowdOf(30, 4)
	others := slices.Clone(events)
	for i := range others {
		others[i].InstanceID, others[i].Username = "j", "secret"
	}
	store := objstore.NewCounting(recordFresh(t, 4, append(events, others...)...))
	for _, question := range fleetQuestions {
		a := fleetAPI(t, store)
		for _, instance := range []string{"j", "absent"} {
			store.Reset()
			w := do(a, "GET", fmt.Sprintf(question, instance), "Authorization", "Bearer narrow")
			require.Equal(t, http.StatusForbidden, w.Code)
			require.Empty(t, store.Calls())
		}
		w := do(a, "GET", fmt.Sprintf(question, "i"), "Authorization", "Bearer narrow")
		require.Equal(t, http.StatusOK, w.Code, w.Body)
		require.NotContains(t, w.Body.String(), "secret")
		require.NotContains(t, w.Body.String(), "instance=j")
		for _, call := range store.Calls() {
			require.NotContains(t, call.Key, "instance=j", question)
		}
	}
}

// The receipt of a question must count all requests, and list each object and partition once.
func TestFleetReceipts(t *testing.T) {
	store := objstore.NewCounting(recordFresh(t, 5, crowdOf(100, 5)...))
	for _, question := range append(fleetQuestions, "/api/v1/devices?instance=%s&state=offline", "/api/v1/fleet?instance=%s&compare=1") {
		a := fleetAPI(t, store)
		store.Reset()
		var got struct{ Receipt query.Receipt }
		fetch(t, a, fmt.Sprintf(question, "i"), &got)
		require.Equal(t, store.Requests(), got.Receipt.Requests, question)
		_, bytes := store.Bytes()
		require.Equal(t, bytes, got.Receipt.Bytes, question)
		require.Equal(t, slices.Compact(slices.Sorted(slices.Values(got.Receipt.Partitions))), got.Receipt.Partitions)
		require.LessOrEqual(t, got.Receipt.Objects, 64, question)
	}
}
