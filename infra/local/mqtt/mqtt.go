// Package mqtt is the local MQTT broker: github.com/mochi-mqtt/server with a hook
// that tells the recorder, in the project's own form, how every connection began
// and ended.
//
// What always holds:
//
//   - Each event is stamped once, when it happens, with its time and an identifier
//     of its own that sorts in the order of happening; a delivery that is tried
//     again sends the same bytes, so that it is an exact duplicate.
//   - Events are delivered in order, and none is given up while the recorder
//     may still take it. Only a queue that stays full drops events: they are counted,
//     logged, and reported by Stop.
//   - Stop ends the connections first, and returns when their ends are delivered.
//   - No event is made up: the broker keeps nothing over a restart.
package mqtt

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/listeners"
	"github.com/mochi-mqtt/server/v2/packets"
)

// Config is what the broker needs to know.
type Config struct {
	// Address to listen on, such as 127.0.0.1:1883; port 0 takes a free one.
	Address string
	// Instance names this broker in logs and as the node of its events. Default: local.
	Instance string
	// WebhookURL is the recorder's route for the project's own form, whole.
	WebhookURL string
	// Token is the bearer token for it.
	Token string
	// User and Password are what clients must present. Default: device, devpass.
	User, Password string
	// Log gets what goes wrong. Default: slog.Default.
	Log *slog.Logger
	// HTTP delivers. Default: a client with a limit of 30 seconds a try.
	HTTP *http.Client
}

func (c Config) withDefaults() Config {
	c.Instance = orElse(c.Instance, "local")
	c.User = orElse(c.User, "device")
	c.Password = orElse(c.Password, "devpass")
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.HTTP == nil {
		c.HTTP = &http.Client{Timeout: 30 * time.Second}
	}
	return c
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// maxPacket bounds what a client may make the broker hold, in bytes.
const maxPacket = 1 << 20

// Broker is a running broker.
type Broker struct {
	server   *mochi.Server
	listener *listener
	delivery *delivery
}

// Start listens and serves. A taken address is syscall.EADDRINUSE through errors.Is.
func Start(c Config) (*Broker, error) {
	c = c.withDefaults()
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

// clientListener ends its clients by itself when it is closed. The server's own way
// takes a read lock twice, and waits for ever if a client leaves between the two
// (mochi-mqtt v2.7.9, Clients.GetByListener).
type clientListener struct {
	*listeners.Net
	clients    *mochi.Clients
	disconnect func(*mochi.Client, packets.Code) error
}

func (l clientListener) Close(listeners.CloseFn) {
	l.Net.Close(func(string) {
		for _, client := range l.clients.GetAll() {
			_ = l.disconnect(client, packets.ErrServerShuttingDown) // which is what it returns
		}
	})
}

// newServer is a broker without a log of its own: it would print whole packets.
func newServer() *mochi.Server {
	limits := mochi.NewDefaultServerCapabilities()
	limits.MaximumPacketSize = maxPacket
	return mochi.New(&mochi.Options{Logger: slog.New(slog.DiscardHandler), Capabilities: limits})
}

// Addr is the address that clients connect to.
func (b *Broker) Addr() string { return b.listener.Addr().String() }

// grace is how long Stop lets slow clients take their DISCONNECT.
const grace = 2 * time.Second

// Stop ends all connections, delivers what is queued and returns. When ctx ends
// first, or the recorder refused some, the error tells how many events were not
// delivered. To be called once.
func (b *Broker) Stop(ctx context.Context) error {
	hurry := time.AfterFunc(grace, func() { _ = b.listener.Close() })
	defer hurry.Stop()
	err := b.server.Close()
	return errors.Join(err, b.delivery.stop(ctx))
}
