package webhook

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"time"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/serve"
)

// handshake responds to a broker's handshake, and reports whether the request was a handshake. A
// handshake needs no authorization, because nothing in it is stored.
func (h *Handler) handshake(w http.ResponseWriter, r *http.Request, d *delivery) bool {
	if d.source.Handshake == nil {
		return false
	}
	response, isHandshake := d.source.Handshake(broker.HandshakeRequest{
		Method: r.Method,
		Header: r.Header,
		Body:   d.peek(broker.MaxHandshakeBody + 1),
	})
	if isHandshake {
		_, _ = io.Copy(io.Discard, d.unread)
		h.completeHandshake(r.Context(), w, response)
	}
	return isHandshake
}

func (h *Handler) completeHandshake(ctx context.Context, w http.ResponseWriter, response broker.HandshakeResponse) {
	if refused := response.Refused; refused != nil {
		serve.Fail(w, response.Status, refused.Code, refused.Error)
		return
	}
	if c := response.Confirm; c != nil && !h.confirm(ctx, c.URL) {
		serve.TryLater(w, http.StatusServiceUnavailable, c.Unconfirmed.Code, c.Unconfirmed.Error)
		return
	}
	maps.Copy(w.Header(), response.Header)
	serve.JSON(w, response.Status, response.Body)
}

// confirm requests a confirmation URL and reports whether the status of the response was 200. It
// logs only the URL's host, because the rest contains a secret.
func (h *Handler) confirm(ctx context.Context, target *url.URL) bool {
	if err := h.get(ctx, target); err != nil {
		slog.WarnContext(ctx, "handshake not confirmed", "host", target.Host, "error", err.Error())
		return false
	}
	slog.InfoContext(ctx, "handshake confirmed", "host", target.Host)
	return true
}

// outsideTimeout is the time limit for a request to a broker's service. It is short enough to leave
// the function time to respond.
const outsideTimeout = 5 * time.Second

// newOutsideClient returns an HTTP client for requests to brokers' services. The client follows no
// redirects.
func newOutsideClient(transport http.RoundTripper) *http.Client {
	return &http.Client{
		Transport:     transport,
		Timeout:       outsideTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// get requests a URL and discards the response body. Its errors do not contain the URL, because
// the URL contains a secret.
func (h *Handler) get(ctx context.Context, target *url.URL) error {
	response, err := h.outside.Do((&http.Request{Method: http.MethodGet, URL: target}).WithContext(ctx))
	if err != nil {
		return err.(*url.Error).Err // Do returns no other errors
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return errors.New("the response is " + response.Status)
	}
	return nil
}
