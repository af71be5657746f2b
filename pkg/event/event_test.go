package event_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
)

func TestClientIDsSplitAtTheFirstSeparator(t *testing.T) {
	for clientID, want := range map[string][2]string{
		"GID_a@@@dev1":  {"GID_a", "dev1"},
		"GID_a@@@d@@@e": {"GID_a", "d@@@e"},
		"@@@d":          {"", "d"},
		"g@@@":          {"g", ""},
		"plain@@device": {"", "plain@@device"},
		"":              {"", ""},
	} {
		e := event.Event{ClientID: event.ClientID(clientID)}
		require.Equal(t, want, [2]string{e.GroupID(), e.DeviceID()}, clientID)
	}
	require.Equal(t, event.ClientID("g@@@d"), event.JoinClientID("g", "d"))
	require.Equal(t, event.ClientID("d"), event.JoinClientID("", "d"))
}

func TestActions(t *testing.T) {
	for action, want := range map[event.Action]bool{event.Connect: true, event.Close: true, event.Disconnect: true, "": false, "Close": false} {
		require.Equal(t, want, action.Valid(), action)
	}
}

func TestOptional(t *testing.T) {
	known, unknown := event.Some(7), event.Optional[int]{}
	require.Equal(t, 7, known.Or(9))
	require.Equal(t, 9, unknown.Or(9))
	require.Equal(t, 7, *known.Pointer())
	require.Nil(t, unknown.Pointer())
}

func TestActionInfoAndItsAliases(t *testing.T) {
	event.ActionInfos()[0] = "changed by a caller"
	for _, info := range event.ActionInfos() {
		got, ok := event.ParseActionInfo(string(info))
		require.True(t, ok)
		require.Equal(t, info, got)
	}
	for alias, want := range map[string]event.ActionInfo{
		"accept": event.Accepted, "resource auth failed": event.TopicAuthFailed,
	} {
		got, ok := event.ParseActionInfo(alias)
		require.True(t, ok)
		require.Equal(t, want, got)
	}
	_, ok := event.ParseActionInfo("Accepted")
	require.False(t, ok)
}

// The connect event and the end event of one connection have the same derived channel. Different
// connections have different channels.
func TestChannel(t *testing.T) {
	connected := time.UnixMilli(1764000000120)
	base := event.Event{InstanceID: "i", ClientID: "c", Node: "n", ConnectedAt: connected, PeerAddress: "192.0.2.7", PeerPort: 52341}

	end := base
	end.Action, end.Time, end.PeerPort = event.Close, connected.Add(time.Minute), 0
	require.Equal(t, base.Channel(), end.Channel(), "connected-at is enough")
	require.Len(t, base.Channel(), 32)

	old := base
	old.ConnectedAt = time.Time{}
	require.Len(t, old.Channel(), 32)
	require.NotEqual(t, base.Channel(), old.Channel())
	oldEnd := old
	oldEnd.Action = event.Close
	require.Equal(t, old.Channel(), oldEnd.Channel(), "address and port if connected-at is missing")

	sent := base
	sent.ChannelID = "as the broker says"
	require.Equal(t, "as the broker says", sent.Channel())
	require.Empty(t, (&event.Event{InstanceID: "i", ClientID: "c", PeerAddress: "192.0.2.7"}).Channel())

	shifted := base
	shifted.InstanceID, shifted.ClientID = "ic", ""
	require.NotEqual(t, base.Channel(), shifted.Channel(), "parts are kept apart")
}

// FORMAT.md documents this digest for people who derive the channel in SQL.
func TestChannelIsTheDocumentedDigest(t *testing.T) {
	e := event.Event{InstanceID: "i", ClientID: "c", Node: "n", ConnectedAt: time.UnixMilli(7)}
	require.Equal(t, "cdd92abf5c26870a50f97553290a66d6", e.Channel()) // MD5 of "1:i1:c1:n1:7"
}
