package syaml

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// problems lists what is wrong with a document. Each entry has the form "path: problem".
type problems []string

func (p *problems) add(path, format string, args ...any) {
	*p = append(*p, path+": "+fmt.Sprintf(format, args...))
}

// want adds a problem unless the value is one of the allowed values.
func (p *problems) want(path, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		p.add(path, "is %q; use %s", value, strings.Join(allowed, ", "))
	}
}

// check returns the problems in the document, except for unknown keys, which checkKeys finds.
func (d *document) check() (p problems) {
	p.want("edition", d.Edition, "3.0.0")
	if len(d.order) == 0 {
		p.add("resources", "is missing")
	}
	owners := map[string]string{}
	for _, name := range d.order {
		r, path := d.Resources[name], "resources."+name
		p.want(path+".component", r.Component, "fc3")
		p.checkFunction(path+".props", r.Function)
		// If two functions had the same name, deploying the second would overwrite the first.
		if owner, taken := owners[r.Function.Name]; taken {
			p.add(path+".props.functionName", "is %q, as in %s", r.Function.Name, owner)
		}
		owners[r.Function.Name] = name
	}
	return p
}

func (p *problems) checkFunction(path string, f Function) {
	for _, required := range []struct {
		key   string
		given bool
	}{
		{"functionName", f.Name != ""}, {"region", f.Region != ""}, {"code", f.Code != ""},
		// All of these values are required. The fc3 component has defaults that fit together, but a
		// default may be incompatible with a value that the document sets.
		{"cpu", f.CPU > 0}, {"memorySize", f.MemoryMB > 0}, {"diskSize", f.DiskMB > 0}, {"timeout", f.Seconds > 0},
	} {
		if !required.given {
			p.add(path+"."+required.key, "is missing")
		}
	}
	p.want(path+".runtime", f.Runtime, "go1", customRuntime)
	if f.Runtime == customRuntime {
		p.checkServer(path, f)
	} else {
		p.checkHandler(path, f)
	}
	if ratio := float64(f.MemoryMB) / 1024 / f.CPU; f.CPU > 0 && (ratio < 1 || ratio > 4) {
		p.add(path+".memorySize", "is %.2f GB a vCPU; use 1 to 4", ratio)
	}
	p.checkTriggers(path+".triggers", f.Triggers)
	if f.Domain != nil {
		p.checkDomain(path+".customDomain", f)
	}
}

// checkHandler checks that a function in the runtime go1 has a valid handler, and no property of
// custom runtimes.
func (p *problems) checkHandler(path string, f Function) {
	switch {
	case f.Handler == "":
		p.add(path+".handler", "is missing")
	case strings.ContainsAny(f.Handler, `/\`):
		p.add(path+".handler", "is %q; use the name of a file in code, not a path", f.Handler)
	}
	if f.Server != nil {
		p.add(path+".customRuntimeConfig", "is for runtime %s only", customRuntime)
	}
	if f.PerInstance != 0 {
		p.add(path+".instanceConcurrency", "is for runtime %s only", customRuntime)
	}
}

// checkServer checks that a function in a custom runtime has valid settings for its server, and no
// handler.
func (p *problems) checkServer(path string, f Function) {
	if f.Handler != "" {
		p.add(path+".handler", "is for runtime go1 only; use customRuntimeConfig.command")
	}
	if f.PerInstance < 1 || f.PerInstance > 200 {
		p.add(path+".instanceConcurrency", "is %d; use 1 to 200", f.PerInstance)
	}
	path += ".customRuntimeConfig"
	if f.Server == nil {
		p.add(path, "is missing")
		return
	}
	if f.Server.Port < 1 || f.Server.Port > 65535 {
		p.add(path+".port", "is %d; use 1 to 65535", f.Server.Port)
	}
	command := strings.Join(f.Server.Command, " ")
	if name, found := strings.CutPrefix(command, codeFolder); !found || name == "" || strings.ContainsAny(name, `/\ `) {
		p.add(path+".command", "is %q; use [%sNAME], where NAME is a file in code", command, codeFolder)
	}
}

func (p *problems) checkTriggers(path string, triggers []Trigger) {
	names := map[string]bool{}
	for _, trigger := range triggers {
		at := path + "." + trigger.Name
		if names[trigger.Name] {
			p.add(at, "is used twice")
		}
		names[trigger.Name] = true
		p.want(at+".triggerType", trigger.Type, "http", "timer", "eventbridge")
		if trigger.Type != "timer" {
			continue
		}
		if _, err := ParseSchedule(trigger.Config.Schedule); err != nil {
			p.add(at+".cronExpression", "%s", err)
		}
	}
}

func (p *problems) checkDomain(path string, f Function) {
	if f.Trigger("http") == nil {
		p.add(path, "needs an http trigger")
	}
	if route := f.Domain.Route.Path; !strings.HasPrefix(route, "/") || strings.Contains(strings.TrimSuffix(route, "/*"), "*") {
		p.add(path+".route.path", "is %q; use a path that begins with / and may end in /*", route)
	}
	p.want(path+".protocol", f.Domain.Protocol, "HTTP", "HTTPS")
	p.checkCertificate(path+".certConfig", f.Domain.Certificate, f.Domain.Protocol == "HTTPS")
}

// checkCertificate checks that a certificate has all keys if the domain needs a certificate, and no
// keys otherwise.
func (p *problems) checkCertificate(path string, c Certificate, needed bool) {
	if !needed && len(c) > 0 {
		p.add(path, "is for protocol HTTPS only")
	}
	for _, key := range slices.Sorted(maps.Keys(c)) {
		p.want(path, key, certificateKeys...)
	}
	for _, key := range certificateKeys {
		if needed && c[key] == "" {
			p.add(path+"."+key, "is missing")
		}
	}
}
