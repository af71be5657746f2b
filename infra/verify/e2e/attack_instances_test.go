package e2e

import (
	"encoding/json"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
)

// TestAttackInstances queries an instance with a token that does not cover that instance. The API
// must refuse every such query, on any path and in any format. A cursor or an entity tag from the
// instance must not help. The refusal must be the same whether or not the device exists.
func TestAttackInstances(t *testing.T) {
	t.Parallel()
	count := countAttacks(t)
	const mine, theirs = "e2e-mine", "e2e-theirs"
	s := newStackWith(t, "QUERY_TOKENS="+mine+"=attacked;"+theirs+"=other,attacked.2,xattacked")
	s.record(t, "attacked", manyEvents(secretClient, time.Now().Add(-time.Second), 3))
	ask := func(token, path string, q url.Values, header ...string) response {
		return s.send(t, "GET", "/api/v1/"+path+"?"+q.Encode(), "", append(header, "Authorization", "Bearer "+token)...)
	}
	q := url.Values{"instance": {"attacked"}, "client": {secretClient}}
	page := ask(mine, "trace", with(q, "limit", "1"))
	var first tracePage
	require.NoError(t, json.Unmarshal(page.body, &first))
	require.Len(t, first.Events, 1)
	require.NotEmpty(t, first.NextCursor)

	forbidden := `{"code":"Forbidden","error":"this token is not authorized for the instance"}`
	refusal := func(instance string) (status int, body string) {
		if !event.InstanceID(instance).Valid() {
			return 400, `{"code":"InvalidParameter","error":"instance must be ` + event.InstanceIDRule + `"}`
		}
		return 403, forbidden
	}
	for _, instance := range []string{
		"attacked", "attacked ", " attacked", "Attacked", "attacked\x00", "attacked,other", "other,attacked", "other;attacked", "*", "%", "attack*", "../attacked", "other/../attacked", "attacked\n",
	} {
		for _, client := range []string{secretClient, "nobody"} {
			base := url.Values{"instance": {instance}, "client": {client}}
			fleet := url.Values{"instance": {instance}}
			for path, queries := range map[string][]url.Values{
				"trace":     {base, with(base, "format", "csv"), with(base, "format", "ndjson"), with(base, "explain", "1"), with(base, "cursor", first.NextCursor), with(base, "order", "desc")},
				"status":    {base, with(base, "at", "2026-11-22T08:00:00Z")},
				"diagnosis": {base, with(base, "lang", "zh"), with(base, "since", "1")},
				"days":      {base, with(base, "from", "2026-11-22")},
				"fleet":     {fleet, with(fleet, "format", "csv"), with(fleet, "compare", "1")},
				"scope":     {with(base, "at", "2026-11-22T08:00:00Z"), with(fleet, "at", "2026-11-22T08:00:00Z")},
				"devices":   {fleet, with(fleet, "q", client), with(with(fleet, "q", client), "match", "near"), with(fleet, "state", "offline"), with(fleet, "format", "csv")},
			} {
				for _, query := range queries {
					r := ask(theirs, path, query, "If-None-Match", page.header.Get("ETag"))
					status, body := refusal(instance)
					require.Equal(t, status, r.status, "%s %v", path, query)
					require.JSONEq(t, body, string(r.body))
					require.Empty(t, r.header.Get("ETag"))
					count.note(r)
				}
			}
		}
	}
	r := ask(theirs, "trace", url.Values{"instance": {"other"}, "client": {secretClient}, "cursor": {first.NextCursor}})
	require.Equal(t, 200, r.status)
	require.JSONEq(t, `[]`, string(eventsOf(t, r)), "a cursor must not grant access")
	twice := s.send(t, "GET", "/api/v1/trace?instance=other&instance=attacked&client="+secretClient, "", "Authorization", "Bearer "+theirs)
	require.Contains(t, []int{400, 403}, twice.status)
}
