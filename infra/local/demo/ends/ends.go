// Package ends drives real MQTT clients through every way a connection can end,
// one function a kind: with a client library where it lets itself, with raw
// sockets where a library cannot misbehave.
//
// Each function returns when the client has seen the end, or cannot see more of
// it; the broker may still be working on its side. An error means that the
// connection did not end in the way the function is for.
package ends

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
)

// Target is the broker to connect to.
type Target struct {
	Address        string // host:port
	User, Password string
	// Version is the protocol level of the raw clients: 4 (MQTT 3.1.1) or 5. Zero
	// means 4. Clients of the library are always 4.
	Version byte
}

// Row is an expected row: action and action info.
type Row struct{ Action, Info string }

// Kind is a way to end, and the rows it leaves in the device's trace, in order.
type Kind struct {
	Name string
	Run  func(ctx context.Context, t Target, clientID string) error
	Rows []Row
}

var connected = Row{"connect", "accepted"}

// Kinds are all ways that a client can bring about by itself.
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
	client, _, err := connect(ctx, t, clientID)
	if err == nil {
		client.Disconnect(0)
		return errors.New("a wrong password was accepted")
	}
	if !errors.Is(err, errRefused) {
		return err
	}
	return nil
}

// Clean connects and sends DISCONNECT.
func Clean(ctx context.Context, t Target, clientID string) error {
	client, _, err := connect(ctx, t, clientID)
	if err != nil {
		return err
	}
	client.Disconnect(quiesce)
	return nil
}

// Dropped closes the socket without a DISCONNECT.
func Dropped(ctx context.Context, t Target, clientID string) error {
	c, err := Dial(ctx, t, clientID, time.Minute)
	if err != nil {
		return err
	}
	return c.Close()
}

// Reset closes the socket with a TCP reset.
func Reset(ctx context.Context, t Target, clientID string) error {
	c, err := Dial(ctx, t, clientID, time.Minute)
	if err != nil {
		return err
	}
	if tcp, ok := c.Conn.(*net.TCPConn); ok {
		err = tcp.SetLinger(0)
	}
	return errors.Join(err, c.Close())
}

// Silent promises to send something every second and does not.
func Silent(ctx context.Context, t Target, clientID string) error {
	c, err := Dial(ctx, t, clientID, time.Second)
	if err != nil {
		return err
	}
	return c.AwaitEnd()
}

// Takeover connects twice with one client identifier; the second client then
// sends DISCONNECT.
func Takeover(ctx context.Context, t Target, clientID string) error {
	_, lost, err := connect(ctx, t, clientID)
	if err != nil {
		return err
	}
	second, _, err := connect(ctx, t, clientID)
	if err != nil {
		return err
	}
	defer second.Disconnect(quiesce)
	return await(ctx, lost)
}

// Denied publishes to a topic that is forbidden.
func Denied(ctx context.Context, t Target, clientID string) error {
	client, lost, err := connect(ctx, t, clientID)
	if err != nil {
		return err
	}
	client.Publish("denied/topic", 0, false, "x")
	return await(ctx, lost)
}

// DeniedSubscribe subscribes to a topic filter that is forbidden.
func DeniedSubscribe(ctx context.Context, t Target, clientID string) error {
	client, lost, err := connect(ctx, t, clientID)
	if err != nil {
		return err
	}
	client.Subscribe("denied/#", 1, nil)
	return await(ctx, lost)
}

// Malformed sends a packet of a type that does not exist.
func Malformed(ctx context.Context, t Target, clientID string) error {
	c, err := Dial(ctx, t, clientID, time.Minute)
	if err != nil {
		return err
	}
	if _, err := c.Write([]byte{0x00, 0x00}); err != nil {
		return errors.Join(err, c.Close())
	}
	return c.AwaitEnd()
}

// quiesce is how long the library may take to write DISCONNECT, in ms. It returns as soon
// as that is done, and after it closes the socket without.
const quiesce = 10_000

var errRefused = errors.New("the broker refused the connection")

// connect is a client of the library that never connects again by itself. The
// channel is closed when it loses its connection.
func connect(ctx context.Context, t Target, clientID string) (paho.Client, <-chan struct{}, error) {
	lost := make(chan struct{})
	client := paho.NewClient(paho.NewClientOptions().
		AddBroker("tcp://" + t.Address).SetClientID(clientID).SetUsername(t.User).SetPassword(t.Password).
		SetProtocolVersion(4).SetAutoReconnect(false).SetConnectRetry(false).
		SetConnectionLostHandler(func(paho.Client, error) { close(lost) }))
	token := client.Connect().(*paho.ConnectToken)
	if err := await(ctx, token.Done()); err != nil {
		return nil, nil, err
	}
	if code := token.ReturnCode(); token.Error() != nil && 0 < code && code <= 5 {
		return nil, nil, fmt.Errorf("%w: %w", errRefused, token.Error())
	}
	return client, lost, token.Error()
}

// await waits until the channel is closed.
func await(ctx context.Context, done <-chan struct{}) error {
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for the broker: %w", ctx.Err())
	}
}
