package syaml

import (
	"fmt"
	"time"

	"go.yaml.in/yaml/v3"
)

// Function is one resource of an s.yaml.
type Function struct {
	// Resource is its key in the file, short and unique there: "recorder".
	Resource string `yaml:"-"`

	Name    string `yaml:"functionName"`
	Region  string `yaml:"region"`
	Runtime string `yaml:"runtime"`
	// Handler is the executable's file name in Code (go1).
	Handler string `yaml:"handler"`
	// Code is a folder, relative to the file.
	Code string `yaml:"code"`

	CPU      float64 `yaml:"cpu"`
	MemoryMB int     `yaml:"memorySize"`
	DiskMB   int     `yaml:"diskSize"`
	// Seconds is the longest an invocation may take; see Timeout.
	Seconds     int               `yaml:"timeout"`
	Environment map[string]string `yaml:"environmentVariables"`

	Lifecycle struct {
		Initializer *Hook `yaml:"initializer"`
		PreStop     *Hook `yaml:"preStop"`
	} `yaml:"instanceLifecycleConfig"`
	Concurrency struct {
		// Reserved caps the instances; zero: no cap of its own.
		Reserved int `yaml:"reservedConcurrency"`
	} `yaml:"concurrencyConfig"`
	Async struct {
		// Retries is how often a failed asynchronous call is tried again; nil: 3.
		Retries *int `yaml:"maxAsyncRetryAttempts"`
	} `yaml:"asyncInvokeConfig"`

	Triggers []Trigger `yaml:"triggers"`
	// Domain is the function's part of a custom domain, or nil.
	Domain *Domain `yaml:"customDomain"`
}

// Hook is a lifecycle call of an instance.
type Hook struct {
	Handler string `yaml:"handler"`
	Seconds int    `yaml:"timeout"`
}

// Trigger is what calls a function.
type Trigger struct {
	Name   string `yaml:"triggerName"`
	Type   string `yaml:"triggerType"` // "http", "timer", …
	Config struct {
		Methods  []string `yaml:"methods"`        // http
		Schedule string   `yaml:"cronExpression"` // timer; see ParseSchedule
		Enable   bool     `yaml:"enable"`         // timer
		Payload  string   `yaml:"payload"`        // timer
	} `yaml:"triggerConfig"`
}

// Domain is one route of a custom domain, to the function that names it.
type Domain struct {
	Name  string `yaml:"domainName"`
	Route struct {
		// Path is exact, or ends in "/*" and stands for all below.
		Path    string   `yaml:"path"`
		Methods []string `yaml:"methods"` // empty: all
	} `yaml:"route"`
}

// The component's defaults.
const (
	defaultSeconds  = 3
	defaultMemoryMB = 512
	defaultRetries  = 3
)

// Timeout is the longest an invocation may take.
func (f Function) Timeout() time.Duration { return seconds(f.Seconds) }

// Timeout is the longest the call may take.
func (h Hook) Timeout() time.Duration { return seconds(h.Seconds) }

func seconds(n int) time.Duration {
	if n == 0 {
		n = defaultSeconds
	}
	return time.Duration(n) * time.Second
}

// Retries is how often a failed asynchronous call is tried again.
func (f Function) Retries() int {
	if f.Async.Retries == nil {
		return defaultRetries
	}
	return *f.Async.Retries
}

// Trigger is the function's first trigger of a type, or nil.
func (f Function) Trigger(kind string) *Trigger {
	for i := range f.Triggers {
		if f.Triggers[i].Type == kind {
			return &f.Triggers[i]
		}
	}
	return nil
}

// Functions are the functions that the document describes, in its order. They make
// sense where Check finds nothing.
func (d *Document) Functions() ([]Function, error) {
	var functions []Function
	for name, resource := range pairs(field(d.root, "resources")) {
		function, err := decodeFunction(name.Value, field(resource, "props"))
		if err != nil {
			return nil, err
		}
		functions = append(functions, function)
	}
	return functions, nil
}

func decodeFunction(resource string, props *yaml.Node) (Function, error) {
	function := Function{Resource: resource, MemoryMB: defaultMemoryMB}
	if props == nil {
		return Function{}, fmt.Errorf("read resource %q of s.yaml: it has no props", resource)
	}
	if err := props.Decode(&function); err != nil {
		return Function{}, fmt.Errorf("read resource %q of s.yaml: %w", resource, err)
	}
	return function, nil
}
