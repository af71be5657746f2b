package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os/signal"
	"syscall"
	"time"
)

// Time limits of the plain server.
const (
	readLimit   = time.Minute      // from the first byte of a request to its last
	headerLimit = 10 * time.Second // to the end of its header
	answerLimit = time.Minute      // for the handler, and again for sending
	drainLimit  = 30 * time.Second // for what is in work when the server stops
	// idleLimit is between requests. A custom runtime's front keeps connections for up
	// to 15 minutes, and takes their end for a failure.
	idleLimit = 20 * time.Minute
)

// plainFront is the plain HTTP server.
type plainFront struct {
	life *life
	// onPlatform says that Function Compute stands in front, as a custom runtime,
	// which lets no header that starts with x-fc- through from outside. Only then
	// are such headers believed.
	onPlatform bool
}

// servePlain serves until SIGTERM or SIGINT, then finishes what is in work.
func servePlain(f Function, getenv func(string) string) error {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	listener, err := net.Listen("tcp", listenAddress(getenv))
	if err != nil {
		return err
	}
	front := plainFront{life: &life{function: f}, onPlatform: getenv("FC_FUNCTION_NAME") != ""}
	return front.serve(ctx, listener)
}

// listenAddress is HOST and PORT: by default all addresses and 9000, or the port
// that a custom runtime is told to use (FC_CUSTOM_LISTEN_PORT, FC_SERVER_PORT).
func listenAddress(getenv func(string) string) string {
	host, port := getenv("HOST"), "9000"
	if host == "" {
		host = "0.0.0.0"
	}
	for _, name := range []string{"PORT", "FC_CUSTOM_LISTEN_PORT", "FC_SERVER_PORT"} {
		if value := getenv(name); value != "" {
			port = value
			break
		}
	}
	return net.JoinHostPort(host, port)
}

// serve returns when ctx is done and nothing is in work any more.
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
	a := respond(front.route(r), r)
	http.NewResponseController(w).SetWriteDeadline(time.Now().Add(answerLimit))
	if err := a.send(w); err != nil {
		slog.InfoContext(ctx, "answer not sent", "error", err.Error())
	}
}

// isAmbiguous: a chunked request may have had a Content-Length too, which net/http drops
// unseen. What follows it on the connection may then be a part of its body that somebody
// on the way took for one, and must not be read as a request (RFC 9112, 6.1). The
// platform's front has read requests already.
func (front plainFront) isAmbiguous(r *http.Request) bool {
	return len(r.TransferEncoding) > 0 && !front.onPlatform
}

// enter takes over what came with a request: on the platform credentials and id.
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

// isControl tells the platform's own calls from requests of anyone else.
func (front plainFront) isControl(r *http.Request, method, path string) bool {
	return front.onPlatform && r.Method == method && r.URL.Path == path &&
		r.Header.Get("X-Fc-Control-Path") == path
}

// isInvoke lets events in from the platform; off it, only to a function that has
// no handler, since its caller is not authenticated.
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
