package ossstore

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"time"
)

// newClient returns the HTTP client of a store. It follows no redirects, because a redirected put
// would lose its body.
func newClient(ioTimeout time.Duration) *http.Client {
	dialer := net.Dialer{Timeout: connectTimeout}
	return &http.Client{
		Transport: &transport{http.Transport{
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				conn, err := dialer.DialContext(ctx, network, address)
				if err != nil {
					return nil, err
				}
				return progressConn{conn, ioTimeout}, nil
			},
			MaxIdleConns:        maxIdle,
			MaxIdleConnsPerHost: maxIdle,
			IdleConnTimeout:     ioTimeout,
		}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// maxIdle is the maximum number of idle connections in the pool. A query reads up to 64 objects in
// each of two partitions at the same time. Afterwards, connections that do not fit in the pool are
// closed, and the next query would have to reconnect.
const maxIdle = 128

// transport is an http.Transport that closes all idle connections after a timeout. The network may
// have dropped all of them at the same time, for example while the platform kept the process
// frozen. If they stayed open, each retry could use another dead connection and time out, too.
type transport struct{ http.Transport }

func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := t.Transport.RoundTrip(r)
	t.notice(err)
	if err == nil {
		response.Body = watchedBody{response.Body, t}
	}
	return response, err
}

// notice closes all idle connections if err is a timeout.
func (t *transport) notice(err error) {
	var timeout interface{ Timeout() bool }
	if errors.As(err, &timeout) && timeout.Timeout() {
		t.CloseIdleConnections()
	}
}

// watchedBody is the body of a response. It reports read errors to the transport.
type watchedBody struct {
	io.ReadCloser
	transport *transport
}

func (b watchedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.transport.notice(err)
	return n, err
}

// progressConn is a connection whose reads and writes time out after the given time without
// progress.
type progressConn struct {
	net.Conn
	timeout time.Duration
}

func (c progressConn) Read(p []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(c.timeout)); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

// Write also extends the deadline of a read in progress, because the client waits for the response
// while it sends the request.
func (c progressConn) Write(p []byte) (int, error) {
	if err := c.SetDeadline(time.Now().Add(c.timeout)); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}
