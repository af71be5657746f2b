package e2e

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestAttackIsolation queries many clients with a token for one instance. The responses, including
// their receipts and plans, must stay the same, whatever is recorded, compacted or damaged on
// another instance.
func TestAttackIsolation(t *testing.T) {
	t.Parallel()
	const mine = "e2e-mine"
	s := newStackWith(t, "QUERY_TOKENS="+mine+"=mine")
	from := oneDay().Add(-12 * time.Hour) // so that all events belong to one day
	ids := append(clientIDs{"device", secretClient}, distinctShards(50)...)
	s.record(t, "mine", manyEvents("device", from, 10))
	before := s.responses(t, mine, ids, from)
	require.Contains(t, before, `"source_event_id":"device-000009"`)

	for _, id := range ids {
		s.record(t, "theirs", manyEvents(id, from, runRows+1)) // enough events to end a run
	}
	require.Equal(t, before, s.responses(t, mine, ids, from), "recorded")
	fresh := s.objects(t, "events/instance=theirs/")
	s.age(t)
	s.compact(t)
	require.Less(t, len(s.objects(t, "events/instance=theirs/")), len(fresh))
	require.Equal(t, before, s.responses(t, mine, ids, from), "compacted")
	s.interrupt(t)
	s.ruinAllBut(t, partitions("mine", "device", from, from))
	s.start(t)
	require.Equal(t, before, s.responses(t, mine, ids, from), "damaged")
}

// responses queries the given clients on the instance "mine". It returns all responses as one text,
// without durations.
func (s *stack) responses(t *testing.T, token string, ids clientIDs, from time.Time) string {
	t.Helper()
	to := from.Add(time.Hour)
	s.ask(t, question("mine", "somebody", from, to)) // the first query of a process makes more requests, because it also looks for the layout
	var responses strings.Builder
	for _, id := range ids {
		q := question("mine", id, from, to)
		at := url.Values{"instance": {"mine"}, "client": {id}, "at": {to.Format(apiTime)}}
		days := url.Values{"instance": {"mine"}, "client": {id}, "from": {from.Format(time.DateOnly)}, "to": {from.Format(time.DateOnly)}}
		for _, target := range []string{
			"trace?" + with(q, "explain", "1").Encode(), "diagnosis?" + q.Encode(), "diagnosis?" + with(q, "since", "1").Encode(),
			"status?" + at.Encode(), "days?" + days.Encode(),
		} {
			responses.Write(durations.ReplaceAll(s.get(t, token, target), nil))
		}
	}
	for _, target := range []string{
		"fleet?instance=mine&compare=1&from=" + from.Format(time.DateOnly) + "T00:00:00Z", "devices?instance=mine", "devices?instance=mine&q=dev&match=any",
		"devices?instance=mine&state=offline", "scope?instance=mine&at=" + from.Format(apiTime), "scope?instance=mine&client=device&at=" + from.Format(apiTime),
	} {
		responses.Write(durations.ReplaceAll(s.get(t, token, target), nil))
	}
	return responses.String()
}

// durations matches the parts of a response that differ each time: the durations in receipts and
// plans, and the time of the response.
var durations = regexp.MustCompile(`"(at_)?ms":[0-9.e-]+|"now":"[^"]*"`)
