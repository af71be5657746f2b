// Package imports holds the rules of who may import whom. Its test reads the
// module's import graph and fails with the reason of the rule that is broken.
//
// The rules are about the code itself; tests may import what they need.
package imports

import (
	"slices"
	"strings"
)

const module = "devicetrace/"

// rule forbids edges of the import graph.
type rule struct {
	why    string
	broken func(importer, imported string) bool
}

var rules = []rule{
	{"pkg is usable without any function", func(importer, imported string) bool {
		return within(importer, "pkg") && within(imported, "functions")
	}},
	{"infra surrounds the product and is no part of it", func(importer, imported string) bool {
		return within(imported, "infra") && !within(importer, "infra")
	}},
	{"the jobs do not import each other", func(importer, imported string) bool {
		return isJob(importer) && isJob(imported)
	}},
	{"an event stands for itself: pkg/event imports the standard library only", func(importer, imported string) bool {
		return within(importer, "pkg/event") && !isStandard(imported)
	}},
	ownOnly("pkg/layout", "pkg/event", "pkg/objstore"),
	ownOnly("pkg/broker", "pkg/event"),
	ownOnly("pkg/history", "pkg/event", "pkg/broker"),
	ownOnly("pkg/diagnose", "pkg/event", "pkg/history", "pkg/broker"),
	ownOnly("pkg/openapi", "pkg/event"),
	confined("github.com/parquet-go/parquet-go", "pkg/segment"),
	confined("github.com/aliyun/aliyun-oss-go-sdk", "pkg/objstore/ossstore"),
	confined("github.com/aliyun/fc-runtime-go-sdk", "pkg/serve"),
	confined("github.com/mochi-mqtt/server", "infra/local/mqtt"),
}

// ownOnly lets a package import no packages of ours but a few.
func ownOnly(path string, few ...string) rule {
	why := path + " imports of ours only " + strings.Join(few, " and ")
	return rule{why, func(importer, imported string) bool {
		return importer == module+path && strings.HasPrefix(imported, module) &&
			!slices.Contains(few, strings.TrimPrefix(imported, module))
	}}
}

// confined keeps a library behind one package of ours.
func confined(library, path string) rule {
	why := library + " stays behind " + path
	return rule{why, func(importer, imported string) bool {
		return (imported == library || strings.HasPrefix(imported, library+"/")) && importer != module+path
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

// isStandard: the paths of the standard library have no dot before the first slash,
// and are not ours.
func isStandard(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return !strings.Contains(first, ".") && !strings.HasPrefix(importPath, module)
}
