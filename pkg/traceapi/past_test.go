package traceapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
	"devicetrace/pkg/openapi"
	"devicetrace/pkg/query"
)

// recorded is a fake reader that streams its events and records the ranges that are read. events
// must be sorted by time.
type recorded struct {
	events     []event.Event
	err        error
	noSegments bool

	mu    sync.Mutex
	spans []string
}

func (r *recorded) open(_ context.Context, q query.Request) (stream, error) {
	s := &replay{reader: r, q: q}
	s.result.NoSegments = r.noSegments
	s.begin(q.From, q.To)
	return s, r.err
}

// replay is a stream of recorded events.
type replay struct {
	fixed
	reader *recorded
	q      query.Request
}

// begin makes the stream continue with the events in a range.
func (s *replay) begin(from, to time.Time) {
	s.from = from
	s.reader.mu.Lock()
	s.reader.spans = append(s.reader.spans, from.Format("01-02T15:04:05.000")+" "+to.Format("01-02T15:04:05.000"))
	s.reader.mu.Unlock()
	s.result.Receipt = s.result.Receipt.Plus(query.Receipt{Requests: 2})
	s.result.Events = nil
	for _, e := range s.reader.events {
		if e.ClientID == s.q.ClientID && !e.Time.Before(from) && !e.Time.After(to) {
			s.result.Events = append(s.result.Events, e)
		}
	}
	if s.q.Descending {
		slices.Reverse(s.result.Events)
	}
	if at := slices.IndexFunc(s.result.Events, func(e event.Event) bool { return query.CursorAfter(&e) == s.q.Cursor }); at >= 0 {
		s.result.Events = s.result.Events[at+1:]
	}
}

func (s *replay) Extend(_ context.Context, from time.Time) (bool, error) {
	from = later(from, s.q.Earliest)
	if !from.Before(s.from) {
		return false, nil
	}
	s.begin(from, s.from.Add(-time.Millisecond))
	return true, nil
}

func (r *recorded) api() api {
	return newAPI(everything{}, r.open, func() time.Time { return now }, 30*day)
}

// happened returns an event of client c on the given channel. The event happened d days before
// now, at the given time of day.
func happened(channel string, action event.Action, d int, at string) event.Event {
	day := now.AddDate(0, 0, -d).Format(time.DateOnly)
	t, err := time.Parse(time.RFC3339, day+"T"+at+"Z")
	if err != nil {
		panic(err)
	}
	info := map[event.Action]event.ActionInfo{
		event.Connect: event.Accepted, event.Close: event.NoHeart, event.Disconnect: event.DisconnectedByClient,
	}
	return event.Event{InstanceID: "i", ClientID: "c", ChannelID: channel, Action: action, ActionInfo: info[action],
		Time: t, ReceivedAt: t, TimeOrigin: event.FromBroker, Source: "events", NativeEvent: string(action)}
}

// refused returns a refused login of client c, d days before now at the given time of day.
func refused(d int, at string) event.Event {
	e := happened("", event.Close, d, at)
	e.NativeEvent, e.ActionInfo = "client.connack", event.NotAuthorized
	return e
}

const (
	today    = "11-22T00:00:00.000 11-22T09:00:00.123" // ends an hour after the current time, because a broker's clock may run an hour fast
	twoDays  = "11-21T00:00:00.000 11-22T09:00:00.123"
	before   = "11-21T00:00:00.000 11-21T23:59:59.999"
	theMonth = "10-23T00:00:00.000 11-20T23:59:59.999"
)

// statusOf holds the parts of a status that the tests check. Since is empty if it is null.
type statusOf struct {
	State, Since, At string
	LookedBackTo     string `json:"looked_back_to"`
	Cut              bool
	Receipt          query.Receipt
}

