// Package serve runs one function behind either of two fronts:
//   - Function Compute's runtime API passes one event at a time to the process.
//   - A plain HTTP server handles concurrent requests, on any machine or in a custom runtime.
//
// Invariants on both fronts:
//   - The handler receives a net/http request with a deadline and a request id.
//   - If the handler panics, the panic is logged and the process keeps running. The response has
//     status 500, with one exception: once the handler has written more than 64 KiB, the plain
//     server has already sent another status, so it closes the connection instead.
//   - Requests for /healthz and /version need no token, and get a response even if the function
//     cannot start or is handling MaxRequests requests; see health.
//   - An HTTP request always gets an HTTP response. It never ends in a failed invocation, because
//     clients cannot rely on the status of a failed invocation.
//   - Start succeeds before the first call to the handler or Event. The platform may clone the
//     process after Start but before that first call. Therefore Start must not draw random numbers
//     that have to be unique.
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

// Function holds the handlers and hooks of a function. Every field is optional.
type Function struct {
	// Handler serves HTTP requests. By default, every request gets 404.
	Handler http.Handler
	// MaxRequests is the maximum number of HTTP requests without a body that a plain server handles
	// at the same time. The maximum for requests with a body is a quarter of it, but at least 1. At
	// the maximum, a request gets 429. By default, there is no maximum.
	MaxRequests int
	// Event receives the payload of every invocation that is not an HTTP request, such as a timer's
	// invocation. After an error, the platform redelivers the payload. If Handler is nil, calls to
	// Event are never concurrent.
	Event func(ctx context.Context, payload []byte) error
	// Start prepares the function. After an error, Start is called again, so repeating it must be
	// safe.
	Start func(ctx context.Context) error
	// Stop is called at most once, before the process exits.
	Stop func(ctx context.Context) error
	// Credentials receives the credentials of the function's role, which the platform sends with
	// each invocation. It is called at the beginning of an invocation, before any of the functions
	// above. Calls for different invocations may be concurrent.
	Credentials func(id, secret, token string)
	// Unavailable responds to an HTTP request if Start has failed with err. It should respond with
	// 503. If it is nil, the response is 503 with the code NotStarted.
	Unavailable func(w http.ResponseWriter, err error)

	health health
}

// Main builds a function with wire and runs it until the process is told to stop. Every log line
// contains the given name. Main itself responds to requests for /healthz and /version, also with each of
// the given prefixes in front, such as "/webhooks". A function needs a prefix if a domain sends it only
// certain paths.
//
// If FC_RUNTIME_API is set, Main uses the runtime API. Otherwise it uses the plain server, whose own
// variables are HOST, PORT, INVOKE_TOKEN and BEHIND_FUNCTION_COMPUTE.
//
// If wire fails, a plain server exits with status 1. On Function Compute, however, the process keeps
// running, because callers would otherwise get the platform's error response. HTTP requests then get
// 503, except for /version, and all other invocations fail.
func Main(name string, wire func(getenv func(string) string) (Function, error), prefixes ...string) {
	setLog(name)
	limitMemory(os.Getenv)
	hasRuntime := os.Getenv("FC_RUNTIME_API") != ""
	onPlatform, _ := isOnPlatform(os.Getenv) // servePlain reports the error
	f, err := wire(os.Getenv)
	if err != nil && (hasRuntime || onPlatform) {
		f, err = unavailable(err), nil
	}
	f.health.version, f.health.prefixes = newVersion(name), prefixes
	if hasRuntime {
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

// unavailable returns a function that cannot start because its configuration is invalid.
func unavailable(err error) Function {
	return Function{Start: func(context.Context) error { return err }, health: health{isMiswired: true}}
}

// limitMemory sets Go's memory limit to four fifths of the instance's memory. Close to this limit,
// the garbage collector works harder. Without the limit, the instance could run out of memory and
// be killed by the platform. If GOMEMLIMIT is set, limitMemory does nothing.
func limitMemory(getenv func(string) string) {
	megabytes, err := strconv.ParseInt(getenv("FC_FUNCTION_MEMORY_SIZE"), 10, 32)
	if err == nil && megabytes > 0 && getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(megabytes << 20 * 4 / 5) // the remaining fifth is for memory that Go does not count
	}
}
