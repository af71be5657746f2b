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

func TestRoom(t *testing.T) {
	r := &room{size: 10}
	require.NoError(t, r.enter(6))
	require.ErrorIs(t, r.enter(5), record.ErrBusy)
	require.NoError(t, r.enter(4))
	r.leave(6)
	r.leave(4)
	require.NoError(t, r.enter(11), "nobody else is in")
	require.ErrorIs(t, r.enter(1), record.ErrBusy)
	r.leave(11)
	require.Zero(t, r.taken.Load())
}

func TestWeightOf(t *testing.T) {
	for _, c := range []struct {
		length   int64
		encoding string
		want     int64
	}{
		{0, "", leastWeight},
		{100, "", leastWeight + 100},
		{100, "identity", leastWeight + 100},
		{100, "gzip", leastWeight + 1000},
		{maxBody, "gzip", leastWeight + maxBody},
		{1 << 62, "gzip", leastWeight + maxBody},
		{1 << 62, "", leastWeight + maxBody},
		{-1, "", leastWeight + unsaidLength},
		{-1, "gzip", leastWeight + maxBody},
	} {
		r := &http.Request{ContentLength: c.length, Header: http.Header{"Content-Encoding": {c.encoding}}}
		require.Equal(t, c.want, weightOf(r), "%d %q", c.length, c.encoding)
	}
}

// unread is a body that nobody may read.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body is read")
	return 0, errors.New("unread")
}

// TestNoRoom: who is refused for want of room has not been read, and strangers can
// neither take the room of known senders nor tell that there is none.
func TestNoRoom(t *testing.T) {
	send := func(h *Handler, body io.Reader, header ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodPost, "/webhooks/events/prod", body)
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	full := &room{size: 1}
	full.taken.Store(1)

	b := &bench{}
	h := b.handler()
	h.room = full
	w := send(h, unread{t}, bearer("secret")...)
	require.Equal(t, http.StatusTooManyRequests, w.Code)
	require.NotEmpty(t, w.Header().Get("Retry-After"))
	require.Equal(t, http.StatusUnauthorized, send(h, unread{t}, bearer("other")...).Code)
	require.Equal(t, http.StatusTooManyRequests, send(h, strings.NewReader(ownEvent), signed("secret", ownEvent)...).Code)

	h.room, h.unproven = &room{size: maxBody}, full
	require.Equal(t, http.StatusTooManyRequests, send(h, unread{t}, signed("secret", ownEvent)...).Code)
	require.Empty(t, b.recorded)
	require.Equal(t, http.StatusOK, send(h, strings.NewReader(ownEvent), bearer("secret")...).Code)
	require.Len(t, b.recorded, 1)

	h.unproven = &room{size: maxBody}
	require.Equal(t, http.StatusOK, send(h, strings.NewReader(ownEvent), signed("secret", ownEvent)...).Code)
	require.Zero(t, h.room.taken.Load())
	require.Zero(t, h.unproven.taken.Load())
}

// TestUnprovenKeepTheirRoom while their bodies are read and checked, and no longer.
func TestUnprovenKeepTheirRoom(t *testing.T) {
	for _, answer := range []bool{true, false} {
		h := (&bench{}).handler()
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(ownEvent))
		isProven, err := h.proven(r, func(body []byte) bool {
			require.Equal(t, ownEvent, string(body))
			require.Equal(t, weightOf(r), h.unproven.taken.Load())
			return answer
		})
		require.NoError(t, err)
		require.Equal(t, answer, isProven)
		require.Zero(t, h.unproven.taken.Load())
		again, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		require.Equal(t, ownEvent, string(again))
	}
}
