package traceapi

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
	"devicetrace/pkg/query"
)

var now = time.Date(2026, 11, 22, 8, 0, 0, 123_456_789, time.UTC)

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		panic(err)
	}
	return t.UTC()
}

func TestSpan(t *testing.T) {
	for _, c := range []struct{ query, from, to string }{
		{"", "2026-11-22T07:00:00.123Z", "2026-11-22T09:00:00.123Z"},
		{"from=2026-11-22T07:30:00Z", "2026-11-22T07:30:00Z", "2026-11-22T09:00:00.123Z"},
		{"from=2026-11-20T07:30:00Z", "2026-11-20T07:30:00Z", "2026-11-21T07:30:00Z"},
		{"to=2026-11-20T07:30:00Z", "2026-11-20T06:30:00Z", "2026-11-20T07:30:00Z"},
		{"from=2026-11-20T00:00:00Z&to=2026-11-21T00:00:00Z", "2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z"},
		{"from=2026-11-22T08:00:00%2B08:00&to=2026-11-22T08:00:00+08:00", "2026-11-22T00:00:00Z", "2026-11-22T00:00:00Z"},
		{"from=1763798400000&to=1763798400001", "2025-11-22T08:00:00Z", "2025-11-22T08:00:00.001Z"},
		{"to=2026-11-22T09:00:00.0009Z", "2026-11-22T08:00:00Z", "2026-11-22T09:00:00Z"},
		{"to=2030-01-01T00:00:00Z", "2029-12-31T23:00:00Z", "2030-01-01T00:00:00Z"},
	} {
		t.Run(c.query, func(t *testing.T) {
			q, err := parseTrace("instance=i&client=c&"+c.query, now)
			require.NoError(t, err)
			require.Equal(t, at(c.from), q.request.From)
			require.Equal(t, at(c.to), q.request.To)
		})
	}
}

func TestParameters(t *testing.T) {
	span := func(r query.Request) query.Request {
		r.InstanceID, r.From, r.To = "i", now.Truncate(time.Millisecond).Add(-time.Hour), now.Truncate(time.Millisecond).Add(time.Hour)
		return r
	}
	long := event.ClientID(strings.Repeat("x", 65_535))
	for _, c := range []struct {
		query string
		want  query.Request
	}{
		{"client=c", query.Request{ClientID: "c", Limit: 1000}},
		{"client=a%40%40%40b&order=asc&limit=5000&cursor=x", query.Request{ClientID: "a@@@b", Limit: 5000, Cursor: "x"}},
		{"group=g&device=d&order=desc&limit=1", query.Request{ClientID: "g@@@d", Limit: 1, Descending: true}},
		{"group=&device=d", query.Request{ClientID: "d", Limit: 1000}},
		{"client=c&action=close,disconnect&action_info=no+heart,topic+auth+failed,resource+auth+failed", query.Request{
			ClientID: "c", Limit: 1000, Actions: []event.Action{event.Close, event.Disconnect},
			ActionInfos: []event.ActionInfo{event.NoHeart, event.TopicAuthFailed, event.TopicAuthFailed},
		}},
		{"client=c&action_info=unexplained,no+heart", query.Request{
			ClientID: "c", Limit: 1000, ActionInfos: []event.ActionInfo{event.Unexplained, event.NoHeart},
		}},
		{"client=c&explain=1", query.Request{ClientID: "c", Limit: 1000, Explain: true}},
		{"client=undefined&from=&cursor=&order=&format=", query.Request{ClientID: "undefined", Limit: 1000}},
		{"client=" + strings.Repeat("x", 1024), query.Request{ClientID: event.ClientID(strings.Repeat("x", 1024)), Limit: 1000}},
		{"client=" + strings.Repeat("x", 65_535), query.Request{ClientID: long.Stored(), Limit: 1000}},
		{"client=" + url.QueryEscape(string(long.Stored())), query.Request{ClientID: long.Stored(), Limit: 1000}},
		{"group=" + string(long[:600]) + "&device=" + string(long[:600]), query.Request{ClientID: event.JoinClientID(string(long[:600]), string(long[:600])).Stored(), Limit: 1000}},
	} {
		q, err := parseTrace("instance=i&"+c.query, now)
		require.NoError(t, err, c.query)
		require.Equal(t, span(c.want), q.request)
		require.Equal(t, "application/json", q.format.contentType)
	}
}

