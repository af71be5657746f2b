package broker_test

import (
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
)

// fuzz is the body of each broker's fuzz target: no panic, and what is accepted is
// valid. The seeds are the broker's samples, each with the hook that it came with.
func fuzz(f *testing.F, route string) {
	for _, path := range allSamples(f, route) {
		_, body := sample(f, path)
		f.Add([]byte(body), sampleMeta(f, path).Hook)
	}
	f.Add([]byte(`[{"client_id":"\ud83d\ude00","action":"close"},[[[]]],{"event":"client.connected","clientid":"\u0000"}`), "")
	decoder, _ := broker.Lookup(route)
	f.Fuzz(func(t *testing.T, body []byte, hook string) {
		with := meta
		with.Hook = hook
		before := string(body)
		requireValid(t, decoder(body, with))
		require.Equal(t, before, string(body), "the body was changed")
	})
}

// requireValid checks what holds for every batch.
func requireValid(t *testing.T, b broker.Batch) {
	t.Helper()
	for _, e := range b.Events {
		require.NotEmpty(t, e.ClientID)
		require.LessOrEqual(t, len(e.ClientID), 65_535)
		require.True(t, e.Action.Valid(), e.Action)
		require.Contains(t, event.ActionInfos, e.ActionInfo)
		require.Equal(t, "sample", e.InstanceID)
		require.NotEmpty(t, e.Source)
		require.NotEmpty(t, e.NativeEvent)
		require.False(t, e.Time.After(received.Add(time.Hour)), e.Time)
		require.False(t, e.Time.Before(received.Add(-meta.Retention)), e.Time)
		require.Equal(t, e.Time, e.Time.Truncate(time.Millisecond))
		require.Contains(t, []event.TimeOrigin{event.FromBroker, event.FromReceiver}, e.TimeOrigin)
		for _, s := range []string{e.ClientID, e.ChannelID, e.Source, e.SourceEventID, e.NativeEvent, e.NativeReason, e.PeerAddress, e.Username, e.Node, e.Protocol} {
			require.True(t, utf8.ValidString(s))
			require.LessOrEqual(t, len(s), 64<<10)
		}
	}
	for _, r := range b.Rejected {
		require.NotEmpty(t, r.Error)
		require.GreaterOrEqual(t, r.Item, 0)
	}
}
