package e2e

import (
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// fleetSize is the number of devices of the fleet, and fleetSeed the seed of their day.
const (
	fleetSize = 300
	fleetSeed = 15
)

// fleetDay holds the events of a fleet on one past UTC day, with planted incidents.
type fleetDay struct {
	day    time.Time
	events []inputEvent
	// restart is when the 100 devices of node n0 drop, lone when only one device drops, and refused when
	// 20 devices cannot log in.
	restart, lone, refused time.Time
}

// fleetDevice returns an event of the fleet's device i, without action and time. Its node, address and
// user name depend on i alone.
func fleetDevice(i int) inputEvent {
	return inputEvent{
		ClientID: fmt.Sprintf("plant-%d@@@Unit_%03d", i%4, i), Username: fmt.Sprintf("user-%03d", i/2),
		Node: fmt.Sprintf("n%d", i%3), PeerAddress: fmt.Sprintf("10.1.%d.%d", i%7, i%250), PeerPort: 1024,
	}
}

// newFleetDay returns the events of a fleet yesterday. Each device connects in the early morning, and
// drops about every three hours. One in ten stays offline after its last drop.
func newFleetDay() *fleetDay {
	day := oneDay().AddDate(0, 0, -1)
	f := &fleetDay{day: day, restart: day.Add(12 * time.Hour), lone: day.Add(16 * time.Hour), refused: day.Add(16*time.Hour + 30*time.Minute)}
	random := rand.New(rand.NewPCG(fleetSeed, 0))
	reasons := []string{"no heart", "closed by client", ""}
	for i := range fleetSize {
		at := day.Add(time.Duration(random.IntN(3600)) * time.Second)
		for f.connect(i, at); ; f.connect(i, at) {
			at = at.Add(time.Minute + time.Duration(random.IntN(6*3600))*time.Second)
			if at.After(f.lone.Add(-15 * time.Minute)) { // nothing else happens around the planted events
				break
			}
			if i%3 == 0 && at.After(f.restart.Add(-5*time.Minute)) && at.Before(f.restart.Add(5*time.Minute)) {
				continue
			}
			f.add(i, "close", reasons[random.IntN(len(reasons))], at)
			if at = at.Add(30 * time.Second); i%10 == 9 && at.After(f.lone.Add(-3*time.Hour)) {
				break
			}
		}
	}
	for i := 0; i < fleetSize; i += 3 {
		at := f.restart.Add(time.Duration(i) * 100 * time.Millisecond)
		f.add(i, "close", "ServerShutdown", at)
		f.connect(i, at.Add(20*time.Second))
	}
	f.add(1, "close", "no heart", f.lone)
	for i := range 20 {
		f.add(i, "connect", "not authorized", f.refused.Add(time.Duration(i)*time.Second))
	}
	f.add(2, "disconnect", "disconnected by client", f.refused.Add(time.Hour))
	return f
}

func (f *fleetDay) connect(i int, at time.Time) { f.add(i, "connect", "accepted", at) }

func (f *fleetDay) add(i int, action, info string, at time.Time) {
	e := fleetDevice(i)
	e.Action, e.ActionInfo, e.Time, e.SourceEventID = action, info, at.UnixMilli(), strconv.Itoa(len(f.events))
	f.events = append(f.events, e)
}

// kind returns the kind of an event as the API names it.
func (e *inputEvent) kind() string {
	switch {
	case e.Action == "connect" && e.ActionInfo == "accepted":
		return "connect"
	case e.Action == "connect":
		return "refusal"
	case e.Action == "disconnect":
		return "disconnect"
	default:
		return "drop"
	}
}

// others returns how many devices other than the given one had an event of the given kind in the
// minute of an instant or in one of its two neighbors.
func (f *fleetDay) others(kind, clientID string, at time.Time) int {
	first := at.Truncate(time.Minute).Add(-time.Minute).UnixMilli()
	ids := map[string]bool{}
	for _, e := range f.events {
		if e.kind() == kind && e.ClientID != clientID && first <= e.Time && e.Time < first+3*60_000 {
			ids[e.ClientID] = true
		}
	}
	return len(ids)
}

// record sends the events in four deliveries, with some events in two of them. The recorder restarts
// after each delivery, so each partition gets several runs.
func (f *fleetDay) record(t *testing.T, s *stack) {
	t.Helper()
	t.Logf("%d events of %d devices, seed %d", len(f.events), fleetSize, fleetSeed)
	size := len(f.events)/3 + 1
	for from := 0; from < len(f.events); from += size {
		s.record(t, "plant", f.events[max(0, from-size/10):min(from+size, len(f.events))])
		s.interrupt(t)
		s.start(t)
	}
	s.record(t, "plant", f.events[:size/10])
}

// TestFleetAPI asks about a fleet on a day with planted incidents. Sums, finder and scopes must
// agree with the events that were sent, before and after a compaction.
func TestFleetAPI(t *testing.T) {
	t.Parallel()
	const mine = "e2e-of-plant"
	s := newStackWith(t, "QUERY_TOKENS="+mine+"=plant")
	f := newFleetDay()
	f.record(t, s)
	check := func() {
		f.requireSums(t, s)
		f.requireTable(t, s)
		f.requireDevices(t, s)
		f.requireFound(t, s)
		f.requireScopes(t, s)
		f.requireDown(t, s)
	}
	check()
	objects := len(s.objects(t, "events/"))
	s.age(t)
	s.compact(t)
	compacted := len(s.objects(t, "events/"))
	require.Less(t, compacted, objects)
	t.Logf("%d objects before the compaction, %d after", objects, compacted)
	check()
	f.requireIsolation(t, s, mine)
}

// fleetAnswer is the part of a response about a fleet that the tests check.
type fleetAnswer struct {
	Totals struct {
		Connects, Refusals, Ends, Drops, Disconnects int
		Devices, Dropped                             *int
	}
	Steps []struct {
		Time                            time.Time
		Connects, Refusals, Ends, Drops int
		ByReason                        []struct {
			ActionInfo string `json:"action_info"`
			Events     int
		} `json:"by_reason"`
		ByNode []struct {
			Node   string
			Events int
		} `json:"by_node"`
	}
	Reasons []struct {
		ActionInfo string `json:"action_info"`
		Kind       string
		Events     int
		Before     *int
	}
	Nodes []struct {
		Node                                    string
		Connects, Refusals, Ends, Drops, Before int
	}
	Down        *int
	Exact       bool
	AtMostTwice int `json:"at_most_twice"`
	Shards      struct{ Counted, Of int }
	Receipt     receipt
}

// wholeDay returns the parameters of a question about the whole day.
func (f *fleetDay) wholeDay() url.Values {
	return url.Values{
		"instance": {"plant"}, "from": {f.day.Format(time.RFC3339)}, "to": {f.day.AddDate(0, 0, 1).Format(time.RFC3339)},
	}
}

// requireSums checks the sums of the day against the events, for each length of a step.
func (f *fleetDay) requireSums(t *testing.T, s *stack) {
	t.Helper()
	for name, step := range map[string]time.Duration{"1m": time.Minute, "5m": 5 * time.Minute, "1h": time.Hour} {
		var got fleetAnswer
		s.read(t, "fleet", with(with(f.wholeDay(), "step", name), "compare", "1"), &got)
		require.True(t, got.Exact)
		require.Zero(t, got.AtMostTwice)
		require.Equal(t, got.Shards.Of, got.Shards.Counted)
		kinds, nodes, reasons, steps := map[string]int{}, map[string]int{}, map[string]int{}, map[int64]map[string]int{}
		for _, e := range f.events {
			kind := e.kind()
			kinds[kind]++
			nodes[e.Node+" "+kind]++
			reasons[kind+" "+e.ActionInfo]++
			at := time.UnixMilli(e.Time).Truncate(step).Unix()
			if steps[at] == nil {
				steps[at] = map[string]int{}
			}
			steps[at][kind]++
		}
		require.Equal(t, []int{kinds["connect"], kinds["refusal"], kinds["drop"] + kinds["disconnect"], kinds["drop"], kinds["disconnect"]},
			[]int{got.Totals.Connects, got.Totals.Refusals, got.Totals.Ends, got.Totals.Drops, got.Totals.Disconnects})
		require.Equal(t, fleetSize, *got.Totals.Devices)
		require.Len(t, got.Steps, int(24*time.Hour/step))
		for _, one := range got.Steps {
			want := steps[one.Time.Unix()]
			require.Equal(t, []int{want["connect"], want["refusal"], want["drop"] + want["disconnect"], want["drop"]},
				[]int{one.Connects, one.Refusals, one.Ends, one.Drops}, one.Time)
		}
		for _, one := range got.Reasons {
			require.Equal(t, reasons[one.Kind+" "+one.ActionInfo], one.Events)
			require.Zero(t, *one.Before)
		}
		require.Len(t, got.Nodes, 3)
		for _, one := range got.Nodes {
			require.Equal(t, nodes[one.Node+" drop"], one.Drops)
			require.Equal(t, nodes[one.Node+" connect"], one.Connects)
		}
	}
}

// requireTable checks that the CSV has the same sums.
func (f *fleetDay) requireTable(t *testing.T, s *stack) {
	t.Helper()
	r, err := do(t.Context(), http.MethodGet, s.url("/api/v1/fleet?"+with(f.wholeDay(), "format", "csv").Encode()), queryToken, nil, nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, r.status)
	require.Equal(t, "true", r.header.Get("X-Exact"))
	records, err := csv.NewReader(strings.NewReader(string(r.body))).ReadAll()
	require.NoError(t, err)
	require.Equal(t, []string{"time", "kind", "action", "action_info", "node", "rest", "events"}, records[0])
	sum := 0
	for _, record := range records[1:] {
		events, err := strconv.Atoi(record[6])
		require.NoError(t, err)
		sum += events
	}
	require.Equal(t, len(f.events), sum)
}

// fleetList is the part of a list of devices that the tests check.
type fleetList struct {
	Devices []struct {
		ClientID                        string `json:"client_id"`
		Username, Address, Node, State  string
		Connects, Ends, Drops, Refusals int
		Confirmed                       bool
		OfflineSince                    *time.Time `json:"offline_since"`
	}
	Covered struct {
		Devices, Matched int
		Complete         bool
	}
	Exact      bool
	NextCursor string `json:"next_cursor"`
}

func (l fleetList) ids() (ids []string) {
	for _, d := range l.Devices {
		ids = append(ids, d.ClientID)
	}
	return ids
}

// find returns all pages of a list of devices as one list.
func (s *stack) find(t *testing.T, parameters ...string) (all fleetList) {
	t.Helper()
	q := url.Values{"instance": {"plant"}}
	for i := 0; i < len(parameters); i += 2 {
		q.Set(parameters[i], parameters[i+1])
	}
	for {
		var page fleetList
		s.read(t, "devices", q, &page)
		page.Devices, all.Devices = nil, append(all.Devices, page.Devices...)
		all.Covered, all.Exact = page.Covered, page.Exact
		if page.NextCursor == "" {
			return all
		}
		q.Set("cursor", page.NextCursor)
	}
}

// requireDevices checks the complete list of devices, read page by page, and the numbers of each
// device.
func (f *fleetDay) requireDevices(t *testing.T, s *stack) {
	t.Helper()
	list := s.find(t, "day", f.day.Format(time.DateOnly), "limit", "70", "order", "drops")
	require.True(t, list.Exact)
	require.True(t, list.Covered.Complete)
	require.Equal(t, fleetSize, list.Covered.Devices)
	require.Equal(t, fleetSize, list.Covered.Matched)
	require.Len(t, list.Devices, fleetSize)
	counts := map[string]int{}
	for _, e := range f.events {
		counts[e.ClientID+" "+e.kind()]++
	}
	for i, d := range list.Devices {
		require.Equal(t, counts[d.ClientID+" connect"], d.Connects)
		require.Equal(t, counts[d.ClientID+" drop"], d.Drops)
		require.Equal(t, counts[d.ClientID+" refusal"], d.Refusals)
		require.Equal(t, counts[d.ClientID+" drop"]+counts[d.ClientID+" disconnect"], d.Ends)
		if i > 0 {
			previous := list.Devices[i-1]
			require.True(t, previous.Drops > d.Drops || previous.Drops == d.Drops && previous.ClientID < d.ClientID)
		}
	}
}

// requireFound checks that the finder finds devices by a part of their user name or address, and
// also if the text differs from an identifier only in case and separators.
func (f *fleetDay) requireFound(t *testing.T, s *stack) {
	t.Helper()
	for _, c := range []struct {
		q, match string
		matches  func(e inputEvent) bool
	}{
		{"Unit_04", "any", func(e inputEvent) bool { return strings.Contains(e.ClientID, "Unit_04") }},
		{"user-10", "any", func(e inputEvent) bool { return strings.Contains(e.Username, "user-10") }},
		{"user-10", "username", func(e inputEvent) bool { return strings.Contains(e.Username, "user-10") }},
		{"user-10", "address", func(inputEvent) bool { return false }},
		{"10.1.3.", "address", func(e inputEvent) bool { return strings.Contains(e.PeerAddress, "10.1.3.") }},
		{"unit_04", "any", func(inputEvent) bool { return false }},
		{"unit-041", "near", func(e inputEvent) bool { return e.ClientID == fleetDevice(41).ClientID }},
		{"PLANT-1/UNIT.041", "near", func(e inputEvent) bool { return e.ClientID == fleetDevice(41).ClientID }},
	} {
		var want []string
		for i := range fleetSize {
			if e := fleetDevice(i); c.matches(e) {
				want = append(want, e.ClientID)
			}
		}
		slices.Sort(want)
		require.Equal(t, want, s.find(t, "q", c.q, "match", c.match, "limit", "20").ids(), "%s in %s", c.q, c.match)
	}
}

// fleetScope is the part of a scope that the tests check.
type fleetScope struct {
	Of, Scope, Name, Text string
	Others                int
	Devices               []struct {
		ClientID string `json:"client_id"`
	}
	Complete, Provisional, Exact bool
}

func (s *stack) scope(t *testing.T, clientID string, at time.Time, more ...string) (got fleetScope) {
	t.Helper()
	q := url.Values{"instance": {"plant"}, "at": {at.Format(apiTime)}}
	if clientID != "" {
		q.Set("client", clientID)
	}
	for i := 0; i < len(more); i += 2 {
		q.Set(more[i], more[i+1])
	}
	s.read(t, "scope", q, &got)
	require.True(t, got.Exact)
	require.False(t, got.Provisional)
	require.NotEmpty(t, got.Text)
	return got
}

// requireScopes checks the scopes of the planted restart, lone drop and refused logins.
func (f *fleetDay) requireScopes(t *testing.T, s *stack) {
	t.Helper()
	restarted := fleetDevice(30).ClientID
	at := f.restart.Add(3 * time.Second)
	got := s.scope(t, restarted, at)
	require.Equal(t, "drops", got.Of)
	require.Equal(t, "node", got.Scope)
	require.Equal(t, "n0", got.Name)
	require.Equal(t, f.others("drop", restarted, at), got.Others)
	require.GreaterOrEqual(t, got.Others, 99)
	require.True(t, got.Complete)
	require.Len(t, got.Devices, got.Others)
	require.Equal(t, f.others("drop", "", at), s.scope(t, "", at).Others)
	require.NotEqual(t, got.Text, s.scope(t, restarted, at, "lang", "zh").Text)

	lone := fleetDevice(1).ClientID
	got = s.scope(t, lone, f.lone)
	require.Equal(t, "alone", got.Scope)
	require.Zero(t, got.Others)
	require.Empty(t, got.Devices)

	refused := fleetDevice(5).ClientID
	got = s.scope(t, refused, f.refused.Add(5*time.Second))
	require.Equal(t, "refusals", got.Of)
	require.Equal(t, 19, got.Others)
	require.NotEqual(t, "alone", got.Scope)
	require.Len(t, got.Devices, 19)
	require.Zero(t, s.scope(t, refused, f.refused, "of", "drops").Others)
}

// requireDown checks the list of offline devices. A status must confirm each of them.
func (f *fleetDay) requireDown(t *testing.T, s *stack) {
	t.Helper()
	objects := len(s.objects(t, "events/"))
	last := map[string]inputEvent{}
	for _, e := range f.events {
		if old, known := last[e.ClientID]; e.kind() != "refusal" && (!known || e.Time > old.Time) {
			last[e.ClientID] = e
		}
	}
	var want []string
	for id, e := range last {
		if e.kind() != "connect" {
			want = append(want, id)
		}
	}
	list := s.find(t, "order", "offline_since", "limit", "100")
	require.ElementsMatch(t, want, list.ids())
	for i, d := range list.Devices {
		require.True(t, d.Confirmed, d.ClientID)
		require.Equal(t, "offline", d.State)
		require.Equal(t, last[d.ClientID].Time, d.OfflineSince.UnixMilli(), d.ClientID)
		require.True(t, i == 0 || !d.OfflineSince.After(*list.Devices[i-1].OfflineSince))
	}
	var day fleetAnswer
	s.read(t, "fleet", f.wholeDay(), &day)
	require.Equal(t, len(want), *day.Down)
	require.LessOrEqual(t, day.Receipt.Requests, 16+objects+2)
}

// requireIsolation checks that a token for this instance cannot read another instance.
func (f *fleetDay) requireIsolation(t *testing.T, s *stack, token string) {
	t.Helper()
	for _, question := range []string{"fleet?instance=", "scope?at=" + f.restart.Format(apiTime) + "&instance=", "devices?instance="} {
		s.get(t, token, question+"plant")
		for _, other := range []string{"other", "absent"} {
			r, err := do(t.Context(), http.MethodGet, s.url("/api/v1/"+question+other), token, nil, nil)
			require.NoError(t, err)
			require.Equal(t, http.StatusForbidden, r.status)
		}
	}
}
