// Package serve runs one function on either of two fronts: Function Compute's
// runtime API, which hands one event at a time to the process, and a plain HTTP
// server with concurrent requests, for any machine or a custom runtime.
//
// What always holds, on both:
//   - The handler sees a net/http request with a deadline and a request id, and its
//     answer is sent whole, after it returned: never half of one.
//   - A panic of the handler is logged and answered with 500; the process goes on.
//   - An HTTP request is always answered as HTTP, never as a failed invocation,
//     whose status a client could not rely on.
//   - Start has succeeded before the handler or Event is called. A clone of the
//     process may be made only between Start and the first call.
//
// This is the only package that imports the runtime's SDK.
package serve

import (
	"context"
	"log/slog"
	"net/http"
	"os"
	"runtime/debug"
	"strconv"
)

// Function is what to run. Everything may be left out.
type Function struct {
	// Handler answers HTTP requests. Without one they are answered with 404.
	Handler http.Handler
	// Event takes the payload of any invocation that is not an HTTP request, such
	// as a timer's. An error makes the platform deliver it again.
	Event func(ctx context.Context, payload []byte) error
	// Start prepares the function. After an error it is called again, so it must
	// be safe to repeat; after a success it is not.
	Start func(ctx context.Context) error
	// Stop is called at most once, when the process is about to end.
	Stop func(ctx context.Context) error
	// Credentials takes the role's keys that came with an invocation, before
	// anything else is called for it. It is called concurrently.
	Credentials func(id, secret, token string)
}

// Main runs what wire makes of the environment, until the process is told to end. Log
// lines carry the name. It picks the runtime API where FC_RUNTIME_API is set, else the
// plain server; see listenAddress for where that one listens. A plain server that cannot
// start exits with status 1. On the runtime API calls fail, HTTP requests with 503: what
// callers see of a process that ends is up to the platform.
func Main(name string, wire func(getenv func(string) string) (Function, error)) {
	setLog(name)
	limitMemory(os.Getenv)
	f, err := wire(os.Getenv)
	if os.Getenv("FC_RUNTIME_API") != "" {
		if err != nil {
			f = Function{Start: func(context.Context) error { return err }}
		}
		serveRuntime(f) // never returns
	}
	if err == nil {
		err = servePlain(f, os.Getenv)
	}
	if err != nil {
		slog.Error("stopped", "error", err.Error())
		os.Exit(1)
	}
}

// limitMemory makes the collector work harder before the platform ends an instance that
// takes more memory than it has, unless GOMEMLIMIT says when.
func limitMemory(getenv func(string) string) {
	megabytes, err := strconv.ParseInt(getenv("FC_FUNCTION_MEMORY_SIZE"), 10, 32)
	if err == nil && megabytes > 0 && getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(megabytes << 20 * 4 / 5) // the rest is for what Go does not count
	}
}
