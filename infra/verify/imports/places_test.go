package imports

import (
	"slices"
	"strings"
)

// place names a package of the product and lists the packages of ours that it may import.
type place struct {
	path    string
	imports []string
}

// places lists all packages in functions and pkg, from the top layer down. A function contains only
// wiring, so it may import only the packages that implement its job or API and the packages needed
// to start it.
var places = []place{
	{"functions/recorder", []string{"functions/internal/env", "pkg/webhook", "pkg/record", "pkg/serve"}},
	{"functions/query", []string{"functions/internal/env", "pkg/agent", "pkg/traceapi", "pkg/openapi", "pkg/query", "pkg/serve"}},
	{"functions/compactor", []string{"functions/internal/env", "pkg/compact", "pkg/serve"}},
	{"functions/internal/env", []string{"pkg/event", "pkg/layout", "pkg/objstore", "pkg/objstore/ossstore", "pkg/serve"}},

	{"pkg/webhook", []string{"pkg/broker", "pkg/event", "pkg/layout", "pkg/objstore", "pkg/parallel", "pkg/quarantine", "pkg/record", "pkg/serve"}},
	{"pkg/traceapi", []string{"pkg/console", "pkg/diagnose", "pkg/event", "pkg/fleet", "pkg/history", "pkg/objstore", "pkg/openapi", "pkg/parallel", "pkg/query", "pkg/segment", "pkg/serve", "pkg/summary"}},
	{"pkg/agent", []string{"pkg/event", "pkg/serve"}},
	{"pkg/openapi", []string{"pkg/event", "pkg/serve"}},
	{"pkg/console", nil},
	{"pkg/serve", []string{"pkg/event"}},

	{"pkg/check", []string{"pkg/event", "pkg/layout", "pkg/objstore", "pkg/quarantine", "pkg/segment", "pkg/summary"}},
	{"pkg/record", []string{"pkg/event", "pkg/layout", "pkg/objstore", "pkg/parallel", "pkg/segment"}},
	{"pkg/query", []string{"pkg/event", "pkg/layout", "pkg/objstore", "pkg/parallel", "pkg/segment", "pkg/summary"}},
	{"pkg/compact", []string{"pkg/event", "pkg/layout", "pkg/objstore", "pkg/segment", "pkg/summary"}},
	{"pkg/quarantine", []string{"pkg/event", "pkg/layout", "pkg/objstore"}},
	{"pkg/diagnose", []string{"pkg/broker", "pkg/event", "pkg/history"}},
	{"pkg/history", []string{"pkg/broker", "pkg/event"}},
	{"pkg/history/historytest", []string{"pkg/event", "pkg/history"}},

	{"pkg/fleet", []string{"pkg/event", "pkg/summary"}},
	{"pkg/summary", []string{"pkg/broker", "pkg/event", "pkg/segment"}},
	{"pkg/segment", []string{"pkg/event"}},
	{"pkg/layout", []string{"pkg/event", "pkg/objstore"}},
	{"pkg/objstore/ossstore", []string{"pkg/objstore"}},
	{"pkg/objstore/memstore", []string{"pkg/objstore"}},
	{"pkg/objstore/objstoretest", []string{"pkg/objstore"}},
	{"pkg/objstore", nil},
	{"pkg/broker", []string{"pkg/event"}},
	{"pkg/parallel", nil},
	{"pkg/event", nil},
}

// placed returns one rule for each place. The rule forbids the package to import any package of
// ours that the place does not list.
func placed() (rules []rule) {
	for _, p := range places {
		why := p.path + " may import no other package of ours"
		if len(p.imports) > 0 {
			why = p.path + " may import only these packages of ours: " + strings.Join(p.imports, ", ")
		}
		rules = append(rules, rule{why, false, p.broken})
	}
	return rules
}

func (p place) broken(e edge) bool {
	path, ours := strings.CutPrefix(e.imported, module)
	return e.importer == module+p.path && ours && !slices.Contains(p.imports, path)
}
