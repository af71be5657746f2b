package traceapi

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
	"devicetrace/pkg/query"
	"devicetrace/pkg/segment"
	"devicetrace/pkg/summary"
)

// fleetOf is a fake reader of a fleet. It passes on all of its devices and rows, and records the
// requests. If before is set, it is the result for ranges that begin before the day of now.
type fleetOf struct {
	recorded
	result  query.FleetResult
	before  *query.FleetResult
	devices []summary.Device
	rows    []segment.Row
	fault   error

	mu    sync.Mutex
	asked []query.FleetRequest
}

func (f *fleetOf) count(ctx context.Context, q query.FleetRequest) (query.FleetResult, error) {
	f.mu.Lock()
	f.asked = append(f.asked, q)
	f.mu.Unlock()
	for i := range f.devices {
		if q.Devices != nil && isMatch(q.Match, &f.devices[i]) {
			if err := q.Devices(&f.devices[i]); err != nil {
				return query.FleetResult{}, err
			}
		}
	}
	for i := range f.rows {
		if q.Rows != nil && f.result.RowsRead {
			if err := q.Rows(&f.rows[i]); err != nil {
				return query.FleetResult{}, err
			}
		}
	}
	result := f.result
	if f.before != nil && q.From.Before(startOfDay(now)) {
		result = *f.before
	}
	if result.Sums == nil {
		result.Sums = &summary.Sums{}
	}
	if !q.Explain {
		panic("without steps, the receipt cannot count the objects")
	}
	return result, f.fault
}

// isMatch imitates the reader's search for a text.
func isMatch(m *query.DeviceMatch, d *summary.Device) bool {
	if m == nil {
		return true
	}
	found := func(column string) bool { return strings.Contains(column, m.Text) }
	if m.Matches != nil {
		found = m.Matches
	}
	return m.ClientID && found(d.ClientID) || m.Username && found(d.Username.Text) || m.Address && found(d.Address.Text)
}

func (f *fleetOf) api() api {
	a := newAPI(everything{}, f.open, func() time.Time { return now }, 30*day)
	a.count = f.count
	return a
}

// cellAt returns a cell of the given minute of today, such as "08:00".
func cellAt(minute string, node string, action event.Action, info event.ActionInfo, events int64) summary.Cell {
	m := summary.MinuteOf(at("2026-11-22T" + minute + ":00Z").UnixMilli())
	key := summary.Key{Node: node, Action: string(action), ActionInfo: string(info)}
	key.Refused = action == event.Connect && info != event.Accepted
	return summary.Cell{Minute: m, Key: key, Events: events, Devices: events}
}

// sumsOfToday are the sums of a fleet with two nodes.
func sumsOfToday() *summary.Sums {
	return &summary.Sums{
		Cells: []summary.Cell{
			cellAt("06:58", "n1", event.Connect, event.Accepted, 5),
			cellAt("06:59", "n1", event.Connect, event.NotAuthorized, 2),
			cellAt("07:01", "n1", event.Close, event.NoHeart, 3),
			cellAt("07:01", "n2", event.Close, event.NoHeart, 4),
			cellAt("07:04", "n2", event.Disconnect, event.DisconnectedByClient, 1),
		},
		Totals: &summary.Totals{Devices: 20, Dropped: 6, Flapping: 1, Offline: 7, Most: []summary.Device{{
			ClientID: "g@@@flaky", Drops: 12, Connects: 13, Last: at("2026-11-22T07:59:00Z").UnixMilli(),
			Username: summary.Dated{Text: "user"}, Node: summary.Dated{Text: "n1"},
		}}},
	}
}

func countedFleet() *fleetOf {
	return &fleetOf{result: query.FleetResult{
		Sums: sumsOfToday(), Exact: true, DevicesExact: true, Shards: 16, OfShards: 16, Receipt: receipt, RowsRead: true,
		Steps: []query.Step{{Request: "list", Key: "p/"}, {Request: "read", Key: "k", Bytes: 3}},
	}}
}

const fleetURL = fleetPath + "?instance=i"

