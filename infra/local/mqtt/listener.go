package mqtt

import (
	"net"
	"sync"
	"time"
)

// connectTimeout is how long a new connection may take to send its CONNECT.
const connectTimeout = 10 * time.Second

// listener tracks its open connections, and closes them when it is closed itself. Otherwise
// the broker would wait for connections that have not sent a CONNECT.
type listener struct {
	net.Listener
	mu     sync.Mutex
	closed bool
	open   map[net.Conn]struct{}
}

func listen(address string) (*listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	return &listener{Listener: l, open: map[net.Conn]struct{}{}}, nil
}

// Accept returns the next connection, with a deadline for its CONNECT. The deadline applies
// until the broker sets another one for the keep alive.
func (l *listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	_ = c.SetDeadline(time.Now().Add(connectTimeout))
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		_ = c.Close()
		return nil, net.ErrClosed
	}
	l.open[c] = struct{}{}
	return &conn{Conn: c, listener: l, memory: connection{channelID: random(16)}}, nil
}

// Close closes the listener and all open connections. It may be called repeatedly and
// concurrently.
func (l *listener) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	l.closed = true
	for c := range l.open {
		_ = c.Close()
	}
	return l.Listener.Close()
}

// conn is a connection that removes itself from its listener when it is closed. memory
// holds what the hook knows about the connection.
type conn struct {
	net.Conn
	listener *listener
	memory   connection
}

func (c *conn) Close() error {
	c.listener.mu.Lock()
	delete(c.listener.open, c.Conn)
	c.listener.mu.Unlock()
	return c.Conn.Close()
}