// A status reads two days at once and, only if they do not settle it, all others that the retention
// allows.
func TestStatusLooksBackUntilItIsSettled(t *testing.T) {
	for _, c := range []struct {
		name   string
		events []event.Event
		state  string
		since  string
		spans  []string
	}{
		{"connected today", []event.Event{happened("a", event.Connect, 0, "07:00:00")}, "online", "2026-11-22T07:00:00.000Z", []string{twoDays}},
		{"dropped today", []event.Event{happened("a", event.Connect, 0, "07:00:00"), happened("a", event.Close, 0, "07:30:00")},
			"offline", "2026-11-22T07:30:00.000Z", []string{twoDays}},
		{"connected yesterday, dropped today", []event.Event{happened("a", event.Connect, 1, "07:00:00"), happened("a", event.Close, 0, "07:30:00")},
			"offline", "2026-11-22T07:30:00.000Z", []string{twoDays}},
		{"connected three days ago", []event.Event{happened("a", event.Connect, 3, "07:00:00")},
			"online", "2026-11-19T07:00:00.000Z", []string{twoDays, theMonth}},
		{"an old end does not end the newer connection", []event.Event{
			happened("a", event.Connect, 3, "07:00:00"), happened("b", event.Connect, 2, "07:00:00"), happened("a", event.Close, 0, "01:00:00"),
		}, "online", "2026-11-20T07:00:00.000Z", []string{twoDays, theMonth}},
		{"29 days ago", []event.Event{happened("a", event.Connect, 29, "00:00:00")}, "online", "2026-10-24T00:00:00.000Z", []string{twoDays, theMonth}},
		{"before the retention", []event.Event{happened("a", event.Connect, 31, "23:59:59")}, "unknown", "", []string{twoDays, theMonth}},
		{"never", nil, "unknown", "", []string{twoDays, theMonth}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := &recorded{events: c.events}
			var got statusOf
			fetch(t, r.api(), "/api/v1/status?instance=i&client=c", &got)
			require.Equal(t, c.state, got.State)
			require.Equal(t, c.since, got.Since)
			require.Equal(t, c.spans, r.spans)
			require.Equal(t, "2026-11-22T08:00:00.123Z", got.At)
			require.Equal(t, 2*len(c.spans), got.Receipt.Requests)
			if c.state == "unknown" {
				require.Equal(t, "2026-10-23T00:00:00.000Z", got.LookedBackTo)
			}
		})
	}
}

func TestStatusOfThePast(t *testing.T) {
	r := &recorded{events: []event.Event{happened("a", event.Connect, 1, "07:00:00"), happened("a", event.Close, 1, "09:00:00")}}
	for at, state := range map[string]string{
		"2026-11-21T06:59:59Z": "unknown", "2026-11-21T07:00:00Z": "online", "2026-11-21T08:59:59.999Z": "online",
		"2026-11-21T09:00:00Z": "offline", "2027-01-01T00:00:00Z": "offline",
	} {
		require.Contains(t, ask(r.api(), "/api/v1/status?instance=i&client=c&at="+at).Body.String(), `"state":"`+state+`"`, at)
	}
}

// TestStatusNowIncludesEventsOfFastClocks checks that the current status considers every recorded
// event, even an event from a broker whose clock runs fast.
func TestStatusNowIncludesEventsOfFastClocks(t *testing.T) {
	r := &recorded{events: []event.Event{happened("a", event.Connect, 0, "08:10:00")}}
	status := "/api/v1/status?instance=i&client=c"
	require.Contains(t, ask(r.api(), status).Body.String(), `"state":"online"`)
	require.Contains(t, ask(r.api(), status+"&at=2026-11-22T08:00:00Z").Body.String(), `"state":"unknown"`)
	require.Contains(t, ask(r.api(), "/api/v1/trace?instance=i&client=c").Body.String(), `"time":"2026-11-22T08:10:00.000Z"`)
	online, err := alibaba{r.api()}.Online(t.Context(), "i", []event.ClientID{"c"})
	require.NoError(t, err)
	require.Equal(t, []bool{true}, online)
}

