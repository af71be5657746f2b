package traceapi

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
	"devicetrace/pkg/fleet"
	"devicetrace/pkg/query"
	"devicetrace/pkg/segment"
	"devicetrace/pkg/summary"
)

const (
	scopeURL    = scopePath + "?instance=i&at=2026-11-22T07:00:00Z"
	clientScope = scopeURL + "&client=c"
)

// dropped returns the row of a drop of another client, on the given node.
func dropped(id, node, at string) segment.Row {
	e := happenedTo(id, event.Close, 0, at)
	e.Node, e.PeerAddress, e.ConnectedAt = node, "192.0.2.7", e.Time.Add(-time.Hour)
	return segment.FromEvent(&e)
}

// scopeOf holds the parts of a scope that the tests check.
type scopeOf struct {
	ClientID    *string `json:"client_id"`
	At, From    string
	To, Of      string
	Scope, Name string
	Others      int
	ByNode      []struct {
		Node   string
		Others int
	} `json:"by_node"`
	Devices []struct {
		ClientID string `json:"client_id"`
		Time     string
		Node     string
	}
	Complete, Provisional, Exact bool
	Shards                       shardCount
	Lang, Title, Text            string
	Receipt                      query.Receipt
	Plan                         []query.Step
}

// restarted returns a fleet in which client "c" and ten other devices on node n1 drop at 07:00.
func restarted() *fleetOf {
	f := countedFleet()
	minute := summary.MinuteOf(at("2026-11-22T07:00:00Z").UnixMilli())
	f.result.Sums = &summary.Sums{
		Cells:      []summary.Cell{cellAt("06:30", "n2", event.Connect, event.Accepted, 100), cellAt("07:00", "n1", event.Close, event.NoHeart, 11)},
		Vicinities: []summary.Vicinity{{Minute: minute, Dropped: 11}},
	}
	for i := range 10 {
		row := dropped(fmt.Sprint("d", i), "n1", "07:00:01")
		row.PeerAddress = fmt.Sprintf("192.0.%d.7", i) // not one network
		f.rows = append(f.rows, row)
	}
	own := happened("c", event.Close, 0, "07:00:00")
	own.Node, own.ConnectedAt = "n1", own.Time.Add(-time.Hour)
	f.events, f.rows = []event.Event{own}, append(f.rows, segment.FromEvent(&own))
	return f
}

func TestScope(t *testing.T) {
	f := restarted()
	var got scopeOf
	fetch(t, f.api(), clientScope, &got)
	require.Equal(t, "c", *got.ClientID)
	require.Equal(t, "2026-11-22T07:00:00.000Z", got.At)
	require.Equal(t, "2026-11-22T06:59:00.000Z", got.From)
	require.Equal(t, "2026-11-22T07:02:00.000Z", got.To)
	require.Equal(t, "drops", got.Of)
	require.Equal(t, "node", got.Scope)
	require.Equal(t, "n1", got.Name)
	require.Equal(t, 10, got.Others)
	require.Len(t, got.Devices, 10)
	require.True(t, got.Complete)
	require.True(t, got.Exact)
	require.False(t, got.Provisional)
	require.Equal(t, shardCount{16, 16}, got.Shards)
	require.Equal(t, "en", got.Lang)
	require.NotEmpty(t, got.Title)
	require.NotEmpty(t, got.Text)
	require.Nil(t, got.Plan)
	require.Equal(t, 4, got.Receipt.Requests, "those of the trace and of the fleet")

	q := f.asked[0]
	require.True(t, q.Drops)
	require.Equal(t, fleet.Since(at(got.At)), q.From)
	require.Equal(t, fleet.Until(at(got.At)), q.To)
	require.Equal(t, at(got.From), q.RowsFrom)
	require.Equal(t, at(got.To), q.RowsTo)
	require.EqualValues(t, 32<<20, q.RowsBytes)
	require.Equal(t, []string{"11-22T06:59:00.000 11-22T07:01:59.999"}, f.spans)
}

func TestScopeOfAnInstant(t *testing.T) {
	f := restarted()
	var got scopeOf
	fetch(t, f.api(), scopeURL+"&explain=1", &got)
	require.Nil(t, got.ClientID)
	require.Equal(t, "drops", got.Of)
	require.Equal(t, 11, got.Others, "all devices are others")
	require.Len(t, got.Plan, 2)
	require.Empty(t, f.spans, "no trace is read")
}

func TestScopeInChinese(t *testing.T) {
	var english, chinese scopeOf
	fetch(t, restarted().api(), clientScope, &english)
	fetch(t, restarted().api(), clientScope+"&lang=zh", &chinese)
	require.NotEqual(t, english.Text, chinese.Text)
	require.NotEqual(t, english.Title, chinese.Title)
	w := ask(restarted().api(), clientScope, "Accept-Language", "zh-CN,en;q=0.5")
	require.Contains(t, w.Body.String(), chinese.Text)
}

