package webhook

import (
	"net/http"
	"strings"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
	"devicetrace/pkg/serve"
)

// Handler answers POST /webhooks/{route}/{instance} and the quarantine's URLs, and takes
// what triggers deliver. It holds nothing of a request and is safe for concurrent use.
type Handler struct {
	config Config
	admin  http.Handler
	// room is what all requests of known senders share, unproven what those do whose
	// senders are not known yet.
	room, unproven *room
	// outside asks the addresses that brokers name in a handshake.
	outside *http.Client
}

// New returns a Handler. It makes no request.
func New(config Config) (*Handler, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	config = config.withDefaults()
	h := &Handler{
		config:   config,
		room:     &room{size: config.BudgetBytes},
		unproven: &room{size: config.BudgetBytes},
		outside:  newOutside(config.Transport),
	}
	h.admin = newAdmin(h, config.AdminToken)
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

func notFound(w http.ResponseWriter) {
	serve.Fail(w, http.StatusNotFound, "NotFound",
		"there is no such path; send events to "+webhookPath+"{route}/{instance}, where the route is one of "+strings.Join(broker.Routes(), ", "))
}

// serveWebhook answers handshakes to anyone and takes events from who has a token.
func (h *Handler) serveWebhook(w http.ResponseWriter, r *http.Request) {
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
