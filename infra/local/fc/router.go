package fc

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"devicetrace/infra/local/syaml"
)

// route maps a path of the custom domain to a function's HTTP trigger.
type route struct {
	path    string // the configured path without the star at its end
	below   bool   // whether the configured path had a star, which matches any ending
	pool    *pool
	trigger *syaml.Trigger
}

// routesOf returns the routes to the given functions, longest path first. A function has a route if
// it has both a custom domain and an HTTP trigger. The domain's name is ignored, because local
// requests name the local machine instead.
func routesOf(pools []*pool) []route {
	var routes []route
	for _, p := range pools {
		trigger := p.function.Trigger("http")
		if p.function.Domain == nil || trigger == nil {
			continue
		}
		path, below := strings.CutSuffix(p.function.Domain.Route.Path, "*")
		routes = append(routes, route{path, below, p, trigger})
	}
	slices.SortStableFunc(routes, func(a, b route) int { return len(b.path) - len(a.path) })
	return routes
}

func (r route) matches(path string) bool {
	return path == r.path || r.below && strings.HasPrefix(path, r.path)
}

// ServeHTTP acts as the custom domain. It passes each request to the function whose route matches
// the path.
func (h *Host) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for _, route := range h.routes {
		if route.matches(r.URL.Path) {
			h.serve(route, w, r)
			return
		}
	}
	fault := newError(http.StatusNotFound, "DomainRouteNotFound", "no route of the custom domain matches this path")
	fault.RequestID = newID()
	writeError(w, fault)
}

// writeError writes an error response in the platform's form.
func writeError(w http.ResponseWriter, fault *Error) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Fc-Request-Id", fault.RequestID)
	w.WriteHeader(fault.Status)
	json.NewEncoder(w).Encode(map[string]string{
		"RequestId": fault.RequestID, "Code": fault.Code, "Message": fault.Message,
	})
}
