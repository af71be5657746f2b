package webhook

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"devicetrace/pkg/objstore"
	"devicetrace/pkg/quarantine"
	"devicetrace/pkg/serve"
)

// adminRoute is the first path segment after webhookPath for the quarantine. In all other paths,
// the route of a source takes its place.
const adminRoute = "quarantine"

// admin gives the operator access to the quarantine:
//
//	GET  /webhooks/quarantine               the items received on a day
//	GET  /webhooks/quarantine/{id}          one item
//	POST /webhooks/quarantine/{id}/replay   decode the item again
type admin struct{ handler *Handler }

// newAdmin returns a handler that admits only requests with the admin token. If no admin token
// is configured, the handler responds with 404 to every request.
func newAdmin(h *Handler) http.Handler {
	if h.config.AdminToken == "" {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { notFound(w) })
	}
	return serve.Bearer(h.config.AdminToken, admin{h})
}

func (a admin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	below := strings.TrimPrefix(r.URL.Path, webhookPath+adminRoute)
	id, verb, hasVerb := strings.Cut(strings.TrimPrefix(below, "/"), "/")
	switch {
	case id == "" && !hasVerb:
		allowMethods(w, r, a.list, http.MethodGet, http.MethodHead)
	case !hasVerb:
		allowMethods(w, r, withID(id, a.show), http.MethodGet, http.MethodHead)
	case verb == "replay":
		allowMethods(w, r, withID(id, a.replay), http.MethodPost)
	default:
		notFound(w)
	}
}

// allowMethods limits a handler to requests with the given methods. It responds to other
// requests with 405.
func allowMethods(w http.ResponseWriter, r *http.Request, handler http.HandlerFunc, methods ...string) {
	if !slices.Contains(methods, r.Method) {
		serve.NotAllowed(w, strings.Join(methods, ", "))
		return
	}
	handler(w, r)
}

// withID returns a handler that parses text as an item's id and passes the id to the given
// handler. If text is not an id, the returned handler responds with 400.
func withID(text string, handler func(http.ResponseWriter, *http.Request, quarantine.ID)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		id, err := quarantine.ParseID(text)
		if err != nil {
			serve.Fail(w, http.StatusBadRequest, "InvalidID", "an id is a day and 32 hex digits, as in 2026-11-22-0123456789abcdef0123456789abcdef")
			return
		}
		handler(w, r, id)
	}
}

// read finds an item, acquires the memory for it from the budget, and then reads it. The error may
// be errBusy.
func (a admin) read(ctx context.Context, id quarantine.ID, memory *part) (quarantine.Item, error) {
	store := a.handler.config.Store
	entry, err := quarantine.Find(ctx, store, id)
	if err != nil {
		return quarantine.Item{}, err
	}
	if err := memory.resize(readWeight(entry.Size)); err != nil {
		return quarantine.Item{}, err
	}
	return quarantine.Read(ctx, store, entry)
}

// failRead sends the error response if reading from the quarantine failed.
func failRead(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, fs.ErrNotExist) {
		serve.Fail(w, http.StatusNotFound, "NoSuchItem", "there is no such item in quarantine")
		return
	}
	if errors.Is(err, errBusy) {
		tryLater(w, err)
		return
	}
	slog.ErrorContext(r.Context(), "quarantine not read", "error", err.Error())
	if errors.Is(err, quarantine.ErrDamaged) {
		serve.Fail(w, http.StatusInternalServerError, "Damaged", "the item is damaged in the bucket; the recorder's log has the details")
		return
	}
	if code, remedy := objstore.Refusal(err); code != "" {
		serve.TryLater(w, http.StatusServiceUnavailable, code, "the bucket could not be read, because "+remedy)
		return
	}
	serve.TryLater(w, http.StatusServiceUnavailable, "StoreUnavailable", "the bucket could not be read: try again later")
}
