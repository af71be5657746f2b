package bucket

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestFunctionsAndTheirPolicies: each function does all it can do under its policy, and
// no part of a policy is there for nothing.
func TestFunctionsAndTheirPolicies(t *testing.T) {
	folder := build(t)
	guard, endpoint := newGuard(t)
	records(t, folder, endpoint)
	quarantines(t, folder, endpoint)
	compacts(t, folder, endpoint)
	answers(t, folder, endpoint)
	guard.requireNoneRefused(t)
	guard.requireAllUsed(t)
}

const runRows = 520 // more than a run takes

// records uses the bucket for the first time, ends runs, and deletes what they supersede.
func records(t *testing.T, folder, endpoint string) {
	recorder := start(t, folder, "recorder", endpoint)
	for range 4 {
		recorder.ask(t, "POST", "/webhooks/events/i", events(1), 200)
	}
	for range 9 {
		recorder.ask(t, "POST", "/webhooks/events/i", events(runRows), 200)
	}
	recorder.stop(t)
}

var written int

// began is the time of all events, so that they are of one partition.
var began = time.Now().Add(-time.Minute).UnixMilli()

// events are n of one client, all distinct.
func events(n int) string {
	var b strings.Builder
	for range n {
		written++
		fmt.Fprintf(&b, `{"client_id":"c","action":"connect","time":%d,"source_event_id":"%d"}`+"\n", began, written)
	}
	return b.String()
}

// quarantines starts on a bucket in use, keeps what it cannot understand, and shows it
// to the operator.
func quarantines(t *testing.T, folder, endpoint string) {
	recorder := start(t, folder, "recorder", endpoint)
	recorder.ask(t, "POST", "/webhooks/events/i", `[{"client_id":"c","action":"connect"},{"client_id":"c","action":"explode"}]`, 400)
	var listing struct{ Items []struct{ ID string } }
	require.NoError(t, json.Unmarshal([]byte(recorder.ask(t, "GET", "/webhooks/quarantine", "", 200)), &listing))
	require.Len(t, listing.Items, 1)
	item := "/webhooks/quarantine/" + listing.Items[0].ID
	require.Contains(t, recorder.ask(t, "GET", item, "", 200), "explode")
	require.Contains(t, recorder.ask(t, "POST", item+"/replay", "", 422), `"recorded":1`)
	recorder.stop(t)
}

func compacts(t *testing.T, folder, endpoint string) {
	compactor := start(t, folder, "compactor", endpoint)
	compactor.ask(t, "POST", "/invoke", "{}", 200)
	logged := compactor.stop(t)
	require.Contains(t, logged, `"merges":1`)
	require.NotContains(t, logged, `"deleted":0`)
}

func answers(t *testing.T, folder, endpoint string) {
	query := start(t, folder, "query", endpoint)
	device := url.Values{"instance": {"i"}, "client": {"c"}, "limit": {"5000"}}
	var trace struct{ Events []json.RawMessage }
	require.NoError(t, json.Unmarshal([]byte(query.ask(t, "GET", "/api/v1/trace?"+device.Encode(), "", 200)), &trace))
	require.Len(t, trace.Events, written+1, "and the good one of the batch")
	require.Contains(t, query.ask(t, "GET", "/api/v1/diagnosis?instance=i&client=c", "", 200), `"verdicts"`)
	require.Contains(t, query.ask(t, "GET", "/api/v1/status?instance=i&client=c", "", 200), `"online"`)
	require.Contains(t, query.ask(t, "GET", "/api/v1/status?instance=i&client=never", "", 200), `"unknown"`, "after a look back over days")
	query.stop(t)
}

func (g *guard) requireNoneRefused(t *testing.T) {
	t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	require.Empty(t, g.refused, "requests beyond the function's policy")
}

func (g *guard) requireAllUsed(t *testing.T) {
	t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	for function, p := range g.policies {
		for _, one := range p.grants() {
			t.Logf("%-9s  %-16s %-36s %-13s %d", function, one.action, one.resource, one.prefix, g.used[function][one])
			require.NotZero(t, g.used[function][one], "%s never needs %+v", function, one)
		}
	}
}
