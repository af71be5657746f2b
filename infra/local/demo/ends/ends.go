// Package ends makes real MQTT clients end their connections in different ways. There is one
// function for each way. Most functions use a client library. Clients that must misbehave use raw
// sockets instead.
//
// Each function returns when the connection has ended on the client's side. The broker may notice
// the end only later. An error means that the connection did not end in the intended way.
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
	// Version is the protocol level of clients that use raw sockets: 4 (MQTT 3.1.1, the default) or
	// 5. Clients of the library always use 4.
	Version byte
}

// Row holds the action and the action info that one row of the device's trace must have.
type Row struct{ Action, Info string }

// Kind is a way to end a connection. Rows lists the rows that must then be in the device's trace.
type Kind struct {
	Name string
	Run  func(ctx context.Context, t Target, clientID string) error
	Rows []Row
}

var connected = Row{"connect", "accepted"}

// Kinds lists the ways in which a client's own actions can end its connection.
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

// Silent connects with a keep alive of one second and then sends nothing.
func Silent(ctx context.Context, t Target, clientID string) error {
	c, err := Dial(ctx, t, clientID, time.Second)
	if err != nil {
		return err
	}
	return c.AwaitEnd()
}

// Takeover connects two clients with the same client identifier, so that the broker
// disconnects the first. The second client then sends DISCONNECT.
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

// Denied publishes to a forbidden topic.
func Denied(ctx context.Context, t Target, clientID string) error {
	client, lost, err := connect(ctx, t, clientID)
	if err != nil {
		return err
	}
	client.Publish("denied/topic", 0, false, "x")
	return await(ctx, lost)
}

// DeniedSubscribe subscribes to a forbidden topic filter.
func DeniedSubscribe(ctx context.Context, t Target, clientID string) error {
	client, lost, err := connect(ctx, t, clientID)
	if err != nil {
		return err
	}
	client.Subscribe("denied/#", 1, nil)
	return await(ctx, lost)
}

// Malformed sends a packet of an unknown type.
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

// quiesce is how long, in ms, the library may take to write DISCONNECT before it closes the socket
// without one.
const quiesce = 10_000

var errRefused = errors.New("the broker refused the connection")

// connect returns a connected client of the MQTT library, with automatic reconnection off. The
// channel is closed when the client loses its connection.
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

// await waits for the done channel to be closed. It returns an error if ctx is canceled first.
func await(ctx context.Context, done <-chan struct{}) error {
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for the broker: %w", ctx.Err())
	}
}
