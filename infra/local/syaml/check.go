package syaml

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// Check lists all that is wrong with the document, in the order of the file, whole
// resources first and what concerns several properties of one after its details.
func (d *Document) Check() []Violation {
	violations := documentRule("s.yaml", d.root)
	resources := field(d.root, "resources")
	if resources != nil && len(resources.Content) == 0 {
		violations = append(violations, fault("resources", "is empty")...)
	}
	for name, resource := range pairs(resources) {
		path := "resources." + name.Value
		violations = append(violations, resourceRule(path, resource)...)
		violations = append(violations, checkProps(path+".props", field(resource, "props"))...)
	}
	violations = append(violations, checkNames(resources)...)
	return append(violations, checkRoutes(resources)...)
}

// checkProps checks what several properties of a function must agree on.
func checkProps(path string, props *yaml.Node) []Violation {
	if props == nil {
		return nil
	}
	violations := checkRuntime(path, props)
	violations = append(violations, checkSize(path, props)...)
	violations = append(violations, checkTriggers(path+".triggers", field(props, "triggers"))...)
	if field(props, "customDomain") != nil && !hasHTTPTrigger(props) {
		violations = append(violations, fault(path+".customDomain", "wants an http trigger beside it")...)
	}
	// https://help.aliyun.com/zh/functioncompute/fc/lifecycle-hooks-for-function-instances-7
	if field(field(props, "instanceLifecycleConfig"), "initializer") != nil && hasHTTPTrigger(props) {
		violations = append(violations, fault(path+".instanceLifecycleConfig.initializer", "its failure is answered with 200, as if the call had been done")...)
	}
	return violations
}

// checkRuntime: a built-in runtime needs code and a handler and takes one call at a
// time; go1's handler is a file name.
func checkRuntime(path string, props *yaml.Node) []Violation {
	runtime := valueOf(props, "runtime")
	if strings.HasPrefix(runtime, "custom") {
		if runtime == "custom-container" {
			return nil
		}
		return missing(path, props, []string{"code"})
	}
	violations := missing(path, props, []string{"code", "handler"})
	if field(props, "instanceConcurrency") != nil {
		violations = append(violations, fault(path+".instanceConcurrency", "is for custom runtimes; %s takes one call at a time", runtime)...)
	}
	if field(props, "customRuntimeConfig") != nil {
		violations = append(violations, fault(path+".customRuntimeConfig", "is for custom runtimes, not for %s", runtime)...)
	}
	if runtime == "go1" && strings.ContainsAny(valueOf(props, "handler"), `/\`) {
		violations = append(violations, fault(path+".handler", "want the name of a file in code, not a path")...)
	}
	return violations
}

// checkSize: memory in GB is one to four times the vCPUs, and whoever chooses one of
// the three sizes must choose all, since the component's defaults go with 512 MB only.
func checkSize(path string, props *yaml.Node) []Violation {
	cpu, hasCPU := numberOf(field(props, "cpu"))
	memory, hasMemory := numberOf(field(props, "memorySize"))
	if !hasMemory && !hasCPU {
		return nil
	}
	violations := missing(path, props, []string{"cpu", "memorySize", "diskSize"})
	if !hasCPU || !hasMemory {
		return violations
	}
	if ratio := memory / 1024 / cpu; ratio < 1 || ratio > 4 {
		violations = append(violations, fault(path+".memorySize", "is %.2f GB a vCPU, want 1 to 4", ratio)...)
	}
	return violations
}

// checkTriggers: names are unique, and there is one http trigger at most.
func checkTriggers(path string, triggers *yaml.Node) []Violation {
	if triggers == nil {
		return nil
	}
	var violations []Violation
	names, https := map[string]bool{}, 0
	for _, trigger := range triggers.Content {
		name := valueOf(trigger, "triggerName")
		if names[name] {
			violations = append(violations, fault(path, "name %q is used twice", name)...)
		}
		names[name] = true
		if valueOf(trigger, "triggerType") == "http" {
			https++
		}
	}
	if https > 1 {
		violations = append(violations, fault(path, "has %d http triggers, want one at most", https)...)
	}
	return violations
}

func hasHTTPTrigger(props *yaml.Node) bool {
	triggers := field(props, "triggers")
	if triggers == nil {
		return false
	}
	for _, trigger := range triggers.Content {
		if valueOf(trigger, "triggerType") == "http" {
			return true
		}
	}
	return false
}

// checkNames: two resources of one function name would overwrite each other.
func checkNames(resources *yaml.Node) []Violation {
	return checkUnique(resources, "functionName", func(props *yaml.Node) string {
		return valueOf(props, "functionName")
	})
}

// checkRoutes: a path of a domain leads to one function.
func checkRoutes(resources *yaml.Node) []Violation {
	return checkUnique(resources, "customDomain.route", func(props *yaml.Node) string {
		domain := field(props, "customDomain")
		if domain == nil {
			return ""
		}
		return valueOf(domain, "domainName") + valueOf(field(domain, "route"), "path")
	})
}

func checkUnique(resources *yaml.Node, what string, key func(props *yaml.Node) string) []Violation {
	var violations []Violation
	owners := map[string]string{}
	for name, resource := range pairs(resources) {
		value := key(field(resource, "props"))
		if owner, taken := owners[value]; taken && value != "" {
			violations = append(violations, fault("resources."+name.Value+".props."+what, "%q is that of %s too", value, owner)...)
		}
		owners[value] = name.Value
	}
	return violations
}

// valueOf is the text of a key's scalar, or empty.
func valueOf(node *yaml.Node, key string) string {
	if value := field(node, key); value != nil {
		return value.Value
	}
	return ""
}
