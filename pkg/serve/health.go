package serve

import (
	"io"
	"net/http"
	"slices"
	"strings"
)

// health responds to GET and HEAD requests for /healthz and /version. These requests need no token
// and make no call to the store. Neither response contains a secret.
//
// /healthz responds with 200 if the function's configuration is valid, and with 503 otherwise. It
// does not call Start, because Start may call the store. Therefore, a function whose store is unavailable
// still counts as healthy, and is not taken out of service for a fault that a restart cannot repair.
//
// /version responds with 200 even if the configuration is invalid.
type health struct {
	version version
	// prefixes lists prefixes that may precede the two paths, such as "/webhooks".
	prefixes []string
	// isMiswired is true if the function's configuration is invalid.
	isMiswired bool
}

// before returns a handler that responds to requests for /healthz and /version and passes all others to
// next.
func (h health) before(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		respond := h.find(r.URL.Path)
		switch {
		case respond == nil:
			next.ServeHTTP(w, r)
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			NotAllowed(w, "GET, HEAD")
		default:
			respond(w)
		}
	})
}

// find returns the function that responds to requests for the given path, or nil if the path is neither
// /healthz nor /version.
func (h health) find(path string) func(http.ResponseWriter) {
	end := max(0, strings.LastIndexByte(path, '/'))
	if prefix := path[:end]; prefix != "" && !slices.Contains(h.prefixes, prefix) {
		return nil
	}
	switch path[end:] {
	case "/healthz":
		return h.writeHealth
	case "/version":
		return func(w http.ResponseWriter) { JSON(w, http.StatusOK, h.version) }
	default:
		return nil
	}
}

func (h health) writeHealth(w http.ResponseWriter) {
	if h.isMiswired {
		miswired(w)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	io.WriteString(w, "ok\n")
}

// miswired responds to a request for a function whose configuration is invalid.
func miswired(w http.ResponseWriter) {
	TryLater(w, http.StatusServiceUnavailable, "InvalidConfiguration", "the configuration of the function is invalid: its log says which variables are wrong")
}
