package mqtt

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/mochi-mqtt/server/v2/packets"
	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
)

func TestEndOf(t *testing.T) {
	op := func(err error) error { return &net.OpError{Op: "read", Net: "tcp", Err: err} }
	for _, c := range []struct {
		name       string
		cause, err error
		action     event.Action
		info       event.ActionInfo
		native     string
	}{
		{"DISCONNECT", packets.CodeDisconnect, nil, event.Disconnect, event.DisconnectedByClient, "disconnected"},
		{"DISCONNECT with will", packets.CodeDisconnectWillMessage, packets.CodeDisconnectWillMessage, event.Disconnect, event.DisconnectedByClient, "disconnect with will message"},
		{"FIN", io.EOF, io.EOF, event.Close, event.ClosedByClient, "EOF"},
		{"FIN within a packet", io.ErrUnexpectedEOF, nil, event.Close, event.ClosedByClient, "unexpected EOF"},
		{"RST", op(os.NewSyscallError("read", syscall.ECONNRESET)), nil, event.Close, event.SocketIOException, "read: connection reset by peer"},
		{"keep alive", op(os.ErrDeadlineExceeded), nil, event.Close, event.NoHeart, "i/o timeout"},
		{"takeover", packets.ErrSessionTakenOver, op(net.ErrClosed), event.Close, event.ClientIDConflict, "session takeover"},
		{"shutdown", packets.ErrServerShuttingDown, net.ErrClosed, event.Close, event.ServerShutdown, "server shutting down"},
		{"closed by our listener", op(net.ErrClosed), nil, event.Close, event.ServerShutdown, "use of closed network connection"},
		{"denied", packets.ErrNotAuthorized, packets.ErrRejectPacket, event.Close, event.TopicAuthFailed, "not authorized"},
		{"wrapped fault", fmt.Errorf("x: %w", packets.ErrMalformedProperties), nil, event.Close, event.InvalidParam, "x: malformed packet: properties"},
		{"receive maximum", packets.ErrReceiveMaximum, nil, event.Close, event.InvalidParam, "receive maximum exceeded"},
		{"packet type", errors.New("invalid packet type; 0"), nil, event.Close, event.InvalidParam, "invalid packet type; 0"},
		{"only the error is known", nil, io.EOF, event.Close, event.ClosedByClient, "EOF"},
		{"nothing is known", nil, nil, event.Close, event.Unexplained, ""},
	} {
		got := endOf(c.cause, c.err)
		require.Equal(t, c.action, got.action, c.name)
		require.Equal(t, c.info, got.info, c.name)
		require.Equal(t, c.native, got.native, c.name)
	}
}

func TestDenied(t *testing.T) {
	for topic, want := range map[string]bool{
		"denied/a": true, "denied/": true, "denied/#": true, "$share/g/denied/a": true,
		"denied": false, "a/denied/b": false, "#": false, "Denied/a": false, "$share/denied/a": false,
	} {
		require.Equal(t, want, denied(topic), topic)
	}
}
