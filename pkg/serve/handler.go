package serve

import (
	"log/slog"
	"net/http"
)

// handler returns the function's HTTP handler, preceded by the checks that both fronts share.
// Requests for /healthz and /version do not reach it.
func (l *lifecycle) handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch err := l.start(r.Context()); {
		case err != nil:
			slog.ErrorContext(r.Context(), "start failed", "error", err.Error())
			l.unavailable(w, err)
		case l.function.Handler == nil:
			Fail(w, http.StatusNotFound, "NotFound", "this function serves no HTTP requests")
		case r.ContentLength > MaxBody:
			Fail(w, http.StatusRequestEntityTooLarge, "TooLarge", "the request is longer than 32 MiB")
		default:
			l.function.Handler.ServeHTTP(w, r)
		}
	})
}

// unavailable responds to a request that cannot be handled because starting the function failed with err.
func (l *lifecycle) unavailable(w http.ResponseWriter, err error) {
	switch {
	case l.function.health.isMiswired:
		miswired(w)
	case l.function.Unavailable != nil:
		l.function.Unavailable(w, err)
	default:
		TryLater(w, http.StatusServiceUnavailable, "NotStarted", "the function could not start: check its log")
	}
}
