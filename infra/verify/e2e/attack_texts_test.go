package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/segment"
)

// longText returns a text of n bytes that begins with the six digits of the given number.
func longText(number, n int) string { return fmt.Sprintf("%06d", number) + strings.Repeat("x", n-6) }

// TestAttackLongTexts sends events in which every text has 64 KiB. The recorder must shorten the
// texts. A query for the shortened client identifier must find the events.
func TestAttackLongTexts(t *testing.T) {
	t.Parallel()
	needsProc(t)
	s := newStack(t)
	const long, events = 64 << 10, 12 // events of this length fit into one body
	from, client := time.Now().Add(-time.Minute), longText(0, long)
	items := make([]map[string]any, events)
	for i := range items {
		items[i] = map[string]any{"client_id": client, "action": "close", "time": from.UnixMilli() + int64(i)}
		for _, key := range []string{"channel_id", "source_event_id", "native_event", "native_reason", "peer_address", "username", "node", "protocol", "source"} {
			items[i][key] = longText(i, long)
		}
	}
	body, err := json.Marshal(items)
	require.NoError(t, err)
	r := s.post(t, "/webhooks/events/texts", body, nil)
	require.Equal(t, 200, r.status, string(r.body))
	require.JSONEq(t, `{"recorded":12}`, string(r.body))

	stored := string(event.ClientID(client).Stored())
	rows := s.trace(t, question("texts", stored, from, time.Now())).rows(t)
	require.Len(t, rows, events)
	for i, row := range rows {
		require.Equal(t, stored, row.ClientID)
		for _, text := range []string{row.ChannelID, row.SourceEventID, row.NativeEvent, row.NativeReason, row.PeerAddress, row.Username, row.Node, row.Protocol, row.Source} {
			require.LessOrEqual(t, len(text), event.MaxText)
			require.Regexp(t, fmt.Sprintf("^%06dx+…[0-9a-f]{16}$", i), text)
		}
	}
	s.requireMemory(t, "recorder", "query")
	s.requireEvents(t, events)
}

// heavyRows is the number of rows that the device has in each run of testHeavyRows. These rows take
// 2.8 MB before compression.
const heavyRows = 500

// heavyRun returns a segment of run number run. The client heavy has one refused login per second,
// with texts of the maximum stored length. The client neighbor has one event. Each client's first
// event is run milliseconds after from.
func heavyRun(t *testing.T, heavy, neighbor string, from time.Time, run int) []byte {
	t.Helper()
	at := from.UnixMilli() + int64(run)
	rows := []segment.Row{{ClientID: neighbor, Time: at, Action: "connect", ActionInfo: "accepted"}}
	for i := range heavyRows {
		texts := 0
		text := func() string {
			texts++
			return longText((run*heavyRows+i)*10+texts, event.MaxText)
		}
		rows = append(rows, segment.Row{
			ClientID: heavy, Time: at + int64(i)*1000, Action: "close", ActionInfo: "not authorized",
			ChannelID: text(), NativeEvent: text(), NativeReason: text(), PeerAddress: text(), Username: text(),
			Node: text(), Protocol: text(), Source: text(), SourceEventID: text(),
		})
	}
	return encoded(t, rows)
}

// TestAttackHeavyRows seeds 48 runs, whose rows take 135 MB before compression.
func TestAttackHeavyRows(t *testing.T) {
	t.Parallel()
	testHeavyRows(t, 48)
}

// testHeavyRows seeds the given number of runs. They contain a device whose texts have the maximum
// stored length, and a neighbor in the same partition. Queries for either must succeed before and
// after compaction. All runs cover the same 500 seconds, so a query must read all of them at the
// same time.
func testHeavyRows(t *testing.T, runs int) {
	needsProc(t)
	s := newSeededStack(t, 16)
	bucket := layout.Layout{Shards: 16}
	heavy := strings.Repeat("c", event.MaxClientID)
	neighbor := neighborOf(heavy)
	from := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -1)
	for run := range runs {
		s.seed(t, bucket.PartitionOf("texts", event.ClientID(heavy), from), run, heavyRun(t, heavy, neighbor, from, run))
	}
	s.start(t)
	s.requireHeavyRows(t, heavy, neighbor, from, runs)
	s.age(t)
	s.compact(t)
	require.Less(t, len(s.objects(t, "events/")), runs/8)
	s.requireHeavyRows(t, heavy, neighbor, from, runs)
	s.requireMemory(t, "query", "compactor")
	s.requireEvents(t, runs*(heavyRows+1))
}

func (s *stack) requireHeavyRows(t *testing.T, heavy, neighbor string, from time.Time, runs int) {
	t.Helper()
	to := from.Add(24*time.Hour - time.Millisecond)
	for _, order := range []string{"asc", "desc"} {
		page := s.trace(t, with(with(question("texts", heavy, from, to), "order", order), "limit", "5000"))
		require.Greater(t, len(page.Events), 500)
		require.NotEmpty(t, page.NextCursor, "a page of 5 MiB cannot hold all events")
	}
	require.Len(t, s.trace(t, question("texts", neighbor, from, to)).Events, runs)
	var diagnosis struct {
		CutBefore string `json:"cut_before"`
		Summary   struct{ Refusals int }
	}
	s.read(t, "diagnosis", question("texts", heavy, from, to), &diagnosis)
	require.NotEmpty(t, diagnosis.CutBefore)
	require.Greater(t, diagnosis.Summary.Refusals, 10_000)
}
