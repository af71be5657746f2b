package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// Time limits of the plain server.
const (
	readLimit     = time.Minute      // for receiving a whole request
	headerLimit   = 10 * time.Second // for receiving the header of a request
	responseLimit = time.Minute      // for the handler; sending the response may take another minute
	drainLimit    = 30 * time.Second // for finishing the requests in progress when the server stops
	// idleLimit is the maximum time between two requests on a connection. The platform keeps a
	// connection to a custom runtime open for up to 15 minutes. It treats a closed connection as a
	// failure, so idleLimit is longer than 15 minutes.
	idleLimit = 20 * time.Minute
)

// plainFront is the plain HTTP server.
type plainFront struct {
	life *lifecycle
	// onPlatform is true if every request arrives through Function Compute. Only then does the
	// server trust headers that start with x-fc-, because Function Compute removes such headers
	// from outside requests.
	onPlatform bool
}

// servePlain serves until SIGTERM or SIGINT, then finishes the requests in progress.
func servePlain(f Function, getenv func(string) string) error {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	onPlatform, err := isOnPlatform(getenv)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", listenAddress(getenv, onPlatform))
	if err != nil {
		return err
	}
	front := plainFront{life: &lifecycle{function: f}, onPlatform: onPlatform}
	return front.serve(ctx, listener)
}

// isOnPlatform reports whether BEHIND_FUNCTION_COMPUTE says that Function Compute stands in front
// of the server. The variables that the platform sets do not count, because anybody who starts a
// server elsewhere may set them as well.
func isOnPlatform(getenv func(string) string) (bool, error) {
	switch value := strings.TrimSpace(getenv("BEHIND_FUNCTION_COMPUTE")); value {
	case "", "false":
		return false, nil
	case "true":
		return true, nil
	default:
		return false, fmt.Errorf("environment variable BEHIND_FUNCTION_COMPUTE is %q, want true or false", value)
	}
}

// listenAddress returns the address to listen on:
//   - The host comes from HOST. The default is 127.0.0.1, which only this machine can reach. Behind
//     Function Compute, the default is 0.0.0.0, which means all IPv4 addresses.
//   - The port comes from the first of PORT, FC_CUSTOM_LISTEN_PORT and FC_SERVER_PORT that is set.
//     The default is 9000.
//
// The platform sets the FC variables for a custom runtime.
func listenAddress(getenv func(string) string, onPlatform bool) string {
	host, port := getenv("HOST"), "9000"
	switch {
	case host == "" && onPlatform:
		host = "0.0.0.0"
	case host == "":
		host = "127.0.0.1"
	}
	for _, name := range []string{"PORT", "FC_CUSTOM_LISTEN_PORT", "FC_SERVER_PORT"} {
		if value := getenv(name); value != "" {
			port = value
			break
		}
	}
	return net.JoinHostPort(host, port)
}

// serve serves requests until ctx is done. Then it waits for the requests in progress and stops the
// function. It spends at most drainLimit on both steps together.
func (front plainFront) serve(ctx context.Context, listener net.Listener) error {
	defer listener.Close()
	if err := front.life.start(ctx); err != nil {
		return err
	}
	server := &http.Server{
		Handler:           front,
		ReadHeaderTimeout: headerLimit,
		ReadTimeout:       readLimit,
		IdleTimeout:       idleLimit,
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

func (front plainFront) drain(ctx context.Context, server *http.Server) error {
	ctx, cancel := context.WithTimeout(ctx, drainLimit)
	defer cancel()
	return errors.Join(server.Shutdown(ctx), front.life.stop(ctx))
}

func (front plainFront) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx := front.enter(r)
	r = r.WithContext(ctx)
	if front.isAmbiguous(r) {
		w.Header().Set("Connection", "close")
	}
	r.Body = http.MaxBytesReader(w, r.Body, MaxBody)
	resp := respond(front.route(r), r)
	http.NewResponseController(w).SetWriteDeadline(time.Now().Add(responseLimit))
	if err := resp.send(w); err != nil {
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
func (front plainFront) isAmbiguous(r *http.Request) bool {
	return len(r.TransferEncoding) > 0 && !front.onPlatform
}

// enter returns the request's context with the request's id. On the platform, enter also reads
// credentials from the request's headers and passes them to the function.
func (front plainFront) enter(r *http.Request) context.Context {
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

func (front plainFront) route(r *http.Request) http.Handler {
	switch {
	case front.isControl(r, http.MethodGet, "/pre-stop"):
		return http.HandlerFunc(front.preStop)
	case front.isInvoke(r):
		return http.HandlerFunc(front.invoke)
	default:
		return withLimit(front.life.handler())
	}
}

// isControl reports whether a request comes from the platform itself and has the given method and
// path.
func (front plainFront) isControl(r *http.Request, method, path string) bool {
	return front.onPlatform && r.Method == method && r.URL.Path == path &&
		r.Header.Get("X-Fc-Control-Path") == path
}

// isInvoke reports whether a request delivers an event. Outside the platform, nothing authenticates
// the sender of an event. A function that serves HTTP clients therefore accepts events only on the
// platform.
func (front plainFront) isInvoke(r *http.Request) bool {
	f := front.life.function
	if f.Event == nil {
		return false
	}
	if front.onPlatform {
		return front.isControl(r, http.MethodPost, "/invoke")
	}
	return f.Handler == nil && r.Method == http.MethodPost && r.URL.Path == "/invoke"
}
