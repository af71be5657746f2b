package e2e

import (
	"bytes"
	"fmt"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// flood describes a large number of events of one client on one day. The events arrive in a few
// large bodies.
type flood struct {
	day    time.Time
	bodies int
	every  time.Duration // interval between two events
}

const (
	// flooder is the client of every flood. Its identifier is short, so that floodItems events fit
	// into a body of 8 MiB.
	flooder = "f"
	// floodItems is the number of events in a body: the maximum that the recorder accepts.
	floodItems = 100_000
)

// newFlood returns a flood on the previous UTC day, in the given number of bodies.
func newFlood(bodies int) flood {
	day := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -1)
	every := 23 * time.Hour / time.Duration(bodies*floodItems)
	return flood{day, bodies, every.Truncate(time.Millisecond)}
}

func (f flood) events() int { return f.bodies * floodItems }

// at returns the time of event number i.
func (f flood) at(i int) time.Time { return f.day.Add(time.Duration(i) * f.every) }

// body returns body number n, counted from 0. Each connection of the client ends with a drop.
func (f flood) body(n int) []byte {
	var b bytes.Buffer
	for i := n * floodItems; i < (n+1)*floodItems; i += 2 {
		fmt.Fprintf(&b, `{"client_id":"%s","action":"connect","time":%d}`+"\n", flooder, f.at(i).UnixMilli())
		fmt.Fprintf(&b, `{"client_id":"%s","action":"close","action_info":"no heart","time":%d}`+"\n", flooder, f.at(i+1).UnixMilli())
	}
	return b.Bytes()
}

// TestAttackFlood floods an instance with 400,000 events, more than one diagnosis covers.
func TestAttackFlood(t *testing.T) {
	t.Parallel()
	testFlood(t, newFlood(4))
}

// testFlood records a flood. Before and after compaction, every query for the client must get the
// expected response. A client of the same name on another instance must not be affected. No event
// may be lost.
func testFlood(t *testing.T, f flood) {
	needsProc(t)
	s := newStackWith(t, "OPENAPI_KEYS=local:local-secret=*")
	s.record(t, "quiet", manyEvents(flooder, f.day, 2))
	for n := range f.bodies {
		r := s.post(t, "/webhooks/events/flooded", f.body(n), nil)
		require.Equal(t, 200, r.status, string(r.body))
		require.JSONEq(t, `{"recorded":`+strconv.Itoa(floodItems)+`}`, string(r.body))
	}
	s.requireFlood(t, f)
	before := len(s.objects(t, "events/instance=flooded/"))
	s.age(t)
	s.compact(t)
	require.Less(t, len(s.objects(t, "events/instance=flooded/")), before)
	s.requireFlood(t, f)
	s.requireMemory(t, "recorder", "query", "compactor")
	s.requireEvents(t, f.events()+2)
}

// requireFlood queries the flooding client, and the client of the same name on the instance
// "quiet". It checks all responses.
func (s *stack) requireFlood(t *testing.T, f flood) {
	t.Helper()
	last := f.at(f.events() - 1)
	q := question("flooded", flooder, f.day, last)
	for order, first := range map[string]time.Time{"asc": f.day, "desc": last} {
		rows := s.trace(t, with(with(q, "order", order), "limit", strconv.Itoa(maxLimit))).rows(t)
		require.Len(t, rows, maxLimit)
		require.Equal(t, first, rows[0].Time)
	}

	var status struct{ State, Since string }
	s.read(t, "status", url.Values{"instance": {"flooded"}, "client": {flooder}, "at": {last.Format(apiTime)}}, &status)
	require.Equal(t, "offline", status.State)
	require.Equal(t, last.Format(apiTime), status.Since)

	var diagnosis struct {
		CutBefore string `json:"cut_before"`
	}
	s.read(t, "diagnosis", q, &diagnosis)
	require.Greater(t, diagnosis.CutBefore, f.day.Format(apiTime))
	require.Less(t, diagnosis.CutBefore, f.at(f.events()-100_000).Format(apiTime), "the diagnosis must cover at least the newest 100,000 events")

	s.requireAlibabaFlood(t, f)
	page := s.trace(t, question("quiet", flooder, f.day, f.day.Add(time.Hour)))
	require.Len(t, page.Events, 2)
	require.Equal(t, partitions("quiet", flooder, f.day, f.day), page.Receipt.Partitions)
	require.Equal(t, 1, page.Receipt.Objects)
}

// requireAlibabaFlood requests the flooding client's trace through Alibaba's API. The API states
// the total number of rows and refuses a trace of more than 300,000 rows.
func (s *stack) requireAlibabaFlood(t *testing.T, f flood) {
	t.Helper()
	c := alibabaClients["HMAC-SHA1"](t, s.endpoint(), "local", "local-secret")
	trace := func(events int) error {
		q := set(set(hourBefore("flooded", flooder, f.at(events-1)), "CurrentPage", 1), "PageSize", 100)
		var page struct{ Total int }
		err := c.call("QueryMqttTraceDevice", set(q, "BeginTime", f.day.UnixMilli()), &page)
		if err == nil {
			require.Equal(t, events, page.Total)
		}
		return err
	}
	require.NoError(t, trace(300_000))
	requireAlibabaError(t, trace(300_001), 400, "ParameterCheckFailed", "more than 300,000 rows")
	require.False(t, online(t, c, "flooded", flooder))
}
