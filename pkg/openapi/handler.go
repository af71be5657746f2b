package openapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"devicetrace/pkg/event"
)

// handler serves the API.
type handler struct {
	keys    map[string]Key // by AccessKey id
	now     func() time.Time
	backend Backend
	nonces  *nonces
}

// operation runs an authenticated request whose key gives access to the instance.
type operation func(h *handler, ctx context.Context, instanceID event.InstanceID, p parameters) (response, error)

var operations = map[string]operation{
	"QueryMqttTraceDevice":         (*handler).queryMqttTraceDevice,
	"QuerySessionByClientId":       (*handler).querySessionByClientID,
	"BatchQuerySessionByClientIds": (*handler).batchQuerySessionByClientIDs,
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := newRequestID()
	result, err := h.run(r, id)
	if err == nil {
		err = send(w, result, id)
	}
	if err != nil {
		sendError(w, asError(r.Context(), err, id), r.Host, id)
	}
}

// run authenticates a request and runs its operation. It returns errInternal after a panic.
func (h *handler) run(r *http.Request, id string) (result response, err error) {
	defer func() {
		if p := recover(); p != nil {
			slog.ErrorContext(r.Context(), "openapi panicked", "api_request_id", id, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = errInternal
		}
	}()
	read, err := readRequest(r)
	if err != nil {
		return nil, err
	}
	c, err := claimOf(read)
	if err != nil {
		return nil, err
	}
	key, err := h.authenticate(read, c)
	if err != nil {
		return nil, err
	}
	return h.operate(r.Context(), key, c, read.all)
}

// operate runs the operation that an authenticated request names, if the key gives access to the
// instance.
func (h *handler) operate(ctx context.Context, key Key, c claim, p parameters) (response, error) {
	run, err := find(c)
	if err != nil {
		return nil, err
	}
	instanceID, err := p.instanceID()
	if err != nil {
		return nil, err
	}
	if !key.Grant.Allows(instanceID) {
		return nil, badRequest("InstancePermissionCheckFailed", "this AccessKey does not cover the instance: check InstanceId, or add it to the key's instances")
	}
	return run(h, ctx, instanceID, p)
}

func find(c claim) (operation, error) {
	switch {
	case c.version == "":
		return nil, missing("Version", "it is "+version)
	case c.version != version:
		return nil, badRequest("InvalidVersion", "Version must be %s", version)
	case c.action == "":
		return nil, missing("Action", "the operation")
	}
	run, known := operations[c.action]
	if !known {
		names := strings.Join(slices.Sorted(maps.Keys(operations)), ", ")
		return nil, apiError{http.StatusNotFound, "InvalidAction.NotFound", "this operation does not exist here; use one of " + names}
	}
	return run, nil
}

// asError returns the error to send. An error that is not an apiError comes from the store, so
// asError logs it and returns errUnavailable.
func asError(ctx context.Context, err error, id string) apiError {
	var f apiError
	if errors.As(err, &f) {
		return f
	}
	slog.ErrorContext(ctx, "request failed", "api_request_id", id, "error", err.Error())
	return errUnavailable
}
