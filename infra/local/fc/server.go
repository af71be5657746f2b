package fc

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// server is the link to a process in a custom runtime. The process is an HTTP server that handles
// several requests at the same time. Like Function Compute, server forwards the requests of HTTP
// triggers, and sends events to /invoke and the preStop hook to /pre-stop.
type server struct {
	address  string
	describe func(*call) map[string]string
	client   *http.Transport

	probe   sync.Once
	listens chan struct{} // closed once the process listens
	closed  chan struct{} // closed by close
}

const (
	// probePause is the pause between two attempts to connect to a process that does not listen yet.
	probePause = 5 * time.Millisecond
	// exitDelay is how long a process may take to exit after its connection broke. A process that
	// takes longer has closed the connection for another reason.
	exitDelay = time.Second
)

// newServer chooses a free loopback port for a new process. If another program takes the port
// before the process does, the process exits.
func newServer(describe func(*call) map[string]string) (*server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	return &server{
		address: listener.Addr().String(), describe: describe, client: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 200},
		listens: make(chan struct{}), closed: make(chan struct{}),
	}, listener.Close()
}

// environ sets HOST so that other machines cannot reach the process, which trusts the headers that
// Function Compute sets.
func (s *server) environ() []string {
	host, port, _ := net.SplitHostPort(s.address)
	return []string{"HOST=" + host, "FC_CUSTOM_LISTEN_PORT=" + port, "FC_SERVER_PORT=" + port}
}

func (s *server) ready() <-chan struct{} {
	s.probe.Do(func() { go s.awaitListening() })
	return s.listens
}

func (s *server) awaitListening() {
	for {
		if conn, err := net.Dial("tcp", s.address); err == nil {
			conn.Close()
			close(s.listens)
			return
		}
		select {
		case <-time.After(probePause):
		case <-s.closed:
			return
		}
	}
}

func (s *server) late(limit time.Duration) *Error {
	return newError(http.StatusBadGateway, "FunctionNotStarted",
		"the function's process did not listen on %s (FC_CUSTOM_LISTEN_PORT) within %s; it was killed", s.address, limit)
}

func (s *server) pass(ctx context.Context, c *call, exited <-chan struct{}) bool {
	go s.send(ctx, c, exited)
	return true
}

// canAbandon returns true because the process notices that the connection of a request was closed.
func (s *server) canAbandon() bool { return true }

func (s *server) close() {
	close(s.closed)
	s.client.CloseIdleConnections()
}

// send sends a call as a request and waits for the response. If ctx ends or the process exits,
// there is no result.
func (s *server) send(ctx context.Context, c *call, exited <-chan struct{}) {
	r, err := s.roundTrip(ctx, c)
	if err == nil {
		c.done <- r
		return
	}
	select {
	case <-ctx.Done():
	case <-exited:
	case <-time.After(exitDelay):
		c.done <- result{fault: errBadResponse(fmt.Sprintf("did not arrive: %s", err))}
	}
}

func (s *server) roundTrip(ctx context.Context, c *call) (result, error) {
	request, err := s.request(ctx, c)
	if err != nil {
		return result{}, err
	}
	response, err := s.client.RoundTrip(request)
	if err != nil {
		return result{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxResponse+1))
	if err != nil {
		return result{}, err
	}
	return serverResult(c, httpResponse{response.StatusCode, response.Header, body}), nil
}

// request returns the request that Function Compute sends for a call.
func (s *server) request(ctx context.Context, c *call) (*http.Request, error) {
	method, target, control := http.MethodPost, "/invoke", "/invoke"
	switch {
	case c.kind == preStop:
		method, target, control = http.MethodGet, "/pre-stop", "/pre-stop"
	case c.request != nil:
		method, target, control = c.request.Method, c.request.URL.RequestURI(), "/http-invoke"
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://"+s.address+target, bytes.NewReader(c.payload))
	if err != nil {
		return nil, err
	}
	if c.request != nil {
		request.Header, request.Host = delivered(c.request.Header), c.request.Host
	} else {
		request.Header.Set("Content-Type", "application/octet-stream")
	}
	for name, value := range s.describe(c) {
		request.Header.Set(name, value)
	}
	request.Header.Set("x-fc-control-path", control)
	return request, nil
}

// serverResult converts a server's response into the result of a call. A server reports a failed
// event or hook through the status or the header x-fc-status.
func serverResult(c *call, response httpResponse) result {
	switch {
	case len(response.body) > maxResponse:
		return result{fault: errTooLong()}
	case c.request != nil:
		return result{http: &response}
	case response.status != http.StatusOK || response.header.Get("X-Fc-Status") == "404":
		return result{fault: errReported(string(response.body))}
	}
	return result{payload: response.body}
}
