package e2e

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestPagesAndOrder checks that small pages together contain the same events as one large page, and
// that the order "desc" reverses the events.
func TestPagesAndOrder(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	from := time.Now().Add(-time.Minute)
	s.record(t, "pages", manyEvents("device", from, 250))
	q := question("pages", "device", from, time.Now())
	whole := s.trace(t, with(q, "limit", "5000"))
	require.Len(t, whole.Events, 250)
	require.Empty(t, whole.NextCursor)
	require.True(t, slices.IsSortedFunc(whole.rows(t), func(a, b row) int { return a.Time.Compare(b.Time) }))
	for _, limit := range []string{"1", "7", "249", "250"} {
		require.Equal(t, whole.Events, s.allEvents(t, with(q, "limit", limit)), limit)
	}
	backward := s.allEvents(t, with(with(q, "order", "desc"), "limit", "33"))
	slices.Reverse(backward)
	require.Equal(t, whole.Events, backward)
}

// TestFormats checks that CSV and NDJSON contain the same rows as JSON, and that the headers of an
// NDJSON response contain the cursor and the receipt.
func TestFormats(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	from := time.Now().Add(-time.Minute)
	s.record(t, "formats", mixedEvents(1, from, 300))
	for _, device := range oddClientIDs {
		q := with(question("formats", device, from, time.Now()), "limit", "3")
		page := s.trace(t, q)
		require.NotEmpty(t, page.Events, device)

		lines := s.ask(t, with(q, "format", "ndjson"))
		require.Equal(t, "application/x-ndjson", lines.header.Get("Content-Type"))
		require.Equal(t, page.Events, ndjson(lines.body))
		require.Equal(t, page.NextCursor, lines.header.Get("X-Next-Cursor"))
		var cost receipt
		require.NoError(t, json.Unmarshal([]byte(lines.header.Get("X-Receipt")), &cost))
		require.Equal(t, page.Receipt.Partitions, cost.Partitions)

		table := s.ask(t, with(q, "format", "csv"))
		require.True(t, strings.HasPrefix(table.header.Get("Content-Type"), "text/csv"))
		requireTable(t, page, table.body)
	}
}

func ndjson(body []byte) (lines []json.RawMessage) {
	for line := range bytes.Lines(body) {
		lines = append(lines, json.RawMessage(bytes.TrimSuffix(line, []byte("\n"))))
	}
	return lines
}

// requireTable checks a CSV document. The header row must contain the names of the JSON fields, and
// the other rows must contain the values of the page's events.
func requireTable(t *testing.T, page tracePage, body []byte) {
	t.Helper()
	records, err := csv.NewReader(bytes.NewReader(body)).ReadAll()
	require.NoError(t, err)
	require.Len(t, records, len(page.Events)+1)
	for i, raw := range page.Events {
		var fields map[string]any
		require.NoError(t, json.Unmarshal(raw, &fields))
		require.Len(t, records[0], len(fields))
		for column, name := range records[0] {
			require.Contains(t, fields, name)
			require.Equal(t, cellOf(name, fields[name]), records[i+1][column], name)
		}
	}
}

// cellOf returns the CSV cell for a JSON field. A string that a spreadsheet would take for a formula
// gets a leading apostrophe. An unknown port or protocol version, which is 0 in JSON, is empty.
func cellOf(name string, v any) string {
	text, isText := v.(string)
	isUnknown := v == 0.0 && (name == "peer_port" || name == "protocol_version")
	switch {
	case v == nil, isUnknown:
		return ""
	case isText && text != "" && strings.ContainsRune("=+-@", rune(text[0])):
		return "'" + text
	case isText:
		return text
	}
	encoded, _ := json.Marshal(v)
	return string(encoded)
}

// TestQueryParameters checks that invalid parameters are refused with status 400 and a JSON body,
// and that a query without results is not an error.
func TestQueryParameters(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	now := time.Now()
	q := question("local", "nobody", now.Add(-time.Hour), now)
	require.JSONEq(t, `[]`, string(eventsOf(t, s.ask(t, q))), "the bucket is still empty")
	s.record(t, "local", manyEvents("somebody", now, 1))
	require.JSONEq(t, `[]`, string(eventsOf(t, s.ask(t, q))))
	require.Len(t, s.trace(t, url.Values{"instance": {"local"}, "group": {""}, "device": {"somebody"}}).Events, 1, "the default is the last hour")

	for name, bad := range map[string]url.Values{
		"25 h":           question("local", "x", now.Add(-25*time.Hour), now),
		"24 h and 1 ms":  question("local", "x", now.Add(-24*time.Hour-time.Millisecond), now),
		"from after to":  question("local", "x", now, now.Add(-time.Second)),
		"no client":      {"instance": {"local"}},
		"no instance":    {"client": {"x"}},
		"unknown name":   with(q, "color", "blue"),
		"limit too high": with(q, "limit", "5001"),
		"invalid cursor": with(q, "cursor", "made-up"),
		"unknown format": with(q, "format", "xml"),
		"unknown order":  with(q, "order", "random"),
	} {
		r := s.ask(t, bad)
		require.Equal(t, http.StatusBadRequest, r.status, "%s: %s", name, r.body)
		require.NotEmpty(t, jsonFields(t, r.body), name)
	}
	require.Equal(t, http.StatusOK, s.ask(t, question("local", "x", now.Add(-24*time.Hour), now)).status)
}

func eventsOf(t *testing.T, r response) json.RawMessage {
	t.Helper()
	require.Equal(t, http.StatusOK, r.status, string(r.body))
	return jsonFields(t, r.body)["events"]
}

func jsonFields(t *testing.T, body []byte) map[string]json.RawMessage {
	t.Helper()
	var fields map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(body, &fields), string(body))
	return fields
}

// TestOtherPartitionsDoNotMatter overwrites every segment outside the queried partitions. The same
// query must then return the same events and list the same partitions in its receipt, because it
// must not read an overwritten segment.
func TestOtherPartitionsDoNotMatter(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	from := time.Now().Add(-time.Minute)
	events := append(mixedEvents(2, from, 400), manyEvents("queried", from, 30)...)
	s.record(t, "ruins", events)
	to := time.Now()
	q := question("ruins", "queried", from, to)
	before := s.trace(t, q)
	require.Len(t, before.Events, 30)
	require.Equal(t, partitions("ruins", "queried", from, to), before.Receipt.Partitions)

	s.interrupt(t)
	ruined := s.ruinAllBut(t, before.Receipt.Partitions)
	s.start(t)
	after := s.trace(t, q)
	require.Equal(t, before.Events, after.Events)
	require.Equal(t, before.Receipt.Partitions, after.Receipt.Partitions)
	t.Logf("%d objects overwritten; the query read %d objects with %d requests, %d bytes", ruined, after.Receipt.Objects, after.Receipt.Requests, after.Receipt.Bytes)
}
