package webhook

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/record"
)

func TestBudget(t *testing.T) {
	b := &budget{size: 10}
	one, other := b.part(), b.part()
	require.NoError(t, one.resize(6))
	require.ErrorIs(t, other.resize(5), errBusy)
	require.NoError(t, other.resize(4))
	require.ErrorIs(t, one.resize(7), errBusy)
	require.EqualValues(t, 10, b.used.Load(), "a refusal changes nothing")
	require.NoError(t, one.resize(2))
	require.NoError(t, other.resize(8))
	other.release()
	other.release()
	require.EqualValues(t, 2, b.used.Load())
	b.size = 1
	require.NoError(t, one.resize(2), "a part may keep its size")
	one.release()
	require.Zero(t, b.used.Load())
}

func TestSentWeight(t *testing.T) {
	for length, want := range map[int64]int64{
		0: minWeight, 100: minWeight + 100, maxBody: minWeight + maxBody, 1 << 62: minWeight + maxBody, -1: minWeight + maxBody,
	} {
		r := httptest.NewRequest(http.MethodPost, "/webhooks/events/prod", nil)
		r.ContentLength = length
		require.Equal(t, want, parse(r, now).sentWeight(), "%d", length)
	}
}

// Reading a body must not take more memory than its weight.
func TestReadingABodyStaysWithinItsWeight(t *testing.T) {
	d := parse(httptest.NewRequest(http.MethodPost, "/webhooks/events/prod", strings.NewReader(strings.Repeat("x", 1<<20))), now)
	require.NoError(t, d.readBody(d.length))
	require.LessOrEqual(t, int64(cap(d.body)), d.sentWeight())
}

func TestWeight(t *testing.T) {
	most := strings.Repeat("{", maxBody)
	for name, c := range map[string]struct {
		body, encoding string
		want           int64
	}{
		"empty":               {"", "", minWeight + itemWeight},
		"one item":            {"{12345678}", "", minWeight + 10 + 10*byteWeight + 2*itemWeight},
		"compressed":          {gzipped(t, "{12345678}"), "gzip", minWeight + int64(len(gzipped(t, "{12345678}"))) + 10*byteWeight + 2*itemWeight},
		"in two gzip members": {gzipped(t, "{1234") + gzipped(t, "5678}"), "gzip", minWeight + 2*int64(len(gzipped(t, "{1234"))) + 10*byteWeight + 2*itemWeight},
		"the largest":         {most, "", minWeight + maxBody + byteWeight*maxBody + itemWeight*maxItems},
	} {
		d := &delivery{source: broker.Source{Decode: noEvents}, encoding: c.encoding, body: []byte(c.body)}
		held, err := d.measure()
		require.NoError(t, err)
		require.Equal(t, c.want, held.weight(int64(len(d.body))), name)
		require.LessOrEqual(t, c.want, int64(MinBudget), name)
	}
}

func noEvents([]byte, broker.Meta) broker.Batch { return broker.Batch{} }

// unread is a body that fails the test if it is read.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, errors.New("unread")
}

// TestBudgetExhausted exhausts one of the two budgets at a time: first the budget of authorized
// senders, then the unproven budget, which is for senders whose signature has not been checked yet.
// It checks these requirements:
//
//   - A request that needs the exhausted budget must get 429. Its body must not be read, unless its
//     signature has to be checked first.
//   - An unauthorized sender must get 401, so that it does not learn that the budget of authorized
//     senders is exhausted.
//   - A sender with a token must be served even if strangers have exhausted the unproven budget.
func TestBudgetExhausted(t *testing.T) {
	send := func(h *Handler, body io.Reader, header ...string) *httptest.ResponseRecorder {
		return call(h, "POST", "/webhooks/events/prod", body, header...)
	}
	full := &budget{size: 1}
	full.used.Store(1)

	b := &harness{}
	h := b.handler()
	h.budget = full
	w := send(h, unread{t}, bearer("secret")...)
	require.Equal(t, http.StatusTooManyRequests, w.Code)
	require.NotEmpty(t, w.Header().Get("Retry-After"))
	require.Equal(t, http.StatusUnauthorized, send(h, unread{t}, bearer("other")...).Code)
	require.Equal(t, http.StatusTooManyRequests, send(h, strings.NewReader(ownEvent), signed("secret", ownEvent)...).Code)

	h.budget, h.unproven = &budget{size: MinBudget}, full
	require.Equal(t, http.StatusTooManyRequests, send(h, unread{t}, signed("secret", ownEvent)...).Code)
	require.Empty(t, b.recorded)
	require.Equal(t, http.StatusOK, send(h, strings.NewReader(ownEvent), bearer("secret")...).Code)
	require.Len(t, b.recorded, 1)

	h.unproven = &budget{size: MinBudget}
	require.Equal(t, http.StatusOK, send(h, strings.NewReader(ownEvent), signed("secret", ownEvent)...).Code)
	require.Zero(t, h.budget.used.Load())
	require.Zero(t, h.unproven.used.Load())
}

