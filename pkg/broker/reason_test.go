package broker

import (
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
)

func TestReasonsHaveNoGap(t *testing.T) {
	for i, r := range reasons {
		require.Equal(t, int32(0x80+i), r.code, r.name)
		require.Contains(t, event.ActionInfos, r.inConnack, r.name)
		require.Contains(t, event.ActionInfos, r.byBroker, r.name)
	}
	require.Len(t, reasonNames, len(reasons))
}

func TestRefusedAndClosedByBroker(t *testing.T) {
	for _, c := range []struct {
		code            byte
		refused, closed event.ActionInfo
	}{
		{0x00, event.InvalidParam, event.ServerShutdown},
		{0x01, event.InvalidParam, event.SocketIOException},
		{0x03, event.ServerShutdown, event.SocketIOException},
		{0x05, event.NotAuthorized, event.SocketIOException},
		{0x80, event.ServerShutdown, event.SocketIOException},
		{0x82, event.InvalidParam, event.InvalidParam},
		{0x87, event.NotAuthorized, event.TopicAuthFailed},
		{0x8B, event.ServerShutdown, event.ServerShutdown},
		{0x8D, event.NoHeart, event.NoHeart},
		{0x8E, event.ClientIDConflict, event.ClientIDConflict},
		{0x97, event.ServerShutdown, event.InvalidParam},
		{0xA2, event.InvalidParam, event.InvalidParam},
		{0xA3, event.InvalidParam, event.SocketIOException},
		{0xFF, event.InvalidParam, event.SocketIOException},
	} {
		require.Equal(t, c.refused, Refused(c.code), "%#x", c.code)
		require.Equal(t, c.closed, ClosedByBroker(c.code), "%#x", c.code)
	}
}

// TestEMQXReasonsAreListedOnce guards the table against two meanings of a name.
func TestEMQXReasonsAreListedOnce(t *testing.T) {
	for name := range emqxReasons {
		require.Equal(t, name, reasonName(name), "listed under a spelling that is never looked up")
	}
}
