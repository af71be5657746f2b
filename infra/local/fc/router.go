package fc

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"devicetrace/infra/local/syaml"
)

// route leads from a path of the custom domain to a function's HTTP trigger.
type route struct {
	path    string // without the star
	below   bool   // there was a star
	methods []string
	pool    *pool
	trigger *syaml.Trigger
}

// routesOf are the routes of all functions that have both a domain and an HTTP
// trigger, the longest path first. The domain's name does not count: here it is this
// machine.
func routesOf(pools []*pool) []route {
	var routes []route
	for _, p := range pools {
		trigger := p.function.Trigger("http")
		if p.function.Domain == nil || trigger == nil {
			continue
		}
		path, below := strings.CutSuffix(p.function.Domain.Route.Path, "*")
		routes = append(routes, route{path, below, p.function.Domain.Route.Methods, p, trigger})
	}
	slices.SortStableFunc(routes, func(a, b route) int { return len(b.path) - len(a.path) })
	return routes
}

func (r route) matches(method, path string) bool {
	if len(r.methods) > 0 && !slices.Contains(r.methods, method) {
		return false
	}
	return path == r.path || r.below && strings.HasPrefix(path, r.path)
}

// ServeHTTP is the custom domain: it hands a request to the function that its path
// leads to.
func (h *Host) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for _, route := range h.routes {
		if route.matches(r.Method, r.URL.Path) {
			h.serve(w, r, route)
			return
		}
	}
	writeError(w, &Error{Status: http.StatusNotFound, Code: "DomainRouteNotFound",
		Message: "no route of the custom domain leads anywhere from this path", RequestID: newID()})
}

// writeError answers in the function's place, in the platform's form.
func writeError(w http.ResponseWriter, fault *Error) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Fc-Request-Id", fault.RequestID)
	switch fault.Code {
	case "UnhandledInvocationError", "InitializationError":
		w.Header().Set("X-Fc-Error-Type", fault.Code)
	}
	w.WriteHeader(fault.Status)
	json.NewEncoder(w).Encode(map[string]string{
		"RequestId": fault.RequestID, "Code": fault.Code, "Message": fault.Message,
	})
}