// Senders without a token who announce long bodies, but do not send them, must not keep out a sender
// who signs.
func TestAnnouncedBodiesTakeNoMemory(t *testing.T) {
	h := (&harness{}).handler()
	send := func(body io.Reader, length int64) *httptest.ResponseRecorder {
		r := httptest.NewRequest("POST", "/webhooks/events/prod", body)
		r.ContentLength = length
		setHeader(r, signed("secret", ownEvent)...)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	var strangers sync.WaitGroup
	defer strangers.Wait()
	for range 100 {
		body, sender := io.Pipe()
		defer sender.Close()
		strangers.Go(func() { send(body, maxBody) })
		_, err := sender.Write([]byte("{")) // returns once the handler has read it
		require.NoError(t, err)
	}
	require.Equal(t, http.StatusOK, send(strings.NewReader(ownEvent), int64(len(ownEvent))).Code)
}

// A signed body that arrives when the unproven budget is exhausted must get 429.
func TestArrivingBodiesTakeMemory(t *testing.T) {
	h := (&harness{}).handler()
	h.unproven = &budget{size: idleWeight + 4*int64(len(ownEvent)) - 1}
	w := call(h, "POST", "/webhooks/events/prod", strings.NewReader(ownEvent), signed("secret", ownEvent)...)
	require.Equal(t, http.StatusTooManyRequests, w.Code)
	require.Zero(t, h.unproven.used.Load())
}

// TestUnprovenBudgetIsHeld checks that a request counts against Handler.unproven, the budget for
// requests from unknown senders, only while its signed body is read and verified.
func TestUnprovenBudgetIsHeld(t *testing.T) {
	for _, want := range []bool{true, false} {
		h := (&harness{}).handler()
		d := parse(httptest.NewRequest(http.MethodPost, "/", strings.NewReader(ownEvent)), now)
		isProven, err := h.checkBody(d, func(body []byte) bool {
			require.Equal(t, ownEvent, string(body))
			require.EqualValues(t, idleWeight+4*len(ownEvent), h.unproven.used.Load(), "the body and three copies")
			return want
		})
		require.NoError(t, err)
		require.Equal(t, want, isProven)
		require.Zero(t, h.unproven.used.Load())
		require.NoError(t, d.readBody(0))
		require.Equal(t, ownEvent, string(d.body))
	}
}

// watched is a recorder that notes how much of the budget is in use while it records.
type watched struct {
	*harness
	handler *Handler
	used    int64
	panics  bool
}

func newWatched(h *harness, panics bool) *watched {
	w := &watched{harness: h, panics: panics}
	config := h.config()
	config.Recorder = w
	w.handler = mustNew(config)
	return w
}

func (w *watched) Append(ctx context.Context, events []event.Event) error {
	w.used = w.handler.budget.used.Load()
	if w.panics {
		panic("boom")
	}
	return w.harness.Append(ctx, events)
}

// TestABodyIsWeighedBeforeItIsDecompressed sends a short body that is long when decompressed. The
// body must count with its decompressed length. If the budget is too small for that length, the
// body must be refused.
func TestABodyIsWeighedBeforeItIsDecompressed(t *testing.T) {
	w := newWatched(&harness{}, false)
	body := gzipped(t, ownEvent+strings.Repeat(" ", maxBody-len(ownEvent)))
	send := func() int {
		return call(w.handler, "POST", "/webhooks/events/prod", strings.NewReader(body), append(bearer("secret"), "Content-Encoding", "gzip")...).Code
	}
	require.Less(t, len(body), maxBody/100)
	require.Equal(t, http.StatusOK, send())
	require.EqualValues(t, minWeight+len(body)+byteWeight*maxBody+2*itemWeight, w.used)
	require.Zero(t, w.handler.budget.used.Load())

	for _, size := range []int64{minWeight, minWeight + int64(len(body)), w.used - 1} {
		w.handler.budget = &budget{size: size}
		require.Equal(t, http.StatusTooManyRequests, send())
		require.Zero(t, w.handler.budget.used.Load())
	}
	require.Len(t, w.recorded, 1)
	require.Empty(t, w.quarantined)
	w.handler.budget = &budget{size: w.used}
	require.Equal(t, http.StatusOK, send())
}

// TestTheBudgetIsGivenBack checks that a request leaves both budgets unused, no matter how the
// request ends.
func TestTheBudgetIsGivenBack(t *testing.T) {
	long := strings.Repeat(" ", maxBody+1)
	for name, c := range map[string]struct {
		harness  harness
		body     string
		encoding string
		header   []string
		panics   bool
		want     int
	}{
		"recorded":            {body: ownEvent, want: 200},
		"signed":              {body: ownEvent, header: signed("secret", ownEvent), want: 200},
		"signed wrongly":      {body: ownEvent, header: signed("wrong", ownEvent), want: 401},
		"not signed":          {body: ownEvent, header: []string{"X", "Y"}, want: 401},
		"rejected":            {body: "[" + ownEvent + ",1]", want: 400},
		"not quarantined":     {body: "1", harness: harness{putErr: errors.New("down")}, want: 503},
		"not recorded":        {body: ownEvent, harness: harness{appendErr: errors.New("down")}, want: 503},
		"spread":              {body: ownEvent, harness: harness{appendErr: &record.SpreadError{Partitions: 300}}, want: 413},
		"too long":            {body: long, want: 413},
		"too long within":     {body: gzipped(t, long), encoding: "gzip", want: 413},
		"too many items":      {body: strings.Repeat("{}\n", maxItems+1), want: 413},
		"damaged":             {body: gzipped(t, ownEvent)[:20], encoding: "gzip", want: 400},
		"unknown encoding":    {body: ownEvent, encoding: "br", want: 400},
		"the recorder panics": {body: ownEvent, panics: true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWatched(&c.harness, c.panics)
			if c.header == nil {
				c.header = bearer("secret")
			}
			send := func() {
				response := call(w.handler, "POST", "/webhooks/events/prod", strings.NewReader(c.body), append(c.header, "Content-Encoding", c.encoding)...)
				require.Equal(t, c.want, response.Code, response.Body)
			}
			if c.panics {
				require.Panics(t, send)
			} else {
				send()
			}
			require.Zero(t, w.handler.budget.used.Load())
			require.Zero(t, w.handler.unproven.used.Load())
			_ = w.handler.Event(t.Context(), []byte(c.body))
			require.Zero(t, w.handler.budget.used.Load())
		})
	}
}

