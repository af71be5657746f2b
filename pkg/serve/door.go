package serve

import "net/http"

// door is a handler that admits a limited number of requests at a time. It refuses further requests
// with 429, without reading their bodies.
//
// Requests with a body are counted separately, up to a quarter of the limit. A body takes memory
// before the handler knows the sender, and may take a minute to arrive. Slow bodies must not keep
// out requests without a body.
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
