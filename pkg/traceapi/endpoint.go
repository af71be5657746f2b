package traceapi

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"net/http"
	"time"

	"devicetrace/pkg/event"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/query"
	"devicetrace/pkg/serve"
)

// api serves the paths below /api/v1/. Requests share no state except the slots.
type api struct {
	open      opener
	count     counter
	directory directory
	now       func() time.Time
	// retention is the value of Config.Retention.
	retention time.Duration
	// turn has one slot. The request that has it may use turnBytes for a device's events.
	turn      slots
	turnBytes int64 // the constant turnBytes, except in tests
	maxEvents int   // the constant maxEvents, except in tests
	// large has maxLarge slots. A request needs one for a response of more than smallBytes.
	large slots
	// fleets has maxFleets slots. A question about a fleet needs one while it reads.
	fleets slots
}

func newAPI(d directory, open opener, now func() time.Time, retention time.Duration) api {
	return api{
		directory: d, open: open, now: now, retention: retention,
		turn: make(slots, 1), turnBytes: turnBytes, maxEvents: maxEvents, large: make(slots, maxLarge), fleets: make(slots, maxFleets),
	}
}

// opener opens a stream of the events that match a request.
type opener func(ctx context.Context, q query.Request) (stream, error)

// stream has the methods of *query.Stream.
type stream interface {
	Events(ctx context.Context) iter.Seq2[*event.Event, error]
	Extend(ctx context.Context, from time.Time) (bool, error)
	From() time.Time
	Cut() bool
	Result() query.Result
	Close()
}

// openerOf returns an opener that uses the given reader.
func openerOf(r *query.Reader) opener {
	return func(ctx context.Context, q query.Request) (stream, error) {
		s, err := r.Stream(ctx, q)
		if err != nil {
			return nil, err
		}
		return s, nil
	}
}

const (
	tracePath   = "/api/v1/trace"
	fleetPath   = "/api/v1/fleet"
	scopePath   = "/api/v1/scope"
	devicesPath = "/api/v1/devices"
)

// endpoint serves one path. It returns a parameterError, errForbidden, errBusy, errSlow,
// query.ErrCursor, query.ErrLayout, or an error from the store.
//
// A response of more than smallBytes requires the slot large. The endpoint takes it before it
// builds the response, and the caller releases it once the response is sent.
type endpoint func(r *http.Request, may permission, large *slot) (response, error)

func (a api) endpoints() map[string]endpoint {
	return map[string]endpoint{
		tracePath:           a.trace,
		"/api/v1/status":    a.status,
		"/api/v1/days":      a.days,
		"/api/v1/diagnosis": a.diagnosis,
		fleetPath:           timed(a.fleet),
		scopePath:           timed(a.scope),
		devicesPath:         timed(a.findDevices),
		instancesPath:       a.listInstances,
	}
}

// permission says which instances a request may read.
type permission struct{ grant serve.Grant }

var errForbidden = errors.New("the token does not cover the instance")

// read returns nil if the request may read the instance, otherwise errForbidden. The result does
// not depend on whether the instance exists.
func (p permission) read(instanceID event.InstanceID) error {
	if !p.grant.Allows(instanceID) {
		return errForbidden
	}
	return nil
}

// serve runs the endpoint and writes its response or its error.
func (e endpoint) serve(w http.ResponseWriter, r *http.Request, grant serve.Grant, large slot) {
	defer large.release()
	respond, err := e(r, permission{grant}, &large)
	var f parameterError
	switch {
	case err == nil:
		respond(w, r)
	case errors.As(err, &f):
		serve.Fail(w, http.StatusBadRequest, f.code, f.message)
	case errors.Is(err, errForbidden):
		serve.Forbidden(w)
	case errors.Is(err, errBusy):
		serve.TryLater(w, http.StatusTooManyRequests, "Busy", errBusy.Error()+": send this again later")
	case errors.Is(err, query.ErrCursor):
		serve.Fail(w, http.StatusBadRequest, "InvalidCursor", "cursor does not come from this API: use the next_cursor of a page")
	case errors.Is(err, query.ErrLayout):
		slog.ErrorContext(r.Context(), "request failed", "error", err.Error())
		serve.TryLater(w, http.StatusServiceUnavailable, "LayoutMismatch", "the bucket has two layout markers, or has a marker of another version, or has events but no marker: the log of the query function says how to repair it")
	case errors.Is(err, errSlow), errors.Is(r.Context().Err(), context.DeadlineExceeded):
		slog.ErrorContext(r.Context(), "request failed", "error", err.Error())
		serve.TryLater(w, http.StatusServiceUnavailable, "TimedOut", "the request took too long: choose a shorter range, or try again later")
	default:
		slog.ErrorContext(r.Context(), "request failed", "error", err.Error())
		failRead(w, err)
	}
}

// failRead responds to a request that failed because the bucket could not be read.
func failRead(w http.ResponseWriter, err error) {
	if code, remedy := objstore.Refusal(err); code != "" {
		serve.TryLater(w, http.StatusServiceUnavailable, code, "the bucket could not be read, because "+remedy)
		return
	}
	serve.TryLater(w, http.StatusServiceUnavailable, "StoreUnavailable", "the bucket could not be read: try again later")
}

// readOnly returns a handler that refuses methods other than GET and HEAD.
func readOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			serve.NotAllowed(w, "GET, HEAD")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// reportUnreadable logs unreadable objects, so that the operator learns of them even if no client
// reports them.
func reportUnreadable(ctx context.Context, result query.Result) {
	if n := len(result.Unreadable); n > 0 {
		first := result.Unreadable[0]
		slog.ErrorContext(ctx, "unreadable objects", "count", n, "first_key", first.Key, "first_error", first.Error)
	}
}
