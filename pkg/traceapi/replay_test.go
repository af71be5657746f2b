package traceapi

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/diagnose"
	"devicetrace/pkg/event"
	"devicetrace/pkg/history"
)

// TestStatusAndDaysEqualAReplay compares statuses and lists of days with results that are derived
// from all events of the device.
func TestStatusAndDaysEqualAReplay(t *testing.T) {
	for seed := range uint64(lives) {
		events := lifeOf(seed)
		a := apiOn(t, record(t, events, seed))
		all := distinct(events)
		random := rand.New(rand.NewPCG(seed, 16))
		checkStatus(t, a, all, now, "", seed)
		at := now.Add(-time.Duration(random.Int64N(int64(29 * day)))).Truncate(time.Millisecond)
		checkStatus(t, a, all, at, "&at="+instant(at), seed)
		if seed%4 == 0 {
			checkRows(t, a, all, seed)
		}
	}
}

// checkStatus compares a status with the one that all events up to the instant at give.
func checkStatus(t *testing.T, a api, all []event.Event, at time.Time, parameter string, seed uint64) {
	var got struct {
		State       string          `json:"state"`
		Since       json.RawMessage `json:"since"`
		Connection  json.RawMessage `json:"connection"`
		LastEventAt json.RawMessage `json:"last_event_at"`
		Cut         bool            `json:"cut"`
	}
	fetch(t, a, "/api/v1/status?instance=i&client=c"+parameter, &got)
	want := history.StatusAt(logBetween(all, time.Time{}, at), at)
	require.Equal(t, string(want.State), got.State, seed)
	require.JSONEq(t, string(encode(want.Since)), string(got.Since), seed)
	require.JSONEq(t, string(encode(want.Connection)), string(got.Connection), seed)
	require.JSONEq(t, string(encode(want.LastEventAt)), string(got.LastEventAt), seed)
	require.False(t, got.Cut)
}

// dayRow holds the parts of a row in a list of days that the tests check.
type dayRow struct {
	Day         string
	Connections int
	Drops       int
	Disconnects int
	Unexplained int
	Unreported  int
	Refusals    int
	OnlineMS    int64 `json:"online_ms"`
	UnknownMS   int64 `json:"unknown_ms"`
	Level       string
	Verdicts    []string
	Since       map[string]sinceOf
	Usual       *diagnose.Usual
	LastDrop    *struct{ Time string } `json:"last_drop"`
	CountsOnly  bool                   `json:"counts_only"`
	NotRead     bool                   `json:"not_read"`
}

type sinceOf struct {
	At      string
	AtLeast bool `json:"at_least"`
}

func (r dayRow) isActive() bool { return r.Connections > 0 || r.Refusals > 0 }

// checkRows compares the rows of 30 days with those that all events give.
func checkRows(t *testing.T, a api, all []event.Event, seed uint64) {
	var got struct{ Days []dayRow }
	fetch(t, a, "/api/v1/days?instance=i&client=c&from=2026-10-24&to=2026-11-22", &got)
	require.Len(t, got.Days, 30)
	firsts := make([]map[string]string, 30)
	for i, row := range got.Days {
		var want dayRow
		want, firsts[i] = replayedDay(all, startOfDay(now).AddDate(0, 0, i-29))
		row.Since, row.Usual = nil, nil
		require.Equal(t, want, row, seed)
	}
	for i := range got.Days {
		checkSince(t, got.Days[:i+1], firsts, seed)
	}
}

// checkSince checks since when each verdict of the last of the given days has applied. firsts holds
// the second result of replayedDay for each day.
func checkSince(t *testing.T, days []dayRow, firsts []map[string]string, seed uint64) {
	last := days[len(days)-1]
	for code, since := range last.Since {
		if slices.Contains(absences, code) {
			continue
		}
		begun, isOpen := beginning(days, code)
		about := fmt.Sprintf("seed %d, day %s, %s", seed, last.Day, code)
		require.Equal(t, days[begun].Day, since.At[:len(time.DateOnly)], about)
		if code != "refused-after-success" { // its day may show that it began later
			require.Equal(t, isOpen, since.AtLeast, about)
		}
		if first := firsts[begun][code]; first != "" {
			require.Equal(t, first, since.At, about)
		}
	}
}

// beginning returns the index of the first day of a run: the days, up to the last of the given days,
// on which a verdict applied. A day without activity does not end the run. isOpen reports whether no
// day before the run had activity.
func beginning(days []dayRow, code string) (first int, isOpen bool) {
	for i, row := range slices.Backward(days) {
		switch {
		case slices.Contains(row.Verdicts, code):
			first = i
		case row.isActive():
			return first, false
		}
	}
	return first, true
}

// absences are the codes of verdicts that are about the last end only.
var absences = []string{"no-return", "still-offline", "offline-throughout"}

// replayedDay derives the row of a day, without trends, from all events. For each verdict that cites
// all ends and refusals that it is about, first holds the time of the first one.
func replayedDay(all []event.Event, start time.Time) (row dayRow, first map[string]string) {
	span := history.Span{From: start, To: earlier(start.Add(day-time.Millisecond), now)}
	before := start.Add(-time.Millisecond)
	h := history.Of(logBetween(all, span.From, span.To), span, history.StatusAt(logBetween(all, time.Time{}, before), before))
	report := diagnose.Diagnose(h, "en")
	row = dayRow{
		Day: start.Format(time.DateOnly), Connections: len(h.Connections), Drops: h.Summary.Drops, Disconnects: h.Summary.Disconnects,
		Unexplained: h.Summary.Unexplained, Unreported: h.Summary.Unreported, Refusals: h.Summary.Refusals,
		OnlineMS: h.Summary.OnlineMS, UnknownMS: h.Summary.UnknownMS, Level: string(report.Verdicts[0].Level),
	}
	first = map[string]string{}
	for _, v := range report.Verdicts {
		row.Verdicts = append(row.Verdicts, string(v.Code))
		if len(v.Evidence) == v.Count && v.Count > 0 && v.Code != "refused-after-success" { // cites an accepted login, too
			first[string(v.Code)] = instant(v.Evidence[0].Time.Time())
		}
	}
	for _, c := range h.Connections {
		if end := instant(c.End.Time()); c.Dropped() && (row.LastDrop == nil || end > row.LastDrop.Time) {
			row.LastDrop = &struct{ Time string }{end}
		}
	}
	return row, first
}

// distinct returns the events in order, without the later copies of doubled ones.
func distinct(events []event.Event) []event.Event {
	events = slices.Clone(events)
	slices.SortFunc(events, func(a, b event.Event) int { return event.Compare(&a, &b) })
	return slices.CompactFunc(events, func(a, b event.Event) bool { return event.CompareIdentity(&a, &b) == 0 })
}

// logBetween returns a log of the events in a range, both ends included.
func logBetween(events []event.Event, from, to time.Time) *history.Log {
	var log history.Log
	for i := range events {
		if e := &events[i]; !e.Time.Before(from) && !e.Time.After(to) {
			log.Add(e)
		}
	}
	return &log
}
