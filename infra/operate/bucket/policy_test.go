package bucket

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Each function's policy must allow every request that the function makes. It must not grant
// anything that the function does not need.
func TestFunctionsAndTheirPolicies(t *testing.T) {
	testPolicies(t, ".")
}

// The policies that the deploy page makes for a bucket with a prefix must be as exact.
func TestFunctionsAndTheirPoliciesWithAPrefix(t *testing.T) {
	t.Setenv("OSS_PREFIX", "trace/")
	testPolicies(t, fill(t, "trace/"))
}

// testPolicies runs the functions with the policies in a folder.
func testPolicies(t *testing.T, policies string) {
	t.Helper()
	written = 0
	guard, endpoint := newGuard(t, policies, "query")
	record(t, endpoint)
	quarantine(t, endpoint)
	guard.age(t) // otherwise the compactor would leave the runs alone, because a recorder may still add to them
	compact(t, endpoint)
	query(t, endpoint)
	guard.requireNoneRefused(t)
	guard.requireAllUsed(t)
}

// fill runs the command of the deploy page that writes the bucket's name and prefix into copies of
// the policies. It returns the folder of the copies.
func fill(t *testing.T, prefix string) (folder string) {
	t.Helper()
	page, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	command := regexp.MustCompile(`(?m)^    for file in lifecycle.xml .*\n(?:    .*\n)*`).FindString(string(page))
	require.NotEmpty(t, command)
	work := t.TempDir()
	require.NoError(t, os.CopyFS(filepath.Join(work, "infra/operate/bucket"), os.DirFS(".")))
	folder = filepath.Join(work, ".build/bucket")
	require.NoError(t, os.MkdirAll(folder, 0o755))
	cmd := exec.CommandContext(t.Context(), "bash", "-euc", command)
	cmd.Dir, cmd.Env = work, append(os.Environ(), "OSS_BUCKET=device-trace", "OSS_PREFIX="+prefix, "RETENTION_DAYS=30")
	output, err := cmd.CombinedOutput()
	require.NoError(t, err, string(output))
	return folder
}

// A query function whose role and token cover one instance must work for that instance. Even with a
// token that covers all instances, the role must protect the other instances.
func TestARoleOfOneInstance(t *testing.T) {
	guard, endpoint := newGuard(t, ".", "query-one-instance")
	recorder := start(t, "recorder", endpoint)
	for _, instance := range []string{"prod", "other"} {
		recorder.request(t, "POST", "/webhooks/events/"+instance, events(1), 200)
	}
	recorder.stop(t)

	process := start(t, "query", endpoint, "QUERY_TOKEN=", "QUERY_TOKENS=token=prod")
	require.Contains(t, process.request(t, "GET", "/api/v1/instances", "", 200), `"instances":["prod"]`)
	for _, path := range []string{"trace", "status", "diagnosis", "days"} {
		require.Contains(t, process.request(t, "GET", "/api/v1/"+path+"?instance=prod&client=c", "", 200), `"objects":1`)
		process.request(t, "GET", "/api/v1/"+path+"?instance=prod&client=never", "", 200)
		process.request(t, "GET", "/api/v1/"+path+"?instance=other&client=c", "", 403)
	}
	process.stop(t)
	guard.requireNoneRefused(t)
	for _, grant := range guard.policies["query"].grants() {
		require.NotZero(t, guard.used["query"][grant], "the query function never needs %+v", grant)
	}

	process = start(t, "query", endpoint)
	process.request(t, "GET", "/api/v1/trace?instance=other&client=c", "", 503)
	process.request(t, "GET", "/api/v1/instances", "", 503)
	process.stop(t)
}

const runRows = 520 // more events than a run can hold, so that every request ends a run

// record sends a recorder enough events for it to end several runs and delete superseded objects.
// The bucket is still empty, so the recorder must also put the layout marker.
func record(t *testing.T, endpoint string) {
	recorder := start(t, "recorder", endpoint)
	for range 4 {
		recorder.request(t, "POST", "/webhooks/events/i", events(1), 200)
	}
	for range 9 {
		recorder.request(t, "POST", "/webhooks/events/i", events(runRows), 200)
	}
	recorder.stop(t)
}

var written int

// eventTime is the time of every generated event. All events have the same time so that they
// belong to one partition.
var eventTime = time.Now().Add(-time.Minute).UnixMilli()

// events returns a request body with n distinct events for one client.
func events(n int) string {
	var b strings.Builder
	for range n {
		written++
		fmt.Fprintf(&b, `{"client_id":"c","action":"connect","time":%d,"source_event_id":"%d"}`+"\n", eventTime, written)
	}
	return b.String()
}

// quarantine handles an event that a recorder does not understand, as an operator would. It starts
// another recorder on the same bucket and sends the event. It then lists, shows and replays the
// quarantined item.
func quarantine(t *testing.T, endpoint string) {
	recorder := start(t, "recorder", endpoint)
	recorder.request(t, "POST", "/webhooks/events/i", `[{"client_id":"c","action":"connect"},{"client_id":"c","action":"explode"}]`, 400)
	var listing struct{ Items []struct{ ID string } }
	require.NoError(t, json.Unmarshal([]byte(recorder.request(t, "GET", "/webhooks/quarantine", "", 200)), &listing))
	require.Len(t, listing.Items, 1)
	item := "/webhooks/quarantine/" + listing.Items[0].ID
	require.Contains(t, recorder.request(t, "GET", item, "", 200), "explode")
	require.Contains(t, recorder.request(t, "POST", item+"/replay", "", 422), `"recorded":1`)
	recorder.stop(t)
}

func compact(t *testing.T, endpoint string) {
	compactor := start(t, "compactor", endpoint)
	compactor.request(t, "POST", "/invoke", "{}", 200)
	logged := compactor.stop(t)
	require.Contains(t, logged, `"merges":1`)
	require.NotContains(t, logged, `"deleted":0`)
}

func query(t *testing.T, endpoint string) {
	process := start(t, "query", endpoint)
	device := url.Values{"instance": {"i"}, "client": {"c"}, "limit": {"5000"}}
	var trace struct{ Events []json.RawMessage }
	require.NoError(t, json.Unmarshal([]byte(process.request(t, "GET", "/api/v1/trace?"+device.Encode(), "", 200)), &trace))
	require.Len(t, trace.Events, written+1, "and the valid event of the quarantined batch")
	require.Contains(t, process.request(t, "GET", "/api/v1/diagnosis?instance=i&client=c", "", 200), `"verdicts"`)
	require.Contains(t, process.request(t, "GET", "/api/v1/status?instance=i&client=c", "", 200), `"online"`)
	require.Contains(t, process.request(t, "GET", "/api/v1/status?instance=i&client=never", "", 200), `"unknown"`, "after it searched earlier days")
	require.Contains(t, process.request(t, "GET", "/api/v1/instances", "", 200), `"instances":["i"]`)
	require.Contains(t, process.request(t, "GET", "/api/v1/trace?instance=j&client=c", "", 200), `"instance_known":false,"instances":["i"]`)
	process.stop(t)
}

func (g *guard) requireNoneRefused(t *testing.T) {
	t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	require.Empty(t, g.refused, "requests that a policy refused")
}

func (g *guard) requireAllUsed(t *testing.T) {
	t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	for function, p := range g.policies {
		for _, grant := range p.grants() {
			used := g.used[function][grant]
			t.Logf("%-9s  %-16s %-36s %-13s %d", function, grant.action, grant.resource, grant.prefix, used)
			require.NotZero(t, used, "%s never needs %+v", function, grant)
		}
	}
}
