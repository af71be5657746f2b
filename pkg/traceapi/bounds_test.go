package traceapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
	"devicetrace/pkg/query"
)

// A trace must stop reading at the first event after its page, and must close its stream.
func TestAPageReadsNoFurtherThanItsEnd(t *testing.T) {
	g := &generated{n: 1 << 30, newest: now, q: query.Request{To: now}}
	open := func(context.Context, query.Request) (stream, error) { return g, nil }
	w := ask(newAPI(everything{}, open, func() time.Time { return now }, 0), trace+"&limit=3&order=desc")
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, 4, g.yielded)
	require.True(t, g.closed)
}

// If a stream fails after some events, the response must be an error, not a partial page.
func TestAFaultInMidStreamIsNoPartialResponse(t *testing.T) {
	f := &fixed{result: query.Result{Events: []event.Event{full, sparse}}, err: errors.New("oss: secret detail")}
	open := func(context.Context, query.Request) (stream, error) { return f, nil }
	for _, path := range []string{"trace", "status", "days", "diagnosis"} {
		f.closed = false
		w := ask(newAPI(everything{}, open, func() time.Time { return now }, 0), "/api/v1/"+path+"?instance=i&client=c")
		require.Equal(t, http.StatusServiceUnavailable, w.Code, path)
		require.NotContains(t, w.Body.String(), "secret detail")
		require.True(t, f.closed)
	}
	_, err := alibaba{newAPI(everything{}, open, func() time.Time { return now }, 0)}.Trace(t.Context(), traceOfHour)
	require.Error(t, err)
}

// diagnosisOf holds the parts of a diagnosis that the tests check.
type diagnosisOf struct {
	From, To    string
	CutBefore   string `json:"cut_before"`
	Status      struct{ State string }
	Connections []struct{ Start string }
	Summary     struct {
		Connects  int
		OfflineMS int64 `json:"offline_ms"`
		UnknownMS int64 `json:"unknown_ms"`
		Uptime    *float64
	}
	Timeline []struct{ From string }
	Verdicts []struct{ Code string }
	Omitted  omitted
}

func diagnosed(t *testing.T, a api, query string) (found diagnosisOf) {
	fetch(t, a, "/api/v1/diagnosis?instance=i&client=c"+query, &found)
	return found
}

// If a range has more events than fit in memory, the diagnosis must cover the newest part of the
// range, and state where this part begins. The status at the start of this part must still be
// derived from the events before it.
func TestTooManyEventsCutTheDiagnosis(t *testing.T) {
	a := newAPI(everything{}, many(20_001, now), func() time.Time { return now }, 0)
	span := "&from=" + instant(now.Add(-time.Hour)) + "&to=" + instant(now)
	whole := diagnosed(t, a, span)
	require.Empty(t, whole.CutBefore)
	require.Equal(t, 10_000, whole.Summary.Connects)

	a.turnBytes = 3 << 20
	found := diagnosed(t, a, span)
	require.Equal(t, whole.From, found.From)
	require.Greater(t, found.Summary.Connects, 1_000)
	require.Less(t, found.Summary.Connects, 9_000)
	cut, err := time.Parse(time.RFC3339, found.CutBefore)
	require.NoError(t, err)
	require.Equal(t, int(now.Sub(cut)/time.Millisecond+1)/2, found.Summary.Connects, "all events since then")
	require.Equal(t, found.CutBefore, found.Timeline[0].From)
	require.Zero(t, found.Summary.UnknownMS, "the status at the cut is known")
}

// A cut must never divide the events of one millisecond. If these events alone take too much
// memory, the diagnosis must omit all of them.
func TestOneMillisecondOfTooManyEvents(t *testing.T) {
	a := newAPI(everything{}, func(_ context.Context, q query.Request) (stream, error) {
		return &generated{n: 20_000, newest: now.Add(-time.Second), still: true, q: q}, nil
	}, func() time.Time { return now }, 0)
	a.turnBytes = 2 << 20
	found := diagnosed(t, a, "&to="+instant(now))
	require.Equal(t, instant(now.Add(-time.Second+time.Millisecond)), found.CutBefore)
	require.Zero(t, found.Summary.Connects)
}