func TestParameterErrors(t *testing.T) {
	for _, c := range []struct{ query, code, says string }{
		{"", "MissingParameter", "instance"},
		{"client=c", "MissingParameter", "instance"},
		{"instance=i", "MissingParameter", "client is missing"},
		{"instance=i&client=", "MissingParameter", "client is missing"},
		{"instance=i&group=g", "MissingParameter", "device is missing"},
		{"instance=i&device=d", "MissingParameter", "group is missing"},
		{"instance=i&client=c&device=d", "InvalidParameter", "not both"},
		{"instance=i&client=c&group=", "InvalidParameter", "not both"},
		{"instance=i&client=%ff", "InvalidParameter", "UTF-8"},
		{"instance=i&client=%zz", "InvalidParameter", "percent-encoded"},
		{"instance=i&client=c;d", "InvalidParameter", "percent-encoded"},
		{"instance=i&client=c&color=red", "UnknownParameter", `"color"`},
		{"instance=i&client=c&Client=c", "UnknownParameter", `"Client"`},
		{"instance=i&client=c&client=c", "RepeatedParameter", "client"},
		{"instance=i&client=c&from=yesterday", "InvalidParameter", "from must be a time"},
		{"instance=i&client=c&to=2026-11-22", "InvalidParameter", "to must be a time"},
		{"instance=i&client=c&from=1795339800", "InvalidParameter", "not seconds"},
		{"instance=i&client=c&from=-1", "InvalidParameter", "from must be a time"},
		{"instance=i&client=c&from=253402300800000", "InvalidParameter", "from must be a time"},
		{"instance=i&client=c&from=99999999999999999999", "InvalidParameter", "from must be a time"},
		{"instance=i&client=c&from=1763798400001&to=1763798400000", "InvalidParameter", "from is after to"},
		{"instance=i&client=c&from=2026-11-22T09:00:01Z", "InvalidParameter", "from is more than an hour after now"},
		{"instance=i&client=c&from=1763798400000&to=1763884800001", "InvalidParameter", "24 hours"},
		{"instance=i&client=c&limit=0", "InvalidParameter", "limit"},
		{"instance=i&client=c&limit=5001", "InvalidParameter", "limit"},
		{"instance=i&client=c&limit=many", "InvalidParameter", "limit"},
		{"instance=i&client=c&order=up", "InvalidParameter", "order"},
		{"instance=i&client=c&format=xml", "InvalidParameter", "format"},
		{"instance=i&client=c&action=open", "InvalidParameter", "action:"},
		{"instance=i&client=c&action=close,", "InvalidParameter", "action:"},
		{"instance=i&client=c&action_info=tired", "InvalidParameter", "action_info:"},
		{"instance=i&client=c&explain=yes", "InvalidParameter", "explain"},
		{"instance=i&client=c&explain=1&format=csv", "InvalidParameter", "format=json"},
	} {
		t.Run(c.code+" "+c.says, func(t *testing.T) {
			_, err := parseTrace(c.query, now)
			var f parameterError
			require.ErrorAs(t, err, &f)
			require.Equal(t, c.code, f.code)
			require.Contains(t, f.message, c.says)
		})
	}
}

// FuzzParameters checks that every accepted request is within bounds, and that every error is a
// parameterError.
func FuzzParameters(f *testing.F) {
	f.Add("instance=i&client=c&from=2026-11-22T08:00:00Z&to=1795334400000&order=desc&limit=10&cursor=x&format=csv")
	f.Add("instance=i&group=g&device=d")
	f.Add("instance=i&client=c&from=0000-01-01T00:00:00Z")
	f.Fuzz(func(t *testing.T, rawQuery string) {
		q, err := parseTrace(rawQuery, now)
		if err != nil {
			require.ErrorAs(t, err, new(parameterError))
			return
		}
		r := q.request
		require.NotEmpty(t, r.InstanceID)
		require.NotEmpty(t, r.ClientID)
		require.False(t, r.From.After(r.To))
		require.LessOrEqual(t, r.To.Sub(r.From), 24*time.Hour)
		require.True(t, 1 <= r.Limit && r.Limit <= 5000)
		values, err := url.ParseQuery(rawQuery)
		require.NoError(t, err)
		require.Equal(t, values.Get("cursor"), r.Cursor)
	})
}
