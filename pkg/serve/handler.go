package serve

import (
	"log/slog"
	"net/http"
)

// handler is the function's handler behind what holds on both fronts.
func (l *life) handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch err := l.start(r.Context()); {
		case err != nil:
			slog.ErrorContext(r.Context(), "not started", "error", err.Error())
			TryLater(w, http.StatusServiceUnavailable, "NotStarted", "the function could not start; its log says why")
		case l.function.Handler == nil:
			Fail(w, http.StatusNotFound, "NotFound", "this function answers no HTTP requests")
		case r.ContentLength > MaxBody:
			Fail(w, http.StatusRequestEntityTooLarge, "TooLarge", "the request is longer than 32 MiB")
		default:
			l.function.Handler.ServeHTTP(w, r)
		}
	})
}
