package broker_test

import (
	"bytes"
	"slices"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
)

// fuzz tests the decoder of one source with random bodies. The decoder must not panic or change the
// body, and its events must be valid. A NUL must not terminate the body, an item or a string. The
// seeds are the bodies of the source's samples, each with the sample's hook. Each body is used
// unchanged, and also with NULs where a C program might leave them.
func fuzz(f *testing.F, route string) {
	for _, path := range allSamples(f, route) {
		_, body := sample(f, path)
		hook := sampleMeta(f, path).Hook
		for _, seed := range []string{body, body + "\x00", body + "\x00\n" + body + "\x00\n", body + "\n\x00" + body, "\x00" + body} {
			f.Add([]byte(seed), hook)
		}
	}
	f.Add([]byte(`[{"client_id":"\ud83d\ude00","action":"close"},[[[]]],{"event":"client.connected","clientid":"\u0000"}`), "")
	source, _ := broker.Find(route)
	f.Fuzz(func(t *testing.T, body []byte, hook string) {
		with := meta
		with.Hook = hook
		before := string(body)
		got := source.Decode(body, with)
		requireValid(t, got)
		require.Equal(t, before, string(body), "the decoder changed the body")
		require.LessOrEqual(t, len(got.Events), 1+marksIn(source, body))
		require.Equal(t, withoutNUL(got), source.Decode(noNUL(body), with))
	})
}

// noNUL returns a copy of b in which each NUL is replaced with the byte 1, which JSON does not
// allow either.
func noNUL(b []byte) []byte {
	b = bytes.Clone(b)
	for i, c := range b {
		if c == 0 {
			b[i] = 1
		}
	}
	return b
}

// withoutNUL replaces the NULs in each rejected item of b, as noNUL does, and returns b.
func withoutNUL(b broker.Batch) broker.Batch {
	for i, r := range b.Rejected {
		b.Rejected[i].Raw = noNUL(r.Raw)
	}
	return b
}

// requireValid checks the rules that every batch must follow, whatever body it was decoded from.
func requireValid(t *testing.T, b broker.Batch) {
	t.Helper()
	for _, e := range b.Events {
		require.NotEmpty(t, e.ClientID)
		require.LessOrEqual(t, len(e.ClientID), event.MaxClientID)
		require.True(t, e.Action.Valid(), e.Action)
		require.True(t, e.ActionInfo == event.Unexplained && e.Action == event.Close || slices.Contains(event.ActionInfos(), e.ActionInfo), e.ActionInfo)
		require.Equal(t, "sample", string(e.InstanceID))
		require.NotEmpty(t, e.Source)
		require.NotEmpty(t, e.NativeEvent)
		require.False(t, e.Time.After(received.Add(time.Hour)), e.Time)
		require.False(t, e.Time.Before(received.Add(-meta.Retention)), e.Time)
		require.Equal(t, e.Time, e.Time.Truncate(time.Millisecond))
		require.Contains(t, []event.TimeOrigin{event.FromBroker, event.FromReceiver}, e.TimeOrigin)
		bounded := e
		bounded.Bound()
		require.Equal(t, bounded, e)
		for _, s := range []string{string(e.ClientID), e.ChannelID, e.Source, e.SourceEventID, e.NativeEvent, e.NativeReason, e.PeerAddress, e.Username, e.Node, e.Protocol} {
			require.True(t, utf8.ValidString(s))
			require.LessOrEqual(t, len(s), event.MaxClientID)
		}
	}
	for _, r := range b.Rejected {
		require.NotEmpty(t, r.Error)
		require.GreaterOrEqual(t, r.Item, 0)
	}
}
