package traceapi

import (
	"errors"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/query"
)

func TestSteps(t *testing.T) {
	const today, tomorrow = "2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z"
	for _, c := range []struct{ query, from, to string }{
		{"", today, "2026-11-22T08:05:00Z"},
		{"step=1m", today, "2026-11-22T08:01:00Z"},
		{"step=1h", today, "2026-11-22T09:00:00Z"},
		{"from=2026-11-22T07:03:59Z", "2026-11-22T07:00:00Z", "2026-11-22T08:05:00Z"},
		{"from=2026-11-22T08:30:00Z", "2026-11-22T08:30:00Z", "2026-11-22T08:35:00Z"},
		{"from=2026-11-20T07:30:00Z&step=1h", "2026-11-20T07:00:00Z", "2026-11-21T00:00:00Z"},
		{"to=2026-11-20T07:31:00Z&step=1h", "2026-11-20T00:00:00Z", "2026-11-20T08:00:00Z"},
		{"to=2026-11-21T00:00:00Z", "2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z"},
		{"from=" + today + "&to=" + tomorrow, today, tomorrow},
		{"from=2026-11-20T07:30:00Z&to=2026-11-21T07:30:00Z&step=1h", "2026-11-20T07:00:00Z", "2026-11-21T08:00:00Z"},
		{"from=2026-11-22T07:00:00.001Z&to=2026-11-22T07:05:00.001Z", "2026-11-22T07:00:00Z", "2026-11-22T07:10:00Z"},
		{"from=" + today + "&to=" + today, today, "2026-11-22T00:05:00Z"},
		{"from=1795334400000&to=1795334700000", "2026-11-22T08:00:00Z", "2026-11-22T08:05:00Z"},
	} {
		t.Run(c.query, func(t *testing.T) {
			values, err := url.ParseQuery(c.query)
			require.NoError(t, err)
			from, to, _, err := parseSteps(values, now)
			require.NoError(t, err)
			require.Equal(t, at(c.from), from)
			require.Equal(t, at(c.to), to)
		})
	}
}

// At midnight, the range “today so far” must have one step.
func TestStepsAtMidnight(t *testing.T) {
	midnight := startOfDay(now)
	from, to, _, err := parseSteps(nil, midnight)
	require.NoError(t, err)
	require.Equal(t, midnight, from)
	require.Equal(t, midnight.Add(5*time.Minute), to)
	require.True(t, isWholeDay(from, to, midnight))
}

