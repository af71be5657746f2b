// Package mqtt runs the local MQTT broker. The broker is github.com/mochi-mqtt/server with a hook.
// The hook sends connect events, end events and refused CONNECTs to the recorder, in the project's
// own format.
//
// Invariants:
//
//   - Each event gets a time and an identifier once, when it happens. The identifiers sort in the
//     order of the events. A repeated delivery sends the same bytes, so the recorder gets exact
//     duplicates.
//   - Events are delivered in order. A failed delivery is repeated, unless the status of the
//     response means that the recorder would refuse the same request again. If the queue stays
//     full, new events are dropped. Lost events are counted and logged, and cause Stop to return an
//     error.
//   - Stop first ends all connections. Then it delivers the remaining events, including the end
//     events of these connections.
//   - The broker keeps no state across restarts. After a crash, it therefore does not make up end
//     events for the connections that the crash ended.
package mqtt

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/listeners"
	"github.com/mochi-mqtt/server/v2/packets"
)

// Config configures a broker. Every field is required.
type Config struct {
	// Address is the address to listen on, such as 127.0.0.1:1883. Port 0 selects a free
	// port.
	Address string
	// Instance is the name of this broker. It appears as the node in the broker's events.
	Instance string
	// WebhookURL is the full URL at which the recorder accepts events in the project's own format.
	WebhookURL string
	// Token is the bearer token for WebhookURL.
	Token string
	// User and Password are the credentials that clients must present.
	User, Password string
	// Log gets errors and warnings.
	Log *slog.Logger
}

// maxPacket is the maximum length in bytes of a packet that the broker accepts.
const maxPacket = 1 << 20

// Broker is a running broker.
type Broker struct {
	server   *mochi.Server
	listener *listener
	delivery *delivery
}

// Start listens and serves. If the address is in use, the error wraps syscall.EADDRINUSE.
func Start(c Config) (*Broker, error) {
	l, err := listen(c.Address)
	if err != nil {
		return nil, fmt.Errorf("listen for MQTT: %w", err)
	}
	b := &Broker{server: newServer(), listener: l, delivery: newDelivery(c)}
	err = errors.Join(
		b.server.AddHook(newHook(c, b.server, b.delivery.enqueue), nil),
		b.server.AddListener(clientListener{listeners.NewNet(c.Instance, l), b.server.Clients, b.server.DisconnectClient}),
	)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("set up the MQTT broker: %w", err), l.Close())
	}
	go b.delivery.run()
	if err := b.server.Serve(); err != nil {
		return nil, errors.Join(fmt.Errorf("serve MQTT: %w", err), b.Stop(context.Background()))
	}
	return b, nil
}

// clientListener disconnects its clients itself when it is closed, because the server's own method
// can deadlock: Clients.GetByListener takes the same read lock twice, and a client that disconnects
// in between waits for the write lock (mochi-mqtt v2.7.9).
type clientListener struct {
	*listeners.Net
	clients    *mochi.Clients
	disconnect func(*mochi.Client, packets.Code) error
}

func (l clientListener) Close(listeners.CloseFn) {
	l.Net.Close(func(string) {
		for _, client := range l.clients.GetAll() {
			_ = l.disconnect(client, packets.ErrServerShuttingDown) // always returns the code that is passed to it
		}
	})
}

// newServer returns a server. Its log is discarded, because the server logs whole packets.
func newServer() *mochi.Server {
	limits := mochi.NewDefaultServerCapabilities()
	limits.MaximumPacketSize = maxPacket
	return mochi.New(&mochi.Options{Logger: slog.New(slog.DiscardHandler), Capabilities: limits})
}

// Addr returns the address that clients connect to.
func (b *Broker) Addr() string { return b.listener.Addr().String() }

// grace is how long Stop waits for slow clients to receive their DISCONNECT. After that it
// closes all connections.
const grace = 2 * time.Second

// Stop ends all connections, delivers the queued events and returns. If ctx ends first, Stop
// abandons the remaining events. If any event was lost since Start, the error says how many events
// were not delivered. Stop must be called exactly once.
func (b *Broker) Stop(ctx context.Context) error {
	hurry := time.AfterFunc(grace, func() { _ = b.listener.Close() })
	defer hurry.Stop()
	err := b.server.Close()
	return errors.Join(err, b.delivery.stop(ctx))
}