// Without the parameter "of", the device's nearest event must decide whether drops or refusals are
// counted.
func TestWhatAScopeCounts(t *testing.T) {
	refusal := refused(0, "07:00:10")
	drop := happened("a", event.Close, 0, "07:00:12")
	for _, c := range []struct {
		name, query string
		events      []event.Event
		want        string
	}{
		{"nothing", "", nil, "drops"},
		{"a drop", "", []event.Event{drop}, "drops"},
		{"a refusal", "", []event.Event{refusal}, "refusals"},
		{"the refusal is nearer", "", []event.Event{refusal, drop}, "refusals"},
		{"only connects", "", []event.Event{happened("a", event.Connect, 0, "07:00:00"), happened("a", event.Disconnect, 0, "07:00:01")}, "drops"},
		{"drops are asked for", "&of=drops", []event.Event{refusal}, "drops"},
		{"refusals are asked for", "&of=refusals", []event.Event{drop}, "refusals"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := countedFleet()
			f.result.Sums = &summary.Sums{}
			f.events = c.events
			var got scopeOf
			fetch(t, f.api(), clientScope+c.query, &got)
			require.Equal(t, c.want, got.Of)
		})
	}
	var got scopeOf
	fetch(t, countedFleet().api(), scopeURL+"&of=refusals", &got)
	require.Equal(t, "refusals", got.Of)
}

// The scope of a refused login must count other refused devices, and no drops.
func TestScopeOfARefusal(t *testing.T) {
	f := restarted()
	f.result.Sums = &summary.Sums{
		Cells:      []summary.Cell{cellAt("07:00", "n1", event.Connect, event.NotAuthorized, 7)},
		Vicinities: []summary.Vicinity{{Minute: summary.MinuteOf(at("2026-11-22T07:00:00Z").UnixMilli()), Refused: 7, Dropped: 11}},
	}
	for _, id := range []string{"r1", "r2", "r3", "r4", "r5", "r6", "c"} {
		e := refused(0, "07:00:00")
		e.ClientID = event.ClientID(id)
		f.rows = append(f.rows, segment.FromEvent(&e))
	}
	f.events = []event.Event{refused(0, "07:00:00")}
	var got scopeOf
	fetch(t, f.api(), clientScope, &got)
	require.Equal(t, "refusals", got.Of)
	require.Equal(t, 6, got.Others)
	require.Len(t, got.Devices, 6)
}

// If there are too many rows, or the reader does not read them, the list must be incomplete. The
// number of other devices must stay the same.
func TestScopeWithoutRows(t *testing.T) {
	f := restarted()
	f.result.RowsRead = false
	var got scopeOf
	fetch(t, f.api(), clientScope, &got)
	require.False(t, got.Complete)
	require.Equal(t, 10, got.Others)

	list := dropList{byKind: map[fleet.Of][]fleet.Drop{}}
	for i := range maxScopeRows + 1 {
		row := dropped(fmt.Sprint("d", i), "n1", "07:00:01")
		require.NoError(t, list.add(&row))
	}
	require.True(t, list.isCut)
	require.Empty(t, list.byKind)
}

func TestScopeIsUnknownIfTooMuchIsMissing(t *testing.T) {
	f := restarted()
	f.result.Shards, f.result.Exact, f.result.RowsRead = 3, false, false
	f.result.NotCounted = []query.Unreadable{{Key: "k", Error: strings.Repeat("e", 1000)}}
	w := ask(f.api(), clientScope)
	require.Contains(t, w.Body.String(), `"scope":"unknown"`)
	require.Contains(t, w.Body.String(), `"shards":{"counted":3,"of":16},"not_counted":[{"key":"k","error":"`+strings.Repeat("e", maxError)+`"}]`)
}

func TestScopeOfTheLastMinutesIsProvisional(t *testing.T) {
	var got scopeOf
	fetch(t, restarted().api(), scopePath+"?instance=i&client=c&at=2026-11-22T08:00:00Z", &got)
	require.True(t, got.Provisional)
}

// A device with very many drops in the window must not fill the memory. Only its drops that are
// nearest to the requested time count.
func TestOwnEventsAreLimited(t *testing.T) {
	own := ownEvents{at: at("2026-11-22T07:00:00Z"), byKind: map[fleet.Of][]fleet.Drop{}}
	e := happened("c", event.Close, 0, "06:59:00")
	for range 2 * maxOwn {
		own.add(&e)
		e.Time = e.Time.Add(time.Millisecond)
	}
	e.Time = own.at
	own.add(&e)
	for range 2 * maxOwn {
		e.Time = e.Time.Add(time.Millisecond)
		own.add(&e)
	}
	require.Len(t, own.byKind[fleet.Drops], maxOwn)
	require.Equal(t, fleet.At(own.at), own.byKind[fleet.Drops][maxOwn-1].Time)
}

func TestScopeWithoutItsTrace(t *testing.T) {
	f := restarted()
	f.recorded.err = errors.New("oss: secret detail")
	w := ask(f.api(), clientScope)
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.NotContains(t, w.Body.String(), "secret detail")
}

func TestLargeScopesNeedSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := restarted()
		for i := range 150 {
			f.rows = append(f.rows, dropped(fmt.Sprint(strings.Repeat("<", 1000), i), "n1", "07:00:01"))
		}
		a := f.api()
		require.Equal(t, http.StatusOK, ask(a, clientScope).Code)
		require.Empty(t, a.large)
		for range maxLarge {
			a.large <- struct{}{}
		}
		require.Equal(t, http.StatusTooManyRequests, ask(a, clientScope).Code)
		require.Equal(t, http.StatusOK, ask(restarted().api(), clientScope).Code)
	})
}
