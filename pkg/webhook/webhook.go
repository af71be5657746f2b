// Package webhook receives the events that brokers report, over HTTP and from triggers. It reports
// success only after the events are durable.
//
// Invariants:
//
//   - A sender gets 2xx only after all events of its delivery are in the bucket.
//   - Input that cannot be decoded is quarantined, but only if its sender is authorized. An
//     unauthorized sender cannot store anything.
//   - The events of a delivery are recorded first. If any item was rejected, the whole delivery is
//     then quarantined. If quarantining fails, the sender gets an error and sends the delivery
//     again. The events are then stored twice, but queries show each event that has a time only
//     once.
//   - Each delivery draws 32 random bits before it is recorded. The bits distinguish its events
//     without a time from all other deliveries' events. A replay from the quarantine uses the same
//     bits.
//   - A delivery acquires memory from a budget before its body is read, and again before the body
//     is decompressed and decoded. If the budget is exhausted, the delivery is refused. Only the
//     check for a handshake reads the start of a body without acquiring memory. Requests to the
//     quarantine acquire memory from the same budget before they read items.
//   - No event of a body that exceeds a limit is recorded. A webhook's sender gets an error. A
//     trigger's payload is quarantined as a whole.
//   - No log line or error contains a token, a body or a handshake's URL.
//
// A delivery is one webhook request or trigger invocation, with all its events. A request is parsed
// once, on arrival. Handler.deliver then does all further work up to the response. Package broker
// contains everything that differs between brokers.
package webhook

import (
	"net/http"
	"strings"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
	"devicetrace/pkg/serve"
)

// Handler serves POST /webhooks/{route}/{instance} and the quarantine's URLs, and accepts the
// payloads of triggers. It is safe for concurrent use and retains nothing from a request.
type Handler struct {
	config Config
	admin  http.Handler
	// budget limits the memory for authorized requests; unproven is a separate budget for requests
	// whose signature has not been checked yet.
	budget, unproven *budget
	// outside is the client for the requests that confirm handshakes.
	outside *http.Client
}

// New returns a Handler, or an error that names the invalid field. It makes no request.
func New(config Config) (*Handler, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	config = config.withDefaults()
	h := &Handler{
		config:   config,
		budget:   &budget{size: config.BudgetBytes},
		unproven: &budget{size: unprovenBudget},
		outside:  newOutsideClient(config.Transport),
	}
	h.admin = newAdmin(h)
	return h, nil
}

const webhookPath = "/webhooks/"

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	below, found := strings.CutPrefix(r.URL.Path, webhookPath)
	switch {
	case !found:
		notFound(w)
	case below == adminRoute || strings.HasPrefix(below, adminRoute+"/"):
		h.admin.ServeHTTP(w, r)
	default:
		h.serveWebhook(w, r)
	}
}

// serveWebhook responds to handshakes, which need no authorization, and to deliveries, which
// do.
func (h *Handler) serveWebhook(w http.ResponseWriter, r *http.Request) {
	d := parse(r, h.config.Now())
	switch {
	case d.source.Decode == nil:
		notFound(w)
	case h.handshake(w, r, d):
	case r.Method != http.MethodPost:
		serve.NotAllowed(w, http.MethodPost)
	case !d.instance.Valid():
		serve.Fail(w, http.StatusBadRequest, "InvalidInstance", "send events to "+webhookPath+"{route}/{instance}, where the instance is "+event.InstanceIDRule)
	default:
		got, err := h.deliver(r.Context(), d)
		h.respond(r.Context(), w, d, got, err)
	}
}

func notFound(w http.ResponseWriter) {
	serve.Fail(w, http.StatusNotFound, "NotFound",
		"there is no such path; send events to "+webhookPath+"{route}/{instance}, where the route is one of "+strings.Join(broker.Names(), ", "))
}
