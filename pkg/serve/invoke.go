package serve

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"time"
)

// invoke calls the function with the event in the body of a POST /invoke request. The call is not
// canceled if the connection closes. A function without a Handler handles only one event at a time.
// Otherwise, concurrent requests could exhaust the memory, which suffices for one run.
func (front *plainFront) invoke(w http.ResponseWriter, r *http.Request) {
	if front.life.function.Handler == nil {
		if !front.running.TryLock() {
			w.Header().Set("X-Fc-Status", "404")
			Fail(w, http.StatusConflict, "AlreadyRunning", "the function is already running: send this again after it has finished")
			return
		}
		defer front.running.Unlock()
	}
	payload, err := io.ReadAll(r.Body)
	if err != nil {
		Fail(w, http.StatusBadRequest, "InvalidRequest", "the payload cannot be read")
		return
	}
	if err := front.life.event(context.WithoutCancel(r.Context()), payload); err != nil {
		front.failed(w, r, "event failed", err)
		return
	}
	succeeded(w)
}

// preStop handles the platform's request to stop the function. The platform sends this request
// before it terminates the function instance.
func (front *plainFront) preStop(w http.ResponseWriter, r *http.Request) {
	if err := front.life.stop(r.Context()); err != nil {
		front.failed(w, r, "hook failed", err)
		return
	}
	succeeded(w)
}

// failed responds to an invocation or a hook that failed. The header x-fc-status reports the
// failure to the platform: 404 means any failure, and 200 means success. On the platform, the HTTP status
// is also 404, as the platform requires. Elsewhere it is 500, because 404 would look like a wrong
// path.
func (front *plainFront) failed(w http.ResponseWriter, r *http.Request, what string, err error) {
	slog.ErrorContext(r.Context(), what, "error", err.Error())
	w.Header().Set("X-Fc-Status", "404")
	status := http.StatusInternalServerError
	if front.onPlatform {
		status = http.StatusNotFound
	}
	Fail(w, status, "InvocationFailed", "the function failed: check its log")
}

func succeeded(w http.ResponseWriter) {
	w.Header().Set("X-Fc-Status", "200")
	JSON(w, http.StatusOK, struct{}{})
}

// withLimit returns a handler that calls next with a context that expires after the time limit of
// the request.
func (front *plainFront) withLimit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), front.limit(r))
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// limit returns the maximum time for building the response to a request. On the platform, the
// response must be sent before the function's timeout, which the platform states with each request.
// The sender would otherwise get the platform's error response.
func (front *plainFront) limit(r *http.Request) time.Duration {
	seconds, err := strconv.Atoi(r.Header.Get("X-Fc-Function-Timeout"))
	if !front.onPlatform || err != nil || seconds <= 0 {
		return responseLimit
	}
	timeout := time.Duration(seconds) * time.Second
	return min(responseLimit, timeout-marginOf(timeout))
}