func TestFleet(t *testing.T) {
	f := countedFleet()
	w := ask(f.api(), fleetURL+"&from=2026-11-22T06:55:00Z&to=2026-11-22T07:05:00Z&step=5m")
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	require.JSONEq(t, `{"instance_id":"i","from":"2026-11-22T06:55:00.000Z","to":"2026-11-22T07:05:00.000Z","step":"5m",
		"totals":{"connects":5,"refusals":2,"ends":8,"drops":7,"disconnects":1,"devices":20,"dropped":6},
		"steps":[
			{"time":"2026-11-22T06:55:00.000Z","connects":5,"refusals":2,"ends":0,"drops":0,"by_reason":[],"by_node":[]},
			{"time":"2026-11-22T07:00:00.000Z","connects":0,"refusals":0,"ends":8,"drops":7,
				"by_reason":[{"action":"close","action_info":"no heart","events":7},{"action":"disconnect","action_info":"disconnected by client","events":1}],
				"by_node":[{"node":"n2","events":5},{"node":"n1","events":3}]}],
		"reasons":[
			{"action":"close","action_info":"no heart","kind":"drop","events":7,"before":null},
			{"action":"connect","action_info":"not authorized","kind":"refusal","events":2,"before":null},
			{"action":"disconnect","action_info":"disconnected by client","kind":"disconnect","events":1,"before":null}],
		"nodes":[
			{"node":"n1","connects":5,"refusals":2,"ends":3,"drops":3,"before":null},
			{"node":"n2","connects":0,"refusals":0,"ends":5,"drops":4,"before":null}],
		"flapping":[{"client_id":"g@@@flaky","username":"user","node":"n1","drops":12,"connects":13,"last_event":"2026-11-22T07:59:00.000Z"}],
		"down":7,"exact":true,"at_most_twice":0,"shards":{"counted":16,"of":16},"not_counted":[],"now":"2026-11-22T08:00:00.123Z",
		"receipt":`+receiptJSON+`}`, w.Body.String())
	require.Len(t, f.asked, 1)
	require.False(t, f.asked[0].Drops)
	require.Nil(t, f.asked[0].Devices)
}

// Devices are counted for whole days only. For other ranges, the reader must not look for them.
func TestFleetAsksForDevicesOfWholeDaysOnly(t *testing.T) {
	for query, want := range map[string]bool{
		"":                           true,
		"&devices=1":                 true,
		"&devices=0":                 false,
		"&from=2026-11-22T00:00:00Z": true,
		"&from=2026-11-22T01:00:00Z": false,
		"&to=2026-11-22T07:00:00Z":   false,
		"&from=2026-11-22T00:00:00Z&to=2026-11-22T23:00:00Z": true,
		"&from=2026-11-22T00:00:00Z&to=2026-11-22T08:00:00Z": true, // the client's clock may be slow
		"&from=2026-11-22T00:00:00Z&to=2026-11-22T07:55:00Z": false,
		"&from=2026-11-22T00:00:00Z&to=2026-11-23T00:00:00Z": true,
		"&from=2026-11-21T00:00:00Z&to=2026-11-22T00:00:00Z": true,
		"&from=2026-11-21T00:00:00Z&to=2026-11-21T23:55:00Z": false,
		"&from=2026-11-21T01:00:00Z&to=2026-11-22T01:00:00Z": false,
	} {
		f := countedFleet()
		require.Equal(t, http.StatusOK, ask(f.api(), fleetURL+query).Code, query)
		require.Equal(t, want, f.asked[0].Totals, query)
	}
}

func TestFleetWithoutDevices(t *testing.T) {
	f := countedFleet()
	f.result.Sums.Totals = nil
	var got map[string]any
	fetch(t, f.api(), fleetURL, &got)
	require.Nil(t, got["flapping"])
	require.Nil(t, got["down"])
	require.Nil(t, got["totals"].(map[string]any)["devices"])
	require.Nil(t, got["totals"].(map[string]any)["dropped"])
}

