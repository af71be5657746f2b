package agent

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
)

func TestTools(t *testing.T) {
	t.Parallel()
	session := connect(t, newServer(t, story()...), "narrow")
	require.Empty(t, session.ID(), "the endpoint has no sessions")
	require.Equal(t, "2026-07-28", session.InitializeResult().ProtocolVersion)
	require.Equal(t, instructions, session.InitializeResult().Instructions)
	list, err := session.ListTools(t.Context(), nil)
	require.NoError(t, err)
	required := map[string][]any{}
	for _, found := range list.Tools {
		schema := found.InputSchema.(map[string]any)
		required[found.Name] = schema["required"].([]any)
		require.Equal(t, false, schema["additionalProperties"])
		for name, property := range schema["properties"].(map[string]any) {
			require.NotEmpty(t, property.(map[string]any)["description"], name)
		}
		require.True(t, found.Annotations.ReadOnlyHint)
		require.True(t, found.Annotations.IdempotentHint)
		require.False(t, *found.Annotations.OpenWorldHint)
		require.LessOrEqual(t, len(found.Description), 800)
	}
	require.Equal(t, map[string][]any{
		"why_did_device_drop": {"client"}, "device_trace": {"client"}, "device_status": {"client"}, "who_else_dropped": {"at"}, "fleet_summary": {},
	}, required)
	encoded, err := json.Marshal(list)
	require.NoError(t, err)
	require.LessOrEqual(t, len(encoded), maxResult)
}

func TestWhyDidDeviceDrop(t *testing.T) {
	t.Parallel()
	server := newServer(t, story()...)
	found := answerOf(t, connect(t, server, "narrow"), "why_did_device_drop", drop)
	require.Equal(t, dataNotice, found["notice"])
	require.Equal(t, "c", found["client"])
	require.Equal(t, server.URL+"/?client=c&from=2026-11-22T10%3A00%3A00.000Z&instance=i&to=2026-11-22T11%3A00%3A00.000Z", found["link"])
	require.Equal(t, map[string]any{"state": "offline", "since": "2026-11-22T10:20:00.000Z"}, found["status"])
	require.EqualValues(t, 2, found["summary"].(map[string]any)["drops"])
	require.Contains(t, found["next_step"], "at=2026-11-22T10:20:00.000Z")
	first := found["verdicts"].([]any)[0].(map[string]any)
	require.NotEmpty(t, first["next"])
	require.Equal(t, "keep-alive-timeout", first["code"])
	require.Equal(t, map[string]any{
		"time": "2026-11-22T10:20:00.000Z", "action": "close", "action_info": "no heart", "native_reason": "keepalive_timeout",
		"text": "The connection had lasted 14 min. The client's address was 192.0.2.7. The keep alive was 1 min.",
	}, first["evidence"].([]any)[1])
	connections := found["connections"].([]any)
	require.Len(t, connections, 2)
	require.Equal(t, "2026-11-22T10:06:00.000Z", connections[0].(map[string]any)["start"], "newest first")
	require.NotContains(t, found, "left_out")
	require.NotContains(t, found, "warnings")
}

func TestDeviceTrace(t *testing.T) {
	t.Parallel()
	found := answerOf(t, connect(t, newServer(t, story()...), "narrow"), "device_trace", drop)
	events := found["events"].([]any)
	require.Len(t, events, 4)
	require.Equal(t, map[string]any{
		"time": "2026-11-22T10:20:00.000Z", "action": "close", "action_info": "no heart", "native_reason": "keepalive_timeout",
		"peer_address": "192.0.2.7", "username": "user-c", "node": "n1", "keep_alive": 60.0, "channel_id": "ch-10:06:00",
		"source": "events", "time_origin": "broker",
	}, events[0])
	require.Contains(t, found["next_step"], "why_did_device_drop")
	require.NotContains(t, found, "left_out")
}

func TestDeviceStatus(t *testing.T) {
	t.Parallel()
	session := connect(t, newServer(t, story()...), "narrow")
	for at, want := range map[any]string{"2026-11-22T10:10:00Z": "online", nil: "offline", "2026-11-22T08:00:00Z": "unknown", 1795342200000: "online"} {
		found := answerOf(t, session, "device_status", arguments{"instance": "i", "client": "c", "at": at})
		require.Equal(t, want, found["state"], at)
		require.NotEmpty(t, found["next_step"])
	}
}

func TestWhoElseDropped(t *testing.T) {
	t.Parallel()
	session := connect(t, newServer(t, story()...), "narrow")
	found := answerOf(t, session, "who_else_dropped", arguments{"instance": "i", "client": "c", "at": "2026-11-22T10:20:00Z"})
	require.EqualValues(t, 20, found["others"])
	require.Len(t, found["devices"], 20)
	require.NotEmpty(t, found["title"])
	require.Equal(t, scopeSteps[found["scope"].(string)], found["next_step"])
	require.NotEqual(t, "alone", found["scope"])
	found = answerOf(t, session, "who_else_dropped", arguments{"instance": "i", "client": "c", "at": "2026-11-22T10:05:00Z"})
	require.Equal(t, "alone", found["scope"])
}

