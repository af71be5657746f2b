package fc

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/syaml"
)

// binaries is the folder that holds the executable of the hosted function.
var binaries string

// TestMain gives the test binary one of three roles:
//
//   - In a process that a host has started, the binary acts as the function.
//   - If FC_TEST_HOST is set, the binary acts as a host that a test can kill.
//   - Otherwise, the binary runs the tests.
func TestMain(m *testing.M) {
	if os.Getenv("FC_RUNTIME_API") != "" {
		beFunction()
		return
	}
	if os.Getenv("FC_SERVER_PORT") != "" {
		beServer()
		return
	}
	if folder := os.Getenv("FC_TEST_HOST"); folder != "" {
		beHost(folder)
		return
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	folder, err := os.MkdirTemp("", "fc-test")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)
	binaries = folder
	self, err := os.Executable()
	if err == nil {
		err = os.Symlink(self, filepath.Join(folder, "main"))
	}
	if err != nil {
		log.Fatal(err)
	}
	return m.Run()
}

// beHost runs a host with one process, prints the id of that process, and waits to be
// killed.
func beHost(folder string) {
	function := testFunction("recorder")
	function.Code = folder
	host, err := New(Config{Functions: []syaml.Function{function}})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := host.Invoke(context.Background(), "recorder", order("", "")); err != nil {
		log.Fatal(err)
	}
	fmt.Println(processes(host, "recorder")[0])
	io.Copy(io.Discard, os.Stdin)
}

func testFunction(resource string) syaml.Function {
	function := syaml.Function{
		Resource: resource, Name: "test-" + resource, Region: "cn-hangzhou", Runtime: "go1", Handler: "main",
		Code: binaries, MemoryMB: 512, Seconds: 60, Environment: map[string]string{"OWN": "variable", "OTHER": "from the file"},
	}
	function.Lifecycle.PreStop = &syaml.Hook{Handler: "x", Seconds: 60}
	return function
}

func withRoute(function syaml.Function, path string) syaml.Function {
	trigger := syaml.Trigger{Name: "http", Type: "http"}
	trigger.Config.Methods = []string{"GET", "POST"}
	function.Triggers = append(function.Triggers, trigger)
	function.Domain = &syaml.Domain{Name: "example.com"}
	function.Domain.Route.Path = path
	return function
}

// start returns a host that runs until the end of the test.
func start(t *testing.T, config Config) *Host {
	t.Helper()
	host, err := New(config)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		require.NoError(t, host.Stop(ctx))
	})
	return host
}

// one returns a host that runs one function until the end of the test. change, if not nil, adjusts
// the function and the configuration before the host is created.
func one(t *testing.T, change func(*syaml.Function, *Config)) *Host {
	t.Helper()
	function, config := testFunction("recorder"), Config{}
	if change != nil {
		change(&function, &config)
	}
	config.Functions = []syaml.Function{function}
	return start(t, config)
}

// obeyed calls the function with an instruction, and returns the id of the process that served the
// call. If the call failed, obeyed returns the error instead.
func obeyed(t *testing.T, host *Host, do string) (pid int, fault *Error) {
	t.Helper()
	response, err := host.Invoke(t.Context(), "recorder", order(do, ""))
	if err != nil {
		require.ErrorAs(t, err, &fault)
		return 0, fault
	}
	require.NoError(t, json.Unmarshal(response, &pid), "%s", response)
	return pid, nil
}

func order(do, url string) []byte {
	payload, err := json.Marshal(map[string]string{"do": do, "url": url})
	if err != nil {
		panic(err)
	}
	return payload
}

// processes returns the ids of a function's running processes.
func processes(host *Host, function string) (pids []int) {
	for _, p := range host.pools {
		p.mu.Lock()
		for _, process := range p.processes {
			if p.function.Resource == function && process.alive() {
				pids = append(pids, process.cmd.Process.Pid)
			}
		}
		p.mu.Unlock()
	}
	return pids
}