func TestFleetParameterErrors(t *testing.T) {
	for _, c := range []struct{ path, code, says string }{
		{fleetPath, "MissingParameter", "instance is missing"},
		{fleetPath + "?instance=a/b", "InvalidParameter", "instance must be"},
		{fleetURL + "&client=c", "UnknownParameter", "use instance, from, to, step, devices, compare, format, bom, explain, lang"},
		{fleetURL + "&step=1m&step=1m", "RepeatedParameter", "step"},
		{fleetURL + "&step=2m", "InvalidParameter", "step must be 5m, 1m or 1h"},
		{fleetURL + "&from=yesterday", "InvalidParameter", "from must be a time"},
		{fleetURL + "&to=2026-11-22", "InvalidParameter", "to must be a time"},
		{fleetURL + "&from=2026-11-22T08:00:00Z&to=2026-11-22T07:59:59Z", "InvalidParameter", "from is after to"},
		{fleetURL + "&from=2026-11-22T09:00:01Z", "InvalidParameter", "from is more than an hour after now"},
		{fleetURL + "&from=2026-11-20T08:00:00Z&to=2026-11-21T08:00:00.001Z", "InvalidParameter", "more than 24 hours apart"},
		{fleetURL + "&devices=yes", "InvalidParameter", "devices must be 1 or 0"},
		{fleetURL + "&compare=2", "InvalidParameter", "compare must be 0 or 1"},
		{fleetURL + "&format=ndjson", "InvalidParameter", "format must be json or csv"},
		{fleetURL + "&explain=2", "InvalidParameter", "explain must be 0 or 1"},
		{fleetURL + "&explain=1&format=csv", "InvalidParameter", "explain=1 requires format=json"},
		{fleetURL + "&lang=fr", "InvalidParameter", "lang must be en or zh"},

		{scopePath + "?at=2026-11-22T07:00:00Z", "MissingParameter", "instance is missing"},
		{scopePath + "?instance=i", "MissingParameter", "at is missing"},
		{scopePath + "?instance=i&client=c", "MissingParameter", "at is missing"},
		{scopePath + "?instance=i&at=soon", "InvalidParameter", "at must be a time"},
		{scopePath + "?instance=i&at=2026-11-22T09:00:01Z", "InvalidParameter", "at is more than an hour after now"},
		{scopePath + "?instance=i&at=2026-11-22T07:00:00Z&of=ends", "InvalidParameter", "of must be drops or refusals"},
		{scopePath + "?instance=i&at=2026-11-22T07:00:00Z&lang=fr", "InvalidParameter", "lang must be en or zh"},
		{scopePath + "?instance=i&at=2026-11-22T07:00:00Z&device=d", "MissingParameter", "group is missing"},
		{scopePath + "?instance=i&at=2026-11-22T07:00:00Z&group=", "MissingParameter", "device is missing"},
		{scopePath + "?instance=i&at=2026-11-22T07:00:00Z&client=c&group=g&device=d", "InvalidParameter", "not both"},
		{scopePath + "?instance=i&at=2026-11-22T07:00:00Z&client=%ff", "InvalidParameter", "UTF-8"},
		{scopePath + "?instance=i&at=2026-11-22T07:00:00Z&explain=x", "InvalidParameter", "explain must be 0 or 1"},
		{scopePath + "?instance=i&from=2026-11-22T07:00:00Z", "UnknownParameter", `"from"`},

		{devicesPath, "MissingParameter", "instance is missing"},
		{devicesURL + "&at=x", "UnknownParameter", `"at"`},
		{devicesURL + "&day=2026-11-23", "InvalidParameter", "day is after today, which is 2026-11-22 in UTC"},
		{devicesURL + "&day=today", "InvalidParameter", "day must be a date"},
		{devicesURL + "&match=any", "MissingParameter", "q is missing: match=any requires the text"},
		{devicesURL + "&match=near&q=", "MissingParameter", "q is missing: match=near requires the text"},
		{devicesURL + "&match=group&q=x", "InvalidParameter", "match must be any, client, username, address or near"},
		{devicesURL + "&match=near&q=-_%20", "InvalidParameter", "more than separators"},
		{devicesURL + "&q=%ff", "InvalidParameter", "q must be valid UTF-8"},
		{devicesURL + "&q=" + string(make1025()), "InvalidParameter", "q is longer than 1024 bytes"},
		{devicesURL + "&state=down", "InvalidParameter", "state must be online, offline or unknown"},
		{devicesURL + "&reason=tired", "InvalidParameter", "reason: \"tired\" is not known; use one or more of accepted"},
		{devicesURL + "&order=name", "InvalidParameter", "order must be client, drops, offline_since or last_event"},
		{devicesURL + "&order=offline_since&state=online", "InvalidParameter", "order=offline_since requires state=offline"},
		{devicesURL + "&limit=201", "InvalidParameter", "limit must be a whole number from 1 to 200"},
		{devicesURL + "&limit=0", "InvalidParameter", "limit must be a whole number from 1 to 200"},
		{devicesURL + "&limit=101&state=offline", "InvalidParameter", "limit must be a whole number from 1 to 100"},
		{devicesURL + "&limit=101&order=offline_since", "InvalidParameter", "limit must be a whole number from 1 to 100"},
		{devicesURL + "&limit=21&match=near&q=x", "InvalidParameter", "limit must be a whole number from 1 to 20"},
		{devicesURL + "&cursor=x", "InvalidCursor", "cursor does not come from this API"},
		{devicesURL + "&order=drops&cursor=" + place{0, 0, "c"}.cursor(), "InvalidCursor", "cursor does not come from this API"},
		{devicesURL + "&format=ndjson", "InvalidParameter", "format must be json or csv"},
		{devicesURL + "&explain=1&format=csv", "InvalidParameter", "explain=1 requires format=json"},
		{devicesURL + "&lang=fr", "InvalidParameter", "lang must be en or zh"},
	} {
		t.Run(c.path, func(t *testing.T) {
			f := countedFleet()
			requireProblem(t, ask(f.api(), c.path), c.code, c.says)
			require.Empty(t, f.asked)
			require.Empty(t, f.spans)
		})
	}
}

// FuzzFleetParameters checks that every accepted question about a fleet is within the limits, and
// that every error is a parameterError or wraps query.ErrCursor.
func FuzzFleetParameters(f *testing.F) {
	f.Add("instance=i&from=2026-11-22T08:00:00Z&to=1795334400000&step=1h&compare=1&format=csv")
	f.Add("instance=i&group=g&device=d&at=2026-11-22T08:00:00Z&of=refusals&lang=zh")
	f.Add("instance=i&q=x&match=near&state=offline&order=offline_since&limit=3&reason=no+heart,unexplained&cursor=" + place{2, 5, "c"}.cursor())
	a := countedFleet().api()
	f.Fuzz(func(t *testing.T, rawQuery string) {
		requireKnown := func(err error) {
			if !errors.Is(err, query.ErrCursor) {
				require.ErrorAs(t, err, new(parameterError))
			}
		}
		if q, err := a.parseFleet(rawQuery); err != nil {
			requireKnown(err)
		} else {
			require.True(t, q.from.Before(q.to))
			require.LessOrEqual(t, q.to.Sub(q.from), maxSpan+2*q.step)
			require.Zero(t, q.from.UnixMilli()%q.step.Milliseconds())
			require.Zero(t, q.to.UnixMilli()%q.step.Milliseconds())
		}
		if q, err := parseFinder(rawQuery, now); err != nil {
			requireKnown(err)
		} else {
			require.True(t, 1 <= q.limit && q.limit <= maxDevices)
			require.LessOrEqual(t, len(q.text), maxText)
			require.LessOrEqual(t, q.last.Sub(q.first), day)
		}
		r := &http.Request{URL: &url.URL{RawQuery: rawQuery}}
		if q, err := a.parseScope(r); err != nil {
			requireKnown(err)
		} else {
			require.False(t, q.at.After(latest(now)))
		}
	})
}
