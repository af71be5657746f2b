package mqtt

import (
	"net"
	"testing"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/listeners"
	"github.com/mochi-mqtt/server/v2/packets"
	"github.com/stretchr/testify/require"
)

// The listener must disconnect the clients itself instead of calling the MQTT server's method for
// this. That method deadlocks if a client disconnects at the same time, which happens in about one
// of 2,000 stops under load.
func TestCloseDisconnectsClientsItself(t *testing.T) {
	accepted, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server, ended := newServer(), map[string]packets.Code{}
	for _, id := range []string{"a", "b"} {
		server.Clients.Add(server.NewClient(nil, "local", id, false))
	}
	l := clientListener{listeners.NewNet("local", accepted), server.Clients, func(c *mochi.Client, code packets.Code) error {
		ended[c.ID] = code
		return code
	}}
	l.Close(func(string) { t.Error("the server was asked to disconnect the clients") })
	require.Equal(t, map[string]packets.Code{"a": packets.ErrServerShuttingDown, "b": packets.ErrServerShuttingDown}, ended)
	_, err = accepted.Accept()
	require.ErrorIs(t, err, net.ErrClosed)
}
