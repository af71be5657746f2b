package e2e

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/ownform"
	"devicetrace/infra/local/sim"
	"devicetrace/pkg/event"
)

// dayRow is a day of a device as the API returns it.
type dayRow struct {
	Day                                                                string
	Connections, Drops, Disconnects, Unexplained, Unreported, Refusals int
	OnlineMS                                                           int64 `json:"online_ms"`
	UnknownMS                                                          int64 `json:"unknown_ms"`
	Level                                                              string
	Verdicts                                                           []string
	Since                                                              map[string]struct {
		At      time.Time
		AtLeast bool `json:"at_least"`
	}
	Usual *struct{ Min, Max, Days int }
}

// daysReport is the response to a request for the days of a device.
type daysReport struct {
	From, To     string
	Days         []dayRow
	LookedBackTo time.Time `json:"looked_back_to"`
	Cut          bool
	Incomplete   bool
	Receipt      receipt
}

const (
	// weeks is the number of days that are simulated, up to today.
	weeks = 14
	// onsetIndex is the index of the day on which the device's trouble begins, five days ago.
	onsetIndex = 8
)

// TestDays checks the days of a device whose trouble began five days ago. There must be a row for
// each day, and each row must agree with the diagnosis of that day. The rows must say when the
// trouble began, and how many drops were usual before.
func TestDays(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	first := oneDay().AddDate(0, 0, 1-weeks)
	device := s.recordOnset(t, first)
	q := url.Values{"instance": {"days"}, "client": {device}}

	week := s.days(t, q)
	require.Equal(t, datesOf(first.AddDate(0, 0, weeks-7), 7), week.dates())
	from := first.AddDate(0, 0, weeks-31)
	month := s.days(t, with(q, "from", from.Format(time.DateOnly)))
	require.Equal(t, datesOf(from, 31), month.dates())
	require.Equal(t, week.Days[7-2].Drops, month.Days[31-2].Drops, "yesterday")
	all := s.days(t, with(q, "from", first.Format(time.DateOnly)))
	require.Len(t, all.Days, weeks)
	for index, row := range all.Days[:weeks-1] { // today is not over, so its diagnosis depends on the time
		requireLikeDiagnosis(t, s, q, first.AddDate(0, 0, index), row)
	}
	requireOnset(t, all, first.AddDate(0, 0, onsetIndex))
	require.Len(t, s.days(t, with(q, "client", "nobody")).Days, 7, "a device without events is not an error")
}

// recordOnset records a device with weeks of simulated events up to now, and returns its client
// identifier.
func (s *stack) recordOnset(t *testing.T, first time.Time) string {
	t.Helper()
	var events []event.Event
	for _, e := range sim.Onset(sim.FlakyRadio, 7, first, weeks, onsetIndex) {
		if !e.Time.After(time.Now()) {
			events = append(events, e)
		}
	}
	body, err := ownform.Encode(events)
	require.NoError(t, err)
	r := s.post(t, "/webhooks/events/days", body, nil)
	require.Equal(t, http.StatusOK, r.status, string(r.body))
	return string(events[0].ClientID)
}

// days requests the days of a device, and checks that the response is complete.
func (s *stack) days(t *testing.T, q url.Values) (got daysReport) {
	t.Helper()
	s.read(t, "days", q, &got)
	require.False(t, got.Cut)
	require.False(t, got.Incomplete)
	require.NotZero(t, got.Receipt.Requests)
	require.Less(t, got.Receipt.Requests, 200)
	require.Equal(t, got.From, got.Days[0].Day)
	require.Equal(t, got.To, got.Days[len(got.Days)-1].Day)
	return got
}

func (r daysReport) dates() (dates []string) {
	for _, row := range r.Days {
		dates = append(dates, row.Day)
	}
	return dates
}

// datesOf returns n successive dates.
func datesOf(first time.Time, n int) (dates []string) {
	for index := range n {
		dates = append(dates, first.AddDate(0, 0, index).Format(time.DateOnly))
	}
	return dates
}

// requireLikeDiagnosis checks that a row agrees with the diagnosis of the whole day.
func requireLikeDiagnosis(t *testing.T, s *stack, device url.Values, day time.Time, row dayRow) {
	t.Helper()
	var want struct {
		Connections []json.RawMessage
		Summary     struct {
			Drops, Disconnects, Unexplained, Unreported, Refusals int
			OnlineMS                                              int64 `json:"online_ms"`
			UnknownMS                                             int64 `json:"unknown_ms"`
		}
		Verdicts []struct{ Code, Level string }
	}
	last := day.AddDate(0, 0, 1).Add(-time.Millisecond)
	s.read(t, "diagnosis", with(question("days", device.Get("client"), day, last), "since", "1"), &want)
	got := []int{row.Connections, row.Drops, row.Disconnects, row.Unexplained, row.Unreported, row.Refusals}
	sum := want.Summary
	require.Equal(t, []int{len(want.Connections), sum.Drops, sum.Disconnects, sum.Unexplained, sum.Unreported, sum.Refusals}, got, row.Day)
	require.Equal(t, []int64{sum.OnlineMS, sum.UnknownMS}, []int64{row.OnlineMS, row.UnknownMS}, row.Day)
	codes := []string{}
	for _, verdict := range want.Verdicts {
		codes = append(codes, verdict.Code)
	}
	require.Equal(t, codes, row.Verdicts, row.Day)
}

// requireOnset checks that the trouble of the last days began on the given day, and that a few
// drops per day were usual before that day.
func requireOnset(t *testing.T, r daysReport, onset time.Time) {
	t.Helper()
	const code = "many-addresses"
	yesterday := r.Days[weeks-2]
	require.Equal(t, code, yesterday.Verdicts[0])
	require.Equal(t, onset, startOfDay(yesterday.Since[code].At))
	require.False(t, yesterday.Since[code].AtLeast)
	require.NotNil(t, yesterday.Usual)
	require.LessOrEqual(t, yesterday.Usual.Max, 3)
	require.Equal(t, onsetIndex, yesterday.Usual.Days)
	require.Greater(t, yesterday.Drops, 50)
	require.NotContains(t, r.Days[onsetIndex-1].Verdicts, code)
}