func TestFleetComparesWithTheDayBefore(t *testing.T) {
	f := countedFleet()
	earlier := summary.Sums{Cells: sumsOfToday().Cells[2:3]}
	earlier.Cells[0].Minute -= 24 * 60
	f.before = &query.FleetResult{
		Sums: &earlier, Exact: false, AtMostTwice: 9, Shards: 15, OfShards: 16, NotCounted: []query.Unreadable{{Key: "k", Error: "too large"}},
		Receipt: receipt, Steps: []query.Step{{Request: "read", Key: "k2", Bytes: 3}},
	}
	var got struct {
		Reasons []struct {
			Events, Before int64
		}
		Nodes []struct {
			Node          string
			Drops, Before int64
		}
		Exact       bool
		AtMostTwice int64              `json:"at_most_twice"`
		Shards      shardCount         `json:"shards"`
		NotCounted  []query.Unreadable `json:"not_counted"`
		Receipt     query.Receipt
	}
	fetch(t, f.api(), fleetURL+"&compare=1", &got)
	require.EqualValues(t, 7, got.Reasons[0].Events)
	require.EqualValues(t, 3, got.Reasons[0].Before)
	require.EqualValues(t, 3, got.Nodes[0].Before)
	require.False(t, got.Exact)
	require.EqualValues(t, 9, got.AtMostTwice)
	require.Equal(t, shardCount{15, 16}, got.Shards)
	require.Len(t, got.NotCounted, 1)
	require.Equal(t, query.Receipt{Objects: 2, Requests: 4, Bytes: 6, MS: 4.5, Partitions: []string{"p"}}, got.Receipt, "read in parallel")
	require.Len(t, f.asked, 2)
	for _, q := range f.asked {
		if q.From.Before(startOfDay(now)) {
			require.Equal(t, at("2026-11-21T00:00:00Z"), q.From)
			require.Equal(t, at("2026-11-21T08:05:00Z"), q.To)
			require.False(t, q.Totals)
		}
	}
}

func TestFleetCSV(t *testing.T) {
	f := countedFleet()
	f.result.Exact, f.result.AtMostTwice, f.result.Shards = false, 3, 15
	f.result.Sums.Cells[4].Node, f.result.Sums.Cells[4].Rest = "", true
	f.result.Sums.Cells[3].Node = "=n2"
	w := ask(f.api(), fleetURL+"&format=csv&step=1h")
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	require.Equal(t, "text/csv; charset=utf-8; header=present", w.Header().Get("Content-Type"))
	records, err := csv.NewReader(w.Body).ReadAll()
	require.NoError(t, err)
	require.Equal(t, [][]string{
		{"time", "kind", "action", "action_info", "node", "rest", "events"},
		{"2026-11-22T06:00:00.000Z", "connect", "connect", "accepted", "n1", "false", "5"},
		{"2026-11-22T06:00:00.000Z", "refusal", "connect", "not authorized", "n1", "false", "2"},
		{"2026-11-22T07:00:00.000Z", "drop", "close", "no heart", "'=n2", "false", "4"},
		{"2026-11-22T07:00:00.000Z", "drop", "close", "no heart", "n1", "false", "3"},
		{"2026-11-22T07:00:00.000Z", "disconnect", "disconnect", "disconnected by client", "", "true", "1"},
	}, records)
	require.Equal(t, "false", w.Header().Get("X-Exact"))
	require.Equal(t, "3", w.Header().Get("X-At-Most-Twice"))
	require.Equal(t, "15 of 16", w.Header().Get("X-Shards"))
	require.Equal(t, "true", w.Header().Get("X-Incomplete"))
	require.Equal(t, receiptJSON, w.Header().Get("X-Receipt"))
}

// manyNodes returns the sums of a day. Every minute has events on many nodes, whose names are long.
func manyNodes(nodes int) *summary.Sums {
	sums := &summary.Sums{}
	for minute := range 24 * 60 {
		for n := range nodes {
			c := cellAt("00:00", fmt.Sprintf("%s%03d", strings.Repeat("<", 500), n), event.Close, event.NoHeart, int64(n+1))
			c.Minute += summary.Minute(minute)
			sums.Cells = append(sums.Cells, c)
		}
	}
	return sums
}

