package traceapi

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
	"devicetrace/pkg/query"
	"devicetrace/pkg/summary"
)

const devicesURL = devicesPath + "?instance=i"

// make1025 returns a text that is too long to search for.
func make1025() []byte { return []byte(strings.Repeat("x", maxText+1)) }

func requireProblem(t *testing.T, w *httptest.ResponseRecorder, code, says string) {
	t.Helper()
	var problem struct{ Code, Error string }
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &problem), w.Body)
	require.Equal(t, http.StatusBadRequest, w.Code)
	require.Equal(t, code, problem.Code)
	require.Contains(t, problem.Error, says)
}

// someDevices is a fleet of four devices: one is online, one dropped, one is flapping, and one was
// only refused.
func someDevices() []summary.Device {
	began, ended := at("2026-11-22T06:00:00Z").UnixMilli(), at("2026-11-22T07:00:00Z").UnixMilli()
	text := func(s string) summary.Dated { return summary.Dated{Text: s, Time: began} }
	return []summary.Device{
		{ClientID: "g@@@sensor-1", Begun: summary.Beginning{Time: began}, Connects: 1, Last: began,
			Username: text("alice"), Node: text("n1"), Address: text("192.0.2.1")},
		{ClientID: "sensor-2", Begun: summary.Beginning{Time: began}, Ends: [2]summary.End{{Time: ended}}, Connects: 1, Drops: 1,
			Disconnects: 2, LastDrop: ended, DropInfo: "no heart", Last: ended, Username: text("bob"), Node: text("n2"), Address: text("192.0.2.2")},
		{ClientID: "flaky", Begun: summary.Beginning{Time: ended}, Connects: 20, Drops: 20, LastDrop: ended - 1, DropInfo: "",
			Last: ended, Username: text("bob"), Node: text("n1"), Address: text("198.51.100.9")},
		{ClientID: "Intruder", Refusals: 3, Last: began},
	}
}

func fleetWithDevices() *fleetOf {
	f := countedFleet()
	f.result.Searched = 4
	f.devices = someDevices()
	return f
}

// deviceList is a list of devices as the tests read it.
type deviceList struct {
	Days    []string
	Devices []struct {
		ClientID     string `json:"client_id"`
		State        string
		OfflineSince *string `json:"offline_since"`
		Confirmed    bool
	}
	Covered    struct{ Devices, Matched int }
	NextCursor string `json:"next_cursor"`
	Receipt    query.Receipt
}

func (l deviceList) ids() []string {
	ids := []string{}
	for _, d := range l.Devices {
		ids = append(ids, d.ClientID)
	}
	return ids
}

func TestDevices(t *testing.T) {
	f := fleetWithDevices()
	f.result.NotCounted, f.result.DevicesExact = []query.Unreadable{{Key: "k", Error: "e"}}, false
	w := ask(f.api(), devicesURL+"&limit=2&q=sensor&order=drops")
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	require.JSONEq(t, `{"instance_id":"i","days":["2026-11-21","2026-11-22"],"devices":[
		{"client_id":"sensor-2","group_id":"","device_id":"sensor-2","username":"bob","address":"192.0.2.2","node":"n2","state":"offline",
			"offline_since":"2026-11-22T07:00:00.000Z","confirmed":false,"connects":1,"ends":3,"drops":1,"refusals":0,
			"last_event":"2026-11-22T07:00:00.000Z","last_drop":{"time":"2026-11-22T07:00:00.000Z","action_info":"no heart"}},
		{"client_id":"g@@@sensor-1","group_id":"g","device_id":"sensor-1","username":"alice","address":"192.0.2.1","node":"n1","state":"online",
			"offline_since":null,"confirmed":false,"connects":1,"ends":0,"drops":0,"refusals":0,
			"last_event":"2026-11-22T06:00:00.000Z","last_drop":null}],
		"covered":{"devices":4,"matched":2,"shards":{"counted":16,"of":16},"complete":false},
		"exact":false,"not_counted":[{"key":"k","error":"e"}],"receipt":`+receiptJSON+`}`, w.Body.String())
	require.Equal(t, at("2026-11-21T00:00:00Z"), f.asked[0].From)
	require.Equal(t, at("2026-11-23T00:00:00Z"), f.asked[0].To)
	require.False(t, f.asked[0].Drops)
	require.False(t, f.asked[0].Totals)
}

func TestDevicesOfOneDay(t *testing.T) {
	f := fleetWithDevices()
	var got deviceList
	fetch(t, f.api(), devicesURL+"&day=2026-11-20", &got)
	require.Equal(t, []string{"2026-11-20"}, got.Days)
	require.Equal(t, at("2026-11-20T00:00:00Z"), f.asked[0].From)
	require.Equal(t, at("2026-11-21T00:00:00Z"), f.asked[0].To)
}

