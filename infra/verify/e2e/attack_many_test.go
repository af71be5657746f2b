package e2e

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/segment"
)

// TestAttackManyInstances seeds more instances than a listing page holds.
func TestAttackManyInstances(t *testing.T) {
	t.Parallel()
	testManyInstances(t, 1100)
}

// testManyInstances seeds the given number of instances, makes queries, and compacts the bucket.
// With a token that covers two instances, neither a response nor its cost may depend on the other
// instances.
func testManyInstances(t *testing.T, instances int) {
	needsProc(t)
	const narrow = "e2e-narrow"
	s := newSeededStack(t, 16, "QUERY_TOKENS="+narrow+"=i-00007,absent")
	from := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -1)
	one := encoded(t, []segment.Row{{ClientID: "device", Time: from.UnixMilli(), Action: "connect", ActionInfo: "accepted"}})
	names := make([]string, instances)
	for i := range names {
		names[i] = fmt.Sprintf("i-%05d", i)
		s.seed(t, (layout.Layout{Shards: 16}).PartitionOf(event.InstanceID(names[i]), "device", from), i, one)
	}
	s.start(t)

	page := s.trace(t, question("i-00042", "device", from, from))
	require.Len(t, page.Events, 1)
	require.Equal(t, 1, page.Receipt.Objects)
	require.LessOrEqual(t, page.Receipt.Requests, 3)
	all := s.instances(t, queryToken)
	require.Equal(t, names[:min(instances, 10_000)], all.Instances)
	require.Equal(t, instances > 10_000, all.More)
	require.LessOrEqual(t, all.Receipt.Requests, instances/1000+1)
	mine := s.instances(t, narrow)
	require.Equal(t, []string{"i-00007"}, mine.Instances)
	require.LessOrEqual(t, mine.Receipt.Requests, 2)
	unknown := s.send(t, "GET", "/api/v1/trace?"+question("absent", "device", from, from).Encode(), "", "Authorization", "Bearer "+narrow)
	require.Equal(t, 200, unknown.status)
	require.JSONEq(t, `["i-00007"]`, string(jsonFields(t, unknown.body)["instances"]))
	require.NotContains(t, string(unknown.body), "more_instances")

	s.age(t)
	s.compact(t)
	require.Len(t, s.objects(t, "events/"), instances)
	s.requireMemory(t, "compactor")
	s.requireEvents(t, instances)
}

// instanceList is the body of a response from /api/v1/instances.
type instanceList struct {
	Instances []string
	More      bool
	Receipt   receipt
}

func (s *stack) instances(t *testing.T, token string) (list instanceList) {
	t.Helper()
	require.NoError(t, json.Unmarshal(s.get(t, token, "instances"), &list))
	return list
}

// TestAttackManyShards sends bodies that span many of the 4,096 shards. A body of 256 events must
// be recorded, even if each event belongs to a different partition. A body that spans more than 256
// partitions must be refused, and none of its events may be stored.
func TestAttackManyShards(t *testing.T) {
	t.Parallel()
	needsProc(t)
	s := newSeededStack(t, 4096)
	s.start(t)
	spread := distinctShards(257)
	r := s.post(t, "/webhooks/events/shards", spread[:256].body(), nil)
	require.Equal(t, 200, r.status, string(r.body))
	before := s.objects(t, "events/")
	require.Len(t, before, 256)
	for _, body := range [][]byte{spread.body(), []byte(clients(100_000, ""))} {
		r := s.post(t, "/webhooks/events/shards", body, nil)
		require.Equal(t, 413, r.status, string(r.body))
		require.Contains(t, string(r.body), `"code":"TooManyPartitions"`)
		require.Contains(t, string(r.body), "256 ")
	}
	require.Equal(t, before, s.objects(t, "events/"))
	now := time.Now()
	page := s.trace(t, question("shards", spread[255], now.Add(-time.Minute), now))
	require.Len(t, page.Events, 1)
	require.Len(t, page.Receipt.Partitions[0], len("instance=shards/shard=4f1/day=2026-11-22"))
	s.requireMemory(t, "recorder", "query")
	s.requireEvents(t, 256)
}

// clientIDs lists the clients of a body.
type clientIDs []string

// distinctShards returns n clients, each in a different one of 4,096 shards.
func distinctShards(n int) (ids clientIDs) {
	seen := map[layout.Shard]bool{}
	for i := 0; len(ids) < n; i++ {
		id := fmt.Sprint("device-", i)
		if shard := (layout.Layout{Shards: 4096}).ShardOf(event.ClientID(id)); !seen[shard] {
			seen[shard] = true
			ids = append(ids, id)
		}
	}
	return ids
}

// body returns a body with one event for each client.
func (ids clientIDs) body() []byte {
	events := make([]inputEvent, len(ids))
	for i, id := range ids {
		events[i] = inputEvent{ClientID: id, Action: "connect", Time: time.Now().UnixMilli()}
	}
	return encode(events)
}
