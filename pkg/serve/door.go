package serve

import "net/http"

// door is a handler that limits the number of concurrent requests to next. At the limit, it refuses
// requests with 429, without reading their bodies.
//
// A request counts toward the limit until next returns. By then, at most the last maxBuffered bytes
// of the response are still unsent. A short response therefore does not count while it is being
// sent. Even a sender without a token gets a short response, and must not block other requests by
// reading it slowly.
//
// Requests with a body have a limit of their own, a quarter of the limit for all other requests. A
// body uses memory before the handler knows the sender, and may take a minute to arrive. With
// separate limits, slow bodies do not block requests without a body.
type door struct {
	next             http.Handler
	bodiless, bodied chan struct{}
}

func newDoor(limit int, next http.Handler) door {
	return door{next, make(chan struct{}, limit), make(chan struct{}, max(1, limit/4))}
}

func (d door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	admitted := d.bodiless
	if r.ContentLength != 0 {
		admitted = d.bodied
	}
	select {
	case admitted <- struct{}{}:
		defer func() { <-admitted }()
		d.next.ServeHTTP(w, r)
	default:
		TryLater(w, http.StatusTooManyRequests, "Busy", "too many requests are in progress: send this again later")
	}
}
