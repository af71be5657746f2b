package traceapi

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"devicetrace/pkg/event"
	"devicetrace/pkg/query"
	"devicetrace/pkg/serve"
)

// api answers the paths below /api/v1/. It holds nothing of a request.
type api struct {
	reader Reader
	now    func() time.Time
	// lookback is how far before an instant a device's status is looked for.
	lookback time.Duration
}

const tracePath = "/api/v1/trace"

// endpoint answers one path. Its errors are faults, errForbidden, query.ErrCursor,
// query.ErrTooMany, or the store's.
type endpoint func(r *http.Request, may permission) (answer, error)

func (a api) endpoints() map[string]endpoint {
	return map[string]endpoint{
		tracePath:           a.trace,
		"/api/v1/status":    a.status,
		"/api/v1/diagnosis": a.diagnosis,
	}
}

// permission says whether the one who asks may see an instance: nil or errForbidden.
type permission func(instanceID event.InstanceID) error

var errForbidden = errors.New("the token is not one for this instance")

func permissionOf(grant serve.Grant) permission {
	return func(instanceID event.InstanceID) error {
		if !grant.Allows(instanceID) {
			return errForbidden
		}
		return nil
	}
}

// serve answers with what the endpoint says, or why there is no answer.
func (e endpoint) serve(w http.ResponseWriter, r *http.Request, grant serve.Grant) {
	answer, err := e(r, permissionOf(grant))
	var f parameterError
	switch {
	case err == nil:
		answer(w, r)
	case errors.As(err, &f):
		serve.Fail(w, http.StatusBadRequest, f.code, f.message)
	case errors.Is(err, errForbidden):
		serve.Forbidden(w)
	case errors.Is(err, query.ErrCursor):
		serve.Fail(w, http.StatusBadRequest, "InvalidCursor", "cursor is not one that this API gave")
	case errors.Is(err, query.ErrTooMany):
		serve.Fail(w, http.StatusBadRequest, "TooManyEvents", "the device has more events there than fit into memory: ask for the trace of a shorter span")
	default:
		slog.ErrorContext(r.Context(), "not answered", "error", err.Error())
		serve.TryLater(w, http.StatusServiceUnavailable, "StoreUnavailable", "the bucket could not be read: ask again later")
	}
}

// readOnly lets only GET and HEAD through.
func readOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			serve.NotAllowed(w, "GET, HEAD")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// reportUnreadable tells the operator too, since the one who asks may not.
func reportUnreadable(ctx context.Context, answer query.Result) {
	if n := len(answer.Unreadable); n > 0 {
		first := answer.Unreadable[0]
		slog.ErrorContext(ctx, "unreadable objects", "count", n, "first_key", first.Key, "first_error", first.Error)
	}
}