// Every scope of package fleet must have a next step.
func TestScopeSteps(t *testing.T) {
	t.Parallel()
	for _, scope := range []string{"alone", "node", "network", "reason", "fleet", "not clear", "unknown"} {
		require.NotEmpty(t, scopeSteps[scope], scope)
	}
	require.Len(t, scopeSteps, 7)
}

func TestFleetSummary(t *testing.T) {
	t.Parallel()
	found := answerOf(t, connect(t, newServer(t, story()...), "narrow"), "fleet_summary", arguments{"instance": "i"})
	totals := found["totals"].(map[string]any)
	require.EqualValues(t, 22, totals["drops"])
	require.EqualValues(t, 21, totals["devices"])
	busiest := found["busiest_minutes"].([]any)
	require.Equal(t, map[string]any{
		"time": "2026-11-22T10:20:00.000Z", "connects": 0.0, "drops": 21.0, "refusals": 0.0,
		"by_reason": []any{map[string]any{"action": "close", "action_info": "no heart", "events": 21.0}},
	}, busiest[0])
	require.Contains(t, found["next_step"], "at=2026-11-22T10:20:00.000Z and of=drops")
	require.Equal(t, []any{
		map[string]any{"time": "2026-11-22T09:00:00.000Z", "connects": 20.0, "drops": 0.0, "refusals": 0.0},
		map[string]any{"time": "2026-11-22T10:00:00.000Z", "connects": 2.0, "drops": 22.0, "refusals": 0.0},
	}, found["hours"])
}

// TestFleetSummaryLeadsToTheIncident checks that the next step after a summary is about the busiest
// minute, in which eight devices are refused, although one device is refused for a whole hour.
func TestFleetSummaryLeadsToTheIncident(t *testing.T) {
	t.Parallel()
	events := []event.Event{connected("c", "10:00:00"), dropped("c", "10:10:00", "10:00:00")}
	refuse := func(client event.ClientID, clock string) {
		events = append(events, happened(client, clock, event.Close, event.NotAuthorized))
	}
	for i := range 8 {
		refuse(event.ClientID(fmt.Sprint("camera-", i)), "11:13:30")
	}
	for i := range 60 {
		refuse("lost", fmt.Sprintf("08:%02d:00", i))
	}
	session := connect(t, newServer(t, events...), "narrow")
	found := answerOf(t, session, "fleet_summary", nil)
	require.Contains(t, found["next_step"], "at=2026-11-22T11:13:00.000Z and of=refusals")
	found = answerOf(t, session, "who_else_dropped", arguments{"at": "2026-11-22T11:13:00.000Z", "of": "refusals"})
	require.EqualValues(t, 8, found["others"])
	require.Equal(t, "network", found["scope"], "all devices have one address")
}

// If the device went offline before the range, the next step must lead to its last drop.
func TestOfflineBeforeTheRange(t *testing.T) {
	t.Parallel()
	session := connect(t, newServer(t, story()...), "narrow")
	found := answerOf(t, session, "why_did_device_drop", arguments{"client": "c"})
	require.Contains(t, found["next_step"], "to=2026-11-22T10:20:00.000Z.")
	found = answerOf(t, session, "why_did_device_drop", arguments{"client": "c", "to": "2026-11-22T10:20:00.000Z"})
	require.Equal(t, "keep-alive-timeout", found["verdicts"].([]any)[0].(map[string]any)["code"])
}

// A call about a device without events must succeed. If the instance has no events either, the result
// must list the instances that have some.
func TestNothingIsFound(t *testing.T) {
	t.Parallel()
	session := connect(t, newServer(t, story()...), "all")
	for _, tool := range tools {
		given := argumentsOf(tool, arguments{"instance": "i", "client": "C", "at": "2026-11-22T10:20:00Z"})
		found := answerOf(t, session, tool.name, given)
		require.NotContains(t, found, "warnings", tool.name)
		require.NotEmpty(t, found["next_step"], tool.name)
		given["instance"] = "other"
		found = answerOf(t, session, tool.name, given)
		require.Equal(t, []any{"i"}, found["instances"], tool.name)
		require.Contains(t, found["warnings"].([]any)[0], "The instance has no events.")
	}
}

// The same question must always get the same result, even if many calls run at the same time.
func TestConcurrentCallsHaveTheSameResults(t *testing.T) {
	t.Parallel()
	session := connect(t, newServer(t, story()...), "narrow")
	given := arguments{"instance": "i", "client": "c", "from": drop["from"], "to": drop["to"], "at": "2026-11-22T10:20:00Z"}
	want := map[string]string{}
	for _, tool := range tools {
		want[tool.name], _ = call(t, session, tool.name, argumentsOf(tool, given))
	}
	var running sync.WaitGroup
	for range 8 {
		for _, tool := range tools {
			running.Go(func() {
				text, isError := call(t, session, tool.name, argumentsOf(tool, given))
				if isError || text != want[tool.name] {
					t.Errorf("%s: got %s, want %s", tool.name, text, want[tool.name])
				}
			})
		}
	}
	running.Wait()
}