// TestDiagnosisNowIncludesEventsOfFastClocks checks that a diagnosis includes an event whose time
// is later than now. Such an event comes from a broker whose clock runs fast. The current status
// includes the event, so a diagnosis without the event would contradict the status. A diagnosis
// must omit the event only if the requested range ends before the event.
func TestDiagnosisNowIncludesEventsOfFastClocks(t *testing.T) {
	const instant = "2026-11-22T08:00:00.123Z" // the time that the test treats as now
	r := &recorded{events: []event.Event{happened("a", event.Connect, 0, "07:10:00"), happened("a", event.Close, 0, "08:10:00")}}
	for _, c := range []struct{ name, span, to, state, verdict string }{
		{"no range", "", "2026-11-22T08:10:00.000Z", "offline", "keep-alive-timeout"},
		{"no to", "&from=2026-11-22T07:00:00Z", "2026-11-22T08:10:00.000Z", "offline", "keep-alive-timeout"},
		{"to is in the future", "&from=2026-11-22T07:00:00Z&to=2026-11-22T23:00:00Z", "2026-11-22T08:10:00.000Z", "offline", "keep-alive-timeout"},
		{"to is before that event", "&from=2026-11-22T07:00:00Z&to=2026-11-22T08:05:00Z", instant, "online", "no-drops"},
		{"to is now", "&from=2026-11-22T07:00:00Z&to=" + instant, instant, "online", "no-drops"},
		{"to is past", "&from=2026-11-22T07:00:00Z&to=2026-11-22T07:30:00Z", "2026-11-22T07:30:00.000Z", "online", "no-drops"},
		{"from is in the future", "&from=2026-11-22T08:05:00Z&to=2026-11-22T08:30:00Z", "2026-11-22T08:10:00.000Z", "offline", "keep-alive-timeout"},
		{"both are in the future", "&from=2026-11-22T08:20:00Z&to=2026-11-22T08:30:00Z", "2026-11-22T08:20:00.000Z", "offline", "offline-throughout"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := ask(r.api(), "/api/v1/diagnosis?instance=i&client=c"+c.span)
			require.Equal(t, http.StatusOK, w.Code, w.Body)
			var got struct {
				To       string
				Status   struct{ State string }
				Verdicts []struct{ Code string }
			}
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &got))
			require.Equal(t, c.to, got.To)
			require.Equal(t, c.state, got.Status.State)
			require.Equal(t, c.verdict, got.Verdicts[0].Code)
		})
	}
	require.Equal(t, http.StatusBadRequest, ask(r.api(), "/api/v1/diagnosis?instance=i&client=c&from=2026-11-22T09:00:01Z&to=2026-11-22T10:00:00Z").Code)
}

// In the last hour of a UTC day, a range that ends an hour from now touches tomorrow. The diagnosis
// must still read yesterday if today does not show the state.
func TestDiagnosisBeforeMidnight(t *testing.T) {
	r := &recorded{events: []event.Event{happened("a", event.Connect, 1, "12:00:00")}}
	a := r.api()
	a.now = func() time.Time { return startOfDay(now).Add(23*time.Hour + 30*time.Minute) }
	require.Equal(t, "online", diagnosed(t, a, "").Status.State)
	require.Equal(t, []string{"11-22T00:00:00.000 11-23T00:30:00.000", before}, r.spans)
}

// TestDiagnosisReadsItsDaysOnce checks that a diagnosis reads the first day of its range only once.
// To find the device's status at the start of the range, a diagnosis also needs earlier events. In
// this test, the first day contains these events, so a second read is unnecessary.
func TestDiagnosisReadsItsDaysOnce(t *testing.T) {
	r := &recorded{events: []event.Event{happened("a", event.Connect, 0, "01:00:00"), happened("a", event.Close, 0, "07:30:00")}}
	w := ask(r.api(), "/api/v1/diagnosis?instance=i&client=c&from=2026-11-22T07:00:00Z&lang=en")
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	require.Equal(t, []string{today}, r.spans)
	var got struct {
		To          string
		Connections []struct{ Start, End string }
		Summary     struct {
			OnlineMS  int64 `json:"online_ms"`
			UnknownMS int64 `json:"unknown_ms"`
		}
		Verdicts []struct{ Code string }
	}
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &got))
	require.Equal(t, "2026-11-22T08:00:00.123Z", got.To)
	require.Len(t, got.Connections, 1)
	require.Equal(t, "2026-11-22T01:00:00.000Z", got.Connections[0].Start, "the connection began before the range")
	require.Equal(t, (30 * time.Minute).Milliseconds(), got.Summary.OnlineMS)
	require.Zero(t, got.Summary.UnknownMS)
	require.NotEmpty(t, got.Verdicts)
}

func TestDiagnosisIsInTheRequestedLanguage(t *testing.T) {
	r := &recorded{events: []event.Event{happened("a", event.Connect, 0, "01:00:00"), happened("a", event.Close, 0, "07:30:00")}}
	titles := map[string]string{}
	for _, c := range []struct{ parameter, header, want string }{
		{"", "", "en"}, {"&lang=zh", "", "zh"}, {"&lang=en", "zh-CN", "en"}, {"", "zh-CN,zh;q=0.9", "zh"},
		{"", "fr, zh-Hans;q=0.8, en;q=0.7", "zh"}, {"", "fr", "en"},
	} {
		request := "/api/v1/diagnosis?instance=i&client=c" + c.parameter
		w := ask(r.api(), request, "Accept-Language", c.header)
		require.Contains(t, w.Body.String(), `"lang":"`+c.want+`"`)
		var got struct{ Verdicts []struct{ Title string } }
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &got))
		titles[c.want] = got.Verdicts[0].Title
	}
	require.NotEqual(t, titles["en"], titles["zh"])
	require.Equal(t, http.StatusBadRequest, ask(r.api(), "/api/v1/diagnosis?instance=i&client=c&lang=fr").Code)
}