// flooded returns an API with a small memory limit, and a device whose events exceed this limit.
// The device connects d days ago at the given time of day. In the last 20 seconds before now, it
// has 20,000 ends of other connections.
func flooded(d int, connected string) api {
	r := &recorded{}
	for i := range 20_000 {
		e := happened(fmt.Sprint("other", i), event.Close, 0, "08:00:00")
		e.Time = now.Add(time.Duration(i-20_000) * time.Millisecond)
		r.events = append(r.events, e)
	}
	r.events = append(r.events, happened("a", event.Connect, d, connected))
	slices.SortStableFunc(r.events, func(a, b event.Event) int { return a.Time.Compare(b.Time) })
	a := r.api()
	a.turnBytes = 2 << 20
	return a
}

// If a status cannot be settled within the memory limit, our own API must not claim a state. It
// must say why, and how far back the search went. The API that is compatible with Alibaba's must
// return an error instead.
func TestAStatusThatTakesTooManyEvents(t *testing.T) {
	a := flooded(0, "00:00:00")
	var found struct {
		State        string
		Since        *string
		Connection   any
		LastEventAt  string    `json:"last_event_at"`
		LookedBackTo time.Time `json:"looked_back_to"`
		Cut          bool
	}
	fetch(t, a, "/api/v1/status?instance=i&client=c", &found)
	require.Equal(t, "unknown", found.State)
	require.Nil(t, found.Since)
	require.Nil(t, found.Connection)
	require.Equal(t, instant(now.Add(-time.Millisecond)), found.LastEventAt)
	require.True(t, found.Cut)
	require.True(t, found.LookedBackTo.After(now.Add(-20*time.Second)), found.LookedBackTo)
	require.True(t, found.LookedBackTo.Before(now.Add(-time.Second)), found.LookedBackTo)
	_, err := alibaba{a}.Online(t.Context(), "i", []event.ClientID{"c"})
	require.ErrorIs(t, err, errUnsettled)
}

// If the events within the memory limit settle the status, both APIs must return it.
func TestAStatusThatIsSettledWithinTheLimit(t *testing.T) {
	a := flooded(0, "07:59:59.900")
	body := ask(a, "/api/v1/status?instance=i&client=c").Body.String()
	require.Contains(t, body, `"state":"online","since":"2026-11-22T07:59:59.900Z"`)
	require.NotContains(t, body, `"cut"`)
	online, err := alibaba{a}.Online(t.Context(), "i", []event.ClientID{"c"})
	require.NoError(t, err)
	require.Equal(t, []bool{true}, online)
}

// A diagnosis must not claim a state either if the events that decide the state are too many. These
// events may be in the range, before it, or both.
func TestADiagnosisThatCannotTellTheState(t *testing.T) {
	for _, span := range []string{
		"&from=2026-11-22T07:00:00Z&to=2026-11-22T08:00:00.122Z",
		"&from=2026-11-22T08:00:00.122Z&to=2026-11-22T09:00:00Z", "&from=2026-11-22T08:00:00.123Z&to=2026-11-22T09:00:00Z",
	} {
		found := diagnosed(t, flooded(0, "00:00:00"), span)
		require.NotEmpty(t, found.CutBefore, span)
		require.Equal(t, "unknown", found.Status.State, span)
		require.Zero(t, found.Summary.OfflineMS, span)
		require.Nil(t, found.Summary.Uptime, span)
		require.NotContains(t, found.Verdicts, struct{ Code string }{"offline-throughout"}, span)
	}
	found := diagnosed(t, flooded(0, "07:59:59.900"), "&from=2026-11-22T07:00:00Z")
	require.NotEmpty(t, found.CutBefore)
	require.Equal(t, "online", found.Status.State)
	found = diagnosed(t, flooded(0, "07:59:59.900"), "&from=2026-11-22T08:00:00.123Z")
	require.Empty(t, found.CutBefore, "the status at the start of the range is settled")
	require.Equal(t, "online", found.Status.State)
}

// Requests that need a lot of memory must take turns. A request that stops waiting must not get the
// turn later, and its response must not blame the store.
func TestLargeRequestsTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at := 0
		a := newAPI(everything{}, func(_ context.Context, q query.Request) (stream, error) {
			return &generated{n: 10_000, newest: now, q: q, pause: time.Millisecond, at: &at}, nil
		}, func() time.Time { return now }, 0)
		span := "&from=" + instant(now.Add(-time.Hour)) + "&to=" + instant(now)
		a.turn <- struct{}{} // another request has the turn
		ended := make(chan diagnosisOf)
		go func() { ended <- diagnosed(t, a, span) }()
		synctest.Wait()
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Empty(t, ended)
		require.Less(t, at, 5_000, "a waiting request must not read on")

		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err := a.diagnose(ctx, permission{}, diagnosisRequest{device: device{"i", "c"}, from: now.Add(-time.Hour), to: now, lang: "en"}, &slot{of: a.large})
		require.ErrorIs(t, err, errBusy)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		w := doIn(ctx, a, "GET", "/api/v1/diagnosis?instance=i&client=c"+span, "Authorization", "Bearer secret")
		require.Equal(t, http.StatusTooManyRequests, w.Code)
		require.NotEmpty(t, w.Header().Get("Retry-After"))
		require.Contains(t, w.Body.String(), `{"code":"Busy","error":"other large requests are in progress`)

		<-a.turn
		require.Equal(t, 5_000, (<-ended).Summary.Connects)
		require.Empty(t, a.turn, "the slot must be released")
	})
}

