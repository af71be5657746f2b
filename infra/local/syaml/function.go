package syaml

import (
	"fmt"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Function describes one function of an s.yaml. All properties are explained in the documentation
// of the component fc3.
type Function struct {
	// Resource is the key of the function in the resources section, such as "recorder".
	Resource string `yaml:"-"`

	Name        string `yaml:"functionName"`
	Description string `yaml:"description"`
	Region      string `yaml:"region"`
	Runtime     string `yaml:"runtime"`
	// Handler is the name of the executable in the folder that Code names. Only the runtime go1 has
	// a handler.
	Handler string `yaml:"handler"`
	// Server says how to start the HTTP server in a custom runtime. It is nil for the runtime go1.
	Server *Server `yaml:"customRuntimeConfig"`
	// Code is the folder that holds the executable. The path is relative to the file
	// that describes the function.
	Code string `yaml:"code"`
	Role string `yaml:"role"`

	CPU      float64 `yaml:"cpu"` // vCPUs
	MemoryMB int     `yaml:"memorySize"`
	DiskMB   int     `yaml:"diskSize"`
	// Seconds is the time limit of a call in seconds. Timeout returns it as a time.Duration.
	Seconds        int         `yaml:"timeout"`
	InternetAccess bool        `yaml:"internetAccess"`
	LogConfig      string      `yaml:"logConfig"`
	Environment    Environment `yaml:"environmentVariables"`

	// Lifecycle supports no initializer, because the failure of an initializer would go unnoticed:
	// Function Compute still responds to the call with 200
	// (https://help.aliyun.com/zh/functioncompute/fc/lifecycle-hooks-for-function-instances-7).
	Lifecycle struct {
		PreStop *Hook `yaml:"preStop"`
	} `yaml:"instanceLifecycleConfig"`
	// PerInstance is the maximum number of calls that an instance handles at the same time. It is 0
	// for the runtime go1, whose instances handle one call at a time.
	PerInstance int `yaml:"instanceConcurrency"`
	Concurrency struct {
		Reserved int `yaml:"reservedConcurrency"` // the maximum number of instances; zero: no limit
	} `yaml:"concurrencyConfig"`
	// Async configures how the platform delivers asynchronous calls.
	Async struct {
		Retries       *int `yaml:"maxAsyncRetryAttempts"` // nil: defaultRetries
		MaxAgeSeconds int  `yaml:"maxAsyncEventAgeInSeconds"`
	} `yaml:"asyncInvokeConfig"`

	Triggers []Trigger `yaml:"triggers"`
	Domain   *Domain   `yaml:"customDomain"` // nil if the function has no custom domain
}

// Server says how to start the HTTP server of a function in a custom runtime.
type Server struct {
	Command []string `yaml:"command"` // one element: the path of the executable
	Port    int      `yaml:"port"`
}

// Hook is a call that an instance receives at a certain point in its life cycle.
type Hook struct {
	Handler string `yaml:"handler"`
	Seconds int    `yaml:"timeout"`
}

// Trigger is a source of calls to a function, such as a timer.
type Trigger struct {
	Name   string        `yaml:"triggerName"`
	Type   string        `yaml:"triggerType"` // "http", "timer" or "eventbridge"
	Config TriggerConfig `yaml:"triggerConfig"`
}

// TriggerConfig is the union of the properties of all trigger types. Each type uses only its own.
type TriggerConfig struct {
	// These properties are for an HTTP trigger.
	AuthType           string   `yaml:"authType"`
	DisableURLInternet bool     `yaml:"disableURLInternet"`
	Methods            []string `yaml:"methods"`

	// These properties are for a timer.
	Schedule string `yaml:"cronExpression"` // see ParseSchedule
	Enable   bool   `yaml:"enable"`
	Payload  string `yaml:"payload"`

	// These properties are for an EventBridge trigger. Such a trigger never fires when the
	// functions run locally.
	TriggerEnable bool   `yaml:"triggerEnable"`
	Async         bool   `yaml:"asyncInvocationType"`
	Filter        string `yaml:"eventRuleFilterPattern"`
	Source        any    `yaml:"eventSourceConfig"`
	Sink          any    `yaml:"eventSinkConfig"`
	Options       any    `yaml:"runOptions"`
}

// Domain is a custom domain and the route that leads from it to a function.
type Domain struct {
	Name        string      `yaml:"domainName"`
	Protocol    string      `yaml:"protocol"`   // "HTTPS", or "HTTP" for requests in clear
	Certificate Certificate `yaml:"certConfig"` // empty for "HTTP"
	Route       Route       `yaml:"route"`
}

// Certificate holds the name of a certificate and the paths of its two PEM files, under the keys in
// certificateKeys.
type Certificate map[string]string

var certificateKeys = []string{"certName", "certificate", "privateKey"}

// UnmarshalYAML accepts a mapping. It ignores a scalar, which is either an unresolved expression or
// an empty text that means no certificate.
func (c *Certificate) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		return nil
	}
	return node.Decode((*map[string]string)(c))
}

// Route selects the requests for a function.
type Route struct {
	Path      string   `yaml:"path"`    // an exact path, or a path that ends in "/*" and matches everything below
	Methods   []string `yaml:"methods"` // the allowed methods; empty: all methods
	Qualifier string   `yaml:"qualifier"`
}

// Environment holds a function's environment variables.
type Environment map[string]string

// UnmarshalYAML rejects any value that is not a string, such as a number, because the component fc3
// does not convert such values to strings.
func (e *Environment) UnmarshalYAML(node *yaml.Node) error {
	for name, value := range pairs(node) {
		if value.ShortTag() != "!!str" {
			return fmt.Errorf("line %d: %s is not text; quote its value", value.Line, name.Value)
		}
	}
	return node.Decode((*map[string]string)(e))
}

// defaultRetries is the number of retries if s.yaml does not set one. The component fc3 has the
// same default.
const defaultRetries = 3

// customRuntime is the only custom runtime that the project uses.
const customRuntime = "custom.debian12"

// codeFolder is where a custom runtime finds the folder that Code names.
const codeFolder = "/code/"

// Executable returns the file name of the executable in the folder that Code names.
func (f Function) Executable() string {
	if f.Server == nil {
		return f.Handler
	}
	return strings.TrimPrefix(f.Server.Command[0], codeFolder)
}

// Timeout returns the time limit of a call.
func (f Function) Timeout() time.Duration { return time.Duration(f.Seconds) * time.Second }

// Timeout returns the time limit for a call to the hook.
func (h Hook) Timeout() time.Duration { return time.Duration(h.Seconds) * time.Second }

// Retries returns how many times the platform repeats a failed asynchronous call.
func (f Function) Retries() int {
	if f.Async.Retries == nil {
		return defaultRetries
	}
	return *f.Async.Retries
}

// Trigger returns the function's first trigger of the given type, or nil if there is none.
func (f Function) Trigger(kind string) *Trigger {
	for i := range f.Triggers {
		if f.Triggers[i].Type == kind {
			return &f.Triggers[i]
		}
	}
	return nil
}
