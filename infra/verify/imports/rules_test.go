package imports

import (
	"slices"
	"strings"
)

const module = "devicetrace/"

// edge is an import of one package by another. importer and imported are import paths.
type edge struct{ importer, imported string }

// rule forbids edges of the import graph.
type rule struct {
	why string
	// tests is true if the rule applies to tests, too.
	tests  bool
	broken func(edge) bool
}

// rules are in order of precedence: if an edge breaks several rules, the first one is reported.
var rules = slices.Concat([]rule{
	{"pkg must be usable without the functions", true, func(e edge) bool {
		return within(e.importer, "pkg") && within(e.imported, "functions")
	}},
	{"infra surrounds the product and is no part of it", true, func(e edge) bool {
		return !within(e.importer, "infra") && within(e.imported, "infra") && !slices.Contains(testExceptions, e)
	}},
	{"infra/verify attacks the system and is no part of it", false, func(e edge) bool {
		return !within(e.importer, "infra/verify") && within(e.imported, "infra/verify")
	}},
	{"the jobs do not import each other", false, func(e edge) bool {
		return isJob(e.importer) && isJob(e.imported)
	}},
	{"pkg/event imports only the standard library", false, func(e edge) bool {
		return within(e.importer, "pkg/event") && !isStandard(e.imported)
	}},
	confined("github.com/parquet-go/parquet-go", "pkg/segment"),
	confined("github.com/aliyun/aliyun-oss-go-sdk", "pkg/objstore/ossstore"),
	confined("github.com/aliyun/fc-runtime-go-sdk", "pkg/serve"),
	confined("github.com/standard-webhooks/standard-webhooks", "pkg/serve"),
	confined("github.com/modelcontextprotocol/go-sdk", "pkg/agent"),
	confined("github.com/mochi-mqtt/server", "infra/local/mqtt"),
	confined("github.com/eclipse/paho.mqtt.golang", "infra/local/demo/ends"),
	confined("go.yaml.in/yaml/v3", "infra/local/syaml"),
	confined("github.com/robfig/cron/v3", "infra/local/syaml"),
}, placed())

// testExceptions lists the only imports of infra packages that tests in pkg may have. Do not add to
// this list: a new test that needs infra belongs in infra/verify.
var testExceptions = []edge{
	{module + "pkg/history", module + "infra/local/sim"},
	{module + "pkg/diagnose", module + "infra/local/sim"},
	{module + "pkg/objstore/ossstore", module + "infra/local/oss"},
}

// broken returns the rationale of the first rule that e breaks, or "" if e is allowed. If fromTest
// is true, only the rules that apply to tests count.
func broken(e edge, fromTest bool) string {
	for _, r := range rules {
		if (r.tests || !fromTest) && r.broken(e) {
			return r.why
		}
	}
	return ""
}

// confined returns the rule that only the package at path may import a library.
func confined(library, path string) rule {
	return rule{library + " stays behind " + path, false, func(e edge) bool {
		return (e.imported == library || strings.HasPrefix(e.imported, library+"/")) && e.importer != module+path
	}}
}

// within reports whether a package lies in a folder of this module.
func within(importPath, folder string) bool {
	return importPath == module+folder || strings.HasPrefix(importPath, module+folder+"/")
}

func isJob(importPath string) bool {
	return slices.ContainsFunc([]string{"pkg/record", "pkg/query", "pkg/compact"},
		func(job string) bool { return within(importPath, job) })
}

// isStandard reports whether a path belongs to the standard library, whose paths have no dot
// before the first slash.
func isStandard(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return !strings.Contains(first, ".") && !strings.HasPrefix(importPath, module)
}
