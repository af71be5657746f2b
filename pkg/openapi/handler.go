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

// handler answers the API.
type handler struct {
	keys    map[string]Key // by id
	now     func() time.Time
	backend Backend
	nonces  *nonces
}

// operation answers a request that is signed by a key that may ask about the instance.
type operation func(h *handler, ctx context.Context, instanceID event.InstanceID, p parameters) (reply, error)

var operations = map[string]operation{
	"QueryMqttTraceDevice":         (*handler).queryMqttTraceDevice,
	"QuerySessionByClientId":       (*handler).querySessionByClientID,
	"BatchQuerySessionByClientIds": (*handler).batchQuerySessionByClientIDs,
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := newRequestID()
	answer, err := h.answer(r, id)
	if err == nil {
		err = send(w, answer, id)
	}
	if err != nil {
		sendFault(w, asFault(r.Context(), err, id), r.Host, id)
	}
}

// answer answers a panic with errInternal.
func (h *handler) answer(r *http.Request, id string) (answer reply, err error) {
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

// operate answers a request that is signed.
func (h *handler) operate(ctx context.Context, key Key, c claim, p parameters) (reply, error) {
	run, err := find(c)
	if err != nil {
		return nil, err
	}
	instanceID, err := p.instanceID()
	if err != nil {
		return nil, err
	}
	if !key.Grant.Allows(instanceID) {
		return nil, badRequest("InstancePermissionCheckFailed", "this AccessKey may not ask about that instance: check InstanceId, or let the key's instances name it")
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
		return nil, fault{http.StatusNotFound, "InvalidAction.NotFound", "there is no such operation here; there are " + names}
	}
	return run, nil
}

// asFault is what to answer. Whatever is no fault is trouble with the store.
func asFault(ctx context.Context, err error, id string) fault {
	var f fault
	if errors.As(err, &f) {
		return f
	}
	slog.ErrorContext(ctx, "not answered", "api_request_id", id, "error", err.Error())
	return errUnavailable
}
