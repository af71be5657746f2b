package broker

import (
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
)

func TestReasonsHaveNoGap(t *testing.T) {
	for i, r := range reasons {
		require.Equal(t, int32(0x80+i), r.code, r.name)
		require.Contains(t, event.ActionInfos(), r.inConnack, r.name)
		require.Contains(t, event.ActionInfos(), r.byBroker, r.name)
	}
	require.Len(t, reasonNames, len(reasons))
}

// TestRefusedAndClosedByBroker covers every code: the return codes of MQTT 3, the reason
// codes of MQTT 5, and codes that neither version defines.
func TestRefusedAndClosedByBroker(t *testing.T) {
	for _, row := range []struct {
		codes           []byte
		refused, closed event.ActionInfo
	}{
		{[]byte{0x00}, event.InvalidParam, event.ServerShutdown},
		{[]byte{0x01, 0x02}, event.InvalidParam, event.Unexplained},
		{[]byte{0x03}, event.ServerShutdown, event.Unexplained},
		{[]byte{0x04, 0x05}, event.NotAuthorized, event.Unexplained},
		{[]byte{0x06, 0x10, 0x7F, 0xA3, 0xFF}, event.InvalidParam, event.Unexplained},
		{[]byte{0x80}, event.ServerShutdown, event.ServerShutdown},
		{[]byte{0x81, 0x82, 0x83, 0x84, 0x85, 0x8F, 0x90, 0x91, 0x92, 0x93, 0x94, 0x95, 0x96, 0x99, 0x9A, 0x9B, 0x9E, 0xA1, 0xA2},
			event.InvalidParam, event.InvalidParam},
		{[]byte{0x86, 0x8A, 0x8C}, event.NotAuthorized, event.NotAuthorized},
		{[]byte{0x87}, event.NotAuthorized, event.TopicAuthFailed},
		{[]byte{0x88, 0x89, 0x8B, 0x98, 0x9C, 0x9D, 0xA0}, event.ServerShutdown, event.ServerShutdown},
		{[]byte{0x8D}, event.NoHeart, event.NoHeart},
		{[]byte{0x8E}, event.ClientIDConflict, event.ClientIDConflict},
		{[]byte{0x97, 0x9F}, event.ServerShutdown, event.InvalidParam},
	} {
		for _, code := range row.codes {
			require.Equal(t, row.refused, Refused(code), "%#x", code)
			require.Equal(t, row.closed, ClosedByBroker(code), "%#x", code)
		}
	}
}

// TestEMQXReasonsAreSpelledAsSent checks that emqxReasons contains only spellings that reasonName
// returns, because no other spelling is ever looked up.
func TestEMQXReasonsAreSpelledAsSent(t *testing.T) {
	for name := range emqxReasons {
		require.Equal(t, name, reasonName(name), "listed under a spelling that is never looked up")
	}
}
