package webhook

import "net/http"

// The routes whose brokers begin with a handshake.
const (
	awsIoT         = "aws-iot"
	azureEventGrid = "azure-eventgrid"
	verneMQ        = "vernemq"
)

// handshake answers what a broker asks before it sends events, and reports whether
// that was all. Such a request cannot carry a token, so anyone may make it, and it
// stores nothing.
func (h *Handler) handshake(w http.ResponseWriter, r *http.Request, route string) bool {
	switch route {
	case awsIoT:
		return h.confirmDestination(w, r)
	case azureEventGrid:
		return allowSender(w, r) || validateSubscription(w, r)
	case verneMQ:
		return passOn(w, r)
	default:
		return false
	}
}
