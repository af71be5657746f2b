package main

import (
	"context"
	"net/http"
	"strings"
	"time"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
	"devicetrace/pkg/quarantine"
	"devicetrace/pkg/serve"
)

// appender makes events durable: record.Writer.
type appender interface {
	Append(ctx context.Context, events []event.Event) error
}

// store is where quarantine is.
type store interface {
	quarantine.Putter
	quarantine.Reader
}

// webhooks answers POST /webhooks/{route}/{instance} and takes what triggers
// deliver. It holds nothing of a request.
type webhooks struct {
	writer appender
	store  store
	// tokens are those of the senders.
	tokens serve.Tokens
	// room is what all requests of known senders share, unproven what those do whose
	// senders are not known yet.
	room, unproven *room
	retention      time.Duration
	// triggerInstance is the instance of what triggers deliver.
	triggerInstance event.InstanceID
	// outside asks the addresses that brokers name in a handshake.
	outside *http.Client
	now     func() time.Time
}

const webhookPath = "/webhooks/"

// newHandler is the webhooks, and the quarantine for who has the admin's token: for
// nobody if that is empty.
func newHandler(hooks webhooks, adminToken string) http.Handler {
	admin := newAdmin(hooks, adminToken)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		below, found := strings.CutPrefix(r.URL.Path, webhookPath)
		switch {
		case !found:
			notFound(w)
		case below == adminRoute || strings.HasPrefix(below, adminRoute+"/"):
			admin.ServeHTTP(w, r)
		default:
			hooks.ServeHTTP(w, r)
		}
	})
}

func notFound(w http.ResponseWriter) {
	serve.Fail(w, http.StatusNotFound, "NotFound",
		"there is no such path; send events to "+webhookPath+"{route}/{instance}, where the route is one of "+strings.Join(broker.Routes(), ", "))
}

// ServeHTTP answers handshakes to anyone and takes events from who has a token.
func (h webhooks) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	to := addressOf(r)
	_, found := broker.Lookup(to.route)
	switch {
	case !found:
		notFound(w)
	case h.handshake(w, r, to.route):
	case r.Method != http.MethodPost:
		serve.NotAllowed(w, http.MethodPost)
	case !to.instance.Valid():
		serve.Fail(w, http.StatusBadRequest, "InvalidInstance", "the instance in the path must be "+event.InstanceIDRule)
	default:
		h.deliver(w, r, to)
	}
}

// address is what the path of a webhook says.
type address struct {
	route    string
	instance event.InstanceID
	// token stands behind the instance, on the routes that take it there.
	token string
}

func addressOf(r *http.Request) address {
	route, instance, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, webhookPath), "/")
	to := address{route: route}
	if tokenInPath[route] {
		instance, to.token, _ = strings.Cut(instance, "/")
	}
	to.instance = event.InstanceID(instance)
	return to
}