// A response must stay below the limit even if very many nodes have long names. It then names fewer
// nodes, but all sums stay the same.
func TestFleetStaysBelowTheLimit(t *testing.T) {
	f := countedFleet()
	f.result.Sums = manyNodes(64)
	perMinute := int64(64 * 65 / 2)
	path := fleetURL + "&from=2026-11-22T00:00:00Z&to=2026-11-23T00:00:00Z&step=1m"
	var got struct {
		Steps []struct {
			Ends   int64
			ByNode []struct{ Events int64 } `json:"by_node"`
		}
	}
	w := ask(f.api(), path)
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &got))
	require.LessOrEqual(t, wireSize(w.Body.Bytes()), maxBytes)
	require.Len(t, got.Steps, 24*60)
	for _, step := range got.Steps {
		require.Equal(t, perMinute, step.Ends)
		var sum int64
		for _, node := range step.ByNode {
			sum += node.Events
		}
		require.Equal(t, perMinute, sum)
	}
	w = ask(f.api(), path+"&format=csv")
	require.LessOrEqual(t, wireSize(w.Body.Bytes()), maxBytes)
	records, err := csv.NewReader(w.Body).ReadAll()
	require.NoError(t, err)
	var sum int64
	for _, record := range records[1:] {
		var events int64
		_, err := fmt.Sscan(record[6], &events)
		require.NoError(t, err)
		sum += events
	}
	require.Equal(t, 24*60*perMinute, sum)
}

func TestFleetExplains(t *testing.T) {
	var got struct{ Plan []query.Step }
	fetch(t, countedFleet().api(), fleetURL+"&explain=1", &got)
	require.Len(t, got.Plan, 2)
	require.NotContains(t, ask(countedFleet().api(), fleetURL).Body.String(), `"plan"`)
}

// nowhere is the directory of a bucket without the instance "i".
type nowhere struct{}

func (nowhere) InstancesAmong(context.Context, []event.InstanceID) (query.Instances, error) {
	return query.Instances{Receipt: receipt}, nil
}

func (nowhere) Instances(context.Context, int) (query.Instances, error) {
	return query.Instances{IDs: []event.InstanceID{"other"}, Receipt: receipt}, nil
}

// fleetQuestions are questions about a fleet, one for each path.
var fleetQuestions = []string{
	"/api/v1/fleet?instance=%s", "/api/v1/scope?instance=%s&at=2026-11-22T07:00:00Z",
	"/api/v1/scope?instance=%s&client=c&at=2026-11-22T07:00:00Z", "/api/v1/devices?instance=%s&q=c",
}

func TestFleetOfAnUnknownInstance(t *testing.T) {
	for _, question := range fleetQuestions {
		f := countedFleet()
		f.result.NoSegments, f.recorded.noSegments = true, true
		a := f.api()
		a.directory = nowhere{}
		w := ask(a, fmt.Sprintf(question, "i"))
		require.Contains(t, w.Body.String(), `"instance_known":false,"instances":["other"]`, question)
	}
	f := countedFleet()
	f.result.NoSegments = true
	a := f.api()
	a.directory = nowhere{}
	require.Equal(t, "false", ask(a, fleetURL+"&format=csv").Header().Get("X-Instance-Known"))
}

// A token for one instance must not read another. The response must not reveal whether the other
// instance exists, and must take no request to the store.
func TestFleetIsolation(t *testing.T) {
	for _, question := range fleetQuestions {
		f := countedFleet()
		for _, instance := range []string{"j", "absent"} {
			w := do(f.api(), "GET", fmt.Sprintf(question, instance), "Authorization", "Bearer narrow")
			require.Equal(t, http.StatusForbidden, w.Code, question)
		}
		require.Equal(t, http.StatusUnauthorized, do(f.api(), "GET", fmt.Sprintf(question, "i")).Code)
		require.Equal(t, http.StatusMethodNotAllowed, do(f.api(), "POST", fmt.Sprintf(question, "i"), "Authorization", "Bearer secret").Code)
		require.Empty(t, f.asked)
		require.Empty(t, f.spans)
		require.Equal(t, http.StatusOK, do(f.api(), "GET", fmt.Sprintf(question, "i"), "Authorization", "Bearer narrow").Code, question)
		for _, q := range f.asked {
			require.EqualValues(t, "i", q.InstanceID)
		}
	}
}

