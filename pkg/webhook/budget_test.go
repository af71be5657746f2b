package webhook

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/record"
)

func TestBudget(t *testing.T) {
	b := &budget{size: 10}
	require.NoError(t, b.acquire(6))
	require.ErrorIs(t, b.acquire(5), record.ErrBusy)
	require.NoError(t, b.acquire(4))
	b.release(6)
	b.release(4)
	require.NoError(t, b.acquire(11), "a request that is alone may exceed the budget")
	require.ErrorIs(t, b.acquire(1), record.ErrBusy)
	b.release(11)
	require.Zero(t, b.used.Load())
}

func TestWeight(t *testing.T) {
	for _, c := range []struct {
		length   int64
		encoding string
		want     int64
	}{
		{0, "", minWeight},
		{100, "", minWeight + 100},
		{100, "identity", minWeight + 100},
		{100, "gzip", minWeight + 1000},
		{maxBody, "gzip", minWeight + maxBody},
		{1 << 62, "gzip", minWeight + maxBody},
		{1 << 62, "", minWeight + maxBody},
		{-1, "", minWeight + assumedLength},
		{-1, "gzip", minWeight + maxBody},
	} {
		r := httptest.NewRequest(http.MethodPost, "/webhooks/events/prod", nil)
		r.ContentLength = c.length
		r.Header.Set("Content-Encoding", c.encoding)
		require.Equal(t, c.want, parse(r, now).weight(), "%d %q", c.length, c.encoding)
	}
}

// TestSignedWeight checks that the weight of a signed body includes the copies that the check of a
// signature makes, but not the decompressed body.
func TestSignedWeight(t *testing.T) {
	for length, want := range map[int64]int64{0: minWeight, 100: minWeight + 400, -1: minWeight + 4*assumedLength, 1 << 62: minWeight + 4*maxBody} {
		d := &delivery{length: length, encoding: "gzip"}
		require.Equal(t, want, d.signedWeight(), length)
	}
}

// unread is a body that must not be read.
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
		r := httptest.NewRequest(http.MethodPost, "/webhooks/events/prod", body)
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
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

	h.budget, h.unproven = &budget{size: maxBody}, full
	require.Equal(t, http.StatusTooManyRequests, send(h, unread{t}, signed("secret", ownEvent)...).Code)
	require.Empty(t, b.recorded)
	require.Equal(t, http.StatusOK, send(h, strings.NewReader(ownEvent), bearer("secret")...).Code)
	require.Len(t, b.recorded, 1)

	h.unproven = &budget{size: maxBody}
	require.Equal(t, http.StatusOK, send(h, strings.NewReader(ownEvent), signed("secret", ownEvent)...).Code)
	require.Zero(t, h.budget.used.Load())
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
			require.Equal(t, d.signedWeight(), h.unproven.used.Load())
			return want
		})
		require.NoError(t, err)
		require.Equal(t, want, isProven)
		require.Zero(t, h.unproven.used.Load())
		require.NoError(t, d.readBody())
		require.Equal(t, ownEvent, string(d.body))
	}
}