// Before midnight, the partition of tomorrow already has events of brokers whose clocks run fast.
// They count for the state, as they do for the status.
func TestDevicesBeforeMidnight(t *testing.T) {
	f := countedFleet()
	began, ended := at("2026-11-22T23:00:00Z").UnixMilli(), at("2026-11-23T00:10:00Z").UnixMilli()
	f.devices = []summary.Device{{ClientID: "c", Begun: summary.Beginning{Time: began}, Ends: [2]summary.End{{Time: ended}}, Connects: 1, Drops: 1, Last: ended}}
	a := f.api()
	a.now = func() time.Time { return startOfDay(now).Add(23*time.Hour + 30*time.Minute) }
	var got deviceList
	fetch(t, a, devicesURL, &got)
	require.Equal(t, []string{"2026-11-21", "2026-11-22", "2026-11-23"}, got.Days)
	require.Equal(t, at("2026-11-24T00:00:00Z"), f.asked[0].To)

	before := happenedTo("c", event.Connect, 0, "23:00:00")
	after := happenedTo("c", event.Close, 0, "23:10:00")
	after.Time = at("2026-11-23T00:10:00Z")
	f.events = []event.Event{before, after}
	fetch(t, a, devicesURL+"&state=offline", &got)
	require.Equal(t, []string{"c"}, got.ids())
	require.Equal(t, "2026-11-23T00:10:00.000Z", *got.Devices[0].OfflineSince)
	require.True(t, got.Devices[0].Confirmed)
}

func TestDevicesAreFoundAndFiltered(t *testing.T) {
	for query, want := range map[string][]string{
		"":                             {"Intruder", "flaky", "g@@@sensor-1", "sensor-2"},
		"&q=":                          {"Intruder", "flaky", "g@@@sensor-1", "sensor-2"},
		"&q=sensor":                    {"g@@@sensor-1", "sensor-2"},
		"&q=Sensor":                    {},
		"&q=bo":                        {"flaky", "sensor-2"},
		"&q=192.0.2":                   {"g@@@sensor-1", "sensor-2"},
		"&q=bob&match=any":             {"flaky", "sensor-2"},
		"&q=bob&match=client":          {},
		"&q=bob&match=username":        {"flaky", "sensor-2"},
		"&q=bob&match=address":         {},
		"&q=198.51&match=address":      {"flaky"},
		"&q=intruder&match=near":       {"Intruder"},
		"&q=SENSOR_1&match=near":       {"g@@@sensor-1"},
		"&q=G:sensor.1&match=near":     {"g@@@sensor-1"},
		"&q=sensor&match=near":         {},
		"&q=BO-B&match=near":           {"flaky", "sensor-2"},
		"&state=online":                {"flaky", "g@@@sensor-1"},
		"&state=unknown":               {"Intruder"},
		"&node=n1":                     {"flaky", "g@@@sensor-1"},
		"&node=n":                      {},
		"&reason=no+heart":             {"sensor-2"},
		"&reason=unexplained":          {"flaky"},
		"&reason=no+heart,unexplained": {"flaky", "sensor-2"},
		"&q=bob&node=n2":               {"sensor-2"},
		"&order=drops":                 {"flaky", "sensor-2", "Intruder", "g@@@sensor-1"},
		"&order=last_event":            {"flaky", "sensor-2", "Intruder", "g@@@sensor-1"},
		"&limit=1":                     {"Intruder"},
	} {
		var got deviceList
		fetch(t, fleetWithDevices().api(), devicesURL+query, &got)
		require.Equal(t, want, got.ids(), query)
	}
}

// happenedTo is like happened, for another client.
func happenedTo(id string, action event.Action, d int, at string) event.Event {
	e := happened(id, action, d, at)
	e.ClientID = event.ClientID(id)
	return e
}

