package webhook

import (
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"

	"devicetrace/pkg/quarantine"
	"devicetrace/pkg/serve"
)

// adminRoute is where the quarantine is, in the place of a broker's route.
const adminRoute = "quarantine"

// admin answers the operator:
//
//	GET  /webhooks/quarantine               what was received on a day
//	GET  /webhooks/quarantine/{id}          an item
//	POST /webhooks/quarantine/{id}/replay   decode it again
type admin struct{ handler *Handler }

// newAdmin lets only requests with the token in. Without a token there is no such path.
func newAdmin(handler *Handler, token string) http.Handler {
	if token == "" {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { notFound(w) })
	}
	return serve.Bearer(token, admin{handler})
}

func (a admin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	below := strings.TrimPrefix(r.URL.Path, webhookPath+adminRoute)
	name, verb, hasVerb := strings.Cut(strings.TrimPrefix(below, "/"), "/")
	switch {
	case name == "" && !hasVerb:
		only(w, r, a.list, http.MethodGet, http.MethodHead)
	case !hasVerb:
		only(w, r, withID(name, a.show), http.MethodGet, http.MethodHead)
	case verb == "replay":
		only(w, r, withID(name, a.replay), http.MethodPost)
	default:
		notFound(w)
	}
}

// only answers the methods that a path has.
func only(w http.ResponseWriter, r *http.Request, answer http.HandlerFunc, methods ...string) {
	for _, method := range methods {
		if r.Method == method {
			answer(w, r)
			return
		}
	}
	serve.NotAllowed(w, strings.Join(methods, ", "))
}

// withID answers for the item that a path names.
func withID(name string, answer func(http.ResponseWriter, *http.Request, quarantine.ID)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		id, err := quarantine.ParseID(name)
		if err != nil {
			serve.Fail(w, http.StatusBadRequest, "InvalidID", "an id is a day and 32 hex digits: 2026-11-22-0123456789abcdef0123456789abcdef")
			return
		}
		answer(w, r, id)
	}
}

// failItem answers when an item cannot be had.
func failItem(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, fs.ErrNotExist) {
		serve.Fail(w, http.StatusNotFound, "NoSuchItem", "there is no such item in quarantine")
		return
	}
	slog.ErrorContext(r.Context(), "quarantine not read", "error", err.Error())
	if errors.Is(err, quarantine.ErrDamaged) {
		serve.Fail(w, http.StatusInternalServerError, "Damaged", "the item is damaged in the bucket; the log says how")
		return
	}
	serve.TryLater(w, http.StatusServiceUnavailable, "StoreUnavailable", "the bucket could not be read: ask again later")
}
