package fc

import (
	"os"
	"slices"
	"strconv"
)

// inherited lists the environment variables that a process inherits from the host. They name
// folders or control the Go runtime. As on the platform, a process inherits no other variables.
var inherited = []string{"PATH", "HOME", "TMPDIR", "GODEBUG", "GORACE", "GOCOVERDIR"}

// environ returns the environment variables of a new process, except FC_RUNTIME_API, which
// startProcess adds.
func (p *pool) environ(folder string) []string {
	keys := p.config.Credentials()
	variables := map[string]string{
		"FC_FUNC_CODE_PATH":               folder,
		"FC_ACCOUNT_ID":                   accountID,
		"FC_FUNCTION_HANDLER":             p.function.Handler,
		"FC_FUNCTION_MEMORY_SIZE":         strconv.Itoa(p.function.MemoryMB),
		"FC_FUNCTION_NAME":                p.function.Name,
		"FC_REGION":                       p.function.Region,
		"FC_CUSTOM_LISTEN_PORT":           "9000",
		"FC_INSTANCE_ID":                  "c-" + newID(),
		"FC_VER_ID":                       "LATEST",
		"ALIBABA_CLOUD_ACCESS_KEY_ID":     keys.AccessKeyID,
		"ALIBABA_CLOUD_ACCESS_KEY_SECRET": keys.AccessKeySecret,
		"ALIBABA_CLOUD_SECURITY_TOKEN":    keys.SecurityToken,
		"TZ":                              "UTC",
	}
	for _, name := range inherited {
		if value, found := os.LookupEnv(name); found {
			variables[name] = value
		}
	}
	for name, value := range p.function.Environment {
		if override, found := p.config.Environment[name]; found {
			value = override
		}
		variables[name] = value
	}
	var environ []string
	for name, value := range variables {
		environ = append(environ, name+"="+value)
	}
	slices.Sort(environ)
	return environ
}