// A diagnosis that has waited for its turn reads some objects again. Its receipt must count all
// requests, but each object and each partition only once.
func TestReceiptAfterAWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := usedBucket(t, withMarker, "i")
		midnight := startOfDay(now)
		for run := range 2 {
			var events []event.Event
			for i := range 3000 {
				e := happened(fmt.Sprint(run, i), event.Connect, 1, "23:00:00")
				e.Time = e.Time.Add(time.Duration(2*i+run) * 100 * time.Millisecond)
				events = append(events, e)
			}
			putObject(t, store, run+1, events...)
		}
		store.Reset()
		a := apiOn(t, store)
		a.retention = 0
		a.turn <- struct{}{}
		ended := make(chan *httptest.ResponseRecorder)
		go func() {
			ended <- ask(a, "/api/v1/diagnosis?instance=i&client=c&from="+instant(midnight.Add(-time.Hour))+"&to="+instant(now))
		}()
		synctest.Wait()
		waited := store.Requests()
		<-a.turn
		var got found
		require.NoError(t, json.Unmarshal((<-ended).Body.Bytes(), &got))
		require.Greater(t, store.Requests(), waited)
		require.Equal(t, store.Requests(), got.Receipt.Requests)
		_, bytes := store.Bytes()
		require.Equal(t, bytes, got.Receipt.Bytes)
		require.Equal(t, 3, got.Receipt.Objects)
		require.Equal(t, []string{"instance=i/shard=4/day=2026-11-21", "instance=i/shard=4/day=2026-11-22"}, got.Receipt.Partitions)
	})
}

// crowd is the directory of a bucket with n instances.
type crowd struct {
	everything
	n int
}

func (c crowd) Instances(context.Context, int) (query.Instances, error) {
	return query.Instances{IDs: make([]event.InstanceID, c.n)}, nil
}

// probe calls onWrite before it records a part of a response.
type probe struct {
	*httptest.ResponseRecorder
	onWrite func()
}

func (p probe) Write(b []byte) (int, error) {
	p.onWrite()
	return p.ResponseRecorder.Write(b)
}

// A large response must hold a slot until it is written. Without a free slot, a page and a diagnosis
// must be small, and a list of instances must wait. A small response must not need a slot.
func TestLargeResponsesNeedSlots(t *testing.T) {
	const limited, diagnosis = trace + "&limit=5000&order=desc", "/api/v1/diagnosis?instance=i&client=c"
	for _, c := range []struct {
		path      string
		n         int // events and instances
		isLarge   bool
		whenTaken int // the status if all slots are taken
	}{
		{limited, 5000, true, http.StatusOK},
		{limited, 100, false, http.StatusOK},
		{diagnosis, 5000, true, http.StatusOK},
		{diagnosis, 100, false, http.StatusOK},
		{instancesPath, smallList + 1, true, http.StatusTooManyRequests},
		{instancesPath, smallList, false, http.StatusOK},
	} {
		synctest.Test(t, func(t *testing.T) {
			a := newAPI(crowd{n: c.n}, many(c.n, now), func() time.Time { return now }, 0)
			get := func(taken, want int) string {
				w := probe{httptest.NewRecorder(), func() { require.Len(t, a.large, taken) }}
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				serveTo(w, ctx, a, "GET", c.path, "Authorization", "Bearer secret")
				require.Equal(t, want, w.Code, c.path)
				return w.Body.String()
			}
			whole := get(map[bool]int{true: 1}[c.isLarge], http.StatusOK)
			require.Empty(t, a.large)
			for range maxLarge {
				a.large <- struct{}{}
			}
			small := get(maxLarge, c.whenTaken)
			require.Len(t, a.large, maxLarge)
			require.Less(t, len(small), smallBytes+1000)
			require.Equal(t, c.isLarge, small != whole)
		})
	}
}
