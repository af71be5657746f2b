// Package ends makes MQTT clients end their connections in every possible way, with one
// function for each. The clients use raw sockets, because some of them must misbehave.
//
// Each function returns once the client has seen the end, or cannot see more of it; the
// broker may still be at work. An error means that the connection did not end in the
// intended way.
package ends

import (
	"context"
	"errors"
	"net"
	"time"
)

// Target is the broker to connect to.
type Target struct {
	Address        string // host:port
	User, Password string
	// Version is the protocol level: 4 (MQTT 3.1.1, the default) or 5.
	Version byte
}

// Row is the action and action info of an expected row.
type Row struct{ Action, Info string }

// Run connects a client to the broker and ends the connection in one way.
type Run func(ctx context.Context, t Target, clientID string) error

// Kind is a way to end a connection, with the rows that it leaves in the device's trace.
type Kind struct {
	Name string
	Run  Run
	Rows []Row
}

var connected = Row{"connect", "accepted"}

// Kinds lists the ends that a client can cause by itself.
var Kinds = []Kind{
	{"refused-password", RefusedPassword, []Row{{"close", "not authorized"}}},
	{"clean", Clean, []Row{connected, {"disconnect", "disconnected by client"}}},
	{"dropped", Dropped, []Row{connected, {"close", "closed by client"}}},
	{"reset", Reset, []Row{connected, {"close", "Socket IOException"}}},
	{"silent", Silent, []Row{connected, {"close", "no heart"}}},
	{"takeover", Takeover, []Row{connected, {"close", "clientId conflict"}, connected, {"disconnect", "disconnected by client"}}},
	{"denied", Denied, []Row{connected, {"close", "topic auth failed"}}},
	{"denied-subscribe", DeniedSubscribe, []Row{connected, {"close", "topic auth failed"}}},
	{"malformed", Malformed, []Row{connected, {"close", "invalid param"}}},
}

// RefusedPassword connects with a wrong password.
func RefusedPassword(ctx context.Context, t Target, clientID string) error {
	t.Password += "-wrong"
	c, err := Dial(ctx, t, clientID, time.Minute)
	switch {
	case err == nil:
		return errors.Join(errors.New("a wrong password was accepted"), c.Close())
	case errors.Is(err, errRefused):
		return nil
	}
	return err
}

// Takeover connects twice with one client identifier; the second client then
// sends DISCONNECT.
func Takeover(ctx context.Context, t Target, clientID string) error {
	first, err := Dial(ctx, t, clientID, time.Minute)
	if err != nil {
		return err
	}
	second, err := Dial(ctx, t, clientID, time.Minute)
	if err != nil {
		return errors.Join(err, first.Close())
	}
	return errors.Join(first.AwaitEnd(), second.disconnect())
}

var (
	// Clean connects and sends DISCONNECT.
	Clean = dialed(time.Minute, (*Raw).disconnect)
	// Dropped closes the socket without a DISCONNECT.
	Dropped = dialed(time.Minute, (*Raw).Close)
	// Reset closes the socket with a TCP reset.
	Reset = dialed(time.Minute, func(c *Raw) error {
		return errors.Join(c.Conn.(*net.TCPConn).SetLinger(0), c.Close())
	})
	// Silent promises a keep alive of one second and sends nothing.
	Silent = dialed(time.Second, (*Raw).AwaitEnd)
	// Denied publishes to a forbidden topic.
	Denied = dialed(time.Minute, func(c *Raw) error { return c.Provoke(Publish(c.version, "denied/topic", 0)) })
	// DeniedSubscribe subscribes to a forbidden topic filter.
	DeniedSubscribe = dialed(time.Minute, func(c *Raw) error { return c.Provoke(Subscribe(c.version, "denied/#")) })
	// Malformed sends a packet of an unknown type.
	Malformed = dialed(time.Minute, func(c *Raw) error { return c.Provoke([]byte{0x00, 0x00}) })
)

// dialed connects a client and calls end, which must close the connection.
func dialed(keepAlive time.Duration, end func(*Raw) error) Run {
	return func(ctx context.Context, t Target, clientID string) error {
		c, err := Dial(ctx, t, clientID, keepAlive)
		if err != nil {
			return err
		}
		return end(c)
	}
}