// A list of offline devices must confirm that each of them is offline, and must omit all others.
func TestOfflineDevicesAreConfirmed(t *testing.T) {
	f := countedFleet()
	ended := at("2026-11-22T07:00:00Z").UnixMilli()
	for i, id := range []string{"again", "down", "gone", "older", "online"} {
		d := summary.Device{ClientID: id, Ends: [2]summary.End{{Time: ended - int64(i)}}, Last: ended}
		if id == "online" {
			d = summary.Device{ClientID: id, Begun: summary.Beginning{Time: ended}, Last: ended}
		}
		f.devices = append(f.devices, d)
	}
	f.events = []event.Event{
		happenedTo("older", event.Connect, 9, "06:00:00"), happenedTo("older", event.Close, 0, "06:10:00"),
		happenedTo("down", event.Connect, 0, "06:00:00"), happenedTo("down", event.Close, 0, "06:30:00"),
		happenedTo("again", event.Connect, 0, "06:00:00"), happenedTo("again", event.Close, 0, "07:00:00"),
		happenedTo("again", event.Connect, 0, "07:30:00"),
	}
	slices.SortFunc(f.events, func(a, b event.Event) int { return a.Time.Compare(b.Time) })
	var got deviceList
	fetch(t, f.api(), devicesURL+"&order=offline_since", &got)
	require.Equal(t, []string{"down", "older"}, got.ids())
	for i, since := range []string{"2026-11-22T06:30:00.000Z", "2026-11-22T06:10:00.000Z"} {
		require.True(t, got.Devices[i].Confirmed)
		require.Equal(t, "offline", got.Devices[i].State)
		require.Equal(t, since, *got.Devices[i].OfflineSince)
	}
	require.Equal(t, 4, got.Covered.Matched)
	require.Greater(t, got.Receipt.Requests, receipt.Requests+4)

	var paged []string
	for cursor := ""; ; {
		var page deviceList
		fetch(t, f.api(), devicesURL+"&state=offline&limit=1&cursor="+cursor, &page)
		paged = append(paged, page.ids()...)
		if cursor = page.NextCursor; cursor == "" {
			break
		}
	}
	require.Equal(t, []string{"down", "older"}, paged, "a page may be empty, but the next one follows")
}

// A list of offline devices must also contain devices whose state is unknown, if their status is
// offline.
func TestDevicesThatMayBeOfflineAreConfirmed(t *testing.T) {
	f := countedFleet()
	began := at("2026-11-22T06:00:00Z").UnixMilli()
	for _, id := range []string{"down", "up"} {
		d := summary.Device{ClientID: id, Begun: summary.Beginning{Time: began}, Refusals: 1, Last: began + 60_000}
		require.Equal(t, summary.Unknown, d.State())
		f.devices = append(f.devices, d)
	}
	f.devices = append(f.devices, summary.Device{ClientID: "refused", Refusals: 1, Last: began})
	f.events = []event.Event{
		happenedTo("down", event.Connect, 0, "06:00:00"), happenedTo("up", event.Connect, 0, "06:00:00"),
		happenedTo("down", event.Close, 0, "06:01:00"),
	}
	var got deviceList
	fetch(t, f.api(), devicesURL+"&state=offline", &got)
	require.Equal(t, []string{"down"}, got.ids())
	require.True(t, got.Devices[0].Confirmed)
	require.Equal(t, "offline", got.Devices[0].State)
	require.Equal(t, 2, got.Covered.Matched)
}

// A list of a past day must use the statuses at the end of that day.
func TestOfflineDevicesOfAPastDay(t *testing.T) {
	f := countedFleet()
	f.devices = []summary.Device{{ClientID: "c", Ends: [2]summary.End{{Time: 1}}}}
	f.events = []event.Event{
		happened("a", event.Connect, 2, "06:00:00"), happened("a", event.Close, 2, "07:00:00"), happened("b", event.Connect, 1, "06:00:00"),
	}
	var got deviceList
	fetch(t, f.api(), devicesURL+"&state=offline&day=2026-11-20", &got)
	require.Equal(t, []string{"c"}, got.ids())
	fetch(t, f.api(), devicesURL+"&state=offline&day=2026-11-21", &got)
	require.Empty(t, got.ids())
}

// If the events that would confirm a state cannot be read, the device must be listed as not
// confirmed.
func TestAnUnsureStateIsShownUnconfirmed(t *testing.T) {
	f := countedFleet()
	f.devices = []summary.Device{{ClientID: "c", Ends: [2]summary.End{{Time: 1}}}}
	for i := range 3 {
		f.events = append(f.events, refused(0, fmt.Sprintf("07:00:0%d", i)))
	}
	a := f.api()
	a.maxEvents = 2
	var got deviceList
	fetch(t, a, devicesURL+"&state=offline", &got)
	require.Equal(t, []string{"c"}, got.ids())
	require.False(t, got.Devices[0].Confirmed)
	require.Equal(t, "offline", got.Devices[0].State)
}

func TestDevicesCSV(t *testing.T) {
	f := fleetWithDevices()
	f.devices[0].Username.Text = "=alice"
	w := ask(f.api(), devicesURL+"&format=csv&order=drops&limit=2&q=sensor")
	require.Equal(t, "text/csv; charset=utf-8; header=present", w.Header().Get("Content-Type"))
	require.Empty(t, w.Header().Get("X-Next-Cursor"))
	require.Equal(t, "true", w.Header().Get("X-Exact"))
	require.Empty(t, w.Header().Get("X-Incomplete"))
	records, err := csv.NewReader(w.Body).ReadAll()
	require.NoError(t, err)
	require.Equal(t, [][]string{
		{"client_id", "group_id", "device_id", "username", "address", "node", "state", "offline_since", "confirmed",
			"connects", "ends", "drops", "refusals", "last_event", "last_drop", "last_drop_action_info"},
		{"sensor-2", "", "sensor-2", "bob", "192.0.2.2", "n2", "offline", "2026-11-22T07:00:00.000Z", "false",
			"1", "3", "1", "0", "2026-11-22T07:00:00.000Z", "2026-11-22T07:00:00.000Z", "no heart"},
		{"g@@@sensor-1", "g", "sensor-1", "'=alice", "192.0.2.1", "n1", "online", "", "false",
			"1", "0", "0", "0", "2026-11-22T06:00:00.000Z", "", ""},
	}, records)
	require.NotEmpty(t, ask(f.api(), devicesURL+"&format=csv&limit=1").Header().Get("X-Next-Cursor"))
}

