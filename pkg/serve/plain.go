package serve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// maxHeader is the maximum length of a request's header in bytes. It limits the memory that
// strangers can take with many unfinished requests.
const maxHeader = 16 << 10

// Time limits of the plain server.
const (
	readLimit     = time.Minute      // for receiving a whole request
	headerLimit   = 10 * time.Second // for receiving the header of a request
	responseLimit = time.Minute      // for building a response; sending it may take another minute
	drainLimit    = 30 * time.Second // for finishing the requests in progress when the server stops
	// idleLimit is the maximum time between two requests on a connection. The platform keeps a
	// connection to a custom runtime open for up to 15 minutes. If the server closed the connection
	// earlier, the platform would report a failure.
	idleLimit = 20 * time.Minute
)

// plainFront is the plain HTTP server.
type plainFront struct {
	life *lifecycle
	// onPlatform is true if every request arrives through Function Compute. Only then does the
	// server trust headers that start with x-fc-, because Function Compute removes such headers
	// from outside requests.
	onPlatform bool
	// invokeToken is the bearer token that POST /invoke requires outside the platform.
	invokeToken string
	// running is held while a function without a Handler handles an event.
	running sync.Mutex
	// requests handles all requests except events for /invoke and the platform's own requests. A
	// server that is handling MaxRequests requests still responds to /healthz and /version.
	requests http.Handler
}

// servePlain serves until SIGTERM or SIGINT, then finishes the requests in progress.
func servePlain(f Function, getenv func(string) string) error {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	front, err := newPlainFront(f, getenv)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", listenAddress(getenv, front.onPlatform))
	if err != nil {
		return err
	}
	return front.serve(ctx, listener)
}

func newPlainFront(f Function, getenv func(string) string) (*plainFront, error) {
	onPlatform, err := isOnPlatform(getenv)
	if err != nil {
		return nil, err
	}
	life := &lifecycle{function: f}
	front := &plainFront{life: life, onPlatform: onPlatform}
	front.requests = front.withLimit(life.handler())
	if f.MaxRequests > 0 {
		front.requests = newDoor(f.MaxRequests, front.requests)
	}
	front.requests = f.health.before(front.requests)
	if front.servesInvoke() {
		front.invokeToken, err = invokeToken(getenv)
	}
	return front, err
}

// serve serves requests until ctx is done. Then it waits for the requests in progress and stops the
// function. It spends at most drainLimit on both steps together.
//
// If the function cannot start, serve returns the error, except on the platform. There, it serves
// anyway, and requests get 503 until a later attempt to start succeeds. If the process exited
// instead, requests would get the platform's error response, and some senders would not send again.
func (front *plainFront) serve(ctx context.Context, listener net.Listener) error {
	defer listener.Close()
	if err := front.life.start(ctx); err != nil {
		if !front.onPlatform {
			return err
		}
		slog.Error("start failed", "error", err.Error())
	}
	server := &http.Server{
		Handler:           front,
		ReadHeaderTimeout: headerLimit,
		ReadTimeout:       readLimit,
		IdleTimeout:       idleLimit,
		MaxHeaderBytes:    maxHeader,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	slog.Info("listening", "address", listener.Addr().String())
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
		return front.drain(context.WithoutCancel(ctx), server)
	}
}

func (front *plainFront) drain(ctx context.Context, server *http.Server) error {
	ctx, cancel := context.WithTimeout(ctx, drainLimit)
	defer cancel()
	return errors.Join(server.Shutdown(ctx), front.life.stop(ctx))
}

func (front *plainFront) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx := front.enter(r)
	r = r.WithContext(ctx)
	if front.isAmbiguous(r) {
		w.Header().Set("Connection", "close")
	}
	r.Body = http.MaxBytesReader(w, r.Body, MaxBody)
	resp := respond(front.route(r), r, w)
	if front.onPlatform {
		// Read the rest of the body. Otherwise, net/http might close the connection while the
		// platform is still sending the body. The platform could then lose the response, and the
		// sender would get the platform's error response.
		io.Copy(io.Discard, r.Body)
	}
	if err := resp.flush(); err != nil {
		slog.InfoContext(ctx, "response not sent", "error", err.Error())
	}
}

// isAmbiguous reports whether a proxy and this server may disagree about where a request ends.
// Every chunked request is ambiguous, because it may also have had a Content-Length header, which
// net/http drops silently. A proxy that used the header may have counted bytes after the last chunk
// as part of the body. The server must not read those bytes as another request (RFC 9112, 6.1).
//
// On the platform, however, no request is ambiguous, because the platform has already parsed every
// request.
func (front *plainFront) isAmbiguous(r *http.Request) bool {
	return len(r.TransferEncoding) > 0 && !front.onPlatform
}

// enter returns the request's context with the request's id. On the platform, enter also reads
// credentials from the request's headers and passes them to the function.
func (front *plainFront) enter(r *http.Request) context.Context {
	id := ""
	if front.onPlatform {
		id = r.Header.Get("X-Fc-Request-Id")
		front.life.credentials(r.Header.Get("X-Fc-Access-Key-Id"),
			r.Header.Get("X-Fc-Access-Key-Secret"), r.Header.Get("X-Fc-Security-Token"))
	}
	if id == "" {
		id = newRequestID()
	}
	return withRequestID(r.Context(), id)
}

func (front *plainFront) route(r *http.Request) http.Handler {
	switch {
	case front.isControl(r, http.MethodGet, "/pre-stop"):
		return http.HandlerFunc(front.preStop)
	case front.isControl(r, http.MethodPost, "/invoke"):
		return http.HandlerFunc(front.invoke)
	case front.servesInvoke() && r.Method == http.MethodPost && r.URL.Path == "/invoke":
		return Bearer(front.invokeToken, http.HandlerFunc(front.invoke))
	default:
		return front.requests
	}
}

// isControl reports whether a request comes from the platform itself and has the given method and
// path.
func (front *plainFront) isControl(r *http.Request, method, path string) bool {
	return front.onPlatform && r.Method == method && r.URL.Path == path &&
		r.Header.Get("X-Fc-Control-Path") == path
}

// servesInvoke reports whether anyone who holds the invoke token may POST events to /invoke. A
// function with a Handler takes events only from the platform, because all clients of its Handler
// know its address.
func (front *plainFront) servesInvoke() bool {
	return !front.onPlatform && front.life.function.Event != nil && front.life.function.Handler == nil
}
