package syaml

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

var domainRule = object([]string{"domainName", "protocol", "route"}, map[string]rule{
	"domainName": nonEmpty(text),
	"protocol":   oneOf("HTTP", "HTTPS", "HTTP,HTTPS"),
	"route":      routeRule,
	"certConfig": mapping,
	"tlsConfig":  mapping,
	"authConfig": mapping,
	"wafConfig":  mapping,
})

var routeRule = object([]string{"path"}, map[string]rule{
	"path":          routePathRule,
	"methods":       methodsRule,
	"qualifier":     text,
	"rewriteConfig": mapping,
})

func routePathRule(path string, node *yaml.Node) []Violation {
	if violations := text(path, node); violations != nil {
		return violations
	}
	stars := strings.Count(node.Value, "*")
	if !strings.HasPrefix(node.Value, "/") || stars > 1 || stars == 1 && !strings.HasSuffix(node.Value, "/*") {
		return fault(path, "is %q, want a path that begins with / and may end in /*", node.Value)
	}
	return nil
}