// TestPagesAreTheSortedList checks that the pages together are the sorted list. This must hold in
// every order of the list, and for every order in which the reader finds the devices.
func TestPagesAreTheSortedList(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 15))
	devices := make([]summary.Device, 200)
	for i := range devices {
		devices[i] = summary.Device{
			ClientID: fmt.Sprintf("c%04d", i), Drops: random.Int64N(5), Last: random.Int64N(50),
			Ends: [2]summary.End{{Time: 1 + random.Int64N(50)}},
		}
	}
	for index, o := range orders {
		want := slices.Clone(devices)
		slices.SortStableFunc(want, func(a, b summary.Device) int { return int(o.value(&b) - o.value(&a)) })
		random.Shuffle(len(devices), func(i, j int) { devices[i], devices[j] = devices[j], devices[i] })
		for _, limit := range []int{7, 199, 200, 201} {
			var got []summary.Device
			var after *place
			for more := true; more; {
				r := ranking{order: index, after: after, limit: limit}
				for i := range devices {
					r.add(&devices[i])
					require.LessOrEqual(t, len(r.kept), limit+1)
				}
				var page []rankedDevice
				page, more = r.page()
				for _, d := range page {
					got = append(got, d.device)
				}
				read, err := parsePlace(page[len(page)-1].cursor(), index)
				require.NoError(t, err)
				after = &read
			}
			require.Equal(t, want, got, "%s, %d a page", o.name, limit)
		}
		slices.SortFunc(devices, func(a, b summary.Device) int { return strings.Compare(a.ClientID, b.ClientID) })
	}
}

func FuzzPlace(f *testing.F) {
	f.Add(place{1, 5, "client"}.cursor(), 1)
	f.Add("", 0)
	f.Fuzz(func(t *testing.T, cursor string, order int) {
		p, err := parsePlace(cursor, order)
		if err != nil {
			require.ErrorIs(t, err, query.ErrCursor)
			return
		}
		require.Equal(t, cursor, p.cursor())
		require.Equal(t, order, p.order)
	})
}

func TestSimilarTexts(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"Sensor-1", "sensor_1", true},
		{"AA:BB:CC", "aabbcc", true},
		{"g@@@d", "G/d", true},
		{"zero\u200bwidth", "ZeroWidth", true},
		{"sensor-1", "sensor-11", false},
		{"é", "e", false},
	} {
		require.Equal(t, c.want, similarTo(c.a)(c.b), "%s and %s", c.a, c.b)
	}
	require.True(t, similarTo("D1")("group@@@d-1"))
}

// A page must end before the response becomes too large, and the next page must continue there.
func TestPagesOfLongDevicesAreSmall(t *testing.T) {
	f := countedFleet()
	for i := range maxDevices {
		long := summary.Dated{Text: strings.Repeat("<", 512)}
		f.devices = append(f.devices, summary.Device{
			ClientID: fmt.Sprintf("%s%03d", strings.Repeat("<", 1000), i), Username: long, Node: long, Address: long, Last: 1,
		})
	}
	a := f.api()
	w := ask(a, devicesURL+"&limit=200")
	require.Less(t, wireSize(w.Body.Bytes()), maxBytes)
	for range maxLarge {
		a.large <- struct{}{}
	}
	ids := map[string]bool{}
	for cursor := ""; ; {
		w := ask(a, devicesURL+"&limit=200&cursor="+cursor)
		require.Less(t, wireSize(w.Body.Bytes()), smallBytes+30_000)
		var page deviceList
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &page))
		for _, id := range page.ids() {
			require.False(t, ids[id], "shown twice")
			ids[id] = true
		}
		if cursor = page.NextCursor; cursor == "" {
			break
		}
	}
	require.Len(t, ids, maxDevices)
}

func TestEndOfDay(t *testing.T) {
	a := countedFleet().api()
	at, until := a.endOf(startOfDay(now))
	require.Equal(t, now.Truncate(time.Millisecond), at)
	require.Equal(t, latest(at), until)
	at, until = a.endOf(startOfDay(now).AddDate(0, 0, -1))
	require.Equal(t, startOfDay(now).Add(-time.Millisecond), at)
	require.Equal(t, at, until)
}