// restless returns a day's events of a device that connects at the start of each period and
// disconnects halfway through it.
func restless(period time.Duration) *recorded {
	r := &recorded{}
	start := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	for at := start; at.Before(start.Add(24 * time.Hour)); at = at.Add(period) {
		e := happened("", event.Connect, 0, "00:00:00")
		e.Time, e.ChannelID, e.PeerAddress, e.Username, e.Node = at, fmt.Sprintf("%032x", at.UnixNano()), "192.0.2.1", "user-1", "emqx@10.0.0.1"
		end := e
		end.Action, end.ActionInfo, end.Time = event.Close, event.NoHeart, at.Add(period/2)
		r.events = append(r.events, e, end)
	}
	return r
}

func TestABusyDayIsCutToItsNewest(t *testing.T) {
	for _, c := range []struct {
		period time.Duration
		// connects is the exact expected value of Summary.Connects. connections and stretch are the
		// minimum lengths of Connections and Timeline.
		connects, connections, stretch int
	}{
		{20 * time.Second, 4_320, 4_320, 8_640}, // here, the response omits nothing
		{2 * time.Second, 43_200, 3_000, 20_000},
	} {
		w := ask(restless(c.period).api(), "/api/v1/diagnosis?instance=i&client=c&from=2026-11-21T00:00:00Z&to=2026-11-21T23:59:59.999Z")
		require.LessOrEqual(t, wireSize(w.Body.Bytes()), maxBytes+1000)
		var got struct {
			Connections []struct{ Start string }
			Timeline    []struct{ To string }
			Summary     struct{ Connects int }
			Omitted     omitted
		}
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &got))
		require.Equal(t, c.connects, got.Summary.Connects, "counts include omitted entries")
		require.GreaterOrEqual(t, len(got.Connections), c.connections)
		require.GreaterOrEqual(t, len(got.Timeline), c.stretch)
		require.Equal(t, c.connects, len(got.Connections)+got.Omitted.Connections)
		require.Equal(t, 2*c.connects, len(got.Timeline)+got.Omitted.Timeline)
		last := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC).Add(-c.period)
		require.Equal(t, instant(last), got.Connections[len(got.Connections)-1].Start)
		require.Equal(t, "2026-11-21T23:59:59.999Z", got.Timeline[len(got.Timeline)-1].To)
	}
}

// TestLongNamesAreCutToTheNewest checks that a diagnosis omits its oldest entries if long user
// names would make the response longer than maxBytes. The test uses refused CONNECTs, because even
// a client that cannot log in can choose a long user name.
func TestLongNamesAreCutToTheNewest(t *testing.T) {
	r := &recorded{}
	for i := range 36 {
		e := happened("", event.Close, 0, "07:30:00")
		e.Time, e.NativeEvent = e.Time.Add(time.Duration(i)*time.Second), "client.connack"
		e.ActionInfo = []event.ActionInfo{event.NotAuthorized, event.InvalidParam, event.ServerShutdown}[i%3]
		e.Username = strings.Repeat("\x01", 25_000)
		r.events = append(r.events, e)
	}
	w := ask(r.api(), "/api/v1/diagnosis?instance=i&client=c")
	require.LessOrEqual(t, wireSize(w.Body.Bytes()), maxBytes)
	var got struct {
		Refusals []struct{ Time string }
		Verdicts []struct {
			Count    int
			Evidence []struct{ Time string }
		}
		Omitted omitted
	}
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &got))
	require.Equal(t, omitted{Refusals: 29, Evidence: 8}, got.Omitted)
	require.Equal(t, "2026-11-22T07:30:35.000Z", got.Refusals[6].Time)
	require.Len(t, got.Verdicts, 3)
	for _, v := range got.Verdicts {
		require.Equal(t, 12, v.Count, "counts include omitted entries")
		require.GreaterOrEqual(t, len(v.Evidence), 7)
	}
}

func TestStoreErrorsAreReportedOnEveryPath(t *testing.T) {
	for _, path := range []string{"status", "days", "diagnosis"} {
		w := ask((&recorded{err: errors.New("oss: secret detail")}).api(), "/api/v1/"+path+"?instance=i&client=c")
		require.Equal(t, http.StatusServiceUnavailable, w.Code)
		require.NotContains(t, w.Body.String(), "secret detail")
	}
}