// Triggers acquire memory from the same budget as webhooks.
func TestTriggersTakeFromTheBudget(t *testing.T) {
	s := newSystem(t)
	s.handler.budget.used.Store(s.handler.budget.size)
	require.ErrorIs(t, s.handler.Event(t.Context(), []byte(notification("c1"))), errBusy)
	s.handler.budget.used.Store(0)
	require.NoError(t, s.handler.Event(t.Context(), []byte(notification("c1"))))
	require.Zero(t, s.handler.budget.used.Load())
}

// Requests to the quarantine acquire memory from the same budget as webhooks, before they read an
// item.
func TestTheQuarantineTakesFromTheBudget(t *testing.T) {
	const body = "[1]"
	s := newSystem(t)
	id := s.post(body).String()
	objects, err := objstore.All(t.Context(), s.store, "quarantine/", "")
	require.NoError(t, err)
	store := objstore.NewCounting(s.store)
	s.handler.config.Store = store
	replayed := contents{bytes: int64(len(body))}
	for _, c := range []struct {
		method, path string
		weight       int64
		status       int
	}{
		{"GET", "", listWeight, 200},
		{"GET", "/" + id, minWeight + byteWeight*objects[0].Size, 200},
		{"POST", "/" + id + "/replay", replayed.weight(replayed.bytes), 422},
	} {
		send := func(budgetSize int64) *httptest.ResponseRecorder {
			s.handler.budget = &budget{size: budgetSize}
			w := s.do(c.method, "/webhooks/quarantine"+c.path, "", "admin")
			require.Zero(t, s.handler.budget.used.Load())
			return w
		}
		busy := send(minWeight)
		require.Equal(t, http.StatusTooManyRequests, busy.Code, c)
		require.Equal(t, "1", busy.Header().Get("Retry-After"))
		require.Empty(t, store.Of(objstore.OpRead))
		require.Equal(t, http.StatusTooManyRequests, send(c.weight-1).Code, c)
		require.Equal(t, c.status, send(c.weight).Code, c)
		store.Reset()
	}
}