func TestFleetErrors(t *testing.T) {
	for _, question := range fleetQuestions {
		f := countedFleet()
		f.fault = errors.New("oss: secret detail")
		w := ask(f.api(), fmt.Sprintf(question, "i"))
		require.Equal(t, http.StatusServiceUnavailable, w.Code)
		require.Contains(t, w.Body.String(), `"code":"StoreUnavailable"`)
		require.NotContains(t, w.Body.String(), "secret detail")
		f.fault = fmt.Errorf("read: %w", query.ErrLayout)
		require.Contains(t, ask(f.api(), fmt.Sprintf(question, "i")).Body.String(), `"code":"LayoutMismatch"`)
	}
}

// A question must end after fleetTime, and the response must say so.
func TestFleetTakesTooLong(t *testing.T) {
	for _, question := range fleetQuestions {
		synctest.Test(t, func(t *testing.T) {
			a := countedFleet().api()
			a.count = func(ctx context.Context, _ query.FleetRequest) (query.FleetResult, error) {
				<-ctx.Done()
				return query.FleetResult{}, ctx.Err()
			}
			began := time.Now()
			w := ask(a, fmt.Sprintf(question, "i"))
			require.Equal(t, fleetTime, time.Since(began))
			require.Equal(t, http.StatusServiceUnavailable, w.Code)
			require.Contains(t, w.Body.String(), `"code":"TimedOut"`)
		})
	}
}

// A large response must hold a slot until it is written. If no slot is free, it must wait.
func TestLargeFleetsNeedSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := countedFleet()
		f.result.Sums = manyNodes(3)
		a := f.api()
		for range maxLarge {
			a.large <- struct{}{}
		}
		w := ask(a, fleetURL+"&step=1m")
		require.Equal(t, http.StatusTooManyRequests, w.Code)
		require.Contains(t, w.Body.String(), `"code":"Busy"`)
		require.Len(t, a.large, maxLarge)
		f.result.Sums = sumsOfToday()
		require.Equal(t, http.StatusOK, ask(a, fleetURL).Code, "a small response needs no slot")
		<-a.large
		f.result.Sums = manyNodes(3)
		require.Equal(t, http.StatusOK, ask(a, fleetURL+"&step=1m").Code)
		require.Len(t, a.large, maxLarge-1)
	})
}

// Only a few questions about a fleet may be read at the same time, and the others must wait. After
// a question has stopped waiting, it must not get a turn. An invalid or forbidden question must be
// refused without waiting.
func TestFleetsTakeTurns(t *testing.T) {
	for _, question := range fleetQuestions {
		synctest.Test(t, func(t *testing.T) {
			f := countedFleet()
			a := f.api()
			for range maxFleets {
				a.fleets <- struct{}{}
			}
			require.Equal(t, http.StatusForbidden, do(a, "GET", fmt.Sprintf(question, "j"), "Authorization", "Bearer narrow").Code)
			require.Equal(t, http.StatusBadRequest, ask(a, fmt.Sprintf(question, "")).Code)
			began := time.Now()
			w := ask(a, fmt.Sprintf(question, "i"))
			require.Equal(t, fleetTime, time.Since(began))
			require.Equal(t, http.StatusTooManyRequests, w.Code)
			require.Contains(t, w.Body.String(), `"code":"Busy"`)
			require.Empty(t, f.asked)
			<-a.fleets
			require.Equal(t, http.StatusOK, ask(a, fmt.Sprintf(question, "i")).Code)
			require.Len(t, a.fleets, maxFleets-1, "the slot must be released")
		})
	}
}