func TestAlibabaPagesAndStates(t *testing.T) {
	r := &recorded{}
	for i := range 5 {
		e := happened("a", event.Connect, 0, "07:00:00")
		e.Time = e.Time.Add(time.Duration(i) * time.Minute)
		r.events = append(r.events, e)
	}
	backend := alibaba{r.api()}
	for _, c := range []struct{ offset, limit, want int }{{0, 2, 2}, {4, 2, 1}, {5, 2, 0}, {900, 100, 0}, {0, 100, 5}} {
		page, err := backend.Trace(t.Context(), openapi.TraceRequest{
			InstanceID: "i", ClientID: "c", From: now.Add(-2 * time.Hour), To: now, Offset: c.offset, Limit: c.limit,
		})
		require.NoError(t, err)
		require.Equal(t, 5, page.Total)
		require.Len(t, page.Rows, c.want)
		if c.want > 0 {
			require.Equal(t, r.events[c.offset].Time, page.Rows[0].Time)
		}
	}
	online, err := backend.Online(t.Context(), "i", []event.ClientID{"nobody", "c"})
	require.NoError(t, err)
	require.Equal(t, []bool{false, true}, online)
}

// many returns an opener. Its streams have n events of one device, newest first and a millisecond
// apart. Connects and ends alternate, and each connection has its own channel.
func many(n int, newest time.Time) opener {
	return func(_ context.Context, q query.Request) (stream, error) {
		return &generated{n: n, newest: newest, q: q}, nil
	}
}

// traceOfHour is a request for the rows of the last hour.
var traceOfHour = openapi.TraceRequest{InstanceID: "i", ClientID: "c", From: now.Add(-time.Hour), To: now, Limit: 5}

func TestAlibabaCountsUpToItsLimit(t *testing.T) {
	request := traceOfHour
	request.Offset = 299_999
	page, err := alibaba{newAPI(everything{}, many(300_000, now), time.Now, 0)}.Trace(t.Context(), request)
	require.NoError(t, err)
	require.Equal(t, 300_000, page.Total)
	require.Len(t, page.Rows, 1)
	_, err = alibaba{newAPI(everything{}, many(300_001, now), time.Now, 0)}.Trace(t.Context(), request)
	require.ErrorIs(t, err, openapi.ErrTooMany)
}

// The end of an old connection can look like the end of the connection that replaced it. A diagnosis
// that does not read the beginning of the old connection must not claim that the device is offline.
func TestDiagnosisClaimsNoStateAfterATakeover(t *testing.T) {
	began := func(ago int) event.Event { return happened("", event.Connect, ago, "07:10:00") }
	end := happened("", event.Close, 0, "07:10:01")
	end.ActionInfo = event.Unexplained
	for _, c := range []struct {
		name, parameters, state string
		events                  []event.Event
	}{
		{"the old connection is read", "", "online", []event.Event{began(1), began(0), end}},
		{"the old connection is not read", "", "unknown", []event.Event{began(5), began(0), end}},
		{"with since", "&since=1", "online", []event.Event{began(5), began(0), end}},
		{"no older connection", "&since=1", "offline", []event.Event{began(0), end}},
		{"the end is on record, but not the connect", "", "offline", []event.Event{began(5), end}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got struct{ Status struct{ State string } }
			fetch(t, apiOn(t, closedMonth(t, c.events...)), "/api/v1/diagnosis?instance=i&client=c"+c.parameters, &got)
			require.Equal(t, c.state, got.Status.State)
		})
	}
}

// The end of a connection that is open at the end of the range is found next to the range, no matter
// how many events follow.
func TestDiagnosisFindsTheNextEnd(t *testing.T) {
	for _, n := range []int{0, 1, 498, 499, 500, 998, 999, 1000, 1499, 1999, 2000} {
		events := []event.Event{happened("a", event.Connect, 1, "06:00:00"), refused(1, "08:00:00"), happened("a", event.Close, 1, "08:30:00")}
		for i := range n {
			e := refused(1, "09:00:00")
			e.Time = e.Time.Add(time.Duration(i) * time.Second)
			events = append(events, e)
		}
		var got struct {
			Connections []struct {
				EndedLater struct{ Time, Kind string } `json:"ended_later"`
			}
		}
		fetch(t, apiOn(t, closedMonth(t, events...)), "/api/v1/diagnosis?instance=i&client=c&from=2026-11-21T06:30:00Z&to=2026-11-21T07:30:00Z", &got)
		require.Len(t, got.Connections, 1)
		require.Equal(t, "2026-11-21T08:30:00.000Z", got.Connections[0].EndedLater.Time, n)
		require.Equal(t, "no-heart", got.Connections[0].EndedLater.Kind, n)
	}
}
